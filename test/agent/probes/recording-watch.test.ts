import { afterEach, describe, expect, test } from "vitest";
import { Outcome } from "#schemas/observation.ts";
import { type ChannelEvidence, RecordingEvidence } from "#schemas/recording-evidence.ts";
import { recordingDepth } from "../../../agent/probes/recording-depth/probe.ts";
import { recordingWatch } from "../../../agent/probes/recording-watch/probe.ts";
import { HOURS_MAX, readWatch, type WatchMemory, watchedPerDay, watchKey, witness, witnessLost } from "../../../agent/recorders/watch-memory.ts";
import { probeContext } from "../../support/probe-context.ts";
import type { Protocol } from "../../support/recorder/http-side.ts";
import { DAY_MS, HOUR_MS, healthy, type Interval, passing, type Scenario, sameOnAll, without } from "../../support/recorder/scenario.ts";
import { type RunningRecorder, startRecorder } from "../../support/recorder/start-recorder.ts";

const START_MS = Date.UTC(2026, 10, 26, 18, 7);
const MINUTE_MS = 60_000;
const login = { user: "viewer", password: "p@ss word" };
const running: RunningRecorder[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map(({ close }) => close()));
});

/** A recorder and an agent with one memory, at a clock that the test turns. */
async function centre(protocol: Protocol, over: Partial<Scenario> = {}) {
  const state = { nowMs: START_MS, gone: [] as Interval[], stoppedMs: Number.POSITIVE_INFINITY };
  const recorded = () => state.gone.reduce<Interval[]>(without, [{ startMs: START_MS - 45 * DAY_MS, endMs: Math.min(state.nowMs, state.stoppedMs) }]);
  // What an ISAPI recorder's labels mean shows while time passes.
  const tickMs = protocol === "isapi" ? 500 : 0;
  const scenario = healthy(() => (state.nowMs += tickMs), over);
  Object.defineProperty(scenario, "channels", { get: () => sameOnAll(1, recorded()) });
  const recorder = await startRecorder(scenario, [protocol]);
  running.push(recorder);
  const values = new Map<string, unknown>();
  const memory = { get: (key: string) => values.get(key), set: (key: string, value: unknown) => void values.set(key, JSON.parse(JSON.stringify(value))) };
  const context = probeContext({ nowMs: () => (state.nowMs += tickMs), memory });
  const target = { id: "nvr-1", address: "127.0.0.1", port: recorder.port, onvif: login };
  const look = async () => {
    const options = recordingWatch.options.parse({ ...target, requestsPerSecond: 1000 });
    return Outcome.parse({ kind: "measured", ...(await recordingWatch.run(options, context)) });
  };
  const prove = async (): Promise<ChannelEvidence> => {
    const options = recordingDepth.options.parse({ ...target, policy: { requestsPerSecond: 1000, replaySamples: 0 } });
    const channel = RecordingEvidence.parse((await recordingDepth.run(options, context)).evidence).channels[0];
    if (!channel) throw new Error("no channel");
    return channel;
  };
  const pass = async (hours: number) => {
    for (let hour = 0; hour < hours; hour++) {
      state.nowMs += HOUR_MS;
      await look();
    }
  };
  return { state, look, prove, pass, watch: () => readWatch(values.get([...values.keys()].find((key) => key.startsWith("watch/")) ?? "")) };
}

describe.each(["onvif", "isapi", "dahua"] as const)("an hourly look over %s", (protocol) => {
  test("tells whether the channel records", async () => {
    const { state, look } = await centre(protocol);
    const recording = { kind: "measured", readings: [{ metric: "recording_now", value: 1 }], evidence: { recorders: [{ device: "nvr-1", clock: "ok" }] } };
    expect(await look()).toMatchObject(recording);
    const { evidence } = await look();
    // ONVIF tells nothing of it.
    const source = protocol === "onvif" ? undefined : "10.9.0.1";
    expect(evidence).toMatchObject({
      recorders: [{ channels: [source === undefined ? expect.not.objectContaining({ source: expect.anything() }) : { source }] }],
    });
    state.stoppedMs = START_MS - 30 * MINUTE_MS;
    expect(await look()).toMatchObject({ readings: [{ metric: "recording_now", value: 0 }] });
  });

  test("an hour that was seen, and deleted before the night came, is missed", async () => {
    const { state, prove, pass } = await centre(protocol);
    await pass(6);
    state.gone = [{ startMs: START_MS + 3 * HOUR_MS - 20 * MINUTE_MS, endMs: START_MS + 3 * HOUR_MS + 20 * MINUTE_MS }];
    expect(await prove()).toMatchObject({ verdict: "NON_COMPLIANT", reasons: ["DELETED"] });
  });

  test("what the looks saw and the list confirms is no reason", async () => {
    const { prove, pass } = await centre(protocol);
    await pass(3);
    expect(await prove()).toMatchObject({ verdict: "COMPLIANT", reasons: [] });
  });
});

describe("a recorder without any list", () => {
  const mute: Partial<Scenario> = { lacks: new Set(["find-events"]) };
  test("that was seen recording is still not proven", async () => {
    const { prove, pass } = await centre("onvif", mute);
    await pass(30);
    const { verdict, reasons, method, perDayMinutes } = await prove();
    expect({ verdict, reasons, method }).toEqual({ verdict: "UNVERIFIABLE", reasons: ["OLDEST_ONLY"], method: "agent-history" });
    expect(perDayMinutes.filter((minutes) => minutes === 1440)).toHaveLength(1);
    expect(perDayMinutes[0]).toBeNull();
  });

  test("that the agent saw standing still has gaps", async () => {
    const { state, prove, pass } = await centre("onvif", mute);
    await pass(4);
    state.gone = [{ startMs: state.nowMs, endMs: state.nowMs + 3 * HOUR_MS }];
    state.stoppedMs = state.nowMs;
    await pass(3);
    state.stoppedMs = Number.POSITIVE_INFINITY;
    await pass(2);
    const { reasons, gaps, method } = await prove();
    expect({ reasons, method }).toEqual({ reasons: ["GAPS"], method: "agent-history" });
    expect(gaps).toEqual([{ from: new Date(START_MS + 4 * HOUR_MS).toISOString(), to: new Date(START_MS + 7 * HOUR_MS).toISOString() }]);
  });
});

test("an analogue input without a picture is told of only when it was once seen recording", async () => {
  const values = new Map<string, unknown>();
  const memory = { get: (key: string) => values.get(key), set: (key: string, value: unknown) => void values.set(key, value) };
  const lookAt = async (nowMs: number, second: Partial<Scenario["channels"][number]>) => {
    const recorded = [{ startMs: nowMs - 45 * DAY_MS, endMs: nowMs }];
    const channels = [...sameOnAll(1, recorded, { input: "analogue" }), ...sameOnAll(1, recorded, second)];
    const scenario = passing(healthy(() => nowMs, { channels }));
    const recorder = await startRecorder(scenario, ["isapi"]);
    running.push(recorder);
    const options = recordingWatch.options.parse({ id: "nvr-1", address: "127.0.0.1", port: recorder.port, onvif: login, requestsPerSecond: 1000 });
    const { readings } = await recordingWatch.run(options, probeContext({ nowMs: scenario.nowMs, memory }));
    return readings.map(({ value, labels }) => [labels?.channel, value]);
  };
  const dark = { input: "no_signal", recorded: [] } as const;
  expect(await lookAt(START_MS, dark)).toEqual([["101", 1]]);
  const both = [
    ["101", 1],
    ["201", 1],
  ];
  expect(await lookAt(START_MS + HOUR_MS, { input: "analogue" })).toEqual(both);
  const died = [
    ["101", 1],
    ["201", 0],
  ];
  expect(await lookAt(START_MS + 2 * HOUR_MS, dark)).toEqual(died);
  // The hours of its recordings have left the window; a camera does not come to count as absent by being dead for long.
  expect(await lookAt(START_MS + 40 * DAY_MS, dark)).toEqual(died);
  expect(await lookAt(START_MS + 80 * DAY_MS, dark)).toEqual(died);
});

test("a wrong clock is no history", async () => {
  const { look, watch } = await centre("onvif", { clock: { skewMs: -3_600_000, localAsUtc: false, tellsUtc: true, tellsLocal: true } });
  await expect(look()).rejects.toMatchObject({ reason: "unsupported" });
  expect(watch().hours).toBe("");
});

describe("the memory of the looks", () => {
  const fresh = 15 * MINUTE_MS;
  const empty: WatchMemory = { firstHour: 0, hours: "", quiet: [] };
  const many = (count: number, at: (index: number) => readonly [nowMs: number, newestMs: number]) =>
    Array.from({ length: count }, (_, index) => at(index)).reduce((memory, [nowMs, newestMs]) => witness(memory, nowMs, newestMs, fresh), empty);

  test("stays below 2 KiB, however long it goes on", () => {
    const memory = many(3_000, (index) => [START_MS + index * HOUR_MS, START_MS + index * HOUR_MS - (index % 3 === 0 ? 2 * HOUR_MS : 0)]);
    expect(memory.hours).toHaveLength(HOURS_MAX);
    expect(memory.quiet.length).toBeLessThanOrEqual(64);
    expect(JSON.stringify(memory).length).toBeLessThan(5_000);
    expect(watchKey("d".repeat(128), "c".repeat(256)).length).toBeLessThanOrEqual(256);
  });

  test("a quiet time that goes on is one", () => {
    expect(many(5, (index) => [START_MS + index * HOUR_MS, START_MS - HOUR_MS]).quiet).toEqual([
      { startMs: START_MS - HOUR_MS, endMs: START_MS + 4 * HOUR_MS },
    ]);
    // A search of the last two hours finds nothing in any of them.
    expect(many(5, (index) => [START_MS + index * HOUR_MS, START_MS + (index - 2) * HOUR_MS]).quiet).toHaveLength(1);
  });

  test.each<[string, Interval[], boolean]>([
    ["all there", [{ startMs: START_MS - 40 * DAY_MS, endMs: START_MS + 9 * HOUR_MS }], false],
    ["an hour gone", without([{ startMs: START_MS - 40 * DAY_MS, endMs: START_MS + 9 * HOUR_MS }], { startMs: START_MS, endMs: START_MS + HOUR_MS }), true],
    ["the ring has gone past", [{ startMs: START_MS + 7 * HOUR_MS, endMs: START_MS + 9 * HOUR_MS }], false],
    ["not yet listed", [{ startMs: START_MS - 40 * DAY_MS, endMs: START_MS - 2 * HOUR_MS }], false],
    ["no list", [], false],
  ])("lost or not: %s", (_, intervals, lost) => {
    const memory = many(6, (index) => [START_MS + index * HOUR_MS + 30 * MINUTE_MS, START_MS + index * HOUR_MS + 30 * MINUTE_MS]);
    expect(witnessLost(memory, intervals, { startMs: 0, endMs: 0 })).toBe(lost);
  });

  test("a day of few looks is not known", () => {
    const memory = many(40, (index) => [START_MS + index * HOUR_MS, START_MS + index * HOUR_MS - (index === 20 ? HOUR_MS : 0)]);
    expect(watchedPerDay(memory, START_MS + 39 * HOUR_MS, 7 * HOUR_MS, 3)).toEqual([null, 1377, 1440]);
  });
});
