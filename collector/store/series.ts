import { numbersLiteral, textsLiteral } from "./array-literal.ts";
import type { Db } from "./db.ts";

/** What makes a series: `labels` is JSON text with sorted keys. */
export type SeriesKey = { readonly siteId: number; readonly metric: string; readonly target: string; readonly labels: string };

/** Most series that stay in memory; past that the cache starts anew. 3,300 sites with 200 series each stay below. */
const CACHE_MAX = 1_000_000;

/** Ids of series, cached; a miss is inserted once for all that a flush brings. */
export class SeriesIds {
  readonly #ids = new Map<string, number>();

  /** The id of a known series; undefined before `learn` has seen it. */
  idOf(key: SeriesKey): number | undefined {
    return this.#ids.get(nameOf(key));
  }

  /** Reads or makes the ids of all keys that are not cached. Runs outside of the flush's transaction: an id without samples does no harm. */
  async learn(db: Db, keys: Iterable<SeriesKey>): Promise<void> {
    const missing = new Map<string, SeriesKey>();
    for (const key of keys) if (!this.#ids.has(nameOf(key))) missing.set(nameOf(key), key);
    if (missing.size === 0) return;
    if (this.#ids.size + missing.size > CACHE_MAX) this.#ids.clear();
    const wanted = [...missing.values()].sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
    const columns = [
      numbersLiteral(wanted.map(({ siteId }) => siteId)),
      textsLiteral(wanted.map(({ metric }) => metric)),
      textsLiteral(wanted.map(({ target }) => target)),
      textsLiteral(wanted.map(({ labels }) => labels)),
    ];
    await db.query(
      `INSERT INTO series (site_id, metric, target, labels)
       SELECT w.site_id, w.metric, w.target, w.labels::jsonb
       FROM unnest(($1::text)::int4[], ($2::text)::text[], ($3::text)::text[], ($4::text)::text[]) AS w(site_id, metric, target, labels)
       ON CONFLICT DO NOTHING`,
      columns,
    );
    const rows = await db.query<{ place: number; series_id: number }>(
      `SELECT w.place::int AS place, s.series_id
       FROM unnest(($1::text)::int4[], ($2::text)::text[], ($3::text)::text[], ($4::text)::text[]) WITH ORDINALITY AS w(site_id, metric, target, labels, place)
       JOIN series s ON s.site_id = w.site_id AND s.metric = w.metric AND s.target = w.target AND s.labels = w.labels::jsonb`,
      columns,
    );
    for (const { place, series_id } of rows) {
      const key = wanted[place - 1];
      if (key) this.#ids.set(nameOf(key), series_id);
    }
  }
}

function nameOf({ siteId, metric, target, labels }: SeriesKey): string {
  return `${siteId} ${metric} ${target} ${labels}`;
}
