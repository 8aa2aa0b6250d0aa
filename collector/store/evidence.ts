import { createHash } from "node:crypto";
import type { Evidence } from "#schemas/observation.ts";
import { numbersLiteral, textsLiteral } from "./array-literal.ts";
import type { Db } from "./db.ts";
import { jsonText } from "./json-text.ts";

/** Evidence of one site, told by a run that arrived on `day` (ISO date, UTC). */
export type ToldEvidence = { readonly siteId: number; readonly body: Evidence; readonly day: string };
type Known = { readonly id: number; readonly day: string };

/** Most ids that stay in memory; past that the cache starts anew. */
const CACHE_MAX = 200_000;

/** Ids of evidence: equal evidence of a site stands once. In memory by its hash, with the last day on which the database was told that it came. */
export class EvidenceIds {
  readonly #known = new Map<string, Known>();

  /** Stores what is new, and once a day that known evidence is still told; gives the id at the place of each. Outside of the flush's transaction. */
  async learn(db: Db, told: readonly ToldEvidence[]): Promise<number[]> {
    const named = told.map(({ siteId, body, day }) => {
      const text = jsonText(body);
      const sha256 = createHash("sha256").update(text).digest("hex");
      return { name: `${siteId} ${sha256}`, siteId, sha256, text, day };
    });
    const found = new Map<string, Known>();
    const open = new Map<string, (typeof named)[number]>();
    for (const one of named) {
      const known = this.#known.get(one.name);
      if (known && known.day >= one.day) found.set(one.name, known);
      else open.set(one.name, one);
    }
    // One order for all writers, so that two of them cannot wait for each other.
    const rows = [...open.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
    if (rows.length > 0) {
      const stored = await db.query<{ site_id: number; sha256: string; id: number; day: string }>(
        `INSERT INTO evidence AS e (site_id, sha256, body, last_day)
         SELECT site_id, decode(sha256, 'hex'), body::jsonb, day::date
         FROM unnest(($1::text)::int4[], ($2::text)::text[], ($3::text)::text[], ($4::text)::text[]) AS r(site_id, sha256, body, day)
         ON CONFLICT (site_id, sha256) DO UPDATE SET last_day = greatest(e.last_day, excluded.last_day)
         RETURNING site_id, encode(e.sha256, 'hex') AS sha256, evidence_id AS id, last_day::text AS day`,
        [
          numbersLiteral(rows.map(({ siteId }) => siteId)),
          textsLiteral(rows.map(({ sha256 }) => sha256)),
          textsLiteral(rows.map(({ text }) => text)),
          textsLiteral(rows.map(({ day }) => day)),
        ],
      );
      if (this.#known.size + stored.length > CACHE_MAX) this.#known.clear();
      for (const { site_id, sha256, id, day } of stored) {
        const name = `${site_id} ${sha256}`;
        found.set(name, { id, day });
        this.#known.set(name, { id, day });
      }
    }
    return named.map(({ name }) => {
      const known = found.get(name);
      if (!known) throw new Error(`evidence ${name} was stored and is not there`);
      return known.id;
    });
  }
}

/** Forgets evidence that no run of the days since has told (ISO date, UTC). */
export async function forgetEvidenceBefore(db: Db, day: string): Promise<void> {
  await db.query("DELETE FROM evidence WHERE last_day < ($1::text)::date", [day]);
}
