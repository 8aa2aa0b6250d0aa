import type { Attestation, Waiver } from "#schemas/attestation.ts";
import type { Finding, FindingReason, FindingState, Transition } from "#schemas/finding.ts";
import type { ReportRows } from "../report/dossier.ts";
import type { Period } from "../report/period.ts";
import { type Db, instantMs } from "./db.ts";
import { centreBrief, type SiteRow, siteColumns } from "./pages.ts";

/** What monthly reports are made from: the judgements as they stood at the month's end, by what was known at an instant. */
export function reportSource(db: Db) {
  return {
    async rows(period: Period, knownBy: string, centre?: string): Promise<ReportRows> {
      const place = centre ?? null;
      const [sites, findings, changes, attestations, waivers] = await Promise.all([
        db.query<SiteRow>(`SELECT ${siteColumns} FROM site WHERE $1::text IS NULL OR centre_code = $1::text ORDER BY centre_code`, [place]),
        db.query<{ body: Finding; since: number }>(findingsAsOf, [place, period.to, knownBy]),
        db.query<ChangeRow>(changesAsOf, [place, period.from, period.to, knownBy]),
        db.query<{ body: Attestation }>(attestationsAsOf, [place, period.to]),
        db.query<{ body: Waiver }>(waiversWithin, [place, period.firstDay, period.lastDay]),
      ]);
      return {
        centres: sites.map((site) => centreBrief({ ...site, last_contact_ms: null })),
        findings: findings.map(({ body, since }) => ({ ...body, since: new Date(since).toISOString() })),
        changes: changes.map(transition),
        attestations: attestations.map(({ body }) => body),
        waivers: waivers.map(({ body }) => body),
      };
    },

    async centreNames(): Promise<{ code: string; name: string }[]> {
      return db.query("SELECT centre_code AS code, name FROM site ORDER BY centre_code");
    },
  };
}

// A revision counts when it was judged by the asked instant: what late data revised afterwards does not change a closed month.
const known = "(r.body ->> 'evaluatedAt')::timestamptz <= ($3::text)::timestamptz";

const findingsAsOf = `
  SELECT DISTINCT ON (r.site_id, r.requirement) r.body, ${instantMs("r.at")} AS since
  FROM finding_revision r JOIN site USING (site_id)
  WHERE ($1::text IS NULL OR site.centre_code = $1::text) AND r.at < ($2::text)::timestamptz AND ${known}
  ORDER BY r.site_id, r.requirement, r.at DESC, r.revision DESC`;

const changesAsOf = `
  SELECT centre, requirement, from_state, state, reason, at FROM (
    (SELECT DISTINCT ON (r.site_id, r.requirement) site.centre_code AS centre, r.requirement, r.from_state, r.state, r.reason, ${instantMs("r.at")} AS at, r.revision
     FROM finding_revision r JOIN site USING (site_id)
     WHERE ($1::text IS NULL OR site.centre_code = $1::text) AND r.at < ($2::text)::timestamptz AND (r.body ->> 'evaluatedAt')::timestamptz <= ($4::text)::timestamptz
     ORDER BY r.site_id, r.requirement, r.at DESC, r.revision DESC)
    UNION ALL
    (SELECT site.centre_code, r.requirement, r.from_state, r.state, r.reason, ${instantMs("r.at")}, r.revision
     FROM finding_revision r JOIN site USING (site_id)
     WHERE ($1::text IS NULL OR site.centre_code = $1::text) AND r.at >= ($2::text)::timestamptz AND r.at < ($3::text)::timestamptz
       AND (r.body ->> 'evaluatedAt')::timestamptz <= ($4::text)::timestamptz)
  ) AS change ORDER BY at, revision`;

const attestationsAsOf = `
  SELECT a.body FROM attestation a JOIN site USING (site_id)
  WHERE ($1::text IS NULL OR site.centre_code = $1::text) AND a.at < ($2::text)::timestamptz
  ORDER BY site.centre_code, a.at DESC, a.id`;

const waiversWithin = `
  SELECT w.body FROM waiver w JOIN site USING (site_id)
  WHERE ($1::text IS NULL OR site.centre_code = $1::text) AND w.until_day >= ($2::text)::date AND w.from_day <= ($3::text)::date
  ORDER BY site.centre_code, w.from_day, w.id`;

type ChangeRow = { centre: string; requirement: string; from_state: FindingState | null; state: FindingState; reason: FindingReason; at: number };

function transition({ centre, requirement, from_state, state, reason, at }: ChangeRow): Transition {
  return { centre, requirement, to: state, reason, at: new Date(at).toISOString(), ...(from_state !== null && { from: from_state }) };
}
