import { type Calendar, vietnamDay } from "#schemas/calendar.ts";
import type { PolicyProfile } from "#schemas/policy.ts";
import { text } from "#schemas/text/text.ts";
import { ConfigError } from "./config.ts";
import { type LoadedPolicy, policyVersions, sha256Of } from "./policy-files.ts";
import type { Db } from "./store/db.ts";
import { type Recorded, type RecordedPolicy, recordCalendar, recordedCalendars, recordedPolicies, recordPolicy } from "./store/policy-versions.ts";

export type PolicyInForce = { readonly policy: PolicyProfile; readonly calendar: Calendar };
/**
 * The policy and calendar in force at an instant, by what was known at `knownMs`: a version that was recorded later changes no earlier judgement.
 * The oldest that is known also stands for the time before it.
 */
export type PolicyAt = (atMs: number, knownMs?: number) => PolicyInForce;

/**
 * Records what the data files hold, versions to come included, and opens all that this database has ever judged by.
 * @throws ConfigError when the policy has no version in force at `nowMs`. @throws StoreError when a recorded version was changed.
 */
export async function openPolicyBook(db: Db, id: string, nowMs: number, files: readonly LoadedPolicy[] = policyVersions(id)): Promise<PolicyAt> {
  for (const { policy, calendar, sha256 } of files) {
    await recordPolicy(db, policy, sha256, nowMs);
    await recordCalendar(db, calendar, sha256Of(calendar), nowMs);
  }
  const versions = await recordedPolicies(db, id);
  const calendars = await recordedCalendars(db);
  return (atMs, knownMs = Number.POSITIVE_INFINITY) => {
    const policy = bodyOf(inForceOn(versions, vietnamDay(atMs), knownMs));
    const calendar =
      policy &&
      bodyOf(
        newestKnown(
          calendars.filter(({ id }) => id === policy.calendar),
          knownMs,
        ),
      );
    if (!policy || !calendar) throw new ConfigError((lang) => text(lang, "setting.policy.unrecorded", { policy: id }));
    return { policy, calendar };
  };
}

/** A version of a policy by name; its document is not known where an older program recorded it in a form that this one cannot read. */
export type NamedVersion = Pick<PolicyProfile, "id" | "version" | "effectiveFrom"> & { readonly source?: PolicyProfile["source"] };

/** The versions of a policy that were in force on some of these Vietnam days, both included, by what was known at `knownMs`; in the order of their days. */
export async function versionsWithin(db: Db, id: string, firstDay: string, lastDay: string, knownMs: number): Promise<NamedVersion[]> {
  const versions = await recordedPolicies(db, id);
  // What is in force changes on first days of versions alone.
  const days = [firstDay, ...versions.map(({ effectiveFrom }) => effectiveFrom).filter((day) => day > firstDay && day <= lastDay)].sort();
  const inForce = new Set(days.flatMap((day) => inForceOn(versions, day, knownMs) ?? []));
  return [...inForce].map(({ version, effectiveFrom, body }) => ({ id, version, effectiveFrom, ...("value" in body && { source: body.value.source }) }));
}

function inForceOn(versions: readonly RecordedPolicy[], day: string, knownMs: number): RecordedPolicy | undefined {
  const begun = versions.filter(({ effectiveFrom }) => effectiveFrom <= day);
  return newestKnown(begun.length > 0 ? begun : versions.slice(-1), knownMs);
}

/** Of versions with the newest at the top: the first that was known by then, else the oldest. */
function newestKnown<Version extends { readonly recordedMs: number }>(versions: readonly Version[], knownMs: number): Version | undefined {
  return versions.find(({ recordedMs }) => recordedMs <= knownMs) ?? versions.at(-1);
}

/** @throws ConfigError when an older program recorded it in a form that this one cannot read; that stops only who asks for that time */
function bodyOf<Body>(version: Recorded<Body> | undefined): Body | undefined {
  if (version === undefined) return undefined;
  if ("value" in version.body) return version.body.value;
  const params = { name: version.name, fault: version.body.fault };
  throw new ConfigError((lang) => text(lang, "setting.policy.unreadable", params));
}
