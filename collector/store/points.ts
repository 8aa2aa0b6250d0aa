import { OFFLINE_MS } from "#schemas/evaluate/silence.ts";
import type { PointContact, Run } from "#schemas/facts.ts";
import { MAIN_POINT, pointOf } from "#schemas/inventory.ts";
import type { ProbeKind } from "#schemas/observation.ts";
import { numbersLiteral, textsLiteral } from "./array-literal.ts";
import { type Db, instantMs } from "./db.ts";
import { FOREVER_MS } from "./moment.ts";
import { type RunsAsked, siteName } from "./one-site.ts";
import { newestRunsOf, runsOf } from "./run-reads.ts";
import type { Site } from "./sites.ts";

/** Most streams of one site that are known by their point: each is a life of an agent's spool. */
const SITE_STREAMS_MAX = 1_000;

/** A centre or point of which nothing was heard for longer is offline whenever it fell silent. */
export const CONTACT_BACK_MS = 2 * 86_400_000;

/** What a silent point had told of within so long before its last word is there, though nobody declares it: what is asked once a day, and a long weekend. */
const TOLD_BACK_MS = 7 * 86_400_000;

/** A site at an instant. */
export type PointsQuestion = { readonly site: Pick<Site, "siteId" | "centre">; readonly atMs: number };
/** The reception points of a site, the main office first, and by their names the streams of those that have one, each as `run` holds it. */
export type SitePoints = { readonly points: readonly PointContact[]; readonly streams: ReadonlyMap<string, readonly string[]> };

type AgentRow = {
  readonly site_id: number;
  readonly agent_id: string;
  readonly point: string;
  readonly first_ms: number | null;
  readonly last_ms: number | null;
  readonly enrolled_ms: number;
  readonly revoked_ms: number | null;
};
type StreamRow = { readonly site_id: number; readonly point: string; readonly stream: string; readonly named: string };

/**
 * The points of some sites at their instants, by site: those at which an agent was let in then, or a device is declared. Sites of which none but the main
 * office was ever named are not in it. With `knownMs` what was heard is what had been received by then.
 */
export async function pointsOf(
  db: Db,
  asked: RunsAsked,
  questions: readonly PointsQuestion[],
  knownMs: number | undefined,
): Promise<ReadonlyMap<number, SitePoints>> {
  const agents = Map.groupBy(
    await agentsOf(
      db,
      questions.map(({ site }) => site.siteId),
    ),
    ({ site_id }) => site_id,
  );
  const several = questions.filter(({ site: { siteId, centre } }) => isNamed(agents.get(siteId) ?? []) || isNamed(centre.devices));
  if (several.length === 0) return new Map();
  const rows = await streamsOf(
    db,
    several.map(({ site }) => site.siteId),
  );
  const streams = Map.groupBy(rows, ({ site_id }) => site_id);
  const heard = knownMs === undefined ? undefined : await heardBy(db, asked, several, streams, knownMs);
  const found = new Map(
    several.map(({ site: { siteId, centre }, atMs }) => {
      const own = agents.get(siteId) ?? [];
      const isThere = ({ enrolled_ms, revoked_ms }: AgentRow) => enrolled_ms <= atMs && (revoked_ms === null || revoked_ms > atMs);
      const names = new Set([...own.filter(isThere), ...centre.devices].map(pointOf));
      const contact = (point: string): PointContact => {
        const told = own.filter((one) => one.point === point);
        const firstMs = Math.min(...told.map(({ first_ms }) => first_ms ?? Number.POSITIVE_INFINITY));
        if (firstMs > (knownMs ?? Number.MAX_VALUE)) return { point };
        const lastMs = heard
          ? (heard.get(`${siteId} ${point}`) ?? Math.min(firstMs, atMs - CONTACT_BACK_MS))
          : Math.max(...told.map(({ last_ms }) => last_ms ?? firstMs));
        return { point, firstContactMs: firstMs, lastContactMs: lastMs };
      };
      return [siteId, { points: inOrder(names).map(contact), streams: streamsByPoint(streams.get(siteId) ?? []) }];
    }),
  );
  const told = await toldBy(db, asked, several, found, knownMs ?? FOREVER_MS);
  if (told.size === 0) return found;
  const withTold = (siteId: number, one: PointContact): PointContact => {
    const probes = told.get(`${siteId} ${one.point}`);
    return probes ? { ...one, told: probes.map(({ probe }) => probe) } : one;
  };
  return new Map([...found].map(([siteId, { points, streams }]) => [siteId, { points: points.map((one) => withTold(siteId, one)), streams }]));
}

/**
 * The probes of which the points of some sites that were silent at their instants had told something within a while before their last word, as far as it was received by `knownMs`; keys
 * are `<site> <point>`.
 */
async function toldBy(
  db: Db,
  asked: RunsAsked,
  questions: readonly PointsQuestion[],
  found: ReadonlyMap<number, SitePoints>,
  knownMs: number,
): Promise<ReadonlyMap<string, readonly { readonly probe: ProbeKind }[]>> {
  const wanted = questions.flatMap(({ site: { siteId }, atMs }) =>
    streamsAt(found.get(siteId)).flatMap(({ point, lastContactMs, streams }) => {
      if (lastContactMs === undefined || atMs - lastContactMs <= OFFLINE_MS) return [];
      return [{ siteId, point, streams, fromMs: lastContactMs - TOLD_BACK_MS, toMs: Math.min(atMs, lastContactMs + OFFLINE_MS) }];
    }),
  );
  if (wanted.length === 0) return new Map();
  const siteIds = wanted.map(({ siteId }) => siteId);
  const name = asked.name(siteIds, 7);
  const newest = newestRunsOf({
    site: name.site("s.site_id"),
    source: "s.source_id",
    since: "to_timestamp(w.from_ms / 1000)",
    until: "to_timestamp(w.to_ms / 1000)",
    known: "to_timestamp($7::float8 / 1000)",
    count: 1,
    streams: { list: "w.streams::int8[]", others: "w.others" },
  });
  const rows = await db.query<{ site_id: number; point: string; probe: ProbeKind }>(
    `SELECT DISTINCT w.site_id, w.point, s.probe
     FROM unnest(($1::text)::int4[], ($2::text)::text[], ($3::text)::float8[], ($4::text)::float8[], ($5::text)::text[], ($6::text)::bool[])
       AS w(site_id, point, from_ms, to_ms, streams, others)
       JOIN run_source AS s ON s.site_id = ${name.site("w.site_id")}, LATERAL ${newest} AS o
     ORDER BY w.site_id, w.point, s.probe`,
    [
      numbersLiteral(siteIds),
      textsLiteral(wanted.map(({ point }) => point)),
      numbersLiteral(wanted.map(({ fromMs }) => fromMs)),
      numbersLiteral(wanted.map(({ toMs }) => toMs)),
      textsLiteral(wanted.map(({ streams }) => `{${streams.join(",")}}`)),
      textsLiteral(wanted.map(({ point }) => String(point === MAIN_POINT))),
      knownMs,
      ...name.values,
    ],
  );
  return Map.groupBy(rows, ({ site_id, point }) => `${site_id} ${point}`);
}

/** The points of a site with the streams of each: those of the main office are all that no other point has, and are told by the others. */
export function streamsAt(site: SitePoints | undefined): (PointContact & { readonly streams: readonly string[] })[] {
  const { points, streams } = site ?? { points: [], streams: new Map<string, readonly string[]>() };
  return points.map((one) => ({ ...one, streams: one.point === MAIN_POINT ? [...streams.values()].flat() : (streams.get(one.point) ?? []) }));
}

/** The named points of the streams of a site, by the stream as a reference begins with it. Others are of the main office. */
export async function pointsOfStreams(db: Db, siteId: number): Promise<ReadonlyMap<string, string>> {
  return new Map((await streamsOf(db, [siteId])).map(({ named, point }) => [named, point]));
}

/** A run with the reception point of its agent, by the points of its site's streams. */
export function withPoint(run: Run, points: ReadonlyMap<string, string>): Run {
  const point = points.get(run.ref.slice(0, run.ref.indexOf(":")));
  return point === undefined ? run : { ...run, point };
}

/** The names of the reception points of some sites now, by site, the main office first: those at which an agent is let in or a device is declared. */
export async function pointNames(db: Db, sites: readonly Pick<Site, "siteId" | "centre">[]): Promise<ReadonlyMap<number, readonly [string, ...string[]]>> {
  const rows = await db.query<{ site_id: number; point: string }>(
    "SELECT DISTINCT site_id, point FROM agent WHERE site_id = ANY (($1::text)::int4[]) AND state <> 'revoked'",
    [numbersLiteral(sites.map(({ siteId }) => siteId))],
  );
  const present = Map.groupBy(rows, ({ site_id }) => site_id);
  return new Map(sites.map(({ siteId, centre }) => [siteId, inOrder(new Set([...(present.get(siteId) ?? []), ...centre.devices].map(pointOf)))]));
}

/** Names of points in their order: the main office first; it is the only point of a centre of which nothing is known. */
export function inOrder(names: ReadonlySet<string>): readonly [string, ...string[]] {
  const [first, ...more] = [...names].filter((point) => point !== MAIN_POINT).sort();
  if (first === undefined) return [MAIN_POINT];
  return names.has(MAIN_POINT) ? [MAIN_POINT, first, ...more] : [first, ...more];
}

/** The last words of the reception points of sites that have others than the main office, of those that are points now and were ever heard. */
export async function pointContacts(db: Db): Promise<readonly { readonly site_id: number; readonly point: string; readonly last: number }[]> {
  return db.query(
    `SELECT p.site_id, p.point, ${instantMs("p.last_at")} AS last FROM point_contact AS p JOIN site AS s ON s.site_id = p.site_id
     WHERE p.last_at IS NOT NULL AND p.site_id IN (SELECT site_id FROM agent WHERE point <> $1)
       AND (p.let_in OR s.devices @> jsonb_build_array(jsonb_build_object('point', p.point))
         OR p.point = $1 AND jsonb_path_exists(s.devices, '$[*] ? (!exists(@.point))'))
     ORDER BY p.site_id, p.point = $1 DESC, p.point`,
    [MAIN_POINT],
  );
}

/** Which of some sites have had an agent at another reception point than the main office. */
export async function sitesOfPoints(db: Db, siteIds: readonly number[]): Promise<ReadonlySet<number>> {
  const { site, values } = siteName(siteIds, 1);
  const rows = await db.query<{ site_id: number }>(`SELECT DISTINCT site_id FROM agent WHERE point <> $1 AND site_id = ${site("ANY (($2::text)::int4[])")}`, [
    MAIN_POINT,
    ...(values.length > 0 ? values : [numbersLiteral(siteIds)]),
  ]);
  return new Set(rows.map(({ site_id }) => site_id));
}

/** Which of some sites have, or had, an agent or declare a device at another reception point than the main office. */
export async function sitesWithPoints(db: Db, siteIds: readonly number[]): Promise<ReadonlySet<number>> {
  if (siteIds.length === 0) return new Set();
  // By themselves: Citus joins no distributed table to a list that stands on every node.
  const [agents, declared] = await Promise.all([
    sitesOfPoints(db, siteIds),
    db.query<{ site_id: number }>(
      `SELECT site_id FROM site WHERE site_id = ANY (($1::text)::int4[]) AND jsonb_path_exists(devices, '$[*].point ? (@ != "${MAIN_POINT}")')`,
      [numbersLiteral(siteIds)],
    ),
  ]);
  return new Set([...agents, ...declared.map(({ site_id }) => site_id)]);
}

function isNamed(all: readonly { readonly point?: string | undefined }[]): boolean {
  return all.some((one) => pointOf(one) !== MAIN_POINT);
}

function agentsOf(db: Db, siteIds: readonly number[]): Promise<AgentRow[]> {
  const { site, values } = siteName(siteIds, 0);
  return db.query(
    `SELECT a.site_id, a.agent_id, a.point, ${instantMs("c.first_at")} AS first_ms, ${instantMs("c.last_at")} AS last_ms, ${instantMs("a.enrolled_at")} AS enrolled_ms,
       CASE WHEN a.state = 'revoked' THEN ${instantMs("a.state_changed_at")} END AS revoked_ms
     FROM agent AS a LEFT JOIN contact AS c ON c.site_id = a.site_id AND c.agent_id = a.agent_id WHERE a.site_id = ${site("ANY (($1::text)::int4[])")}`,
    values.length > 0 ? values : [numbersLiteral(siteIds)],
  );
}

function streamsOf(db: Db, siteIds: readonly number[]): Promise<StreamRow[]> {
  const { site, values } = siteName(siteIds, 2);
  return db.query(
    `SELECT t.site_id, a.point, t.stream AS named, run_stream(t.stream)::text AS stream
     FROM stream_state AS t JOIN agent AS a ON a.site_id = t.site_id AND a.agent_id = t.agent_id
     WHERE t.site_id = ${site("ANY (($3::text)::int4[])")} AND a.point <> $1 LIMIT ${SITE_STREAMS_MAX} * $2::int`,
    [MAIN_POINT, siteIds.length, ...(values.length > 0 ? values : [numbersLiteral(siteIds)])],
  );
}

function streamsByPoint(rows: readonly StreamRow[]): ReadonlyMap<string, readonly string[]> {
  return new Map([...Map.groupBy(rows, ({ point }) => point)].map(([point, own]) => [point, own.map(({ stream }) => stream)]));
}

/** The time of the last observation that agents of each point had made by an instant, and that was received by `knownMs`; keys are `<site> <point>`. */
async function heardBy(
  db: Db,
  asked: RunsAsked,
  questions: readonly PointsQuestion[],
  streams: ReadonlyMap<number, readonly StreamRow[]>,
  knownMs: number,
): Promise<ReadonlyMap<string, number>> {
  const siteIds = questions.map(({ site }) => site.siteId);
  const wanted = questions.flatMap(({ site: { siteId }, atMs }) => {
    const byPoint = streamsByPoint(streams.get(siteId) ?? []);
    return [...byPoint, [MAIN_POINT, [...byPoint.values()].flat()] as const].map(([point, own]) => ({ siteId, atMs, point, own }));
  });
  const name = asked.name(siteIds, 6);
  const span = runsOf({
    site: name.site("s.site_id"),
    source: "s.source_id",
    since: "to_timestamp((w.at_ms - $5::float8) / 1000)",
    until: "to_timestamp(w.at_ms / 1000)",
  });
  const rows = await db.query<{ site_id: number; point: string; last_ms: number }>(
    `SELECT w.site_id, w.point, ${instantMs("max(r.taken_at)")} AS last_ms
     FROM unnest(($1::text)::int4[], ($2::text)::text[], ($3::text)::float8[], ($4::text)::text[]) AS w(site_id, point, at_ms, streams)
       JOIN run_source AS s ON s.site_id = ${name.site("w.site_id")}, LATERAL ${span} AS r
     WHERE r.received_at <= to_timestamp($6::float8 / 1000) AND (r.stream = ANY (w.streams::int8[])) <> (w.point = '${MAIN_POINT}') GROUP BY w.site_id, w.point`,
    [
      numbersLiteral(wanted.map(({ siteId }) => siteId)),
      textsLiteral(wanted.map(({ point }) => point)),
      numbersLiteral(wanted.map(({ atMs }) => atMs)),
      textsLiteral(wanted.map(({ own }) => `{${own.join(",")}}`)),
      CONTACT_BACK_MS,
      knownMs,
      ...name.values,
    ],
  );
  return new Map(rows.map(({ site_id, point, last_ms }) => [`${site_id} ${point}`, last_ms]));
}
