import { describe, expect, test } from "vitest";
import { type ChannelEvidence, RecordingEvidence } from "#schemas/recording-evidence.ts";
import { ProbeError } from "../../../agent/probe.ts";
import { recordingDepth } from "../../../agent/probes/recording-depth/probe.ts";
import { recordingWatch } from "../../../agent/probes/recording-watch/probe.ts";
import { type LabelMemory, labelKey, possibleOffsets, settleLabels } from "../../../agent/recorders/label-offset.ts";
import { probeContext } from "../../support/probe-context.ts";
import { inProcess } from "../../support/recorder/in-process.ts";
import { DAY_MS, HOUR_MS, healthy, type Interval, passing, type Scenario, VIETNAM_MS } from "../../support/recorder/scenario.ts";

/** 01:07:30 in Viet Nam, a Sunday. */
const NIGHT_MS = Date.UTC(2026, 10, 28, 18, 7, 30);
const MINUTE_MS = 60_000;

/** Lists local time with "Z", while its clock is told rightly, with its zone. */
const localLabels = { skewMs: 0, localAsUtc: true, tellsUtc: true, tellsLocal: true };
const rightClock = (body: string) => body.replace(/(<localTime>[^<Z]*)Z</, "$1+07:00<");

const channel = (recorded: readonly Interval[]) => ({ recorded, mode: "continuous" as const });
const unused = channel([]);
const since = (nowMs: number, days: number, stoppedMs = 0): Interval[] => [{ startMs: nowMs - days * DAY_MS, endMs: nowMs - stoppedMs }];
const officeHours = { recordingMode: "schedule", schedule: [{ weekdays: [1, 2, 3, 4, 5], from: "07:00", to: "17:00" }] };
const byOffice = (nowMs: number): Interval[] =>
  Array.from({ length: 46 }, (_, index) => Math.floor((nowMs + VIETNAM_MS) / DAY_MS) - 45 + index).flatMap((day) => {
    const startMs = day * DAY_MS - VIETNAM_MS + 7 * HOUR_MS;
    return (day + 3) % 7 < 5 && startMs < nowMs ? [{ startMs, endMs: Math.min(startMs + 10 * HOUR_MS, nowMs) }] : [];
  });

/** An agent with one memory, and the recorder that it meets at an instant. */
function agent() {
  const values = new Map<string, unknown>();
  const memory = { get: (key: string) => values.get(key), set: (key: string, value: unknown) => void values.set(key, JSON.parse(JSON.stringify(value))) };
  const meet = (nowMs: number, over: Partial<Scenario>) => {
    const scenario = passing(healthy(() => nowMs, { clock: localLabels, ...over }));
    const asked: string[] = [];
    const io = inProcess(scenario, "isapi", scenario.clock.localAsUtc ? rightClock : (body) => body);
    const lanHttp: typeof io.lanHttp = (request) => {
      asked.push(request.path);
      return io.lanHttp(request);
    };
    return { asked, context: probeContext({ nowMs: scenario.nowMs, memory, io: { ...io, lanHttp } }) };
  };
  const target = { id: "nvr-1", address: "127.0.0.1", port: 80, onvif: { user: "viewer", password: "p@ss word" } };
  const prove = async (nowMs: number, over: Partial<Scenario>, policy: object = {}): Promise<readonly ChannelEvidence[]> => {
    const options = recordingDepth.options.parse({ ...target, policy: { requestsPerSecond: 1000, replaySamples: 1, ...policy } });
    const { evidence } = await recordingDepth.run(options, meet(nowMs, over).context);
    return RecordingEvidence.parse(evidence).channels;
  };
  const look = async (nowMs: number, over: Partial<Scenario>) => {
    const { asked, context } = meet(nowMs, over);
    const outcome = await recordingWatch.run(recordingWatch.options.parse({ ...target, requestsPerSecond: 1000 }), context).catch((error: unknown) => error);
    return { outcome, searches: asked.filter((path) => path.endsWith("/search")).length };
  };
  return { prove, look, known: () => (values.get(labelKey("nvr-1")) as LabelMemory | undefined)?.offsetMs };
}

const said = (channels: readonly ChannelEvidence[]) => channels.map(({ verdict, reasons }) => [verdict, ...reasons].join(" "));

describe("a schedule that rests when the night's visit comes", () => {
  test("a visit that cannot know the labels says so, shows no number, and remembers nothing of them", async () => {
    const { prove, known } = agent();
    const channels = await prove(NIGHT_MS, { channels: [channel(byOffice(NIGHT_MS))] }, officeHours);
    expect(said(channels)).toEqual(["UNVERIFIABLE ZONE_UNKNOWN"]);
    expect(channels[0]).not.toHaveProperty("newest");
    expect(channels[0]).not.toHaveProperty("coveragePercent");
    expect(known()).toBeUndefined();
  });

  test("what a look by day has proven holds at night", async () => {
    const { prove, look, known } = agent();
    // Friday, 16:00 in Viet Nam: what is labelled 16:00Z cannot be UTC.
    const fridayMs = Date.UTC(2026, 10, 27, 9);
    await look(fridayMs, { channels: [channel(byOffice(fridayMs))] });
    expect(known()).toBe(VIETNAM_MS);
    expect(said(await prove(NIGHT_MS, { channels: [channel(byOffice(NIGHT_MS))] }, officeHours))).toEqual(["COMPLIANT"]);
    expect(known()).toBe(VIETNAM_MS);
  });
});

test("the one channel that records is found behind four that are unused", async () => {
  const { prove } = agent();
  const channels = await prove(NIGHT_MS, { channels: [unused, unused, unused, unused, channel(since(NIGHT_MS, 30.15))] });
  expect(said(channels)[4]).toBe("COMPLIANT");
});

describe("a channel that stopped seven hours ago", () => {
  const stopped = { channels: [channel(since(NIGHT_MS, 45, VIETNAM_MS))] };

  test("may as well be recording, so nothing is said", async () => {
    const { prove, known } = agent();
    expect(said(await prove(NIGHT_MS, stopped))).toEqual(["UNVERIFIABLE ZONE_UNKNOWN"]);
    expect(known()).toBeUndefined();
  });

  test("does not record, where the labels are known from the night before", async () => {
    const { prove, known } = agent();
    await prove(NIGHT_MS - DAY_MS, { channels: [channel(since(NIGHT_MS - DAY_MS, 45))] });
    expect(said(await prove(NIGHT_MS, stopped))).toEqual(["NON_COMPLIANT NOT_RECORDING"]);
    expect(known()).toBe(VIETNAM_MS);
  });

  test("is not told as recording by a look", async () => {
    const { look } = agent();
    const { outcome } = await look(NIGHT_MS, stopped);
    expect(outcome).toBeInstanceOf(ProbeError);
    expect(outcome).toMatchObject({ message: expect.stringContaining("local time or UTC") });
  });

  test("that stopped three hours ago does not record by any reading", async () => {
    const { prove } = agent();
    expect(said(await prove(NIGHT_MS, { channels: [channel(since(NIGHT_MS, 45, 3 * HOUR_MS))] }))).toEqual(["NON_COMPLIANT NOT_RECORDING"]);
  });
});

describe("what is remembered", () => {
  const utcLabels = { clock: { ...localLabels, localAsUtc: false } };

  test("is given up for a proof: a recorder that was set to UTC grows by the new labels", async () => {
    const { prove, known } = agent();
    await prove(NIGHT_MS - DAY_MS, { channels: [channel(since(NIGHT_MS - DAY_MS, 45))] });
    // All was asked for by the old labels, so this night tells nothing; the next one knows.
    expect(said(await prove(NIGHT_MS, { ...utcLabels, channels: [channel(since(NIGHT_MS, 45))] }))).toEqual(["UNVERIFIABLE ZONE_UNKNOWN"]);
    expect(known()).toBe(0);
    expect(said(await prove(NIGHT_MS + DAY_MS, { ...utcLabels, channels: [channel(since(NIGHT_MS + DAY_MS, 45))] }))).toEqual(["COMPLIANT"]);
  });

  test("counts no more after a change of the firmware", async () => {
    const { prove } = agent();
    await prove(NIGHT_MS - DAY_MS, { channels: [channel(since(NIGHT_MS - DAY_MS, 45))] });
    const stopped = { channels: [channel(since(NIGHT_MS, 45, VIETNAM_MS))], firmware: "6.00" };
    expect(said(await prove(NIGHT_MS, stopped))).toEqual(["UNVERIFIABLE ZONE_UNKNOWN"]);
  });

  test("spares an hourly look of 64 channels the search for it", async () => {
    const { look } = agent();
    const channels = (nowMs: number) => ({ channels: Array.from({ length: 64 }, (_, index) => (index === 63 ? channel(since(nowMs, 45)) : unused)) });
    // One search a channel for its newest, and in the first look one more to learn: never more than twice the channels.
    expect((await look(NIGHT_MS, channels(NIGHT_MS))).searches).toBe(128);
    expect((await look(NIGHT_MS + HOUR_MS, channels(NIGHT_MS + HOUR_MS))).searches).toBe(64);
  });
});

describe("what labels prove (pure)", () => {
  const limits = { freshMs: 15 * MINUTE_MS, aheadMs: 2 * MINUTE_MS };
  const offsets = [VIETNAM_MS, 0];
  const at = (atMs: number, endMs: number) => ({ atMs: NIGHT_MS + atMs, ends: { "101": NIGHT_MS + endMs } });
  test.each<[string, ReturnType<typeof at>, ReturnType<typeof at> | undefined, number[]]>([
    ["an end in the future is no UTC", at(0, VIETNAM_MS), undefined, [VIETNAM_MS]],
    ["an hour ahead is the future, too", at(0, HOUR_MS), undefined, [VIETNAM_MS]],
    ["a clock a minute ahead is no future", at(0, MINUTE_MS), undefined, [VIETNAM_MS, 0]],
    ["now may be running, or stopped seven hours ago", at(0, 0), undefined, [VIETNAM_MS, 0]],
    ["now, as it was an hour ago: still running", at(0, 0), at(-HOUR_MS, -HOUR_MS), [0]],
    ["nothing new since an hour ago proves nothing", at(0, -HOUR_MS), at(-HOUR_MS, -HOUR_MS), [VIETNAM_MS, 0]],
    ["what grew since the night before may have grown any time", at(0, 0), at(-DAY_MS, -DAY_MS), [VIETNAM_MS, 0]],
    ["a recording of tomorrow is wrong by any reading", at(0, DAY_MS), undefined, []],
  ])("%s", (_, seen, earlier, expected) => {
    expect(possibleOffsets(offsets, seen, earlier, limits)).toEqual(expected);
  });

  test("a recording of tomorrow takes nothing from what is remembered", () => {
    expect(settleLabels(offsets, at(0, DAY_MS), undefined, VIETNAM_MS, limits)).toMatchObject({ offsetMs: VIETNAM_MS, basis: "remembered", rivals: [] });
  });
});
