import type { LeaseStore } from "./lease-store.ts";
import type { GrantedLease, SlotState } from "./slots.ts";

/** A lease store that forgets with the process: for tests and simulations. `kept` is what an earlier life left behind. */
export function memoryLeaseStore(kept: readonly GrantedLease[] = []): LeaseStore & { all(): GrantedLease[] } {
  const bySite = new Map<string, GrantedLease[]>();
  let open: GrantedLease[] = [];
  const add = (lease: GrantedLease) => {
    bySite.set(lease.site, [...(bySite.get(lease.site) ?? []), lease]);
    if (lease.returnedMs === undefined) open.push(lease);
  };
  for (const lease of kept) add(lease);
  return {
    async grant({ asker, server, nowMs, monthStartMs, usualBytes }, decide) {
      open = open.filter(({ expiresMs }) => expiresMs > nowMs);
      const own = bySite.get(asker.site) ?? [];
      const month = own.filter(({ grantedMs }) => grantedMs >= monthStartMs);
      const last = own.findLast(({ usedBytes }) => usedBytes !== 0);
      const state: SlotState = {
        holding: open.filter((lease) => lease.server === server),
        lastGrantMs: last?.grantedMs,
        lastServer: last?.server,
        fullSinceMs: (own.findLast(({ passMs, usedBytes }) => passMs !== undefined && usedBytes !== 0) ?? own[0])?.grantedMs,
        fullBytes: own.findLast(({ passMs, usedBytes = 0 }) => passMs !== undefined && usedBytes > 0)?.usedBytes,
        monthBytes: month.reduce((sum, { passMs, usedBytes = passMs === undefined ? usualBytes.short : usualBytes.fullLength }) => sum + usedBytes, 0),
      };
      const lease = decide(state);
      if (lease) add(lease);
      return lease;
    },
    async giveBack(id, agent, usedBytes, nowMs) {
      const lease = open.find((one) => one.id === id && one.agent === agent);
      if (!lease) return false;
      open = open.filter((one) => one !== lease);
      const returned = { ...lease, usedBytes, returnedMs: nowMs };
      bySite.set(
        lease.site,
        (bySite.get(lease.site) ?? []).map((one) => (one === lease ? returned : one)),
      );
      return true;
    },
    all: () => [...bySite.values()].flat(),
  };
}
