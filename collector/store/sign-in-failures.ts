import { textsLiteral } from "./array-literal.ts";
import { type Db, instantMs } from "./db.ts";

/** Most keys that stay; the oldest go first. A flood of invented logins makes more of them only until the next upkeep. */
const KEYS_MAX = 100_000;

/** What tries are counted by, and how many within a window may fail. */
export type Counted = { readonly key: string; readonly limit: number };
/** A key that has failed too often, and when its window ends, ms since the epoch. */
export type Closed = { readonly key: string; readonly endsMs: number };

/** What undoes the counts of a try that may not be made. */
class MayNot extends Error {}

/**
 * Counts a try as failed by each of its keys, before its outcome is known. Gives the keys that have failed too often before: then the try may not be made, and
 * nothing of it is counted, so that whoever goes on trying keeps nobody else out.
 */
export async function countFailure(db: Db, counted: readonly Counted[], windowMs: number, nowMs: number): Promise<readonly Closed[]> {
  const limits = new Map(counted.map(({ key, limit }) => [key, limit]));
  let closed: readonly Closed[] = [];
  const counting = db.transaction(async (tx) => {
    // Sorted, so that two tries with keys in common do not wait for each other. A window that ends later than any can was begun by a clock that was ahead.
    const rows = await tx.query<{ key: string; failures: number; ends: number }>(
      `INSERT INTO sign_in_failure AS f SELECT key, 1, to_timestamp(($2::float8 + $3::float8) / 1000) FROM unnest(($1::text)::text[]) AS key ORDER BY key
       ON CONFLICT (key_sha256) DO UPDATE SET
         failures = CASE WHEN ${instantMs("f.ends_at")} - $2::float8 BETWEEN 0 AND 2 * $3::float8 THEN f.failures + 1 ELSE 1 END,
         ends_at = CASE WHEN ${instantMs("f.ends_at")} - $2::float8 BETWEEN 0 AND 2 * $3::float8 THEN f.ends_at ELSE excluded.ends_at END
       RETURNING key_sha256 AS key, failures, ${instantMs("ends_at")} AS ends`,
      [textsLiteral([...limits.keys()]), nowMs, windowMs],
    );
    closed = rows.flatMap(({ key, failures, ends }) => (failures > (limits.get(key) ?? 0) ? [{ key, endsMs: ends }] : []));
    if (closed.length > 0) throw new MayNot();
  });
  await counting.catch((error: unknown) => {
    if (!(error instanceof MayNot)) throw error;
  });
  return closed;
}

/** Takes back what was counted of a try that was right, and forgets all failures of `own`, the first of its keys. */
export async function forgiveFailure(db: Db, own: string, others: readonly string[]): Promise<void> {
  await db.query("DELETE FROM sign_in_failure WHERE key_sha256 = $1", [own]);
  await uncountFailure(db, others);
}

/** Takes back what was counted by some keys, once each: of a try that was no guess, or had no outcome. */
export async function uncountFailure(db: Db, keys: readonly string[]): Promise<void> {
  await db.query(
    `WITH held AS (SELECT key_sha256 FROM sign_in_failure WHERE key_sha256 = ANY (($1::text)::text[]) ORDER BY key_sha256 FOR UPDATE)
     UPDATE sign_in_failure AS f SET failures = greatest(f.failures - 1, 0) FROM held WHERE f.key_sha256 = held.key_sha256`,
    [textsLiteral(keys)],
  );
}

/** Deletes failures whose window is over, and the oldest where there are too many. */
export async function forgetFailures(db: Db, nowMs: number): Promise<void> {
  await db.query("DELETE FROM sign_in_failure WHERE ends_at < to_timestamp($1::float8 / 1000)", [nowMs]);
  await db.query("DELETE FROM sign_in_failure WHERE key_sha256 IN (SELECT key_sha256 FROM sign_in_failure ORDER BY ends_at DESC, key_sha256 OFFSET $1::int)", [
    KEYS_MAX,
  ]);
}
