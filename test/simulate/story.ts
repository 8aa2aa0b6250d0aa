import { DAY } from "../support/facts.ts";
import type { Trouble } from "./world.ts";

/** A moment of Vietnam time. */
export const vn = (local: string) => Date.parse(`${local}:00+07:00`);

const all = Array.from({ length: 135 }, (_, at) => at + 1);
const trouble = (kind: Trouble["kind"], sites: readonly number[], from: string, to: string): Trouble => ({ kind, sites, fromMs: vn(from), toMs: vn(to) });

/** Two months of a province, Tết among them. Each line says what a reader may expect of it. */
export const twoMonths = {
  centres: 135,
  fromMs: vn("2027-01-04T06:00"),
  toMs: vn("2027-01-04T06:00") + 60 * DAY,
  troubles: [
    // One slow test of five is no breach: nobody hears of it.
    trouble("flaky", [17], "2027-01-04T00:00", "2027-01-22T00:00"),
    // A server of ours is slow for nine days: nobody's line.
    trouble("slow-server", all, "2027-01-25T00:00", "2027-02-03T00:00"),
    // A line that is too slow for two weeks: its provider, once.
    trouble("slow-line", [60], "2027-01-11T00:00", "2027-01-23T00:00"),
    // iGate fails for two hours everywhere: one problem of the province.
    trouble("portal", all, "2027-01-13T08:47", "2027-01-13T10:47"),
    // It fails for four minutes, just after a quarter of an hour began: nobody hears of it.
    trouble("portal", all, "2027-01-14T09:01", "2027-01-14T09:05"),
    // It comes and goes at one centre for a day: told as such once.
    ...["08:00", "09:30", "13:40", "15:10", "16:20"].map((clock) =>
      trouble("portal", [33], `2027-01-19T${clock}`, new Date(vn(`2027-01-19T${clock}`) + 45 * 60_000 + 7 * 3_600_000).toISOString().slice(0, 16)),
    ),
    // Forty centres of two areas are dark for almost two hours: one message, and one of the end.
    trouble("power", all.slice(40, 80), "2027-01-20T09:07", "2027-01-20T10:55"),
    // A camera dies on a Tuesday and is replaced on Friday.
    trouble("camera", [5], "2027-01-26T11:00", "2027-01-29T09:00"),
    // Nobody switches one PC on after Tết until the next day.
    trouble("agent", [88], "2027-02-12T00:00", "2027-02-15T08:30"),
    // A clock that is three hours slow: its values are put right, nobody hears of it.
    trouble("clock", [100], "2027-02-22T00:00", "2027-02-25T00:00"),
    // A line is cut for an hour and a quarter.
    trouble("cut", [120], "2027-02-24T14:02", "2027-02-24T15:20"),
    // The power fails over the whole province in the night and over Sunday: nobody hears of it.
    trouble("power", all, "2027-02-27T20:00", "2027-03-01T05:00"),
    // An agent falls silent in the morning, and somebody comes the next day.
    trouble("agent", [88], "2027-03-01T09:30", "2027-03-02T10:00"),
    // Nine of the fifteen centres of an area are dark: one message for the area.
    trouble("power", all.slice(120, 129), "2027-03-03T14:20", "2027-03-03T15:05"),
  ],
} as const;

/** Two hours of twenty-four centres, for the collector's own database in the tests. */
export const oneMorning = {
  centres: 24,
  fromMs: vn("2027-01-05T07:45"),
  toMs: vn("2027-01-05T09:40"),
  troubles: [
    trouble("power", all.slice(0, 8), "2027-01-05T08:07", "2027-01-05T08:40"),
    trouble("cut", [22], "2027-01-05T08:31", "2027-01-05T09:20"),
    trouble("agent", [23], "2027-01-05T08:40", "2027-01-05T09:25"),
    trouble("portal", [24], "2027-01-05T08:20", "2027-01-05T09:10"),
  ],
} as const;
