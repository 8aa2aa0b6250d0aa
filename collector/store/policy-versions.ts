import type { PolicyProfile } from "#schemas/policy.ts";
import type { Db } from "./db.ts";
import { jsonText } from "./json-text.ts";
import { StoreError } from "./store-error.ts";

/**
 * Keeps the policy with which this database judges, so that old findings can be explained.
 * @throws StoreError when the same version was recorded with another content: a changed rule needs a new version.
 */
export async function recordPolicy(db: Db, policy: PolicyProfile, sha256: string, nowMs: number): Promise<void> {
  await db.query(
    `INSERT INTO policy_version (policy_id, version, effective_from, body_sha256, body, recorded_at)
     VALUES ($1, $2, ($3::text)::date, $4, ($5::text)::jsonb, to_timestamp($6::float8 / 1000)) ON CONFLICT DO NOTHING`,
    [policy.id, policy.version, policy.effectiveFrom, sha256, jsonText(policy), nowMs],
  );
  const [row] = await db.query<{ body_sha256: string }>("SELECT body_sha256 FROM policy_version WHERE policy_id = $1 AND version = $2", [
    policy.id,
    policy.version,
  ]);
  if (row?.body_sha256 !== sha256) {
    throw new StoreError(
      `The policy ${policy.id} version ${policy.version} has changed since this database recorded it. Give the changed file a new version and an effective date.`,
    );
  }
}
