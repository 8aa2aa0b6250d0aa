import { describe, expect, it } from "vitest";
import { vietnamDay, vietnamDayStartMs } from "#schemas/calendar.ts";
import { atOnce, atOncePerIsp, defaultLeaseRules as rules } from "../../../collector/lease/lease-rules.ts";
import {
  askerOf,
  decideSlot,
  fullLengthTurnOf,
  type GrantedLease,
  monthStartMs,
  phase,
  type SlotState,
  serverOrder,
  turnOf,
} from "../../../collector/lease/slots.ts";

const HOUR_MS = 3_600_000;
const server = { id: "a", url: "http://a", uplinkMbps: 1_000 };
const asker = { agent: "agt-0123456789abcdef", site: "centre-1", isp: "vnpt" };
/** Noon in Viet Nam on a day with 21 days of the month left. */
const nowMs = vietnamDayStartMs("2026-03-11") + 12 * HOUR_MS;
const turn = turnOf(asker.site, rules, nowMs);
const empty: SlotState = { holding: [], lastGrantMs: undefined, lastServer: undefined, fullSinceMs: undefined, fullBytes: undefined, monthBytes: 0 };

/** Days of the Vietnam month of March 2026 from `atMs` on. */
function daysLeft(atMs: number): number {
  return 32 - Number(vietnamDay(atMs).slice(8));
}

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
  it("is of the declared provider at its main office alone: another point's line may be anybody's", () => {
    const agent = { agentId: "agt-0123456789abcdef", centre: "centre-1", isp: "vnpt" };
    expect(askerOf({ ...agent, point: "main" })).toEqual(asker);
    expect(askerOf({ ...agent, point: "ia-ly" })).toEqual({ ...asker, site: "centre-1/ia-ly", isp: "" });
    expect(decideSlot(askerOf({ ...agent, point: "ia-ly" }), { ...empty, holding: holding(3, "vnpt") }, server, rules, nowMs)).toMatchObject({ granted: true });
  });

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

describe("a full-length test", () => {
  const { fullLength } = rules;
  const DAY_MS = 24 * HOUR_MS;
  const due = fullLengthTurnOf(asker.site, rules, nowMs).lastMs;
  /** An instant within the first day of the week's turn, and the same time of day once patience is over. */
  const atHour = (hour: number, days = 0) => vietnamDayStartMs(vietnamDay(due + DAY_MS)) + (days * 24 + hour) * HOUR_MS;
  const decide = (over: Partial<SlotState>, atMs: number, asksFull = false) => decideSlot(asker, { ...empty, ...over }, server, rules, atMs, asksFull);
  const isLong = { granted: true, passMs: fullLength.passMs, capMs: fullLength.capMs };
  /** With so much used, `tests` short ones of the least size are left over for each day from `atMs` on, beside `bytes`. */
  const usedAt = (atMs: number, bytes: number) => ({ monthBytes: rules.monthBytesMax - (daysLeft(atMs) - 1) * rules.testBytes.min - bytes });

  it.each([
    ["is due in the evening of its day", { fullSinceMs: due - 1 }, atHour(19), true],
    ["and not while the counters are open", { fullSinceMs: due - 1 }, atHour(12), false],
    ["unless the PC is never on at another time", { fullSinceMs: due - 1 }, atHour(12, 2), true],
    ["is not due again before the next week's turn", { fullSinceMs: due }, atHour(19), false],
    ["is not due at once for a site that is new", { fullSinceMs: undefined }, atHour(19), false],
    ["is dropped before the day's short test when data is short", { fullSinceMs: due - 1, ...usedAt(atHour(19), fullLength.bytes.min - 1) }, atHour(19), false],
    ["and not before that", { fullSinceMs: due - 1, ...usedAt(atHour(19), fullLength.bytes.min) }, atHour(19), true],
  ] as const)("%s", (_name, over, atMs, long) => {
    const found = decide(over, atMs);
    expect(found).toMatchObject({ granted: true });
    expect("passMs" in found).toBe(long);
    if (long) expect(found).toMatchObject({ ...isLong, expiresMs: atMs + fullLength.holdMs });
    else expect(found).toMatchObject({ expiresMs: atMs + rules.holdMs });
  });

  it("has its bytes kept back from the second test of a day, not from the first", () => {
    const atMs = atHour(23);
    const over = { fullSinceMs: atMs - HOUR_MS, ...usedAt(atMs, 100e6) };
    const lastGrantMs = turnOf(asker.site, rules, atMs).lastMs - 1;
    expect(decide({ ...over, lastGrantMs }, atMs)).toMatchObject({ granted: false, reason: "budget" });
    expect(decide({ ...over, lastGrantMs: atMs - DAY_MS }, atMs)).toMatchObject({ granted: true, bytesMax: rules.testBytes.min });
  });

  it.each([
    ["is given at any hour to whom asks for it", {}, isLong],
    ["but in its turn only", { lastGrantMs: nowMs }, { granted: false, reason: "not_due" }],
    ["and when the server has room", { holding: holding(4) }, { granted: false, reason: "full" }],
    ["each time while there is data", { lastGrantMs: turn.lastMs - 1, lastServer: "b" }, isLong],
    ["with less of it on another server than the last one", { monthBytes: 2e9, lastGrantMs: turn.lastMs - 1, lastServer: "b" }, isLong],
    ["and not on the same one", { monthBytes: 2e9, lastGrantMs: turn.lastMs - 1, lastServer: server.id }, { granted: false, reason: "budget" }],
    ["before a while is over", { monthBytes: 2e9, lastGrantMs: turn.lastMs - fullLength.sparseMs, lastServer: server.id }, isLong],
    ["seldom when it is short", { monthBytes: rules.monthBytesMax - 2.5e9, lastGrantMs: turn.lastMs - 1 }, { granted: false, reason: "budget" }],
    ["by what its last one used", { fullBytes: 600e6, lastGrantMs: turn.lastMs - 1 }, { granted: false, reason: "budget" }],
    ["but then again", { monthBytes: rules.monthBytesMax - 2.5e9, lastGrantMs: turn.lastMs - fullLength.sparseMs }, isLong],
    [
      "and more seldom still where data would not reach the month's end",
      { monthBytes: rules.monthBytesMax - 1.2e9, lastGrantMs: turn.lastMs - fullLength.sparseMs },
      { granted: false, reason: "budget" },
    ],
    ["and never as a short one in its place", { monthBytes: rules.monthBytesMax - fullLength.bytes.min + 1 }, { granted: false, reason: "budget" }],
  ] as const)("%s", (_name, over, expected) => {
    expect(decide(over, nowMs, true)).toMatchObject(expected);
  });

  it("comes on each day of the week for some of the sites", () => {
    const days = new Array<number>(7).fill(0);
    for (let site = 0; site < 700; site++) {
      const day = Math.floor(fullLengthTurnOf(`xa-${site}`, rules, nowMs).lastMs / DAY_MS) % 7;
      days[day] = (days[day] ?? 0) + 1;
    }
    expect(Math.min(...days)).toBeGreaterThan(70);
    expect(Math.max(...days)).toBeLessThan(130);
  });

  it.each([1, 2, 3, 4, 5])("that data allows seldom sees each of %d servers in turn", (count) => {
    const servers = Array.from({ length: count }, (_, index) => ({ ...server, id: `s${index}` }));
    for (const site of ["centre-1", "centre-2", "centre-3"]) {
      const seen: (string | undefined)[] = [];
      let atMs = turnOf(site, rules, nowMs).lastMs;
      for (let test = 0; test < 6; test++) {
        seen.push(serverOrder(servers, site, rules, atMs)[0]?.id);
        const sinceMs = atMs;
        while (atMs - sinceMs < fullLength.sparseMs) atMs = turnOf(site, rules, atMs).nextMs;
      }
      // Of three tests in a row two servers: what the plan wants to see of a breach.
      for (let test = 0; test + 3 <= seen.length; test++) expect(new Set(seen.slice(test, test + 3)).size).toBeGreaterThanOrEqual(Math.min(2, count));
    }
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
