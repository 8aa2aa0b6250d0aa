import { vietnamDay, vietnamDayStartMs } from "#schemas/calendar.ts";
import type { Finding, FindingState } from "#schemas/finding.ts";
import { CLOCK_OK_MS } from "#schemas/observation.ts";
import type { PolicyProfile } from "#schemas/policy.ts";
import { advisoryLocks } from "./advisory-locks.ts";
import { numbersLiteral, textsLiteral } from "./array-literal.ts";
import { type Db, instantMs } from "./db.ts";
import { jsonText } from "./json-text.ts";
import type { Moment } from "./moment.ts";

/** The present findings of a site. */
export async function findingsOf(db: Db, siteId: number): Promise<Finding[]> {
  return (await findingsOfSites(db, [siteId])).get(siteId) ?? [];
}

/** The same of several sites, by site. */
export async function findingsOfSites(db: Db, siteIds: readonly number[]): Promise<ReadonlyMap<number, Finding[]>> {
  const rows = await db.query<{ site_id: number; body: Finding }>(
    "SELECT site_id, body FROM finding WHERE site_id = ANY (($1::text)::int4[]) ORDER BY site_id, requirement",
    [numbersLiteral(siteIds)],
  );
  return new Map([...Map.groupBy(rows, ({ site_id }) => site_id)].map(([siteId, own]) => [siteId, own.map(({ body }) => body)]));
}

/** Keeps other judges of the sites out until the transaction ends; what agents send goes on. In one order, so that two judges cannot wait for each other. */
export async function lockSites(tx: Db, siteIds: readonly number[]): Promise<void> {
  await tx.query(
    "SELECT count(pg_advisory_xact_lock($1::int, site_id))::int AS n FROM (SELECT site_id FROM unnest(($2::text)::int4[]) AS site_id ORDER BY site_id) AS sorted",
    [advisoryLocks.judge, numbersLiteral(siteIds)],
  );
}

/** What was judged of one site. */
export type SiteFindings = { readonly siteId: number; readonly findings: readonly Finding[] };

/** Writes judgements over the present ones. `since` moves only where the state has changed. */
export async function writeFindings(db: Db, judged: readonly SiteFindings[]): Promise<void> {
  const findings = judged.flatMap((one) => one.findings);
  if (findings.length === 0) return;
  await db.query(
    `INSERT INTO finding AS f (site_id, requirement, state, reason, since, valid_until, evaluated_at, body)
     SELECT site_id, requirement, state, reason, evaluated_at::timestamptz, valid_until::timestamptz, evaluated_at::timestamptz, body::jsonb
     FROM unnest(($1::text)::int4[], ($2::text)::text[], ($3::text)::text[], ($4::text)::text[], ($5::text)::text[], ($6::text)::text[], ($7::text)::text[])
       AS r(site_id, requirement, state, reason, evaluated_at, valid_until, body)
     ON CONFLICT (site_id, requirement) DO UPDATE SET state = excluded.state, reason = excluded.reason, valid_until = excluded.valid_until,
       evaluated_at = excluded.evaluated_at, body = excluded.body, since = CASE WHEN f.state = excluded.state THEN f.since ELSE excluded.since END`,
    [
      numbersLiteral(judged.flatMap((one) => one.findings.map(() => one.siteId))),
      textsLiteral(findings.map(({ requirement }) => requirement)),
      textsLiteral(findings.map(({ state }) => state)),
      textsLiteral(findings.map(({ reason }) => reason)),
      textsLiteral(findings.map(({ evaluatedAt }) => evaluatedAt)),
      textsLiteral(findings.map(({ validUntil }) => validUntil ?? null)),
      textsLiteral(findings.map(jsonText)),
    ],
  );
}

/** Takes away what was judged by requirements that the policy does not have; its history stays. */
export async function keepFindingsOf(tx: Db, siteIds: readonly number[], { requirements }: PolicyProfile): Promise<void> {
  if (siteIds.length === 0) return;
  await tx.query("DELETE FROM finding WHERE site_id = ANY (($1::text)::int4[]) AND NOT requirement = ANY (($2::text)::text[])", [
    numbersLiteral(siteIds),
    textsLiteral(requirements.map(({ id }) => id)),
  ]);
}

/** One entry of history: a judgement that differs from the one before. */
export type Revision = { readonly siteId: number; readonly before: Finding | undefined; readonly finding: Finding; readonly late: boolean };

/** Keeps revisions for good. */
export async function addRevisions(db: Db, revisions: readonly Revision[]): Promise<void> {
  if (revisions.length === 0) return;
  await db.query(
    `INSERT INTO finding_revision (site_id, requirement, from_state, state, reason, at, late, body)
     SELECT site_id, requirement, from_state, state, reason, at::timestamptz, late, body::jsonb
     FROM unnest(($1::text)::int4[], ($2::text)::text[], ($3::text)::text[], ($4::text)::text[], ($5::text)::text[], ($6::text)::text[], ($7::text)::bool[],
       ($8::text)::text[]) AS r(site_id, requirement, from_state, state, reason, at, late, body)`,
    [
      numbersLiteral(revisions.map(({ siteId }) => siteId)),
      textsLiteral(revisions.map(({ finding }) => finding.requirement)),
      textsLiteral(revisions.map(({ before }) => before?.state ?? null)),
      textsLiteral(revisions.map(({ finding }) => finding.state)),
      textsLiteral(revisions.map(({ finding }) => finding.reason)),
      textsLiteral(revisions.map(({ finding }) => finding.evaluatedAt)),
      textsLiteral(revisions.map(({ late }) => String(late))),
      textsLiteral(revisions.map(({ finding }) => jsonText(finding))),
    ],
  );
}

/**
 * Sites whose findings time alone changes: a pass that ended by `nowMs`, a centre that is new, one that fell silent or of which a reception point did, something that was declared since, and
 * whatever was not looked at yet on this Vietnam day, since waivers begin and end by the day. A judgement may be dated ahead by as much as a clock
 * that counts as right: what was declared within that time before its date may have come after it. A closed centre is not judged.
 */
export async function sitesToJudge(db: Db, nowMs: number, offlineMs: number, limit: number): Promise<number[]> {
  const rows = await db.query<{ site_id: number }>(
    // What was declared before this day and is newer than a judgement needs no look: that judgement is not of this day either.
    `SELECT s.site_id FROM site AS s
     LEFT JOIN (SELECT site_id, min(evaluated_at) AS oldest, min(valid_until) FILTER (WHERE state = 'pass') AS ends FROM finding GROUP BY site_id) AS f USING (site_id)
     LEFT JOIN centre_contact AS c USING (site_id)
     WHERE (s.closed_on IS NULL OR s.closed_on > ($6::text)::date) AND (f.site_id IS NULL
       OR f.ends <= to_timestamp($1::float8 / 1000) OR f.oldest < to_timestamp($4::float8 / 1000)
       OR s.changed_at > f.oldest - $5::float8 * interval '1 ms' AND s.changed_at <= to_timestamp($1::float8 / 1000)
       OR c.last_at < to_timestamp(($1::float8 - $2::float8) / 1000) AND f.oldest <= c.last_at + $2::float8 * interval '1 ms')
     UNION
     SELECT f.site_id FROM (SELECT site_id, min(evaluated_at) AS oldest FROM finding GROUP BY site_id) AS f JOIN point_contact AS p USING (site_id)
     WHERE p.last_at < to_timestamp(($1::float8 - $2::float8) / 1000) AND f.oldest <= p.last_at + $2::float8 * interval '1 ms'
     UNION
     SELECT f.site_id FROM finding f JOIN attestation a USING (site_id, requirement)
     WHERE a.recorded_at > f.evaluated_at - $5::float8 * interval '1 ms' AND a.recorded_at >= to_timestamp($4::float8 / 1000) AND a.recorded_at <= to_timestamp($1::float8 / 1000)
     UNION
     SELECT f.site_id FROM finding f JOIN duty_record d USING (site_id, requirement)
     WHERE d.recorded_at > f.evaluated_at - $5::float8 * interval '1 ms' AND d.recorded_at >= to_timestamp($4::float8 / 1000) AND d.recorded_at <= to_timestamp($1::float8 / 1000)
     ORDER BY site_id LIMIT $3`,
    [nowMs, offlineMs, limit, vietnamDayStartMs(vietnamDay(nowMs)), CLOCK_OK_MS, vietnamDay(nowMs)],
  );
  return rows.map(({ site_id }) => site_id);
}

/**
 * Every requirement that any version of the policy had, at every site, as `site_id` and `requirement`: what is sought in the history of each is read
 * from its own index, where `DISTINCT ON` would read all history. From `site_version` rather than `site`: Citus hands nothing on from a table that is whole everywhere.
 */
export const judgedPairs = `(
    SELECT s.site_id, q.requirement FROM (SELECT DISTINCT site_id FROM site_version) AS s,
      (SELECT DISTINCT r ->> 'id' AS requirement FROM policy_version, jsonb_array_elements(body -> 'requirements') AS r) AS q)`;

/** Since when each requirement of some sites was in its state at an instant, by what was judged by `knownMs`; keys are `<site> <requirement>`. */
export async function lastChanges(
  db: Db,
  { atMs, knownMs }: Required<Moment>,
  siteIds: readonly number[],
): Promise<ReadonlyMap<string, { state: FindingState; at: string }>> {
  const rows = await db.query<{ site_id: number; requirement: string; state: FindingState; at: number }>(
    `SELECT p.site_id, p.requirement, last.state, ${instantMs("last.at")} AS at FROM ${judgedPairs} AS p CROSS JOIN LATERAL (
       SELECT r.state, r.at FROM finding_revision AS r WHERE r.site_id = p.site_id AND r.requirement = p.requirement AND r.at <= to_timestamp($1::float8 / 1000)
         AND (r.body ->> 'evaluatedAt')::timestamptz <= to_timestamp($2::float8 / 1000) AND r.from_state IS DISTINCT FROM r.state
       ORDER BY r.at DESC, r.revision DESC LIMIT 1
     ) AS last WHERE p.site_id = ANY (($3::text)::int4[])`,
    [atMs, knownMs, numbersLiteral(siteIds)],
  );
  return new Map(rows.map(({ site_id, requirement, state, at }) => [`${site_id} ${requirement}`, { state, at: new Date(at).toISOString() }]));
}
