import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { coverageOf, demandedIn, demandedMs, holesOf } from "../../../agent/probes/recording-depth/demanded.ts";
import { ChannelMemory, emptyMemory, hoursDeleted, remember, ringState } from "../../../agent/probes/recording-depth/memory.ts";
import { bytesPerDay, projectDays } from "../../../agent/probes/recording-depth/projection.ts";
import { farInstant, judgeFrame, sampleInstants } from "../../../agent/probes/recording-depth/replay.ts";
import {
  coveragePercent,
  DAY_MS,
  gapsOf,
  type Interval,
  lengthMs,
  longestMinutes,
  looksEventDriven,
  merge,
  minutesPerDay,
  plausible,
} from "../../../agent/probes/recording-depth/segments.ts";
import { judgeClock, posixOffsetMs } from "../../../agent/recorders/clock.ts";
import { intervalsOf } from "../../../agent/recorders/onvif-intervals.ts";

const HOUR_MS = 3_600_000;
const NOW_MS = Date.UTC(2026, 10, 28, 18);
const span = (startMs: number, endMs: number): Interval => ({ startMs, endMs });

describe("segments", () => {
  test.each<[string, Interval[], number, Interval[]]>([
    ["overlapping and unordered", [span(5, 9), span(0, 6)], 0, [span(0, 9)]],
    ["one inside another", [span(0, 9), span(2, 3)], 0, [span(0, 9)]],
    ["touching, half-open", [span(0, 5), span(5, 9)], 0, [span(0, 9)]],
    ["a gap as long as the limit is joined", [span(0, 5), span(8, 9)], 3, [span(0, 9)]],
    ["a longer gap stays", [span(0, 5), span(9, 10)], 3, [span(0, 5), span(9, 10)]],
    ["nothing", [], 3, []],
  ])("merge: %s", (_, raw, gapMs, expected) => {
    expect(merge(raw, gapMs)).toEqual(expected);
  });

  test("recorded time and gaps fill a window exactly, whatever the list", () => {
    const piece = fc.tuple(fc.integer({ min: -50, max: 150 }), fc.integer({ min: 1, max: 60 })).map(([startMs, length]) => span(startMs, startMs + length));
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), (raw) => {
        const window = span(0, 100);
        const merged = merge(raw);
        const covered = coveragePercent(merged, window);
        expect(covered + lengthMs(gapsOf(merged, window))).toBeCloseTo(100, 9);
        expect(longestMinutes(gapsOf(merged, window)) * 60_000).toBeLessThanOrEqual(100);
        expect(lengthMs(merge(merged))).toBe(lengthMs(merged));
      }),
    );
  });

  test("impossible times are dropped and counted", () => {
    expect(plausible([span(0, 5), span(NOW_MS - 5, NOW_MS), span(NOW_MS, NOW_MS + HOUR_MS), span(NOW_MS - 1, NOW_MS - 2)], NOW_MS)).toEqual({
      intervals: [span(NOW_MS - 5, NOW_MS)],
      dropped: 3,
    });
    // A file that is being written, with its planned end; and one that a clock ahead by a day had begun.
    expect(plausible([span(NOW_MS - 5, NOW_MS + HOUR_MS), span(NOW_MS - 5, NOW_MS + DAY_MS)], NOW_MS)).toEqual({
      intervals: [span(NOW_MS - 5, NOW_MS)],
      dropped: 1,
    });
  });

  test("days are those of the place: 18:00 UTC is already tomorrow in Vietnam", () => {
    expect(minutesPerDay([span(NOW_MS - 2 * HOUR_MS, NOW_MS)], NOW_MS, 7 * HOUR_MS, 3)).toEqual([0, 60, 60]);
    expect(minutesPerDay([span(NOW_MS - 2 * HOUR_MS, NOW_MS)], NOW_MS, 0, 3)).toEqual([0, 0, 120]);
    expect(minutesPerDay([span(NOW_MS - 90 * DAY_MS, NOW_MS + DAY_MS)], NOW_MS, 7 * HOUR_MS, 31)).toEqual(new Array(31).fill(1440));
  });

  test("motion shows by its shape", () => {
    const window = span(NOW_MS - 30 * DAY_MS, NOW_MS);
    const short = Array.from({ length: 24 * 30 }, (_, index) => span(window.startMs + index * HOUR_MS, window.startMs + index * HOUR_MS + 600_000));
    const long = Array.from({ length: 24 * 30 }, (_, index) => span(window.startMs + index * HOUR_MS, window.startMs + (index + 1) * HOUR_MS - 10_000));
    expect(looksEventDriven(short, window, 12, 99)).toBe(true);
    expect(looksEventDriven(long, window, 12, 99)).toBe(false);
    expect(looksEventDriven([span(window.startMs, NOW_MS)], window, 12, 99)).toBe(false);
    expect(looksEventDriven([], window, 12, 99)).toBe(false);
  });
});

describe("changes of state become intervals", () => {
  const change = (atMs: number, present: boolean, track = "V") => ({ recording: "R", track, atMs, present, zoned: true, isStart: false });
  test.each<[string, [number, boolean, string?][], Interval[]]>([
    [
      "on and off",
      [
        [1, true],
        [5, false],
      ],
      [span(1, 5)],
    ],
    ["the last one is open", [[1, true]], [span(1, 9)]],
    [
      "told twice",
      [
        [1, true],
        [2, true],
        [5, false],
        [6, false],
      ],
      [span(1, 5)],
    ],
    [
      "unordered",
      [
        [5, false],
        [1, true],
      ],
      [span(1, 5)],
    ],
    [
      "off and on at once is no gap",
      [
        [1, true],
        [5, true],
        [5, false],
      ],
      [span(1, 5), span(5, 9)],
    ],
    [
      "tracks are apart",
      [
        [1, true],
        [2, true, "B"],
        [3, false],
        [6, false, "B"],
      ],
      [span(1, 3), span(2, 6)],
    ],
    [
      "begun before the window is told by its start state",
      [
        [0, false],
        [4, true],
      ],
      [span(4, 9)],
    ],
  ])("%s", (_, changes, expected) => {
    expect(
      intervalsOf(
        changes.map(([atMs, present, track]) => change(atMs, present, track)),
        undefined,
        9,
      ).intervals,
    ).toEqual(expected);
  });
});

describe("demanded time", () => {
  // 28 November 2026, 18:00 UTC is Sunday, one o'clock, in Vietnam.
  const office = { recordingMode: "schedule", schedule: [{ weekdays: [1, 2, 3, 4, 5], from: "07:00", to: "17:00" }], zoneMinutes: 420 } as const;
  const hours = { ...office, schedule: [...office.schedule.map((one) => ({ ...one, weekdays: [...one.weekdays] }))] };
  const week = span(NOW_MS - 7 * DAY_MS, NOW_MS);
  test("office hours of a week are fifty", () => {
    const demanded = demandedIn(week, hours);
    expect(lengthMs(demanded)).toBe(50 * HOUR_MS);
    expect(demanded.map(({ startMs }) => new Date(startMs).toISOString().slice(5, 13))).toEqual(["11-23T00", "11-24T00", "11-25T00", "11-26T00", "11-27T00"]);
    expect(lengthMs(demandedIn(week, { ...hours, recordingMode: "continuous" }))).toBe(7 * 24 * HOUR_MS);
  });

  test("what is not demanded is neither gap nor coverage", () => {
    const demanded = demandedIn(week, hours);
    const [monday] = demanded;
    if (!monday) throw new Error("no Monday");
    const all = demanded.map(({ startMs, endMs }) => span(startMs, endMs));
    expect([coverageOf(all, demanded), holesOf(all, demanded)]).toEqual([100, []]);
    const late = [span(monday.startMs + HOUR_MS, monday.endMs), ...all.slice(1)];
    expect([coverageOf(late, demanded), holesOf(late, demanded)]).toEqual([98, [span(monday.startMs, monday.startMs + HOUR_MS)]]);
  });

  test("it counts the same from both ends", () => {
    expect(demandedMs(NOW_MS - DAY_MS * 2, NOW_MS, hours)).toBe(10 * HOUR_MS);
    expect(demandedMs(NOW_MS, NOW_MS - DAY_MS * 2, hours)).toBe(-10 * HOUR_MS);
  });
});

describe("ring-buffer test", () => {
  const run = (daysAgo: number, oldestDays: number) => ({ atMs: NOW_MS - daysAgo * DAY_MS, oldestMs: NOW_MS - oldestDays * DAY_MS });
  const oldestMs = (days: number) => NOW_MS - days * DAY_MS;
  test.each<[string, ReturnType<typeof run>[], number, string]>([
    ["the oldest moves a day a day: full", [run(2, 15), run(1, 14)], 13, "full"],
    ["20 hours a day are enough", [run(2, 13 + 40 / 24), run(1, 13 + 20 / 24)], 13, "full"],
    ["it stands still: filling", [run(2, 10), run(1, 10)], 10, "filling"],
    ["half a day a day is neither", [run(2, 11), run(1, 10.5)], 10, "unknown"],
    ["two runs are not enough", [run(1, 14)], 13, "unknown"],
    ["three runs of one afternoon are not enough", [run(0.2, 13), run(0.1, 13)], 13, "unknown"],
    ["a jump of 20 days: lost", [run(1, 30)], 10, "reset"],
    ["after a week off, a week's move is no loss", [run(8, 21)], 13, "unknown"],
    ["first run", [], 13, "unknown"],
  ])("%s", (_, runs, days, expected) => {
    expect(ringState(runs, NOW_MS, oldestMs(days))).toBe(expected);
  });
});

describe("hours once seen", () => {
  const all = [span(NOW_MS - 40 * DAY_MS, NOW_MS)];
  const seen = remember(emptyMemory, NOW_MS, all);
  const later = NOW_MS + DAY_MS;
  test.each<[string, Interval[], boolean]>([
    ["still there", [span(later - 40 * DAY_MS, later)], false],
    ["an hour is gone", [span(later - 40 * DAY_MS, NOW_MS - 10 * HOUR_MS), span(NOW_MS - 9 * HOUR_MS, later)], true],
    ["twenty minutes are not an hour", [span(later - 40 * DAY_MS, NOW_MS - 10 * HOUR_MS), span(NOW_MS - 10 * HOUR_MS + 1_200_000, later)], false],
    ["the ring has reached them", [span(NOW_MS - 5 * DAY_MS, later)], false],
    ["a hole of last night was never seen", [span(later - 40 * DAY_MS, NOW_MS + HOUR_MS), span(NOW_MS + 5 * HOUR_MS, later)], false],
    ["nothing left tells nothing", [], false],
  ])("%s", (_, intervals, deleted) => {
    expect(hoursDeleted(seen, intervals, { startMs: 0, endMs: 0 })).toBe(deleted);
  });

  test("four runs a day are one night: a full ring is still told after three days", () => {
    let memory = emptyMemory;
    const states = [];
    for (let run = 0; run <= 12; run++) {
      const nowMs = NOW_MS + run * 6 * HOUR_MS;
      const list = [span(nowMs - 13 * DAY_MS, nowMs)];
      states.push(ringState(memory.runs, nowMs, nowMs - 13 * DAY_MS));
      memory = remember(memory, nowMs, list);
    }
    expect(states.slice(0, 4)).toEqual(["unknown", "unknown", "unknown", "unknown"]);
    expect(states.slice(8)).toEqual(["full", "full", "full", "full", "full"]);
  });

  test("what is remembered fits its own type and stays small", () => {
    let memory = emptyMemory;
    for (let night = 0; night < 40; night++) memory = remember(memory, NOW_MS + night * DAY_MS, [span(NOW_MS - 40 * DAY_MS, NOW_MS + night * DAY_MS)]);
    expect(ChannelMemory.parse(JSON.parse(JSON.stringify(memory)))).toEqual(memory);
    expect(JSON.stringify(memory).length).toBeLessThan(2_000);
  });
});

describe("projection", () => {
  const base = {
    requiredDays: 30,
    totalBytes: 1e12,
    growthBytesPerDay: undefined,
    segmentBytesPerDay: undefined,
    bitrateLimitKbps: undefined,
    channels: 4,
    marginPercent: 0,
  };
  test("1 TB and 4 cameras of 2 Mbit/s hold 10.8 days", () => {
    expect(projectDays({ ...base, bitrateLimitKbps: 8_000 })).toMatchObject({
      outlook: "short",
      daysMin: 10.8,
      basis: "bitrate_limits",
      missingTb: 1.8,
      fittingKbps: 717,
    });
  });
  test.each<[string, object, object]>([
    ["2.8 TB are about right", { totalBytes: 2.8e12, bitrateLimitKbps: 8_000 }, { outlook: "ok", daysMin: 30.1 }],
    ["growth is trusted over sizes and limits", { growthBytesPerDay: 1e11, segmentBytesPerDay: 5e10, bitrateLimitKbps: 1 }, { basis: "growth", daysMin: 9.3 }],
    ["sizes over limits", { segmentBytesPerDay: 1e10, bitrateLimitKbps: 8_000 }, { basis: "segment_sizes", outlook: "ok", daysMin: 93 }],
    ["the margin decides near the limit", { totalBytes: 2.8e12, segmentBytesPerDay: 8.64e10, marginPercent: 10 }, { outlook: "unknown" }],
    ["a negative growth is none", { growthBytesPerDay: -5 }, { outlook: "unknown", basis: "none" }],
    ["pictures have a fifth of the disk", { segmentBytesPerDay: 2e10, videoShare: 0.8 }, { daysMin: 37.2, outlook: "ok" }],
    ["what is missing counts their part too", { segmentBytesPerDay: 4e10, videoShare: 0.8 }, { daysMin: 18.6, missingTb: 0.6 }],
    ["no disk told", { totalBytes: undefined, segmentBytesPerDay: 1e10 }, { outlook: "unknown", basis: "segment_sizes" }],
  ])("%s", (_, over, expected) => {
    expect(projectDays({ ...base, ...over })).toMatchObject(expected);
  });
});

describe("bytes per day", () => {
  const hours = (from: number, to: number, bytes: number | undefined) =>
    Array.from({ length: from - to }, (_, index) => ({ startMs: NOW_MS - (from - index) * HOUR_MS, endMs: NOW_MS - (from - index - 1) * HOUR_MS, bytes }));
  test.each<[string, ReturnType<typeof hours>, number | undefined]>([
    ["the worst day of the last week", [...hours(72, 48, 10), ...hours(48, 24, 30), ...hours(24, 0, 20)], 30 * 24],
    ["a worse one of the week before is past", [...hours(400, 200, 90), ...hours(168, 0, 20)], 20 * 24],
    ["less than a day is stretched to one", hours(18, 0, 20), 20 * 24],
    ["a few hours tell nothing", hours(5, 0, 20), undefined],
    ["a piece without a size spoils the sum", [...hours(48, 1, 20), ...hours(1, 0, undefined)], undefined],
    ["nothing recorded", [], undefined],
  ])("%s", (_, pieces, expected) => {
    expect(bytesPerDay(pieces, NOW_MS)).toBe(expected);
  });
});

describe("replay", () => {
  const frame = (frameUtcMs: number | undefined, frameTime: "abs" | "implied" | "none" = "abs") => ({
    frameTime,
    frameUtcMs,
    codec: "H264",
    bytes: 1,
    status: 200,
  });
  test.each<[string, ReturnType<typeof frame>, number, string]>([
    ["at the target", frame(NOW_MS), 0, "frame"],
    ["a minute early is the clean point", frame(NOW_MS - 60_000), 0, "frame"],
    ["two minutes late", frame(NOW_MS + 120_000), 0, "frame"],
    ["three minutes late: data begins later", frame(NOW_MS + 180_000), 0, "later"],
    ["two minutes early is not what was asked for", frame(NOW_MS - 120_000), 0, "none"],
    ["stamped as mislabelled as the lists", frame(NOW_MS + 7 * HOUR_MS), 7 * HOUR_MS, "frame"],
    ["stamped right though the lists are not", frame(NOW_MS), 7 * HOUR_MS, "frame"],
    ["no time of its own", frame(undefined, "implied"), 0, "implied"],
    ["no frame", frame(undefined, "none"), 0, "none"],
  ])("%s", (_, proof, offsetMs, kind) => {
    expect(judgeFrame(proof, NOW_MS, offsetMs).kind).toBe(kind);
  });

  test("the far instant lies in recorded time", () => {
    const startMs = NOW_MS - 30 * DAY_MS;
    const margin = HOUR_MS / 2;
    expect(farInstant([span(startMs - DAY_MS, NOW_MS)], startMs, margin)).toBe(startMs + margin);
    expect(farInstant([span(startMs - DAY_MS, startMs + 60_000), span(startMs + DAY_MS, NOW_MS)], startMs, margin)).toBe(startMs + DAY_MS + 60_000);
    expect(farInstant([span(startMs + 1, NOW_MS)], startMs, margin)).toBeUndefined();
    expect(farInstant([], startMs, margin)).toBeUndefined();
  });

  test("samples lie inside, are the same for a seed and differ between seeds", () => {
    const pieces = [span(0, 1_000_000), span(2_000_000, 2_000_001), span(5_000_000, 9_000_000)];
    const inside = (atMs: number) => pieces.some(({ startMs, endMs }) => startMs < atMs && atMs < endMs);
    expect(sampleInstants(pieces, 50, 7).every(inside)).toBe(true);
    expect(sampleInstants(pieces, 4, 7)).toEqual(sampleInstants(pieces, 4, 7));
    expect(sampleInstants(pieces, 4, 7)).not.toEqual(sampleInstants(pieces, 4, 8));
    expect(sampleInstants([], 4, 7)).toEqual([]);
  });
});

describe("clock", () => {
  const policy = { warnSeconds: 30, failSeconds: 120, zoneMinutes: 420 };
  const sample = (utcMs: number | undefined, wallMs?: number, zone?: string) => ({ utcMs, wallMs, zone, sentMs: NOW_MS, receivedMs: NOW_MS + 200 });
  test("the median of three counts", () => {
    expect(judgeClock([sample(NOW_MS), sample(NOW_MS + 900_000), sample(NOW_MS + 1_000)], policy)).toMatchObject({ verdict: "ok", skewS: 0.9 });
  });
  test("wall time without a zone is held against the place's, with a zone against its own", () => {
    expect(judgeClock([sample(undefined, NOW_MS + 7 * HOUR_MS)], policy)).toMatchObject({ verdict: "ok", source: "wall" });
    expect(judgeClock([sample(undefined, NOW_MS + 8 * HOUR_MS, "CST-8:00:00")], policy)).toMatchObject({ verdict: "ok" });
    expect(judgeClock([sample(undefined, NOW_MS)], policy)).toMatchObject({ verdict: "wrong" });
  });
  test.each([
    ["CST-7:00:00", 7 * HOUR_MS],
    ["ICT-7", 7 * HOUR_MS],
    ["<+07>-7", 7 * HOUR_MS],
    ["EST5EDT,M3.2.0,M11.1.0", -5 * HOUR_MS],
    ["IST-5:30", 5.5 * HOUR_MS],
    ["Asia/Ho_Chi_Minh", undefined],
    ["", undefined],
    [undefined, undefined],
  ])("POSIX zone %s", (zone, expected) => {
    expect(posixOffsetMs(zone)).toBe(expected);
  });
});
