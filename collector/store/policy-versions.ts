import { and, eq } from "drizzle-orm";
import type { PolicyProfile } from "#schemas/policy.ts";
import type { Db } from "./db.ts";
import { drizzled } from "./drizzle-db.ts";
import { StoreError } from "./store-error.ts";
import { policyVersions } from "./tables.ts";

/**
 * Keeps the policy with which this database judges, so that old findings can be explained.
 * @throws StoreError when the same version was recorded with another content: a changed rule needs a new version.
 */
export async function recordPolicy(db: Db, policy: PolicyProfile, sha256: string, nowMs: number): Promise<void> {
  const { id: policyId, version, effectiveFrom } = policy;
  const row = { policyId, version, effectiveFrom, bodySha256: sha256, body: policy, recordedAt: nowMs };
  await drizzled(db, (to) => to.insert(policyVersions).values(row).onConflictDoNothing());
  const sameVersion = and(eq(policyVersions.policyId, policyId), eq(policyVersions.version, version));
  const [known] = await drizzled(db, (to) => to.select({ sha256: policyVersions.bodySha256 }).from(policyVersions).where(sameVersion));
  if (known?.sha256 !== sha256) {
    throw new StoreError(
      `The policy ${policyId} version ${version} has changed since this database recorded it. Give the changed file a new version and an effective date.`,
    );
  }
}
