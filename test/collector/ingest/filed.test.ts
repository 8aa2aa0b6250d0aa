import { describe, expect, it } from "vitest";
import type { Calendar } from "#schemas/calendar.ts";
import { peaksIn, presenceIn } from "#schemas/evaluate/daily-facts.ts";
import { correctedMs } from "../../../collector/ingest/correct-time.ts";
import { canonicalLabels, type Filed, fileBatch } from "../../../collector/ingest/filed.ts";
import { batchOf, measured, T0, workWeek } from "../../support/batches.ts";

const presenceOf = ({ observation, takenMs }: Filed) => presenceIn(observation.outcome, takenMs);
const peaksOf = ({ observation, takenMs }: Filed, calendar: Calendar) => peaksIn(observation.outcome, takenMs, calendar);

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
type Clock = Parameters<typeof correctedMs>[0];
const taken = (ms: number, clock: Clock["clock"] = "ok", uptimeMs = 0, bootId = "b"): Clock => ({
  takenAt: new Date(ms).toISOString(),
  uptimeMs,
  bootId,
  clock,
});

describe("the time of an observation", () => {
  it.each([
    ["a right clock is believed", taken(T0 - 60_000), undefined, T0 - 60_000],
    ["a right clock is believed even when the sender's is not", taken(T0 - 60_000), { wallMs: 0, bootId: "b", uptimeMs: 1 }, T0 - 60_000],
    ["a wrong clock counts from this boot", taken(0, "bad", 10_000), { wallMs: 30_000, bootId: "b", uptimeMs: 40_000 }, T0 - 30_000],
    [
      "an earlier boot takes the offset of the wall clock",
      taken(HOUR_MS, "bad", 10_000, "a"),
      { wallMs: 2 * HOUR_MS, bootId: "b", uptimeMs: 5_000 },
      T0 - HOUR_MS,
    ],
    ["an offset below 5 s changes nothing", taken(T0 - 1_000, "skewed", 0, "a"), { wallMs: T0 - 4_000, bootId: "b", uptimeMs: 0 }, T0 - 1_000],
    ["45 days ago is the oldest", taken(T0 - 45 * DAY_MS), undefined, T0 - 45 * DAY_MS],
    ["before that is nothing", taken(T0 - 45 * DAY_MS - 1), undefined, undefined],
    ["10 minutes ahead is the newest", taken(T0 + 600_000), undefined, T0 + 600_000],
    ["after that is nothing", taken(T0 + 600_001), undefined, undefined],
    ["a wrong clock without a sender's is taken as it is", taken(0, "bad"), undefined, undefined],
  ])("%s", (_, observation, sender, expected) => {
    expect(correctedMs(observation, T0, sender)).toBe(expected);
  });
});

describe("what a batch becomes", () => {
  const wifi = batchOf({
    count: 1,
    each: () => ({
      probe: "wifi-clients",
      target: "floor-1",
      outcome: measured([
        { metric: "wifi_clients", value: 31 },
        { metric: "wifi_clients", value: 12, labels: { ssid: "Khách", ap: "ap-2" } },
        { metric: "device_up", value: 1, labels: { device: "printer-1", role: "printer" } },
        { metric: "device_up", value: 0, labels: { device: "printer-2", role: "printer" } },
        { metric: "device_up", value: 1, labels: { device: "box", role: "toaster" } },
      ]),
    }),
  });
  const filedAt = (ms: number) => {
    const [filed] = fileBatch({ ...wifi, observations: wifi.observations.map((one) => ({ ...one, takenAt: new Date(ms).toISOString() })) }, ms).observations;
    if (!filed) throw new Error("nothing was filed");
    return filed;
  };

  it("equal labels as equal text, in whatever order they came", () => {
    expect(canonicalLabels(undefined)).toBe("{}");
    expect(canonicalLabels({})).toBe("{}");
    expect(canonicalLabels({ ssid: "Khách", ap: 'ap "2"' })).toBe('{"ap":"ap \\"2\\"","ssid":"Khách"}');
    expect(canonicalLabels({ ap: "a", ssid: "b" })).toBe(canonicalLabels({ ssid: "b", ap: "a" }));
  });

  it("the devices of a known role that answered, on their Vietnam day", () => {
    expect(presenceOf(filedAt(Date.parse("2026-11-27T17:00:00.000Z")))).toEqual([{ device: "printer-1", role: "printer", day: "2026-11-28" }]);
    expect(presenceOf(filedAt(Date.parse("2026-11-27T16:59:59.999Z")))).toEqual([{ device: "printer-1", role: "printer", day: "2026-11-27" }]);
  });

  it("the total of Wi-Fi clients as a peak, in working time alone", () => {
    expect(peaksOf(filedAt(T0), workWeek)).toEqual([{ metric: "wifi_clients", day: "2026-11-28", value: 31 }]);
    expect(peaksOf(filedAt(T0 + 6 * HOUR_MS), workWeek)).toEqual([]);
  });

  it("nothing but itself, when the run failed or was skipped", () => {
    const failed = fileBatch(batchOf({ count: 1, each: () => ({ outcome: { kind: "failed", reason: "timeout" } }) }), T0).observations;
    expect(failed.map((one) => [presenceOf(one), peaksOf(one, workWeek)])).toEqual([[[], []]]);
  });
});
