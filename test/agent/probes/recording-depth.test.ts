import { afterEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { Evidence, Outcome } from "#schemas/observation.ts";
import { type ChannelEvidence, RecordingEvidence } from "#schemas/recording-evidence.ts";
import { DeviceError } from "../../../agent/io/device-error.ts";
import { lanHttp } from "../../../agent/io/lan-http.ts";
import { ProbeError, ProbeSkip } from "../../../agent/probe.ts";
import { recordingDepth } from "../../../agent/probes/recording-depth/probe.ts";
import { probeContext } from "../../support/probe-context.ts";
import type { Protocol } from "../../support/recorder/http-side.ts";
import { inProcess } from "../../support/recorder/in-process.ts";
import { DAY_MS, growing, healthy, passing, type Scenario, sameOnAll } from "../../support/recorder/scenario.ts";
import { type Night, type Story, stories } from "../../support/recorder/scenarios.ts";
import { type RunningRecorder, startRecorder } from "../../support/recorder/start-recorder.ts";

const LAST_NIGHT_MS = Date.UTC(2026, 10, 28, 18, 7, 30);
const login = { user: "viewer", password: "p@ss word" };
const running: RunningRecorder[] = [];

afterEach(async () => {
  await Promise.all(running.splice(0).map(({ close }) => close()));
});

/** One visit; failures count by their evidence, as the collector would see them. */
async function visit(scenario: Scenario, protocol: Protocol | readonly Protocol[], memory: Map<string, unknown>, more: Record<string, unknown> = {}) {
  const recorder = await startRecorder(scenario, typeof protocol === "string" ? [protocol] : protocol);
  running.push(recorder);
  const options = recordingDepth.options.parse({
    id: "nvr-1",
    address: "127.0.0.1",
    port: recorder.port,
    onvif: login,
    ...more,
    policy: { requestsPerSecond: 1000, replaySamples: 1, ...(more.policy as object | undefined) },
  });
  const context = probeContext({
    nowMs: scenario.nowMs,
    memory: { get: (key) => memory.get(key), set: (key, value) => void memory.set(key, JSON.parse(JSON.stringify(value))) },
    io: { lanHttp: (request) => lanHttp({ ...request, deadlineMs: 1_500 }) },
  });
  const outcome = await recordingDepth.run(options, context).then(
    (measured) => Outcome.parse({ kind: "measured", ...measured }),
    (error: unknown) => {
      if (error instanceof ProbeError) return Outcome.parse({ kind: "failed", reason: error.reason, detail: error.message, evidence: error.evidence });
      if (error instanceof ProbeSkip) return Outcome.parse({ kind: "skipped", reason: error.reason, detail: error.message, evidence: error.evidence });
      throw error;
    },
  );
  return { outcome, evidence: RecordingEvidence.parse(outcome.evidence), recorder };
}

async function tell({ nights, options }: Story, protocol: Protocol): Promise<ChannelEvidence> {
  const memory = new Map<string, unknown>();
  let last: ChannelEvidence | undefined;
  for (const [index, night] of (nights as readonly Night[]).entries()) {
    const nowMs = LAST_NIGHT_MS - (nights.length - 1 - index) * DAY_MS;
    last = (await visit(passing(night(nowMs)), protocol, memory, options?.(LAST_NIGHT_MS))).evidence.channels[0];
  }
  if (!last) throw new Error("a story without a channel");
  return last;
}

for (const protocol of ["onvif", "isapi", "dahua"] as const) {
  describe(`over ${protocol}`, () => {
    test.each(stories.map((story) => [story.name, story] as const))("%s", async (_, story) => {
      const expected = { ...story, ...story.over?.[protocol] };
      const { verdict, reasons, notes } = await tell(story, protocol);
      expect({ verdict, reasons }).toEqual({ verdict: expected.verdict, reasons: expected.reasons });
      for (const note of expected.notes ?? []) expect(notes).toContain(note);
    });
  });
}

test("the method that worked is kept until the firmware changes; then all are tried anew", async () => {
  const memory = new Map<string, unknown>();
  const night = (firmware: string) => healthy(() => LAST_NIGHT_MS, { firmware });
  const methods = [];
  for (const [firmware, protocols] of [
    ["5.10", ["isapi"]],
    ["5.10", ["onvif", "isapi"]],
    ["5.20", ["onvif", "isapi"]],
    ["5.20", ["onvif", "isapi"]],
  ] as const)
    methods.push((await visit(night(firmware), protocols, memory)).evidence.recorders[0]?.protocol);
  expect(methods).toEqual(["isapi", "isapi", "onvif", "onvif"]);
});

describe("a recorder that knows only part of Profile G", () => {
  const now = () => LAST_NIGHT_MS;
  const one = sameOnAll(1, [{ startMs: LAST_NIGHT_MS - 45 * DAY_MS, endMs: LAST_NIGHT_MS }]);
  const young = sameOnAll(1, [{ startMs: LAST_NIGHT_MS - 13 * DAY_MS, endMs: LAST_NIGHT_MS }]);
  const lacks = (...parts: string[]) => new Set(parts) as Scenario["lacks"];
  test.each<[string, Partial<Scenario>, string, string[], string[]]>([
    ["no summary matters to nobody", { lacks: lacks("summary") }, "COMPLIANT", [], ["disks"]],
    ["no list of configured recordings", { lacks: lacks("recordings") }, "COMPLIANT", [], ["disks", "jobs"]],
    ["no FindEvents: the oldest alone is known", { lacks: lacks("find-events") }, "UNVERIFIABLE", ["OLDEST_ONLY"], ["disks", "find_events"]],
    ["no FindRecordings: events are enough", { lacks: lacks("find-recordings") }, "COMPLIANT", [], ["disks", "find_recordings"]],
    ["only the summary", { lacks: lacks("find-recordings", "find-events") }, "UNVERIFIABLE", ["OLDEST_ONLY"], ["disks", "find_events", "find_recordings"]],
    [
      "only the summary, of the whole device",
      { lacks: lacks("find-recordings", "find-events", "recordings") },
      "UNVERIFIABLE",
      ["OLDEST_ONLY"],
      ["find_events", "jobs"],
    ],
    ["no replay: nothing was really fetched", { lacks: lacks("replay") }, "UNVERIFIABLE", ["NO_API"], ["disks", "replay"]],
    ["no UTC, but local time and zone", { clock: { skewMs: 0, localAsUtc: false, tellsUtc: false, tellsLocal: true } }, "COMPLIANT", [], ["disks"]],
    ["no time at all", { clock: { skewMs: 0, localAsUtc: false, tellsUtc: false, tellsLocal: false } }, "UNVERIFIABLE", ["CLOCK_UNKNOWN"], ["clock", "disks"]],
    [
      "13 days are too few even without gaps known",
      { channels: young, lacks: lacks("find-events") },
      "NON_COMPLIANT",
      ["RETENTION_SHORT", "HISTORY_LOST"],
      ["find_events"],
    ],
    [
      "1970 and no FindEvents: the true oldest is searched for",
      { channels: young, lacks: lacks("find-events"), claimedOldestMs: 0 },
      "NON_COMPLIANT",
      ["RETENTION_SHORT", "HISTORY_LOST"],
      [],
    ],
  ])("%s", async (_, over, verdict, reasons, unverified) => {
    const { evidence } = await visit(healthy(now, { channels: one, ...over }), "onvif", new Map());
    expect(evidence.channels[0]).toMatchObject({ verdict, reasons });
    expect(evidence.recorders[0]?.unverified).toEqual(expect.arrayContaining(unverified));
  });
});

describe("numbers and limits", () => {
  const now = () => LAST_NIGHT_MS;

  test("a dead channel shows in the total, not behind a good one", async () => {
    const [good] = sameOnAll(1, [{ startMs: now() - 45 * DAY_MS, endMs: now() }]);
    const [bad] = sameOnAll(1, [{ startMs: now() - 13 * DAY_MS, endMs: now() }]);
    if (!good || !bad) throw new Error("no channel");
    const { outcome } = await visit(healthy(now, { channels: [good, bad] }), "onvif", new Map());
    const total = outcome.kind === "measured" ? outcome.readings.find(({ metric, labels }) => metric === "recording_depth_days" && !labels) : undefined;
    expect(total?.value).toBeCloseTo(13, 2);
  });

  test.each<[Protocol, object | undefined]>([
    // 10.8 GB a day on 93 % of 100 GB, of which pictures have a fifth where the recorder says so.
    ["isapi", { outlook: "short", basis: "segment_sizes", daysMin: 6.2, daysMax: 7.5, missingTb: 0.4, fittingKbps: 206 }],
    ["dahua", { outlook: "short", basis: "segment_sizes", daysMin: 7.7, daysMax: 9.4, missingTb: 0.3, fittingKbps: 258 }],
    ["onvif", { outlook: "unknown", basis: "none" }],
  ])("what the disk will hold, over %s", async (protocol, projection) => {
    const disks = [{ status: "ok", totalBytes: 1e11, freeBytes: 5e10 }];
    const { evidence } = await visit(
      healthy(now, { channels: sameOnAll(1, [{ startMs: now() - 5 * DAY_MS, endMs: now() }]), disks, pictureQuotaPercent: 20 }),
      protocol,
      new Map(),
    );
    expect(evidence.channels[0]?.projection).toEqual(projection);
  });

  test("a channel that cannot be verified leaves no total", async () => {
    const { outcome } = await visit(healthy(now, { lacks: new Set(["find-events"]) }), "onvif", new Map());
    expect(outcome.kind === "measured" && outcome.readings.every(({ labels }) => labels !== undefined)).toBe(true);
  });

  test("a wrong password is tried once", async () => {
    const { recorder, outcome } = await visit(healthy(now, { login: { kind: "digest-md5", user: "viewer", password: "x" } }), "onvif", new Map());
    expect(outcome).toMatchObject({ kind: "failed", reason: "auth_failed" });
    // Once without, as any client must, and once with the password.
    expect(recorder.requests.filter((line) => line.includes("GetDeviceInformation"))).toHaveLength(2);
  });

  test("a recorder that goes away in the middle: what it told before still stands", async () => {
    const scenario = healthy(now, { channels: sameOnAll(3, [{ startMs: now() - 45 * DAY_MS, endMs: now() }]), lacks: new Set(["replay"]) });
    const recorder = await startRecorder(scenario, ["onvif"]);
    running.push(recorder);
    const gone = (request: Parameters<typeof lanHttp>[0]) => {
      if (recorder.requests.filter((line) => line.includes("FindEvents")).length >= 3) throw new DeviceError("unreachable", "gone");
      return lanHttp(request);
    };
    const options = recordingDepth.options.parse({ address: "127.0.0.1", port: recorder.port, onvif: login, policy: { requestsPerSecond: 1000 } });
    const { evidence } = await recordingDepth.run(options, probeContext({ nowMs: now, io: { lanHttp: async (request) => gone(request) } }));
    const { channels } = RecordingEvidence.parse(evidence);
    expect(channels.map(({ channel, reasons }) => [channel, ...reasons])).toEqual([
      ["R001", "NO_API"],
      ["R002", "OFFLINE"],
      ["R003", "OFFLINE"],
    ]);
    expect(channels[0]?.coveragePercent).toBe(100);
  });

  test("the answers of a visit leave one hash, the same for the same answers", async () => {
    const answers = async (totalBytes: number) => {
      const disks = [{ status: "ok", totalBytes, freeBytes: 0 }];
      const login = { kind: "none", user: "", password: "" } as const;
      return (await visit(healthy(now, { disks, login, lacks: new Set(["replay"]) }), "dahua", new Map())).evidence.recorders[0]?.answers;
    };
    const [first, again, other] = [await answers(1e12), await answers(1e12), await answers(2e12)];
    expect(first?.count).toBeGreaterThan(10);
    expect(first).toMatchObject({ count: again?.count, bytes: again?.bytes, sha256: expect.stringMatching(/^[0-9a-f]{64}$/) });
    expect(other?.sha256).not.toBe(first?.sha256);
  });

  test.each([
    ["onvif", 1_000],
    ["isapi", 1_000],
    ["dahua", 1_000],
    ["isapi", 3_000],
  ] as const)("a night with 16 channels of hourly files, over %s, a playback of %d ms: below 5 minutes at 2 requests a second", async (protocol, playMs) => {
    // Virtual time: half a second a request, which is the pace, and what a playback takes.
    let elapsedMs = 0;
    const clock = () => now() + elapsedMs;
    const channels16 = sameOnAll(16, [{ startMs: now() - 45 * DAY_MS, endMs: now() }]);
    const recording = growing(healthy(clock, { channels: channels16, login: { kind: "none", user: "", password: "" } }), now(), clock);
    const io = inProcess(recording, protocol, (body) => body);
    const lanHttp: typeof io.lanHttp = (request) => {
      elapsedMs += 500;
      return io.lanHttp(request);
    };
    const fetchFrame: typeof io.rtsp.fetchFrame = (...asked) => {
      elapsedMs += 500 + playMs;
      return io.rtsp.fetchFrame(...asked);
    };
    const context = probeContext({ nowMs: clock, io: { lanHttp, rtsp: { ...io.rtsp, fetchFrame } } });
    const options = recordingDepth.options.parse({ address: "127.0.0.1", policy: { requestsPerSecond: 1000 } });
    const { channels, recorders } = RecordingEvidence.parse((await recordingDepth.run(options, context)).evidence);
    expect(channels.map(({ verdict }) => verdict)).toEqual(new Array(16).fill("COMPLIANT"));
    expect(elapsedMs).toBeLessThan(290_000);
    // The far frame of each channel is always asked for; a slow recorder is spared some of the samples, and that is told.
    expect(channels.every(({ probes }) => probes[0]?.purpose === "oldest")).toBe(true);
    expect(channels[0]?.probes).toHaveLength(3);
    expect(recorders[0]?.unverified.includes("samples")).toBe(channels.some(({ probes }) => probes.length < 3));
  });

  test.each([
    ["onvif", 1_000],
    // The last channel's turn comes when the first word for the newest recordings is older than a newest one may be.
    ["onvif", 6_000],
    ["isapi", 1_000],
    ["dahua", 1_000],
  ] as const)("a recorder with 64 channels is known after one night, over %s, a playback of %d ms", async (protocol, playMs) => {
    // The same virtual time for the end of the visit: what is asked behind it gets no answer.
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    onTestFinished(() => void vi.useRealTimers());
    let elapsedMs = 0;
    const clock = () => now() + elapsedMs;
    const channels64 = sameOnAll(64, [{ startMs: now() - 45 * DAY_MS, endMs: now() }]);
    const recording = growing(healthy(clock, { channels: channels64, login: { kind: "none", user: "", password: "" } }), now(), clock);
    const io = inProcess(recording, protocol, (body) => body);
    const pass = (ms: number, { aborted }: AbortSignal) => {
      if (aborted) throw new DeviceError("timeout", "the time for this device was over");
      elapsedMs += ms;
      vi.advanceTimersByTime(ms);
    };
    const lanHttp: typeof io.lanHttp = async (request) => {
      pass(500, request.signal);
      return io.lanHttp(request);
    };
    const fetchFrame: typeof io.rtsp.fetchFrame = async (...asked) => {
      pass(500 + playMs, asked[0].signal);
      return io.rtsp.fetchFrame(...asked);
    };
    const context = probeContext({ nowMs: clock, signal: new AbortController().signal, io: { lanHttp, rtsp: { ...io.rtsp, fetchFrame } } });
    const options = recordingDepth.options.parse({ address: "127.0.0.1", policy: { requestsPerSecond: 1_000 } });
    const { evidence, readings } = await recordingDepth.run(options, context);
    const { channels } = RecordingEvidence.parse(evidence);
    expect(channels.map(({ verdict }) => verdict)).toEqual(new Array(64).fill("COMPLIANT"));
    expect(channels.every(({ probes }) => probes[0]?.purpose === "oldest")).toBe(true);
    expect(Outcome.safeParse({ kind: "measured", readings, evidence }).error).toBeUndefined();
    const { deadlineMs } = recordingDepth;
    expect(elapsedMs).toBeGreaterThan(5 * 60_000);
    expect(elapsedMs).toBeLessThan(typeof deadlineMs === "number" ? deadlineMs : deadlineMs(options));
  });

  test.each([16, 64])("%i channels with 50 gaps each fit into the evidence", async (count) => {
    const recorded = Array.from({ length: 31 * 6 }, (_, index) => ({
      startMs: now() - (index + 1) * 4 * 3_600_000,
      endMs: now() - index * 4 * 3_600_000 - 900_000,
    })).toReversed();
    const { outcome, evidence } = await visit(healthy(now, { channels: sameOnAll(count, recorded), playbackBusy: true }), "dahua", new Map());
    expect(Evidence.safeParse(outcome.evidence).success).toBe(true);
    expect(evidence.channels).toHaveLength(count);
    expect(evidence.channels[0]?.gapsTotal).toBeGreaterThan(150);
    expect(evidence.channels[0]?.perDayMinutes).toHaveLength(31);
  });

  test.each([
    ["a policy number out of range", { address: "127.0.0.1", policy: { coveragePercentMin: 101 } }, "policy.coveragePercentMin"],
    ["an unknown field", { address: "127.0.0.1", depth: 3 }, "targets.0"],
    ["a name instead of an address", { address: "nvr.local" }, "targets.0.address"],
  ])("options: %s is named", (_, options, path) => {
    const parsed = recordingDepth.options.safeParse(options);
    expect(parsed.error?.issues.map((issue) => issue.path.join("."))).toContain(path);
  });
});
