import { describe, expect, it } from "vitest";
import { vietnamDayStartMs } from "#schemas/calendar.ts";
import { atOnce, atOncePerIsp, defaultLeaseRules as rules } from "../../../collector/lease/lease-rules.ts";
import { decideSlot, type GrantedLease, monthStartMs, phase, type SlotState, serverOrder, turnOf } from "../../../collector/lease/slots.ts";

const HOUR_MS = 3_600_000;
const server = { id: "a", url: "http://a", uplinkMbps: 1_000 };
const asker = { agent: "agt-0123456789abcdef", site: "centre-1", isp: "vnpt" };
/** Noon in Viet Nam on a day with 21 days of the month left. */
const nowMs = vietnamDayStartMs("2026-03-11") + 12 * HOUR_MS;
const turn = turnOf(asker.site, rules, nowMs);
const empty: SlotState = { holding: [], lastGrantMs: undefined, monthBytes: 0 };

function holding(count: number, isp = "viettel"): GrantedLease[] {
  return Array.from({ length: count }, (_, index) => ({
    id: `${index}`,
    agent: `a${index}`,
    site: `s${index}`,
    isp,
    server: "a",
    grantedMs: nowMs,
    expiresMs: nowMs + 1,
    bytesMax: 1,
  }));
}

describe("a site that asks for a test", () => {
  it.each([
    ["and was never tested gets it at once", {}, { granted: true, bytesMax: rules.testBytes.max, capMs: rules.capMs.full }],
    ["and missed its turn gets it now", { lastGrantMs: turn.lastMs - 1 }, { granted: true }],
    ["and had its turn waits for the next", { lastGrantMs: turn.lastMs }, { granted: false, reason: "not_due" }],
    ["finds the server full", { holding: holding(4) }, { granted: false, reason: "full" }],
    ["finds its provider's share taken", { holding: holding(3, "vnpt") }, { granted: false, reason: "full" }],
    ["does not mind another provider's share", { holding: holding(3, "viettel") }, { granted: true }],
    [
      "with little data left gets a short test",
      { monthBytes: rules.monthBytesMax - 21 * rules.testBytes.min - 10e6 },
      { granted: true, capMs: rules.capMs.short },
    ],
    [
      "with the reserve only still gets the day's first test",
      { monthBytes: rules.monthBytesMax - 21 * rules.testBytes.min },
      { granted: true, bytesMax: rules.testBytes.min },
    ],
    [
      "but not the second one",
      { monthBytes: rules.monthBytesMax - 21 * rules.testBytes.min, lastGrantMs: nowMs - 5 * HOUR_MS },
      { granted: false, reason: "budget" },
    ],
    ["beyond its data gets nothing", { monthBytes: rules.monthBytesMax }, { granted: false, reason: "budget" }],
  ] satisfies [string, Partial<SlotState>, object][])("%s", (_name, over: Partial<SlotState>, expected) => {
    // At 12:00 the morning turn has passed only for sites of an early phase; this one is asked late enough either way.
    const atMs = over.lastGrantMs === nowMs - 5 * HOUR_MS ? Math.max(nowMs, turn.lastMs + HOUR_MS) : nowMs;
    expect(decideSlot(asker, { ...empty, ...over }, server, rules, atMs)).toMatchObject(expected);
  });

  it("is told to come back at its next turn, but within 6 hours", () => {
    const decision = decideSlot(asker, { ...empty, lastGrantMs: nowMs }, server, rules, nowMs);
    expect(decision).toMatchObject({ granted: false, retryAfterS: Math.min(Math.ceil((turn.nextMs - nowMs) / 1000), 6 * 3_600) });
  });

  it("is asked back sooner the longer it has waited", () => {
    const full = { ...empty, holding: holding(4) };
    const retry = (lastGrantMs: number) => {
      const decision = decideSlot(asker, { ...full, lastGrantMs }, server, rules, nowMs);
      return decision.granted ? 0 : decision.retryAfterS;
    };
    expect(retry(nowMs - 30 * HOUR_MS)).toBeLessThanOrEqual(10);
    expect(retry(turn.lastMs - 1)).toBeGreaterThanOrEqual(5);
  });
});

describe("slots", () => {
  it.each([
    [1_000, 4, 3],
    [10_000, 40, 30],
    [100, 1, 1],
  ])("of an uplink of %d Mbps: %d at once, %d from one provider", (uplinkMbps, all, one) => {
    expect(atOnce({ ...server, uplinkMbps }, rules)).toBe(all);
    expect(atOncePerIsp({ ...server, uplinkMbps }, rules)).toBe(one);
  });

  it("spread the sites evenly over a window", () => {
    const tenths = new Array<number>(10).fill(0);
    for (let site = 0; site < 3_300; site++) {
      const tenth = Math.floor(phase(`xa-${site}`) * 10);
      tenths[tenth] = (tenths[tenth] ?? 0) + 1;
    }
    expect(Math.min(...tenths)).toBeGreaterThan(270);
    expect(Math.max(...tenths)).toBeLessThan(390);
  });

  it.each([1, 2, 3])("take turns over %d servers, so that each of them sees the office hours and the evening", (count) => {
    const servers = Array.from({ length: count }, (_, index) => ({ ...server, id: `s${index}` }));
    for (const site of ["centre-1", "centre-2", "centre-3", "centre-4", "centre-5"]) {
      const { lastMs, nextMs } = turnOf(site, rules, nowMs);
      const firsts = (turnMs: number) => Array.from({ length: 6 }, (_, day) => serverOrder(servers, site, rules, turnMs + day * 24 * HOUR_MS)[0]?.id);
      for (const turnMs of [lastMs, nextMs]) {
        expect(new Set(firsts(turnMs))).toEqual(new Set(servers.map(({ id }) => id)));
        expect(firsts(turnMs)[0] === firsts(turnMs)[1]).toBe(count === 1);
      }
    }
    expect(serverOrder([], asker.site, rules, nowMs)).toEqual([]);
  });

  it("count a month in Viet Nam's days", () => {
    expect(new Date(monthStartMs(Date.parse("2026-03-31T17:00:00Z"))).toISOString()).toBe("2026-03-31T17:00:00.000Z");
    expect(new Date(monthStartMs(Date.parse("2026-03-31T16:59:59Z"))).toISOString()).toBe("2026-02-28T17:00:00.000Z");
  });
});
