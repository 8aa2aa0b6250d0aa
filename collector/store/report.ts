import type { Attestation, Waiver } from "#schemas/attestation.ts";
import { vietnamDay } from "#schemas/calendar.ts";
import type { Finding, FindingReason, FindingState, Transition } from "#schemas/finding.ts";
import type { ReportRows } from "../report/dossier.ts";
import type { Period } from "../report/period.ts";
import { textsLiteral } from "./array-literal.ts";
import { type Db, instantMs } from "./db.ts";
import { judgedPairs } from "./findings.ts";
import { sitesAsOf } from "./site-versions.ts";

/** The rows of a report with the changes as they were judged. */
type MonthRows = ReportRows & { readonly changes: readonly Transition[] };

/**
 * What a monthly report is made from: everything as of `atMs`, by what was known at `knownMs`. The findings are the present ones: for a month that
 * is over they are judged again. Of all centres, or of the one that is named.
 */
export async function reportRows(db: Db, period: Period, atMs: number, knownMs: number, only: string | null = null): Promise<MonthRows> {
  const knownBy = new Date(knownMs).toISOString();
  const [sites, findings, changes, attestations, waivers] = await Promise.all([
    sitesAsOf(db, vietnamDay(atMs), knownMs, { begunBy: period.lastDay, ...(only !== null && { only: [only] }) }),
    db.query<{ body: Finding; since: number }>(presentFindings, [only]),
    changesWithin(db, period, knownMs, only === null ? undefined : [only]),
    db.query<{ body: Attestation }>(attestationsAsOf, [period.to, knownBy, only]),
    db.query<{ body: Waiver }>(waiversWithin, [period.firstDay, period.lastDay, knownBy, only]),
  ]);
  return {
    centres: sites.map(({ centre: { devices: _, ...centre } }) => centre),
    findings: findings.map(({ body, since }) => ({ ...body, since: new Date(since).toISOString() })),
    changes,
    attestations: attestations.map(({ body }) => body),
    waivers: waivers.map(({ body }) => body),
  };
}

/** What was judged within a span of instants by `knownMs`, oldest first, with the last of each requirement before it; of all centres, or of those that are named. */
export async function changesWithin(db: Db, { from, to }: Pick<Period, "from" | "to">, knownMs: number, only?: readonly string[]): Promise<Transition[]> {
  return (await db.query<ChangeRow>(changesAsOf, [from, to, new Date(knownMs).toISOString(), only ? textsLiteral(only) : null])).map(transition);
}

/** Codes and names of all centres, in order of their codes. */
export async function centreNames(db: Db): Promise<{ code: string; name: string }[]> {
  return db.query("SELECT centre_code AS code, name FROM site ORDER BY centre_code");
}

const ofCentres = (place: number) => `($${place}::text IS NULL OR site.centre_code = ANY (($${place}::text)::text[]))`;
const ofCentre = (place: number) => `($${place}::text IS NULL OR site.centre_code = $${place}::text)`;

const presentFindings = `
  SELECT f.body, ${instantMs("f.since")} AS since FROM finding f JOIN site USING (site_id) WHERE ${ofCentre(1)} ORDER BY f.site_id, f.requirement`;

// A revision counts when it was judged by the asked instant: what late data revised afterwards does not change a closed month.
const changesAsOf = `
  SELECT centre, requirement, from_state, state, reason, at FROM (
    (SELECT site.centre_code AS centre, p.requirement, last.from_state, last.state, last.reason, ${instantMs("last.at")} AS at, last.revision
     FROM ${judgedPairs} AS p JOIN site USING (site_id) CROSS JOIN LATERAL (
       SELECT r.from_state, r.state, r.reason, r.at, r.revision FROM finding_revision AS r WHERE r.site_id = p.site_id AND r.requirement = p.requirement
         AND r.at < ($1::text)::timestamptz AND (r.body ->> 'evaluatedAt')::timestamptz <= ($3::text)::timestamptz
       ORDER BY r.at DESC, r.revision DESC LIMIT 1
     ) AS last WHERE ${ofCentres(4)})
    UNION ALL
    (SELECT site.centre_code, r.requirement, r.from_state, r.state, r.reason, ${instantMs("r.at")}, r.revision
     FROM finding_revision r JOIN site USING (site_id)
     WHERE ${ofCentres(4)} AND r.at >= ($1::text)::timestamptz AND r.at < ($2::text)::timestamptz AND (r.body ->> 'evaluatedAt')::timestamptz <= ($3::text)::timestamptz)
  ) AS change ORDER BY at, revision`;

const attestationsAsOf = `
  SELECT a.body FROM attestation a JOIN site USING (site_id)
  WHERE ${ofCentre(3)} AND a.at < ($1::text)::timestamptz AND a.recorded_at <= ($2::text)::timestamptz
  ORDER BY site.centre_code, a.at DESC, a.id`;

// What was withdrawn later was a waiver then.
const waiversWithin = `
  SELECT CASE WHEN (w.body #>> '{withdrawn,at}')::timestamptz > ($3::text)::timestamptz THEN w.body - 'withdrawn' ELSE w.body END AS body FROM waiver w JOIN site USING (site_id)
  WHERE ${ofCentre(4)} AND w.until_day >= ($1::text)::date AND w.from_day <= ($2::text)::date AND w.recorded_at <= ($3::text)::timestamptz
  ORDER BY site.centre_code, w.from_day, w.id`;

type ChangeRow = { centre: string; requirement: string; from_state: FindingState | null; state: FindingState; reason: FindingReason; at: number };

function transition({ centre, requirement, from_state, state, reason, at }: ChangeRow): Transition {
  return { centre, requirement, to: state, reason, at: new Date(at).toISOString(), ...(from_state !== null && { from: from_state }) };
}
