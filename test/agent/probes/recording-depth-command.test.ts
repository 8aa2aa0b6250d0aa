import { afterEach, describe, expect, test } from "vitest";
import { Outcome } from "#schemas/observation.ts";
import { RecordingEvidence } from "#schemas/recording-evidence.ts";
import { agentCommand } from "../../support/agent-command.ts";
import type { Protocol } from "../../support/recorder/http-side.ts";
import { DAY_MS, growing, healthy, type Scenario, sameOnAll } from "../../support/recorder/scenario.ts";
import { type RunningRecorder, startRecorder } from "../../support/recorder/start-recorder.ts";

const running: RunningRecorder[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map(({ close }) => close()));
});

/** `hcc-agent probe recording-depth --options '{...}' --json` against a recorder that plays a scenario, at the real time. */
async function probeByHand(over: Partial<Scenario>, protocols: readonly Protocol[] = ["onvif"], more: Record<string, unknown> = {}) {
  const channels = sameOnAll(1, [{ startMs: Date.now() - 45 * DAY_MS, endMs: Date.now() }]);
  const recorder = await startRecorder(growing(healthy(Date.now, { channels, ...over }), Date.now() - 60_000, Date.now), protocols);
  running.push(recorder);
  const { user, password } = { user: "viewer", password: "p@ss word" };
  const options = { address: "127.0.0.1", port: recorder.port, onvif: { user, password }, policy: { requestsPerSecond: 1000 }, ...more };
  const { code, out: text } = await agentCommand(["probe", "recording-depth", "--options", JSON.stringify(options), "--json"]);
  const outcome = Outcome.parse(JSON.parse(text));
  const evidence = RecordingEvidence.parse(outcome.evidence);
  return { code, outcome, channel: evidence.channels[0], unverified: evidence.recorders[0]?.unverified, text };
}

const lacks = (...parts: string[]): Partial<Scenario> => ({ lacks: new Set(parts) as Scenario["lacks"] });
const young = (over: Partial<Scenario>): Partial<Scenario> => ({ ...over, channels: sameOnAll(1, [{ startMs: Date.now() - 13 * DAY_MS, endMs: Date.now() }]) });
const clock = (tellsUtc: boolean, tellsLocal: boolean): Partial<Scenario> => ({ clock: { skewMs: 0, localAsUtc: false, tellsUtc, tellsLocal } });

describe("the command line, against a server that knows only part of Profile G", () => {
  test.each<[string, Partial<Scenario>, { verdict: string; reasons: string[]; method: string; unverified: string[] }]>([
    ["all of it", {}, { verdict: "COMPLIANT", reasons: [], method: "onvif-events", unverified: ["disks"] }],
    ["no summary", lacks("summary"), { verdict: "COMPLIANT", reasons: [], method: "onvif-events", unverified: ["disks"] }],
    [
      "no FindEvents",
      lacks("find-events"),
      { verdict: "UNVERIFIABLE", reasons: ["OLDEST_ONLY"], method: "onvif-recordings", unverified: ["find_events", "disks"] },
    ],
    [
      "no FindEvents, and too little kept",
      young(lacks("find-events")),
      { verdict: "NON_COMPLIANT", reasons: ["RETENTION_SHORT", "HISTORY_LOST"], method: "onvif-recordings", unverified: ["find_events", "disks"] },
    ],
    [
      "the summary alone",
      lacks("find-events", "find-recordings", "recordings"),
      { verdict: "UNVERIFIABLE", reasons: ["OLDEST_ONLY"], method: "onvif-summary", unverified: ["jobs", "find_recordings", "find_events", "disks", "replay"] },
    ],
    ["no replay", lacks("replay"), { verdict: "UNVERIFIABLE", reasons: ["NO_API"], method: "onvif-events", unverified: ["disks", "replay"] }],
    ["no UTCDateTime", clock(false, true), { verdict: "COMPLIANT", reasons: [], method: "onvif-events", unverified: ["disks"] }],
    ["no time at all", clock(false, false), { verdict: "UNVERIFIABLE", reasons: ["CLOCK_UNKNOWN"], method: "onvif-events", unverified: ["disks", "clock"] }],
  ])("%s", async (_, over, expected) => {
    const { code, channel, unverified } = await probeByHand(over);
    expect(code).toBe(0);
    expect({ verdict: channel?.verdict, reasons: channel?.reasons, method: channel?.method, unverified }).toEqual(expected);
  });

  test("readings, strip and the frame of 30 days ago stand in the JSON", async () => {
    const { outcome, channel } = await probeByHand({});
    expect(outcome).toMatchObject({ kind: "measured" });
    const readings = outcome.kind === "measured" ? outcome.readings : [];
    const depth = readings.find(({ metric, labels }) => metric === "recording_depth_days" && labels === undefined);
    expect(depth?.value).toBeGreaterThan(30);
    expect(channel?.perDayMinutes).toHaveLength(31);
    expect(channel?.probes[0]).toMatchObject({ purpose: "oldest", frameTime: "abs", codec: "H264", rtspStatus: 200 });
  });

  test("a server that lacks everything says why, and is no pass", async () => {
    const { outcome, channel } = await probeByHand(lacks("find-events", "find-recordings", "recordings", "summary", "replay", "media-attributes"));
    expect(outcome).toMatchObject({ kind: "failed", reason: "no_such_object" });
    expect(channel).toMatchObject({ verdict: "UNVERIFIABLE", reasons: ["NO_RECORDER"] });
  });

  test("ISAPI and Dahua answer the same question", async () => {
    // At a recorder's pace, so that what is recorded grows while it is asked.
    const paced = { policy: { requestsPerSecond: 10 } };
    for (const [protocol, method] of [
      ["isapi", "isapi-search"],
      ["dahua", "dahua-find"],
    ] as const)
      expect((await probeByHand({}, [protocol], paced)).channel).toMatchObject({ verdict: "COMPLIANT", method });
  });

  test("the password stands nowhere in what is printed", async () => {
    const { text } = await probeByHand({ login: { kind: "digest-md5", user: "viewer", password: "another" } });
    expect(text).toContain("AUTH_FAILED");
    expect(text).not.toContain("p@ss word");
  });
});
