import type { Alerts } from "../alert/alerts.ts";
import type { PolicyAt } from "../policy-book.ts";
import type { Db } from "../store/db.ts";
import { provinceSignals } from "./shared-faults.ts";

const EVERY_MS = 30_000;

/** Watches for what fails everywhere: one problem of the province, which is no centre's finding. Looks at most every half minute. */
export function watchProvince(db: Db, policyAt: PolicyAt, alerts: Pick<Alerts, "onProvince">): (nowMs: number) => Promise<void> {
  let lookedMs = Number.NEGATIVE_INFINITY;
  return async (nowMs) => {
    if (Math.abs(nowMs - lookedMs) < EVERY_MS) return;
    lookedMs = nowMs;
    const signals = await provinceSignals(db, policyAt(nowMs), nowMs);
    await db.transaction(async (tx) => {
      for (const { requirement, target, signal } of signals) await alerts.onProvince(tx, requirement, target, signal, nowMs);
    });
  };
}
