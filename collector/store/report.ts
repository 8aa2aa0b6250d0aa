import type { Attestation, Waiver } from "#schemas/attestation.ts";
import type { Finding, FindingReason, FindingState, Transition } from "#schemas/finding.ts";
import type { ReportRows } from "../report/dossier.ts";
import type { Period } from "../report/period.ts";
import type { StandingFinding } from "../web/page-store.ts";
import { textsLiteral } from "./array-literal.ts";
import { type Db, instantMs } from "./db.ts";
import { judgedPairs } from "./findings.ts";

/** The rows of a report without its centres and findings, with the changes as they were judged. */
type MonthRows = Omit<ReportRows, "centres" | "findings"> & { readonly changes: readonly Transition[] };

/** What a monthly report of some centres is made from, by what was known at `knownMs`. */
export async function reportRows(db: Db, period: Period, knownMs: number, codes: readonly string[]): Promise<MonthRows> {
  const [knownBy, only] = [new Date(knownMs).toISOString(), textsLiteral(codes)];
  const [changes, attestations, waivers] = await Promise.all([
    changesWithin(db, period, knownMs, codes),
    db.query<{ body: Attestation }>(attestationsAsOf, [period.to, knownBy, only]),
    db.query<{ body: Waiver }>(waiversWithin, [period.firstDay, period.lastDay, knownBy, only]),
  ]);
  return {
    changes,
    attestations: attestations.map(({ body }) => body),
    waivers: waivers.map(({ body }) => body),
  };
}

/** The present findings of some centres. */
export async function presentFindings(db: Db, codes: readonly string[]): Promise<StandingFinding[]> {
  const rows = await db.query<{ body: Finding; since: number }>(findingsNow, [textsLiteral(codes)]);
  return rows.map(({ body, since }) => ({ ...body, since: new Date(since).toISOString() }));
}

/** What was judged within a span of instants by `knownMs`, oldest first, with the last of each requirement before it; of the centres that are named. */
export async function changesWithin(db: Db, { from, to }: Pick<Period, "from" | "to">, knownMs: number, codes: readonly string[]): Promise<Transition[]> {
  return (await db.query<ChangeRow>(changesAsOf, [from, to, new Date(knownMs).toISOString(), textsLiteral(codes)])).map(transition);
}

/** Codes and names of all centres, in order of their codes. */
export async function centreNames(db: Db): Promise<{ code: string; name: string }[]> {
  return db.query("SELECT centre_code AS code, name FROM site ORDER BY centre_code");
}

// Never "of all where none are named" in one statement: its plan for any question reads all centres.
const ofThese = (place: number) => `site.centre_code = ANY (($${place}::text)::text[])`;

const findingsNow = `
  SELECT f.body, ${instantMs("f.since")} AS since FROM finding f JOIN site USING (site_id) WHERE ${ofThese(1)} ORDER BY f.site_id, f.requirement`;

// A revision counts when it was judged by the asked instant: what late data revised afterwards does not change a closed month.
const changesAsOf = `
  SELECT centre, requirement, from_state, state, reason, at FROM (
    (SELECT site.centre_code AS centre, p.requirement, last.from_state, last.state, last.reason, ${instantMs("last.at")} AS at, last.revision
     FROM ${judgedPairs} AS p JOIN site USING (site_id) CROSS JOIN LATERAL (
       SELECT r.from_state, r.state, r.reason, r.at, r.revision FROM finding_revision AS r WHERE r.site_id = p.site_id AND r.requirement = p.requirement
         AND r.at < ($1::text)::timestamptz AND (r.body ->> 'evaluatedAt')::timestamptz <= ($3::text)::timestamptz
       ORDER BY r.at DESC, r.revision DESC LIMIT 1
     ) AS last WHERE ${ofThese(4)})
    UNION ALL
    (SELECT site.centre_code, r.requirement, r.from_state, r.state, r.reason, ${instantMs("r.at")}, r.revision
     FROM finding_revision r JOIN site USING (site_id)
     WHERE ${ofThese(4)} AND r.at >= ($1::text)::timestamptz AND r.at < ($2::text)::timestamptz AND (r.body ->> 'evaluatedAt')::timestamptz <= ($3::text)::timestamptz)
  ) AS change ORDER BY at, revision`;

const attestationsAsOf = `
  SELECT a.body FROM attestation a JOIN site USING (site_id)
  WHERE ${ofThese(3)} AND a.at < ($1::text)::timestamptz AND a.recorded_at <= ($2::text)::timestamptz
  ORDER BY site.centre_code, a.at DESC, a.id`;

// What was withdrawn later was a waiver then.
const waiversWithin = `
  SELECT CASE WHEN (w.body #>> '{withdrawn,at}')::timestamptz > ($3::text)::timestamptz THEN w.body - 'withdrawn' ELSE w.body END AS body FROM waiver w JOIN site USING (site_id)
  WHERE ${ofThese(4)} AND w.until_day >= ($1::text)::date AND w.from_day <= ($2::text)::date AND w.recorded_at <= ($3::text)::timestamptz
  ORDER BY site.centre_code, w.from_day, w.id`;

type ChangeRow = { centre: string; requirement: string; from_state: FindingState | null; state: FindingState; reason: FindingReason; at: number };

function transition({ centre, requirement, from_state, state, reason, at }: ChangeRow): Transition {
  return { centre, requirement, to: state, reason, at: new Date(at).toISOString(), ...(from_state !== null && { from: from_state }) };
}
