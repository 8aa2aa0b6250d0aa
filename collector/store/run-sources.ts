import { numbersLiteral, textsLiteral } from "./array-literal.ts";
import type { Db } from "./db.ts";
import { NamedIds } from "./named-ids.ts";

/** What runs are made of: `target` is empty where the probe has none. */
export type SourceKey = { readonly siteId: number; readonly probe: string; readonly target: string };

/** Most sources that stay in memory; past that the cache starts anew. 3,300 sites with 30 sources each stay below. */
const CACHE_MAX = 300_000;

/** Most targets of one site. A large centre has some dozens; a broken or hostile agent that invents names must not fill the database. */
export const SITE_SOURCES_MAX = 1_000;

/** Ids of run sources, cached; a miss is read or made once for all that a flush brings. */
export class RunSources {
  readonly #ids = new NamedIds(CACHE_MAX);

  /** The id of a source that is in memory. */
  idOf(key: SourceKey): number | undefined {
    return this.#ids.get(key.siteId, nameOf(key));
  }

  forget(): void {
    this.#ids.forget();
  }

  /**
   * Reads or makes the ids of keys that are not in memory; gives the id at the place of each key. Undefined for a target of a site that has as many
   * as it may; a source without a target is always made. Runs outside of the flush's transaction: an id without runs does no harm.
   */
  async learn(db: Db, keys: readonly SourceKey[]): Promise<(number | undefined)[]> {
    const wanted = new Map<string, SourceKey>();
    for (const key of keys) wanted.set(fullNameOf(key), key);
    // One order for all writers, so that two of them cannot wait for each other.
    const sorted = [...wanted].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, key]) => key);
    const found = await readIds(db, sorted);
    const fresh = sorted.filter((key) => !found.has(fullNameOf(key)));
    if (fresh.length > 0) {
      await makeSources(db, fresh);
      for (const [name, id] of await readIds(db, fresh)) found.set(name, id);
    }
    for (const [name, key] of wanted) {
      const id = found.get(name);
      if (id !== undefined) this.#ids.set(key.siteId, nameOf(key), id);
    }
    return keys.map((key) => found.get(fullNameOf(key)));
  }
}

async function readIds(db: Db, keys: readonly SourceKey[]): Promise<Map<string, number>> {
  const rows = await db.query<{ place: number; source_id: number }>(
    `SELECT w.place::int AS place, s.source_id FROM ${keysAs("w")}
     JOIN run_source AS s ON s.site_id = w.site_id AND s.probe = w.probe AND s.target = w.target`,
    columnsOf(keys),
  );
  return new Map(
    rows.flatMap(({ place, source_id }) => {
      const key = keys[place - 1];
      return key ? [[fullNameOf(key), source_id]] : [];
    }),
  );
}

async function makeSources(db: Db, keys: readonly SourceKey[]): Promise<void> {
  await db.query(
    `INSERT INTO run_source (site_id, probe, target)
     SELECT site_id, probe, target FROM (
       SELECT w.*, count(*) FILTER (WHERE w.target <> '') OVER (PARTITION BY w.site_id ORDER BY w.place)
         + (SELECT count(*) FROM run_source AS s WHERE s.site_id = w.site_id) AS nth FROM ${keysAs("w")}
     ) AS fresh WHERE target = '' OR nth <= ${SITE_SOURCES_MAX} ORDER BY place
     ON CONFLICT DO NOTHING`,
    columnsOf(keys),
  );
}

function columnsOf(keys: readonly SourceKey[]): string[] {
  return [numbersLiteral(keys.map(({ siteId }) => siteId)), textsLiteral(keys.map(({ probe }) => probe)), textsLiteral(keys.map(({ target }) => target))];
}

function keysAs(name: string): string {
  return `unnest(($1::text)::int4[], ($2::text)::text[], ($3::text)::text[]) WITH ORDINALITY AS ${name}(site_id, probe, target, place)`;
}

/** Names a source within its site. */
function nameOf({ probe, target }: SourceKey): string {
  return `${probe} ${target}`;
}

function fullNameOf(key: SourceKey): string {
  return `${key.siteId} ${nameOf(key)}`;
}
