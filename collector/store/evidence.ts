import { hash } from "node:crypto";
import type { Evidence } from "#schemas/observation.ts";
import { numbersLiteral, textsLiteral } from "./array-literal.ts";
import type { Db } from "./db.ts";
import { jsonText } from "./json-text.ts";
import { KnownEvidence } from "./known-evidence.ts";

/** Evidence of one site, told by a run that arrived on `day` (days since 1970, UTC). */
export type ToldEvidence = { readonly siteId: number; readonly body: Evidence; readonly day: number };

/** Most ids that stay in memory; past that the cache starts anew. */
const CACHE_MAX = 200_000;

/** Ids of evidence: equal evidence of a site stands once. In memory by its hash, with the last day on which the database was told that it came. */
export class EvidenceIds {
  readonly #known = new KnownEvidence(CACHE_MAX);

  forget(): void {
    this.#known.forget();
  }

  /** Stores what is new, and once a day that known evidence is still told; gives the id at the place of each. Outside of the flush's transaction. */
  async learn(db: Db, told: readonly ToldEvidence[]): Promise<number[]> {
    const ids: number[] = [];
    const open = new Map<string, { siteId: number; digest: Buffer; sha256: string; text: string; day: number; places: number[] }>();
    for (const [place, { siteId, body, day }] of told.entries()) {
      const text = jsonText(body);
      const digest = hash("sha256", text, "buffer");
      const id = this.#known.idOf({ siteId, digest }, day);
      ids.push(id ?? 0);
      if (id !== undefined) continue;
      const sha256 = digest.toString("hex");
      const name = `${siteId} ${sha256}`;
      const places = open.get(name)?.places ?? [];
      places.push(place);
      open.set(name, { siteId, digest, sha256, text, day, places });
    }
    if (open.size === 0) return ids;
    // One order for all writers, so that two of them cannot wait for each other.
    const rows = [...open].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row);
    const stored = await db.query<{ site_id: number; sha256: string; id: number; day: number }>(
      `INSERT INTO evidence AS e (site_id, sha256, body, last_day)
       SELECT site_id, decode(sha256, 'hex'), body::jsonb, date '1970-01-01' + day
       FROM unnest(($1::text)::int4[], ($2::text)::text[], ($3::text)::text[], ($4::text)::int4[]) AS r(site_id, sha256, body, day)
       ON CONFLICT (site_id, sha256) DO UPDATE SET last_day = greatest(e.last_day, excluded.last_day)
       RETURNING site_id, encode(e.sha256, 'hex') AS sha256, evidence_id AS id, last_day - date '1970-01-01' AS day`,
      [
        numbersLiteral(rows.map(({ siteId }) => siteId)),
        textsLiteral(rows.map(({ sha256 }) => sha256)),
        textsLiteral(rows.map(({ text }) => text)),
        numbersLiteral(rows.map(({ day }) => day)),
      ],
    );
    for (const { site_id: siteId, sha256, id, day } of stored) {
      const row = open.get(`${siteId} ${sha256}`);
      if (!row) continue;
      this.#known.set(row, id, day);
      for (const place of row.places) ids[place] = id;
      open.delete(`${siteId} ${sha256}`);
    }
    for (const name of open.keys()) throw new Error(`evidence ${name} was stored and is not there`);
    return ids;
  }
}

/** Forgets evidence that no run of the days since has told (ISO date, UTC). */
export async function forgetEvidenceBefore(db: Db, day: string): Promise<void> {
  await db.query("DELETE FROM evidence WHERE last_day < ($1::text)::date", [day]);
}
