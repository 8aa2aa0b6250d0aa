import { describe, expect, it } from "vitest";
import { vietnamDay, vietnamDayStartMs } from "#schemas/calendar.ts";
import { evaluate } from "#schemas/evaluate/evaluate.ts";
import type { Run } from "#schemas/facts.ts";
import type { Lease } from "#schemas/measure.ts";
import type { Outcome } from "#schemas/observation.ts";
import type { ProbeMemory } from "../../../agent/probe.ts";
import { asksFullLength, rememberFullLength } from "../../../agent/probes/link-bandwidth/full-length.ts";
import { createLeaseDesk } from "../../../collector/lease/lease-desk.ts";
import { atOnce, defaultLeaseRules as rules } from "../../../collector/lease/lease-rules.ts";
import { memoryLeaseStore } from "../../../collector/lease/memory-lease-store.ts";
import { type GrantedLease, phase } from "../../../collector/lease/slots.ts";
import { EventQueue } from "../../support/event-queue.ts";
import { facts, plan, requirement } from "../../support/facts.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const FLOOR_MBPS = 200;
const SITES = 60;
/** Of October, which has 31 days, and the week before it: the month finds the province at work. */
const [beginMs, startMs, endMs] = ["2026-09-24", "2026-10-01", "2026-11-01"].map((day) => vietnamDayStartMs(day)) as [number, number, number];
const servers = ["a", "b"].map((id) => ({ id, url: `http://${id}`, uplinkMbps: 1_000 }));

/** A line carries `mbps`, behind `burstS` seconds at `burstMbps` where it has a bucket. */
type Line = { readonly mbps: number; readonly burstMbps?: number; readonly burstS?: number };
type Test = {
  readonly mbps: number;
  readonly usedBytes: number;
  readonly ms: number;
  readonly verdict: "pass" | "fail" | "borderline";
  readonly passMs: number | undefined;
};

/** What the probe makes of a lease on such a line, by the times of the lab: 1.4 s where it is clear at once, 3 s behind a fall in a full-length test. */
function testOf({ mbps, burstMbps = mbps, burstS = 0 }: Line, { passMs, bytesMax }: Lease): Test {
  const movedIn = (seconds: number) => ((Math.min(seconds, burstS) * burstMbps + Math.max(0, seconds - burstS) * mbps) / 8) * 1e6;
  const bytes = 0.9 * bytesMax * (passMs === undefined ? 0.5 : 0.75);
  const wantedS = passMs === undefined ? 1.4 : mbps < FLOOR_MBPS ? burstS + 3.1 : passMs / 1_000;
  const burstBytes = movedIn(burstS);
  const seconds = movedIn(wantedS) <= bytes ? wantedS : bytes <= burstBytes ? (bytes * 8) / 1e6 / burstMbps : burstS + ((bytes - burstBytes) * 8) / 1e6 / mbps;
  const usedBytes = movedIn(seconds) + Math.min(0.9 * (bytesMax - movedIn(seconds)), movedIn(1.4));
  const seen = seconds <= burstS ? burstMbps : mbps;
  const verdict = seen >= FLOOR_MBPS ? "pass" : seconds < burstS + 3 ? "borderline" : "fail";
  return { mbps: seen, usedBytes, ms: 3_000 + 1_000 * seconds, verdict, passMs };
}

type Site = { readonly leases: GrantedLease[]; readonly runs: Run[] };

/** Lives the month through with the real desk and the probe's memory. `isOn`: whether the PC of a site is on. `isOld`: agents of before full-length tests. */
async function live(line: Line, isOn: (hour: number) => boolean = () => true, isOld = false) {
  let nowMs = beginMs;
  let ids = 0;
  const store = memoryLeaseStore();
  const newId = () => (ids++).toString(16).padStart(16, "0");
  const desk = createLeaseDesk({ store, servers, rules, secret: "a secret of tests, long enough to sign", nowMs: () => nowMs, newId });
  const kept = Array.from({ length: SITES }, () => new Map<string, unknown>());
  const runs = new Map<string, Run[]>();
  const queue = new EventQueue<{ site: number; back?: { id: string; usedBytes: number } }>();
  for (let site = 0; site < SITES; site++) queue.add(beginMs + phase(`on-${site}`) * HOUR_MS, { site });
  for (let next = queue.next(); next && next.atMs < endMs; next = queue.next()) {
    nowMs = next.atMs;
    const { site, back } = next.event;
    const asker = { agent: `agt-${site}`, site: `site-${site}`, isp: site % 3 === 0 ? "other" : "vnpt" };
    if (back) {
      expect(await desk.giveBack(back.id, asker.agent, back.usedBytes)).toBe(true);
      continue;
    }
    if (!isOn(((nowMs - vietnamDayStartMs(vietnamDay(nowMs))) / HOUR_MS) % 24)) {
      queue.add(nowMs + HOUR_MS / 2, { site });
      continue;
    }
    const own = kept[site] ?? new Map<string, unknown>();
    const memory: ProbeMemory = { get: (key) => own.get(key), set: (key, value) => void own.set(key, value) };
    const reply = await desk.ask(asker, !isOld && asksFullLength(memory) ? { fullLength: true } : {});
    if (!reply.granted) {
      queue.add(nowMs + reply.retryAfterS * 1_000, { site });
      continue;
    }
    const { passMs, ...short } = reply.lease;
    const { verdict, ...test } = testOf(line, isOld ? short : reply.lease);
    const decision = { verdict, leans: "pass", lowMbps: 0, highMbps: 0 } as const;
    const estimate = { warmupSamples: 3, samples: 10, goodputMbps: test.mbps, linkMbps: test.mbps, standardErrorMbps: 1 };
    rememberFullLength(memory, [{ decision, estimate, passMs: test.passMs }]);
    const readings = [{ metric: "download_mbps" as const, value: test.mbps, labels: { server: reply.lease.server.id } }];
    const outcome: Outcome = { kind: "measured", readings, ...(verdict === "borderline" && { excuse: verdict }) };
    const run: Run = { ref: `${"a".repeat(16)}:${ids}`, probe: "link-bandwidth", atMs: nowMs, outcome };
    runs.set(asker.site, [run, ...(runs.get(asker.site) ?? [])]);
    queue.add(nowMs + test.ms, { site, back: { id: reply.lease.id, usedBytes: test.usedBytes } });
    queue.add(nowMs + 60_000, { site });
  }
  const leases = Map.groupBy(store.all(), ({ site }) => site);
  return Array.from(leases, ([site, own]): Site => ({ leases: own, runs: runs.get(site) ?? [] }));
}

const inMonth = ({ leases }: Site) => leases.filter(({ grantedMs }) => grantedMs >= startMs);
const longOf = (leases: readonly GrantedLease[]) => leases.filter(({ passMs }) => passMs !== undefined);
const bytesOf = (leases: readonly GrantedLease[]) => leases.reduce((sum, { usedBytes = 0 }) => sum + usedBytes, 0);
const hourOf = (atMs: number) => (atMs - vietnamDayStartMs(vietnamDay(atMs))) / HOUR_MS;

/** Most leases of a server that held a slot at one moment. */
function peak(leases: readonly GrantedLease[]): number {
  const running = (atMs: number) => leases.filter((one) => one.grantedMs <= atMs && (one.returnedMs ?? one.expiresMs) > atMs).length;
  return Math.max(...leases.map(({ grantedMs }) => running(grantedMs)));
}

describe.each([
  ["200 Mbps", { mbps: 205 }],
  ["1 Gbps", { mbps: 1_000 }],
] as const)("a month of a line of %s", { timeout: 120_000 }, (_name, line) => {
  it("has a full-length test a week outside of office hours, a test on each day, and stays inside the data", async () => {
    const sites = await live(line);
    expect(sites).toHaveLength(SITES);
    for (const site of sites) {
      const leases = inMonth(site);
      const long = longOf(leases);
      expect(long.length).toBeGreaterThanOrEqual(4);
      expect(long.length).toBeLessThanOrEqual(5);
      for (const { grantedMs } of long) expect(Math.abs(hourOf(grantedMs) - 12.25)).toBeGreaterThanOrEqual(4.75);
      expect(new Set(leases.map(({ grantedMs }) => vietnamDay(grantedMs))).size).toBe(31);
      expect(bytesOf(leases)).toBeLessThanOrEqual(rules.monthBytesMax);
    }
    for (const { id } of servers)
      expect(peak(sites.flatMap(({ leases }) => leases.filter(({ server }) => server === id)))).toBeLessThanOrEqual(
        atOnce(servers[0] as (typeof servers)[0], rules),
      );
    // The province's full-length tests do not fall on one day.
    const days = Map.groupBy(
      sites.flatMap((site) => longOf(inMonth(site))),
      ({ grantedMs }) => vietnamDay(grantedMs),
    );
    expect(Math.max(...[...days.values()].map((all) => all.length))).toBeLessThan(SITES / 3);
  });
});

it("a line of 200 Mbps keeps both tests of each day", { timeout: 120_000 }, async () => {
  for (const site of await live({ mbps: 205 })) expect(inMonth(site).length).toBeGreaterThanOrEqual(60);
});

it("PCs that are on in office hours only have their full-length tests all the same", { timeout: 120_000 }, async () => {
  for (const site of await live({ mbps: 205 }, (hour) => hour >= 8 && hour < 17)) expect(longOf(inMonth(site)).length).toBeGreaterThanOrEqual(4);
});

it("agents of before full-length tests go on as they did", { timeout: 120_000 }, async () => {
  for (const site of await live({ mbps: 205 }, undefined, true)) expect(inMonth(site).length).toBeGreaterThanOrEqual(60);
});

describe.each([
  ["300 Mbps for two seconds", { mbps: 120, burstMbps: 300, burstS: 2 }],
  ["300 Mbps for six seconds", { mbps: 120, burstMbps: 300, burstS: 6 }],
  ["1 Gbps for two seconds", { mbps: 120, burstMbps: 1_000, burstS: 2 }],
] as const)("a line that carries %s and then 120", { timeout: 120_000 }, (_name, line) => {
  it("is a breach within a week of the first full-length test, and stays one to the end of the month, inside the data", async () => {
    for (const site of await live(line)) {
      const first = longOf(site.leases)[0];
      if (!first) throw new Error("no full-length test");
      const stateAt = (atMs: number) => {
        const runs = site.runs.filter((run) => run.atMs <= atMs && run.atMs > atMs - 30 * DAY_MS);
        return evaluate(plan, facts({ runs, firstContactMs: beginMs - 60 * DAY_MS, lastContactMs: atMs }), atMs, [requirement("R01")])[0]?.state;
      };
      expect(stateAt(first.grantedMs - 1)).toBe("pass");
      const days = Math.ceil((endMs - first.grantedMs) / DAY_MS) - 1;
      const states = Array.from({ length: days }, (_, day) => stateAt(first.grantedMs + (day + 1) * DAY_MS));
      expect(states.slice(7).filter((state) => state !== "fail")).toEqual([]);
      // No short test comes between: it would pass.
      expect(site.leases.filter(({ grantedMs, passMs }) => grantedMs > first.grantedMs && passMs === undefined)).toEqual([]);
      expect(bytesOf(inMonth(site))).toBeLessThanOrEqual(rules.monthBytesMax);
    }
  });

  it("passes for ever with agents that ask for none", async () => {
    for (const site of await live(line, undefined, true))
      expect(site.runs.every(({ outcome }) => outcome.kind === "measured" && (outcome.readings[0]?.value ?? 0) >= FLOOR_MBPS)).toBe(true);
  });
});
