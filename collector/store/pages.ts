import type { Waiver } from "#schemas/attestation.ts";
import type { Run } from "#schemas/facts.ts";
import type { FindingReason, FindingState, Transition } from "#schemas/finding.ts";
import { isClosedOn } from "#schemas/inventory.ts";
import type { FindingsQuery } from "#schemas/read-api.ts";
import type { CentreRows, FindingBrief, PageStore, SharedChange, StandingFinding, ToldFinding } from "../web/page-store.ts";
import { numbersLiteral, textsLiteral } from "./array-literal.ts";
import { attestationsOf } from "./attestations.ts";
import { type Db, instantMs } from "./db.ts";
import { deviceRows, devicesOf, newestWalks } from "./devices.ts";
import {
  centreBrief,
  centreIncidents,
  type FindingRow,
  type IncidentRow,
  incident,
  instant,
  type SiteRow,
  selectSites,
  standingFinding,
  standingFindings,
  storedRun,
} from "./page-rows.ts";
import { pointsOfStreams, sitesWithPoints, withPoint } from "./points.ts";
import { runsOf } from "./run-reads.ts";
import { type StoredRow, storedColumns, storedRuns } from "./stored-runs.ts";
import { waiversFrom } from "./waivers.ts";

/** Centres of a shared change that are named. */
const CENTRES_NAMED = 3;
const HISTORY_MAX = 5_000;
const RUNS_MAX = 400;
const EVIDENCE_MAX = 400;
const RECORDINGS_BACK_MS = 7 * 86_400_000;
const HOUR_MS = 3_600_000;
/** The newest runs of a finding are shown: those of its last day. */
const EVIDENCE_BACK_MS = 25 * HOUR_MS;

/** What the pages and the read API read, from the database. */
export function pageStore(db: Db): Omit<PageStore, "ledger" | "enrolment"> & { findings(query: FindingsQuery): Promise<readonly StandingFinding[]> } {
  return {
    async province(changesSince, today) {
      const [centres, findings] = await Promise.all([db.query<SiteRow>(`${selectSites} ORDER BY centre_code`), db.query<BriefRow>(briefFindings, [today])]);
      const briefs = centres.map(centreBrief);
      const closed = briefs.flatMap(({ code, name, closed }) => (closed && isClosedOn(closed, today) ? [{ code, name, closed }] : []));
      const changes = await db.query<SharedRow>(sharedChanges, [changesSince, textsLiteral(closed.map(({ code }) => code)), CENTRES_NAMED]);
      return {
        centres: briefs.filter((brief) => !isClosedOn(brief.closed, today)),
        closed: closed.sort((a, b) => (a.closed.on < b.closed.on ? 1 : -1)),
        findings: new Map(findings.map((row) => [row.centre, row.findings.map(findingBrief)])),
        changes: changes.map(sharedChange),
      };
    },

    async told(codes) {
      const rows = await db.query<{ body: Omit<ToldFinding, "since">; since: number }>(toldFindings, [textsLiteral(codes)]);
      return rows.map(({ body, since }) => ({ ...body, since: instant(since) }));
    },

    async centre(code, since, today, devicesPage = 1) {
      const [site] = await db.query<SiteRow>(`${selectSites} WHERE centre_code = $1`, [code]);
      return site && centreRows(db, site, since, today, devicesPage);
    },

    device: (code, id, since) => deviceRows(db, code, id, since),

    async revision() {
      const [[row], [waivers]] = await Promise.all([
        db.query<{ revision: string | null }>(
          "SELECT pg_sequence_last_value(pg_get_serial_sequence('finding_revision', 'revision')::regclass)::text AS revision",
        ),
        db.query<{ deeds: string }>("SELECT (count(*) + count(*) FILTER (WHERE body ? 'withdrawn'))::text AS deeds FROM waiver"),
      ]);
      return `${row?.revision ?? "0"}-${waivers?.deeds}`;
    },

    async findings({ centre, requirement, state, limit, after }) {
      const [afterCentre, afterRequirement] = after?.split(":") ?? ["", ""];
      const rows = await db.query<FindingRow>(findingsPage, [
        centre ?? null,
        requirement ?? null,
        state ?? null,
        afterCentre ?? "",
        afterRequirement ?? "",
        limit,
      ]);
      return rows.map(standingFinding);
    },
  };
}

async function centreRows(db: Db, site: SiteRow, since: string, today: string, devicesPage: number): Promise<CentreRows> {
  const id = site.site_id;
  const [standing, waivers, history, incidents, bandwidth, recordings, attestations, devices, walks, points, withPoints] = await Promise.all([
    standingFindings(db, id),
    waiversFrom(db, today, site.code),
    db.query<ChangeRow>(centreHistory, [id, since, HISTORY_MAX]),
    db.query<IncidentRow>(centreIncidents, [id, since]),
    db.query<StoredRow>(bandwidthRuns, [id, since, RUNS_MAX]).then(async (rows) => ({ rows, runs: await storedRuns(db, rows, { evidence: false }) })),
    db
      .query<StoredRow>(newestRecordings, [id, new Date(Date.parse(since) + RECORDINGS_BACK_MS).toISOString()])
      .then((rows) => storedRuns(db, rows, { evidence: true })),
    attestationsOf(db, id),
    devicesOf(db, id, devicesPage),
    newestWalks(db, id),
    pointsOfStreams(db, id),
    sitesWithPoints(db, [id]),
  ]);
  const inForce = new Map(waivers.filter(({ from, withdrawn }) => from <= today && withdrawn === undefined).map((waiver) => [waiver.requirement, waiver]));
  const findings = standing.map((finding) => withWaiver(finding, inForce.get(finding.requirement)));
  const cited = new Set(findings.flatMap((finding) => finding.evidence));
  const tests = await storedRuns(
    db,
    bandwidth.rows.filter((_, place) => cited.has(bandwidth.runs[place]?.ref ?? "")),
    { evidence: true },
  );
  const evidence = await evidenceRuns(db, id, findings, [...bandwidth.runs, ...tests, ...recordings.map(withoutEvidence)]);
  const toldRun = (run: Run) => storedRun(withPoint(run, points));
  const [successor] = site.closed_into === null ? [] : await db.query<SiteRow>(`${selectSites} WHERE centre_code = $1`, [site.closed_into]);
  return {
    centre: centreBrief(site),
    ...(successor && { successor: { code: successor.code, name: successor.name } }),
    findings,
    history: history.map((row) => transition({ ...row, centre: site.code })),
    incidents: incidents.map(incident),
    ...(withPoints.has(id) && { hasPoints: true }),
    bandwidth: bandwidth.runs.map(toldRun),
    recordings: recordings.map(toldRun),
    evidence: evidence.map(toldRun),
    attestations,
    devices,
    walks,
  };
}

function withoutEvidence({ outcome: { evidence: _, ...outcome }, ...run }: Run): Run {
  return { ...run, outcome };
}

/** The runs that findings stand on, newest first: those that were read already, and of the others the ones of the day that ends with the newest of them. */
async function evidenceRuns(db: Db, siteId: number, findings: readonly StandingFinding[], read: readonly Run[]): Promise<Run[]> {
  const known = new Map(read.map((run) => [run.ref, run]));
  const refs = new Set<string>();
  const spans = new Set<number>();
  const found: Run[] = [];
  for (const { evidence, observedAt } of findings) {
    for (const ref of evidence) {
      if (!/^[a-f0-9]{16}:\d{1,15}$/.test(ref) || refs.has(ref) || refs.size >= EVIDENCE_MAX) continue;
      refs.add(ref);
      const run = known.get(ref);
      if (run) found.push(run);
      else if (observedAt !== undefined) spans.add(Math.ceil(Date.parse(observedAt) / HOUR_MS) * HOUR_MS);
    }
  }
  if (spans.size > 0) {
    const untilMs = [...spans];
    const rows = await db.query<StoredRow>(runsByRef, [
      siteId,
      numbersLiteral(untilMs.map((ms) => ms - EVIDENCE_BACK_MS)),
      numbersLiteral(untilMs),
      textsLiteral([...refs].map((ref) => ref.slice(0, 16))),
      numbersLiteral([...refs].map((ref) => Number(ref.slice(17)))),
    ]);
    found.push(...(await storedRuns(db, rows, { evidence: false })).filter(({ ref }) => !known.has(ref)));
  }
  return found.sort((a, b) => b.atMs - a.atMs);
}

// A row for each centre: with one for each finding the driver alone would hold the collector for longer than all the rest of the page. Findings are put together
// before they meet their centres, and with the waivers as one list: the planner expects a group for each of them otherwise, and sorts them on the disk.
const briefFindings = `
  SELECT site.centre_code AS centre, findings FROM site JOIN (
    SELECT f.site_id, json_agg(json_build_array(
      f.requirement, f.state, trunc(${instantMs("f.since")})::int8, trunc(${instantMs("f.valid_until")})::int8, w.site_id IS NOT NULL)) AS findings
    FROM finding f LEFT JOIN (
      SELECT DISTINCT site_id, requirement FROM waiver WHERE ($1::text)::date BETWEEN from_day AND until_day AND NOT body ? 'withdrawn'
    ) AS w ON w.site_id = f.site_id AND w.requirement = f.requirement
    GROUP BY f.site_id
  ) AS one USING (site_id)`;

const toldFindings = `
  SELECT f.body - 'evidence' - 'parts' AS body, ${instantMs("f.since")} AS since FROM finding f JOIN site USING (site_id)
  WHERE site.centre_code = ANY (($1::text)::text[])`;

// By centre first: that much a database which is cut by centre does where the rows are.
const sharedChanges = `
  SELECT requirement, from_state, state, ${instantMs("max(at)")} AS at, count(*)::int AS centres, sum(times)::int AS times,
    to_jsonb((array_agg(centre ORDER BY at DESC, centre))[1:$3::int]) AS newest
  FROM (
    SELECT r.site_id, site.centre_code AS centre, r.requirement, r.from_state, r.state, max(r.at) AS at, count(*) AS times
    FROM finding_revision r JOIN site USING (site_id)
    WHERE r.at >= ($1::text)::timestamptz AND NOT r.late AND r.from_state IS DISTINCT FROM r.state AND site.centre_code <> ALL (($2::text)::text[])
    GROUP BY r.site_id, site.centre_code, r.requirement, r.from_state, r.state
  ) AS moved GROUP BY requirement, from_state, state ORDER BY max(at) DESC, requirement`;

// The changes since an instant, and of each requirement the last one before it.
const centreHistory = `
  SELECT requirement, from_state, state, reason, at FROM (
    (SELECT DISTINCT ON (requirement) requirement, from_state, state, reason, ${instantMs("at")} AS at, revision
     FROM finding_revision WHERE site_id = $1 AND at < ($2::text)::timestamptz ORDER BY requirement, finding_revision.at DESC, revision DESC)
    UNION ALL
    (SELECT requirement, from_state, state, reason, ${instantMs("at")} AS at, revision
     FROM finding_revision WHERE site_id = $1 AND at >= ($2::text)::timestamptz AND from_state IS DISTINCT FROM state
     ORDER BY finding_revision.at DESC, revision DESC LIMIT $3)
  ) AS change ORDER BY at, revision`;

const runsSince = runsOf({ site: "$1", source: "s.source_id", since: "($2::text)::timestamptz", until: "timestamptz 'infinity'" });
const bandwidthRuns = `
  SELECT ${storedColumns} FROM run_source AS s, LATERAL ${runsSince} AS r
  WHERE s.site_id = $1 AND s.probe = 'link-bandwidth' AND r.kind = 'm' ORDER BY r.taken_at DESC LIMIT $3`;

const newestRecordings = `
  SELECT ${storedColumns} FROM run_source AS s CROSS JOIN LATERAL (
    SELECT * FROM ${runsSince} AS o WHERE o.kind = 'm' ORDER BY o.taken_at DESC LIMIT 1
  ) AS r WHERE s.site_id = $1 AND s.probe = 'recording-depth' ORDER BY s.target LIMIT 64`;

// A run is not found by its number: that would be an index for this question alone. Findings say when the newest run was taken on which they stand.
const runsWithin = runsOf({ site: "$1", source: "s.source_id", since: "to_timestamp(span.since_ms / 1000)", until: "to_timestamp(span.until_ms / 1000)" });
const runsByRef = `
  SELECT DISTINCT ON (r.taken_at, r.stream, r.seq) ${storedColumns}
  FROM unnest(($2::text)::float8[], ($3::text)::float8[]) AS span(since_ms, until_ms), run_source AS s,
    LATERAL ${runsWithin} AS r
  WHERE s.site_id = $1 AND (r.stream, r.seq) IN (SELECT run_stream(stream), seq FROM unnest(($4::text)::text[], ($5::text)::int8[]) AS ref(stream, seq))
  ORDER BY r.taken_at DESC, r.stream, r.seq`;

const findingsPage = `
  SELECT f.body, ${instantMs("f.since")} AS since FROM finding f JOIN site USING (site_id)
  WHERE ($1::text IS NULL OR site.centre_code = $1::text) AND ($2::text IS NULL OR f.requirement = $2::text) AND ($3::text IS NULL OR f.state = $3::text)
    AND (site.centre_code, f.requirement) > ($4::text, $5::text)
  ORDER BY site.centre_code, f.requirement LIMIT $6`;

type BriefRow = {
  centre: string;
  findings: readonly [requirement: string, state: FindingState, sinceMs: number, validUntilMs: number | null, waived: boolean][];
};
type SharedRow = Pick<ChangeRow, "requirement" | "from_state" | "state" | "at"> & Pick<SharedChange, "centres" | "times" | "newest">;
type ChangeRow = { centre: string; requirement: string; from_state: FindingState | null; state: FindingState; reason: FindingReason; at: number };

function findingBrief([requirement, state, sinceMs, validUntilMs, waived]: BriefRow["findings"][number]): FindingBrief {
  return validUntilMs === null ? { requirement, state, sinceMs, waived } : { requirement, state, sinceMs, validUntilMs, waived };
}

/** A waiver lies over a finding as soon as it is filed and until it ends, whenever the finding was judged. */
function withWaiver({ waiver: _, ...finding }: StandingFinding, waiver: Waiver | undefined): StandingFinding {
  return waiver ? { ...finding, waiver: { id: waiver.id, reason: waiver.reason, document: waiver.document, until: waiver.until } } : finding;
}

function sharedChange({ from_state, state, at, ...row }: SharedRow): SharedChange {
  return { ...row, to: state, at: instant(at), ...(from_state !== null && { from: from_state }) };
}

function transition({ centre, requirement, from_state, state, reason, at }: ChangeRow): Transition {
  return { centre, requirement, to: state, reason, at: instant(at), ...(from_state !== null && { from: from_state }) };
}
