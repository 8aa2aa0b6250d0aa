import { numbersLiteral, textsLiteral } from "./array-literal.ts";
import type { Db } from "./db.ts";
import { NamedIds } from "./named-ids.ts";

/** What makes a series (`labels` is JSON text with sorted keys), and the source of runs that tells it now. */
export type SeriesKey = {
  readonly siteId: number;
  readonly sourceId: number;
  /** Whether the source has the target of the series: not for what is beyond the targets that a site may have, which share one. */
  readonly isOwn: boolean;
  readonly metric: string;
  readonly target: string;
  readonly labels: string;
  /** The reception point that it is of; empty for the main office's, and for what names a device. */
  readonly point: string;
};

/** Most series that stay in memory; past that the cache starts anew. 3,300 sites with 200 series each stay below. */
const CACHE_MAX = 1_000_000;

/** Most series of one site. A large centre has some hundreds; a broken or hostile device that invents names must not fill the database. */
export const SITE_SERIES_MAX = 5_000;

/** Ids of series, cached; a miss is inserted once for all that a flush brings. */
export class SeriesIds {
  readonly #ids = new NamedIds(CACHE_MAX);
  /** Where those series have their newest values that another source told first. */
  readonly #homes = new Map<number, number>();

  /** The id of a series that is in memory, by the source of its target that tells it. */
  idOf(sourceId: number, metric: string, labels: string, point: string): number | undefined {
    return this.#ids.get(sourceId, ownNameOf(metric, labels, point));
  }

  forget(): void {
    this.#ids.forget();
    this.#homes.clear();
  }

  /** The source in whose row a series has its newest value: nearly always the one that tells it. */
  readonly homeOf = (seriesId: number, sourceId: number): number => this.#homes.get(seriesId) ?? sourceId;

  /**
   * Reads or makes the ids of keys that are not in memory; gives the id at the place of each key. A site that has as many series as it may gets no
   * new ones: undefined. Runs outside of the flush's transaction: an id without samples does no harm.
   */
  async learn(db: Db, keys: readonly SeriesKey[]): Promise<(number | undefined)[]> {
    const wanted = new Map<string, SeriesKey>();
    for (const key of keys) wanted.set(fullNameOf(key), key);
    // One order for all writers, so that two of them cannot wait for each other.
    const sorted = [...wanted].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, key]) => key);
    const found = await readSeries(db, sorted);
    const fresh = sorted.filter((key) => !found.has(fullNameOf(key)));
    const room = fresh.length > 0 ? await roomOf(db, fresh) : new Map<number, number>();
    const allowed = fresh.filter(({ siteId }) => {
      const left = room.get(siteId) ?? 0;
      room.set(siteId, left - 1);
      return left > 0;
    });
    if (allowed.length > 0) {
      await db.query(
        `INSERT INTO series (site_id, source_id, metric, target, labels, point)
         SELECT w.site_id, w.source_id, w.metric, w.target, w.labels::jsonb, w.point FROM ${keysAs("w")} ON CONFLICT DO NOTHING`,
        columnsOf(allowed),
      );
      for (const [name, known] of await readSeries(db, allowed)) found.set(name, known);
    }
    for (const [name, key] of wanted) {
      const known = found.get(name);
      if (!known) continue;
      if (key.isOwn) this.#ids.set(key.sourceId, ownNameOf(key.metric, key.labels, key.point), known.seriesId);
      if (known.home !== key.sourceId) this.#homes.set(known.seriesId, known.home);
    }
    return keys.map((key) => found.get(fullNameOf(key))?.seriesId);
  }
}

type Known = { readonly seriesId: number; readonly home: number };

/** The series that are there, by their names. */
async function readSeries(db: Db, keys: readonly SeriesKey[]): Promise<Map<string, Known>> {
  const rows = await db.query<Known & { place: number }>(
    `SELECT w.place::int AS place, s.series_id AS "seriesId", s.source_id AS home FROM ${keysAs("w")}
     JOIN series s ON s.site_id = w.site_id AND s.metric = w.metric AND s.target = w.target AND s.labels = w.labels::jsonb AND s.point = w.point`,
    columnsOf(keys),
  );
  return new Map(
    rows.flatMap(({ place, ...known }) => {
      const key = keys[place - 1];
      return key ? [[fullNameOf(key), known]] : [];
    }),
  );
}

/** How many more series each site may have. */
async function roomOf(db: Db, keys: readonly SeriesKey[]): Promise<Map<number, number>> {
  const sites = [...new Set(keys.map(({ siteId }) => siteId))];
  const rows = await db.query<{ site_id: number; n: number }>(
    "SELECT site_id, count(*)::int AS n FROM series WHERE site_id = ANY (($1::text)::int4[]) GROUP BY 1",
    [numbersLiteral(sites)],
  );
  const counts = new Map(rows.map(({ site_id, n }) => [site_id, n]));
  return new Map(sites.map((site) => [site, SITE_SERIES_MAX - (counts.get(site) ?? 0)]));
}

function columnsOf(keys: readonly SeriesKey[]): string[] {
  return [
    numbersLiteral(keys.map(({ siteId }) => siteId)),
    numbersLiteral(keys.map(({ sourceId }) => sourceId)),
    textsLiteral(keys.map(({ metric }) => metric)),
    textsLiteral(keys.map(({ target }) => target)),
    textsLiteral(keys.map(({ labels }) => labels)),
    textsLiteral(keys.map(({ point }) => point)),
  ];
}

function keysAs(name: string): string {
  return `unnest(($1::text)::int4[], ($2::text)::int4[], ($3::text)::text[], ($4::text)::text[], ($5::text)::text[], ($6::text)::text[])
    WITH ORDINALITY AS ${name}(site_id, source_id, metric, target, labels, point, place)`;
}

/** Names a series among those of its source's target. Most are their metric's own text, whose hash is known. */
function ownNameOf(metric: string, labels: string, point: string): string {
  if (point !== "") return `${metric} ${labels} ${point}`;
  return labels === "{}" ? metric : `${metric} ${labels}`;
}

/** A source belongs to one site. */
function fullNameOf({ sourceId, metric, target, labels, point }: SeriesKey): string {
  return `${sourceId} ${metric} ${target} ${labels} ${point}`;
}
