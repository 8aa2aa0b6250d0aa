import { numbersLiteral, textsLiteral } from "./array-literal.ts";
import type { Db } from "./db.ts";
import { SiteIds } from "./site-ids.ts";

/** What makes a series: `labels` is JSON text with sorted keys. */
export type SeriesKey = { readonly siteId: number; readonly metric: string; readonly target: string; readonly labels: string };

/** Most series that stay in memory; past that the cache starts anew. 3,300 sites with 200 series each stay below. */
const CACHE_MAX = 1_000_000;

/** Most series of one site. A large centre has some hundreds; a broken or hostile device that invents names must not fill the database. */
export const SITE_SERIES_MAX = 5_000;

/** Ids of series, cached; a miss is inserted once for all that a flush brings. */
export class SeriesIds {
  readonly #ids = new SiteIds(CACHE_MAX);

  /** The id of a series that is in memory. */
  idOf(key: SeriesKey): number | undefined {
    return this.#ids.get(key.siteId, nameOf(key));
  }

  /**
   * Reads or makes the ids of keys that are not in memory; gives the id at the place of each key. A site that has as many series as it may gets no
   * new ones: undefined. Runs outside of the flush's transaction: an id without samples does no harm.
   */
  async learn(db: Db, keys: readonly SeriesKey[]): Promise<(number | undefined)[]> {
    const wanted = new Map<string, SeriesKey>();
    for (const key of keys) wanted.set(fullNameOf(key), key);
    // One order for all writers, so that two of them cannot wait for each other.
    const sorted = [...wanted].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, key]) => key);
    const found = await readIds(db, sorted);
    const fresh = sorted.filter((key) => !found.has(fullNameOf(key)));
    const room = fresh.length > 0 ? await roomOf(db, fresh) : new Map<number, number>();
    const allowed = fresh.filter(({ siteId }) => {
      const left = room.get(siteId) ?? 0;
      room.set(siteId, left - 1);
      return left > 0;
    });
    if (allowed.length > 0) {
      await db.query(
        `INSERT INTO series (site_id, metric, target, labels) SELECT w.site_id, w.metric, w.target, w.labels::jsonb FROM ${keysAs("w")} ON CONFLICT DO NOTHING`,
        columnsOf(allowed),
      );
      for (const [name, id] of await readIds(db, allowed)) found.set(name, id);
    }
    for (const [name, key] of wanted) {
      const id = found.get(name);
      if (id !== undefined) this.#ids.set(key.siteId, nameOf(key), id);
    }
    return keys.map((key) => found.get(fullNameOf(key)));
  }
}

/** The ids of the series that are there, by their names. */
async function readIds(db: Db, keys: readonly SeriesKey[]): Promise<Map<string, number>> {
  const rows = await db.query<{ place: number; series_id: number }>(
    `SELECT w.place::int AS place, s.series_id FROM ${keysAs("w")}
     JOIN series s ON s.site_id = w.site_id AND s.metric = w.metric AND s.target = w.target AND s.labels = w.labels::jsonb`,
    columnsOf(keys),
  );
  return new Map(
    rows.flatMap(({ place, series_id }) => {
      const key = keys[place - 1];
      return key ? [[fullNameOf(key), series_id]] : [];
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
    textsLiteral(keys.map(({ metric }) => metric)),
    textsLiteral(keys.map(({ target }) => target)),
    textsLiteral(keys.map(({ labels }) => labels)),
  ];
}

function keysAs(name: string): string {
  return `unnest(($1::text)::int4[], ($2::text)::text[], ($3::text)::text[], ($4::text)::text[]) WITH ORDINALITY AS ${name}(site_id, metric, target, labels, place)`;
}

/** Names a series within its site. */
function nameOf({ metric, target, labels }: SeriesKey): string {
  return `${metric} ${target} ${labels}`;
}

function fullNameOf(key: SeriesKey): string {
  return `${key.siteId} ${nameOf(key)}`;
}
