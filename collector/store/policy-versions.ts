import { isDeepStrictEqual } from "node:util";
import type { Calendar } from "#schemas/calendar.ts";
import type { RequirementId } from "#schemas/ids.ts";
import { attestedRuleOf, type PolicyProfile } from "#schemas/policy.ts";
import { type Reread, rereadCalendar, rereadPolicy } from "#schemas/recorded-policy.ts";
import type { Db } from "./db.ts";
import { and, desc, eq } from "./drizzle.ts";
import { drizzled } from "./drizzle-db.ts";
import { StoreError } from "./store-error.ts";
import { calendarVersions, policyVersions } from "./tables.ts";

/** A policy or calendar as this database has recorded it, perhaps by an older program. */
export type Recorded<Body> = { readonly name: string; readonly body: Reread<Body>; readonly recordedMs: number };
/** A version of a policy; the day is known also of one that cannot be read. */
export type RecordedPolicy = Recorded<PolicyProfile> & { readonly version: number; readonly effectiveFrom: string };
/** A calendar as it was known from an instant on. */
export type RecordedCalendar = Recorded<Calendar> & { readonly id: string };

/**
 * Keeps the policy with which this database judges, so that old findings can be explained.
 * @throws StoreError when the same version was recorded with another content: a changed rule needs a new version.
 */
export async function recordPolicy(db: Db, policy: PolicyProfile, sha256: string, nowMs: number): Promise<void> {
  const { id: policyId, version, effectiveFrom } = policy;
  const row = { policyId, version, effectiveFrom, bodySha256: sha256, body: policy, recordedAt: nowMs };
  await drizzled(db, (to) => to.insert(policyVersions).values(row).onConflictDoNothing());
  const sameVersion = and(eq(policyVersions.policyId, policyId), eq(policyVersions.version, version));
  const [known] = await drizzled(db, (to) =>
    to.select({ sha256: policyVersions.bodySha256, body: policyVersions.body }).from(policyVersions).where(sameVersion),
  );
  // An older program wrote other bytes for what this one reads as the same.
  if (known?.sha256 !== sha256 && !isDeepStrictEqual(rereadPolicy(known?.body), { value: policy })) {
    throw new StoreError("store.changed_policy", { policy: policyId, version: String(version) });
  }
}

/** Keeps a calendar as it is known now; the same as before adds nothing. */
export async function recordCalendar(db: Db, calendar: Calendar, sha256: string, nowMs: number): Promise<void> {
  const newest = await drizzled(db, (to) =>
    to
      .select({ sha256: calendarVersions.bodySha256 })
      .from(calendarVersions)
      .where(eq(calendarVersions.calendarId, calendar.id))
      .orderBy(desc(calendarVersions.recordedAt))
      .limit(1),
  );
  if (newest[0]?.sha256 === sha256) return;
  const row = { calendarId: calendar.id, bodySha256: sha256, body: calendar, recordedAt: nowMs };
  await drizzled(db, (to) => to.insert(calendarVersions).values(row).onConflictDoNothing());
}

/** All versions of a policy that this database knows, the newest at the top, also those whose file is gone. */
export async function recordedPolicies(db: Db, id: string): Promise<RecordedPolicy[]> {
  const rows = await drizzled(db, (to) => to.select().from(policyVersions).where(eq(policyVersions.policyId, id)).orderBy(desc(policyVersions.version)));
  return rows.map(({ policyId, version, effectiveFrom, body, recordedAt }) => {
    return { name: `policy ${policyId}@${version}`, version, effectiveFrom, body: rereadPolicy(body), recordedMs: recordedAt };
  });
}

/** For how many days people's words on a requirement hold, by the rule of any version of any policy that lets them hold longest. */
export async function longestValidDays(db: Db): Promise<ReadonlyMap<RequirementId, number>> {
  const longest = new Map<RequirementId, number>();
  for (const { body } of await drizzled(db, (to) => to.select({ body: policyVersions.body }).from(policyVersions))) {
    const read = rereadPolicy(body);
    for (const requirement of "value" in read ? read.value.requirements : []) {
      const rule = attestedRuleOf(requirement);
      if (rule) longest.set(requirement.id, Math.max(rule.validDays, longest.get(requirement.id) ?? 0));
    }
  }
  return longest;
}

/** All calendars as they were ever known, the newest at the top. */
export async function recordedCalendars(db: Db): Promise<RecordedCalendar[]> {
  const rows = await drizzled(db, (to) => to.select().from(calendarVersions).orderBy(desc(calendarVersions.recordedAt)));
  return rows.map(({ calendarId: id, body, recordedAt }) => ({ id, name: `calendar ${id}`, body: rereadCalendar(body), recordedMs: recordedAt }));
}
