import { createHash } from "node:crypto";
import { keysOf, LoginThrottle, type Try, WINDOW_MS } from "../auth/login-throttle.ts";
import type { Db } from "../store/db.ts";
import { countFailure, forgiveFailure, uncountFailure } from "../store/sign-in-failures.ts";

/** Hashing takes 19 MiB each: more at once than this wait for nothing, they are asked to come back. */
const HASHING_MAX = 4;
/** Faults of a try that may have been a guess. */
const guesses = ["wrong", "present", "code"];

export type Refused = { readonly ok: false; readonly fault: "wrong" | "wait" | "busy"; readonly waitS: number };
type Outcome = { readonly ok: true } | { readonly ok: false; readonly fault: string };

/**
 * Runs tries that may be guesses: at most so many fail, and so many hash a password at once. What fails is counted in the database, for all collectors on it,
 * before the try is made: where that cannot be counted no try is made. What this collector knows to be over its limit costs the database nothing.
 */
export function guardedTries({ db, clock }: { readonly db: Db; readonly clock: () => number }) {
  const throttle = new LoginThrottle();
  let hashing = 0;

  /** Seconds to wait by what all collectors have counted; 0 when the try may be made. */
  async function countedByAll(from: Try): Promise<number> {
    const keys = keysOf(from);
    const named = new Map(keys.map(([key]) => [hashOf(key), key]));
    const counted = keys.map(([key, limit]) => ({ key: hashOf(key), limit }));
    const closed = await countFailure(db, counted, WINDOW_MS, clock());
    for (const { key, endsMs } of closed) throttle.close(named.get(key) ?? "", endsMs);
    return Math.ceil(Math.max(0, ...closed.map(({ endsMs }) => endsMs - clock())) / 1_000);
  }

  async function forgive(from: Try): Promise<void> {
    throttle.succeeded(from);
    const [own = "", ...others] = keysOf(from).map(([key]) => hashOf(key));
    // A count that stays speaks against the next try, and the try that was right is made.
    await forgiveFailure(db, own, others).catch(() => undefined);
  }

  /** A try that broke off told nobody whether it was right: a database that is away for a moment must not keep people out for a quarter of an hour. */
  async function withoutOutcome(from: Try): Promise<void> {
    throttle.takeBack(from);
    const keys = keysOf(from).map(([key]) => hashOf(key));
    await uncountFailure(db, keys).catch(() => undefined);
  }

  return async <T extends Outcome>(from: Try, attempt: () => Promise<T>): Promise<T | Refused> => {
    const waitS = throttle.waitS(from, clock());
    if (waitS > 0) return { ok: false, fault: "wait", waitS };
    if (hashing >= HASHING_MAX) return { ok: false, fault: "busy", waitS: 2 };
    throttle.failed(from, clock());
    hashing++;
    try {
      const allS = await countedByAll(from).catch((error: unknown) => {
        throttle.takeBack(from);
        throw error;
      });
      if (allS > 0) {
        throttle.takeBack(from);
        return { ok: false, fault: "wait", waitS: allS };
      }
      const result = await attempt().catch(async (error: unknown) => {
        await withoutOutcome(from);
        throw error;
      });
      if (result.ok || !guesses.includes(result.fault)) await forgive(from);
      return result;
    } finally {
      hashing--;
    }
  };
}

function hashOf(key: string): string {
  return createHash("sha256").update(key).digest("hex");
}
