import type { Attestation, Waiver } from "#schemas/attestation.ts";
import type { Calendar } from "#schemas/calendar.ts";
import { underCodesNow } from "#schemas/codes-now.ts";
import { daysLookedAt, mergedNeeds } from "#schemas/evaluate/needs.ts";
import type { DailyPeak, Facts, Need, Needs, Run, SharedFault, Span } from "#schemas/facts.ts";
import { MAIN_POINT } from "#schemas/inventory.ts";
import { numbersLiteral, textsLiteral } from "./array-literal.ts";
import { type Db, instantMs } from "./db.ts";
import { type DeclaredDays, declaredDaysWithin } from "./declared-days.ts";
import { dutiesSince } from "./duties.ts";
import { foundWithin } from "./found-devices.ts";
import { FOREVER_MS } from "./moment.ts";
import { joined, type RunsAsked, type SiteName, siteName } from "./one-site.ts";
import { pagesWithin } from "./page-counters.ts";
import { CONTACT_BACK_MS, pointsOf, type SitePoints, streamsAt } from "./points.ts";
import { presenceWithin } from "./presence.ts";
import { newestRunsOf, runsOf } from "./run-reads.ts";
import { bySite, spanColumns, spansAsW } from "./site-spans.ts";
import type { Site } from "./sites.ts";
import { type StoredRow, storedColumns, storedRuns } from "./stored-runs.ts";
import { SITE_WAIVERS_MAX } from "./waivers.ts";

const DAY_MS = 86_400_000;
/** Newest words of one site that are read: far more than any policy has items, each with an inspector's beside the centre's own. */
const SITE_WORDS_MAX = 2_000;

/** What is asked of one site: the facts of an instant that `needs` wants. */
export type FactsQuestion = { readonly site: Pick<Site, "siteId" | "centre">; readonly needs: Needs; readonly calendar: Calendar; readonly atMs: number };

/**
 * All that the rules may know of some sites, in the order of the questions, each site as it was at its instant: nothing newer is read, and nothing that
 * became known after `knownMs`, so that a past instant can be judged again and says the same for ever. Runs are bounded by the needs. Each site is asked
 * about once; many sites are asked about in as many statements as one.
 */
export async function loadFacts(
  db: Db,
  asked: RunsAsked,
  questions: readonly FactsQuestion[],
  sharedFaults: readonly SharedFault[],
  knownMs: number | undefined = undefined,
): Promise<Facts[]> {
  const groups = asked.groups(questions, ({ site }) => site.siteId);
  return (await Promise.all(groups.map((group) => factsOf(db, asked, group, sharedFaults, knownMs)))).flat();
}

/** What counts take for newly declared at a moment, and for the same under another code, of some sites whose lists have changed, by all that is known. */
export async function declaredDaysAt(db: Db, sites: readonly Pick<Site, "siteId" | "centre">[], atMs: number): Promise<ReadonlyMap<number, DeclaredDays>> {
  const spans = declaredSpans(sites.map((site) => ({ site, atMs })));
  return declaredDaysWithin(db, spans, FOREVER_MS, foundWithin(db, spans, undefined));
}

function declaredSpans(
  questions: readonly { readonly site: Pick<Site, "siteId" | "centre">; readonly atMs: number }[],
): Parameters<typeof declaredDaysWithin>[1] {
  return questions.map(({ site, atMs }) => ({ ...site, sinceMs: atMs - daysLookedAt.presence * DAY_MS, atMs }));
}

async function factsOf(
  db: Db,
  asked: RunsAsked,
  questions: readonly FactsQuestion[],
  sharedFaults: readonly SharedFault[],
  knownMs: number | undefined,
): Promise<Facts[]> {
  const { site, values } = siteName(siteIdsOf(questions), 4);
  const spans = (days: number, asked = questions) => asked.map(({ site: { siteId }, atMs }) => ({ siteId, sinceMs: atMs - days * DAY_MS, atMs }));
  const untilMs = knownMs ?? FOREVER_MS;
  // Some hundreds of rows of each site are looked at by counts of devices alone.
  const counted = questions.filter(({ needs }) => needs.runs.some(({ probe }) => probe === "office-devices"));
  const foundThere = foundWithin(db, spans(daysLookedAt.presence), knownMs);
  const pointsThere = pointsOf(db, asked, questions, knownMs);
  const [runs, points, presence, declaredDays, found, peaks, pages, attestations, waivers, duties, contacts] = await Promise.all([
    pointsThere.then((points) => runsWanted(db, asked, questions, points, untilMs)),
    pointsThere,
    presenceWithin(db, spans(daysLookedAt.presence), untilMs),
    declaredDaysWithin(db, declaredSpans(counted), untilMs, foundThere),
    foundThere,
    db.query<DailyPeak & { site_id: number }>(
      `SELECT w.site_id, p.metric, p.day::text AS day, max(p.value) AS value FROM ${spansAsW}
       JOIN peak_day AS p ON p.site_id = ${site("w.site_id")} AND p.metric = 'wifi_clients' AND p.day BETWEEN w.since AND w.until AND p.known_at <= to_timestamp($4::float8 / 1000)
       GROUP BY w.site_id, p.metric, p.day ORDER BY w.site_id, p.day DESC`,
      [...spanColumns(spans(daysLookedAt.peaks)), untilMs, ...values],
    ),
    pagesWithin(db, spans(daysLookedAt.pages, counted), untilMs),
    attestationsOf(db, questions, untilMs),
    db.query<{ site_id: number; body: Waiver }>(
      `SELECT w.site_id, v.body FROM ${spansAsW} CROSS JOIN LATERAL (
         SELECT * FROM waiver AS t WHERE t.site_id = ${site("w.site_id")} AND t.until_day >= w.until AND t.recorded_at <= to_timestamp($4::float8 / 1000) ORDER BY t.id LIMIT ${SITE_WAIVERS_MAX}
       ) AS v ORDER BY w.site_id, v.id`,
      [...spanColumns(spans(0)), untilMs, ...values],
    ),
    Promise.all(
      questions.map(({ site: { siteId }, needs: { dutiesFrom }, atMs }) =>
        dutiesFrom === undefined ? [] : dutiesSince(db, siteId, dutiesFrom, { atMs, ...(knownMs !== undefined && { knownMs }) }),
      ),
    ),
    contactsOf(db, asked, questions, knownMs),
  ]);
  const [peaksBySite, attestationsBySite, waiversBySite] = [bySite(peaks), bySite(attestations), bySite(waivers)];
  return questions.map(({ site: { siteId, centre }, calendar }, place) => ({
    centre,
    calendar,
    runs: runs[place] ?? [],
    presence: underCodesNow(presence.get(siteId) ?? [], declaredDays.get(siteId)?.former),
    newlyDeclared: declaredDays.get(siteId)?.newly ?? [],
    found: found.get(siteId) ?? [],
    peaks: peaksBySite.get(siteId) ?? [],
    pages: underCodesNow(pages.get(siteId) ?? [], declaredDays.get(siteId)?.former),
    attestations: (attestationsBySite.get(siteId) ?? []).map(({ body }) => body),
    waivers: (waiversBySite.get(siteId) ?? []).map(({ body }) => body),
    duties: duties[place] ?? [],
    ...contacts.get(siteId),
    ...(points.has(siteId) && { points: points.get(siteId)?.points ?? [] }),
    sharedFaults,
  }));
}

/** The newest word of the centre and of an inspector on each item: no rule looks at an older one, and however much is said since, neither hides the other. */
function attestationsOf(db: Db, questions: readonly FactsQuestion[], knownMs: number): Promise<{ site_id: number; body: Attestation }[]> {
  const { site, values } = siteName(siteIdsOf(questions), 3);
  return db.query(
    `SELECT w.site_id, a.body FROM unnest(($1::text)::int4[], ($2::text)::float8[]) AS w(site_id, at_ms) CROSS JOIN LATERAL (
       SELECT DISTINCT ON (t.requirement, t.item, t.body -> 'inspector') t.body FROM attestation AS t
       WHERE t.site_id = ${site("w.site_id")} AND t.at <= to_timestamp(w.at_ms / 1000) AND t.recorded_at <= to_timestamp($3::float8 / 1000)
       ORDER BY t.requirement, t.item, t.body -> 'inspector', t.at DESC, t.id COLLATE "C" LIMIT ${SITE_WORDS_MAX}
     ) AS a ORDER BY w.site_id`,
    [...instantColumns(questions), knownMs, ...values],
  );
}

function siteIdsOf(questions: readonly FactsQuestion[]): number[] {
  return questions.map(({ site }) => site.siteId);
}

function instantColumns(questions: readonly FactsQuestion[]): string[] {
  return [numbersLiteral(siteIdsOf(questions)), numbersLiteral(questions.map(({ atMs }) => atMs))];
}

type Contact = Pick<Facts, "firstContactMs" | "lastContactMs">;

/** First and last time that centres were heard. For a past instant: the last observation that each had made by then. */
async function contactsOf(db: Db, asked: RunsAsked, questions: readonly FactsQuestion[], knownMs: number | undefined): Promise<ReadonlyMap<number, Contact>> {
  const [alone, all] = [siteName(siteIdsOf(questions), 0), asked.name(siteIdsOf(questions), 4)];
  const sites = await db.query<{ site_id: number; first_ms: number; last_ms: number }>(
    `SELECT site_id, ${instantMs("first_at")} AS first_ms, ${instantMs("last_at")} AS last_ms FROM centre_contact
     WHERE site_id = ${alone.site("ANY (($1::text)::int4[])")}`,
    alone.values.length > 0 ? alone.values : [numbersLiteral(siteIdsOf(questions))],
  );
  if (knownMs === undefined) return new Map(sites.map(({ site_id, first_ms, last_ms }) => [site_id, { firstContactMs: first_ms, lastContactMs: last_ms }]));
  const then = await db.query<{ site_id: number; last_ms: number }>(
    `SELECT w.site_id, ${instantMs("max(r.taken_at)")} AS last_ms
     FROM unnest(($1::text)::int4[], ($2::text)::float8[]) AS w(site_id, at_ms) JOIN run_source AS s ON s.site_id = ${all.site("w.site_id")},
       LATERAL ${contactSpan(all)} AS r
     WHERE r.received_at <= to_timestamp($4::float8 / 1000) GROUP BY w.site_id`,
    [...instantColumns(questions), CONTACT_BACK_MS, knownMs, ...all.values],
  );
  const lastMs = new Map(then.map(({ site_id, last_ms }) => [site_id, last_ms]));
  const atMs = new Map(questions.map((question) => [question.site.siteId, question.atMs]));
  return new Map(
    sites.flatMap(({ site_id, first_ms }) => {
      if (first_ms > knownMs) return [];
      return [[site_id, { firstContactMs: first_ms, lastContactMs: lastMs.get(site_id) ?? Math.min(first_ms, (atMs.get(site_id) ?? 0) - CONTACT_BACK_MS) }]];
    }),
  );
}

function contactSpan({ site }: SiteName): string {
  return runsOf({
    site: site("s.site_id"),
    source: "s.source_id",
    since: "to_timestamp((w.at_ms - $3::float8) / 1000)",
    until: "to_timestamp(w.at_ms / 1000)",
  });
}

/** The agents of one reception point, by their streams: the main office has all that no other point has. */
type PointStreams = { readonly point: string; readonly streams: readonly string[] };
/** One span of one need of one question; at a site of several points, of one of these. */
type Stretch = Span & Omit<Need, "spans"> & { readonly place: number; readonly siteId: number; readonly own?: PointStreams };
type StretchRow = StoredRow & { readonly stretch: Stretch };

/**
 * The newest runs of each target within the needs' spans, newest first, at the place of each question. Of a site of several points those of each: whoever is
 * silent there must not be pushed out by who talks.
 */
async function runsWanted(
  db: Db,
  asked: RunsAsked,
  questions: readonly FactsQuestion[],
  points: ReadonlyMap<number, SitePoints>,
  knownMs: number,
): Promise<Run[][]> {
  const stretches = questions.flatMap(({ site: { siteId }, needs }, place) => {
    const spans = mergedNeeds(needs.runs).flatMap(({ spans, ...need }) => spans.map((span): Stretch => ({ ...need, ...span, place, siteId })));
    const own = points.get(siteId);
    return own ? spans.flatMap((span) => streamsAt(own).map((one): Stretch => ({ ...span, own: one }))) : spans;
  });
  const alike = Map.groupBy(stretches, ({ runsMax, bare = false, own }) => `${runsMax} ${bare} ${own !== undefined}`);
  const found = await Promise.all([...alike.values()].map((own) => rowsOf(db, asked, own, knownMs)));
  const rows = newestOf(found.flat());
  const runs = await storedRuns(db, rows, { evidence: true });
  const lists = questions.map((): Run[] => []);
  rows.forEach(({ stretch }, index) => {
    const run = runs[index];
    const point = stretch.own?.point ?? MAIN_POINT;
    if (run) lists[stretch.place]?.push(point === MAIN_POINT ? run : { ...run, point });
  });
  return lists;
}

/**
 * The newest `count` runs of each target within many spans. The count stands in the text: a plan for any count would be one that reads and sorts all runs
 * of the span. `isOfPoint`: of the streams of one reception point. Exported for the test of its plan.
 */
export function newestRuns(count: number, bare: boolean, { site }: SiteName = joined, isOfPoint = false): string {
  const told = ["series_ids", "vals", "evidence_id"].map((column) => (bare ? `NULL AS ${column}` : column)).join(", ");
  const newest = newestRunsOf({
    site: site("s.site_id"),
    source: "s.source_id",
    since: "to_timestamp(w.from_ms / 1000)",
    until: "to_timestamp(w.to_ms / 1000)",
    known: "to_timestamp($5::float8 / 1000)",
    count,
    ...(isOfPoint && { streams: { list: "w.streams::int8[]", others: "w.others" } }),
  });
  const [streams, columns] = isOfPoint ? [", ($6::text)::text[], ($7::text)::bool[]", "streams, others, "] : ["", ""];
  return `SELECT w.place::int AS place, ${storedColumns}
    FROM unnest(($1::text)::int4[], ($2::text)::text[], ($3::text)::float8[], ($4::text)::float8[]${streams}) WITH ORDINALITY AS w(site_id, probe, from_ms, to_ms, ${columns}place)
    JOIN run_source AS s ON s.site_id = ${site("w.site_id")} AND s.probe = w.probe CROSS JOIN LATERAL (
      SELECT taken_at, stream, seq, kind, reason, ${told}, rest FROM ${newest} AS o
    ) AS r`;
}

/** Of stretches with the same number of runs. */
async function rowsOf(db: Db, asked: RunsAsked, stretches: readonly Stretch[], knownMs: number): Promise<StretchRow[]> {
  const [first] = stretches;
  if (!first) return [];
  const siteIds = stretches.map(({ siteId }) => siteId);
  const isOfPoint = first.own !== undefined;
  const name = asked.name(siteIds, isOfPoint ? 7 : 5);
  const rows = await db.query<StoredRow & { place: number }>(newestRuns(first.runsMax, first.bare ?? false, name, isOfPoint), [
    numbersLiteral(siteIds),
    textsLiteral(stretches.map(({ probe }) => probe)),
    numbersLiteral(stretches.map(({ fromMs }) => fromMs)),
    numbersLiteral(stretches.map(({ toMs }) => toMs)),
    knownMs,
    ...(isOfPoint
      ? [textsLiteral(stretches.map(({ own }) => `{${own?.streams.join(",")}}`)), textsLiteral(stretches.map(({ own }) => String(own?.point === MAIN_POINT)))]
      : []),
    ...name.values,
  ]);
  return rows.map(({ place, ...row }) => ({ ...row, stretch: stretches[place - 1] ?? first }));
}

/** A need of several spans has found as many runs in each: of them all only the newest of each target. */
function newestOf(rows: readonly StretchRow[]): StretchRow[] {
  const counts = new Map<string, number>();
  return rows
    .toSorted((a, b) => b.taken_ms - a.taken_ms || (a.stream < b.stream ? -1 : a.stream > b.stream ? 1 : a.seq - b.seq))
    .filter(({ site_id, probe, target, stretch }) => {
      const name = `${site_id} ${probe} ${stretch.own?.point} ${target ?? ""}`;
      const count = (counts.get(name) ?? 0) + 1;
      counts.set(name, count);
      return count <= stretch.runsMax;
    });
}
