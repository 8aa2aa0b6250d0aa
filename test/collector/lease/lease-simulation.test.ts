import { describe, expect, it } from "vitest";
import { vietnamDay, vietnamDayStartMs } from "#schemas/calendar.ts";
import { createLeaseDesk } from "../../../collector/lease/lease-desk.ts";
import { atOnce, defaultLeaseRules, type LeaseServer } from "../../../collector/lease/lease-rules.ts";
import { memoryLeaseStore } from "../../../collector/lease/memory-lease-store.ts";
import { type GrantedLease, phase } from "../../../collector/lease/slots.ts";
import { EventQueue } from "../../support/event-queue.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const startMs = vietnamDayStartMs("2026-03-02");
const secret = "a secret of tests, long enough to sign";

/** A province: two thirds of the sites share the biggest provider, a third of the PCs is on from 7 to 18 h only, one test in fifty crashes. */
async function simulate(sites: number, servers: readonly LeaseServer[], days: number) {
  let nowMs = startMs;
  let ids = 0;
  const deskOn = (store: ReturnType<typeof memoryLeaseStore>) =>
    createLeaseDesk({ store, servers, rules: defaultLeaseRules, secret, nowMs: () => nowMs, newId: () => (ids++).toString(16).padStart(16, "0") });
  let store = memoryLeaseStore();
  let desk = deskOn(store);
  const queue = new EventQueue<{ site: number; giveBack?: string }>();
  for (let site = 0; site < sites; site++) queue.add(startMs + phase(`on-${site}`) * HOUR_MS, { site });
  const restartMs = startMs + (days / 2) * DAY_MS;
  let hasRestarted = false;
  let asks = 0;
  for (let next = queue.next(); next && next.atMs < startMs + days * DAY_MS; next = queue.next()) {
    nowMs = next.atMs;
    if (!hasRestarted && nowMs >= restartMs) {
      hasRestarted = true;
      store = memoryLeaseStore(store.all());
      desk = deskOn(store);
    }
    const { site, giveBack } = next.event;
    const asker = { agent: `agt-${String(site).padStart(16, "0")}`, site: `site-${site}`, isp: site % 3 === 0 ? "other" : "vnpt" };
    if (giveBack !== undefined) {
      await desk.giveBack(giveBack, asker.agent, 70e6);
      continue;
    }
    const onAtMs = isOn(site, nowMs) ? undefined : vietnamDayStartMs(vietnamDay(nowMs + 7 * HOUR_MS)) + 7 * HOUR_MS + phase(`boot-${site}`) * 0.5 * HOUR_MS;
    if (onAtMs !== undefined) {
      queue.add(onAtMs, { site });
      continue;
    }
    asks++;
    const reply = await desk.ask(asker, {});
    if (!reply.granted) queue.add(nowMs + reply.retryAfterS * 1000, { site });
    else {
      const tookMs = 5_000 + phase(`${site}/${nowMs}`) * 3_000;
      if (phase(`crash-${site}/${nowMs}`) > 0.02) queue.add(nowMs + tookMs, { site, giveBack: reply.lease.id });
      queue.add(nowMs + 60_000, { site });
    }
  }
  return { leases: store.all(), asks, hasRestarted };
}

function isOn(site: number, atMs: number): boolean {
  const hour = (atMs - vietnamDayStartMs(vietnamDay(atMs))) / HOUR_MS;
  return site % 3 !== 1 || (hour >= 7 && hour < 18);
}

/** Most leases that held a slot at one moment. */
function peak(leases: readonly GrantedLease[]): number {
  const moments = leases.flatMap(({ grantedMs, expiresMs, returnedMs }) => [
    { atMs: grantedMs, step: 1 },
    { atMs: returnedMs ?? expiresMs, step: -1 },
  ]);
  // An end at the same moment as a beginning frees its slot first.
  moments.sort((a, b) => a.atMs - b.atMs || a.step - b.step);
  let [now, most] = [0, 0];
  for (const { step } of moments) {
    now += step;
    most = Math.max(most, now);
  }
  return most;
}

describe.each([
  ["135 centres, one server at 1 Gbps", 135, [{ id: "a", url: "http://a", uplinkMbps: 1_000 }]],
  ["135 centres, one server at 10 Gbps", 135, [{ id: "a", url: "http://a", uplinkMbps: 10_000 }]],
  ["3,300 centres, one server at 1 Gbps", 3_300, [{ id: "a", url: "http://a", uplinkMbps: 1_000 }]],
  [
    "600 centres, two servers",
    600,
    [
      { id: "a", url: "http://a", uplinkMbps: 1_000 },
      { id: "b", url: "http://b", uplinkMbps: 10_000 },
    ],
  ],
] as const)("7 days of %s, the collector restarted in the middle", { timeout: 180_000 }, (_name, sites, servers) => {
  it("never grants more than the server carries, tests each site daily, keeps the data budget", async () => {
    const { leases, asks, hasRestarted } = await simulate(sites, servers, 7);
    expect(hasRestarted).toBe(true);
    for (const server of servers) {
      const own = leases.filter((lease) => lease.server === server.id);
      expect(own.length).toBeGreaterThan(0);
      expect(peak(own)).toBeLessThanOrEqual(atOnce(server, defaultLeaseRules));
      expect(peak(own.filter(({ isp }) => isp === "vnpt"))).toBeLessThanOrEqual(Math.floor(atOnce(server, defaultLeaseRules) * 0.75));
    }
    const bySite = Map.groupBy(leases, ({ site }) => site);
    expect(bySite.size).toBe(sites);
    for (const own of bySite.values()) {
      expect(new Set(own.map(({ grantedMs }) => vietnamDay(grantedMs))).size).toBe(7);
      const gaps = own.slice(1).map(({ grantedMs }, index) => grantedMs - (own[index]?.grantedMs ?? 0));
      expect(Math.max(...gaps)).toBeLessThan(defaultLeaseRules.gapMaxMs);
      expect(own.reduce((sum, { usedBytes = 0 }) => sum + usedBytes, 0)).toBeLessThan((defaultLeaseRules.monthBytesMax * 7) / 31 + 1e9);
    }
    // A waiting site asks seldom enough for a small collector.
    expect(asks / leases.length).toBeLessThan(12);
  });
});
