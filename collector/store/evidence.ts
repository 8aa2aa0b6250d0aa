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
  /** Eleven megabytes, made for the first evidence. */
  #known: KnownEvidence | undefined;

  forget(): void {
    this.#known = undefined;
  }

  /** Stores what is new, and once a day that known evidence is still told; gives the id at the place of each. Outside of the flush's transaction. */
  async learn(db: Db, told: readonly ToldEvidence[]): Promise<number[]> {
    if (told.length === 0) return [];
    this.#known ??= new KnownEvidence(CACHE_MAX);
    // What is learnt here was asked before anybody says that the database is another one.
    const known = this.#known;
    const ids: number[] = [];
    const open = new Map<string, OpenEvidence & { readonly digest: Buffer; readonly places: number[] }>();
    for (const [place, { siteId, body, day }] of told.entries()) {
      const text = jsonText(body);
      const digest = hash("sha256", text, "buffer");
      const id = known.idOf({ siteId, digest }, day);
      ids.push(id ?? 0);
      if (id !== undefined) continue;
      const sha256 = digest.toString("hex");
      const name = nameOf(siteId, sha256);
      const places = open.get(name)?.places ?? [];
      places.push(place);
      open.set(name, { siteId, digest, sha256, text, day, places });
    }
    if (open.size === 0) return ids;
    // One order for all writers, so that two of them cannot wait for each other.
    const rows = [...open].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row);
    for (const { site_id: siteId, sha256, id, day } of await storeEvidence(db, rows)) {
      const row = open.get(nameOf(siteId, sha256));
      if (!row) continue;
      known.set(row, id, day);
      for (const place of row.places) ids[place] = id;
      open.delete(nameOf(siteId, sha256));
    }
    for (const name of open.keys()) throw new Error(`evidence ${name} was stored and is not there`);
    return ids;
  }
}

/** Evidence of which memory does not know that the database has it, told on `day`. */
type OpenEvidence = { readonly siteId: number; readonly sha256: string; readonly text: string; readonly day: number };
type StoredEvidence = { readonly site_id: number; readonly sha256: string; readonly id: number; readonly day: number };

/**
 * Looks up what is there, notes that it came again, and makes only what is missing: an id is gone whenever a row is offered, stored or not. They are of four
 * bytes: 3,300 centres with 134 new ones a day each (as in `npm run bench -- storage`) use them up in 13 years.
 */
async function storeEvidence(db: Db, rows: readonly OpenEvidence[]): Promise<StoredEvidence[]> {
  const found = new Map((await findEvidence(db, rows)).map((row) => [nameOf(row.site_id, row.sha256), row]));
  const known = rows.flatMap((row) => {
    const stored = found.get(nameOf(row.siteId, row.sha256));
    return stored ? [{ row, stored }] : [];
  });
  const isCurrent = ({ row, stored }: (typeof known)[number]) => stored.day >= row.day;
  const again = known.filter((one) => !isCurrent(one)).map(({ row }) => row);
  const stored = [...known.filter(isCurrent).map((one) => one.stored), ...(await toldAgain(db, again))];
  const names = new Set(stored.map((row) => nameOf(row.site_id, row.sha256)));
  // Also what was forgotten since it was found.
  const missing = rows.filter((row) => !names.has(nameOf(row.siteId, row.sha256)));
  return [...stored, ...(await makeEvidence(db, missing))];
}

function findEvidence(db: Db, rows: readonly OpenEvidence[]): Promise<StoredEvidence[]> {
  return db.query<StoredEvidence>(
    `SELECT e.site_id, encode(e.sha256, 'hex') AS sha256, e.evidence_id AS id, e.last_day - date '1970-01-01' AS day
     FROM unnest(($1::text)::int4[], ($2::text)::text[]) AS w(site_id, sha256) JOIN evidence AS e ON e.site_id = w.site_id AND e.sha256 = decode(w.sha256, 'hex')`,
    keysOf(rows),
  );
}

async function toldAgain(db: Db, rows: readonly OpenEvidence[]): Promise<StoredEvidence[]> {
  if (rows.length === 0) return [];
  return db.query<StoredEvidence>(
    `UPDATE evidence AS e SET last_day = greatest(e.last_day, date '1970-01-01' + w.day)
     FROM unnest(($1::text)::int4[], ($2::text)::text[], ($3::text)::int4[]) AS w(site_id, sha256, day)
     WHERE e.site_id = w.site_id AND e.sha256 = decode(w.sha256, 'hex')
     RETURNING e.site_id, encode(e.sha256, 'hex') AS sha256, e.evidence_id AS id, e.last_day - date '1970-01-01' AS day`,
    [...keysOf(rows), numbersLiteral(rows.map(({ day }) => day))],
  );
}

async function makeEvidence(db: Db, rows: readonly OpenEvidence[]): Promise<StoredEvidence[]> {
  if (rows.length === 0) return [];
  return db.query<StoredEvidence>(
    `INSERT INTO evidence AS e (site_id, sha256, body, last_day)
     SELECT site_id, decode(sha256, 'hex'), body::jsonb, date '1970-01-01' + day
     FROM unnest(($1::text)::int4[], ($2::text)::text[], ($3::text)::text[], ($4::text)::int4[]) AS r(site_id, sha256, body, day)
     ON CONFLICT (site_id, sha256) DO UPDATE SET last_day = greatest(e.last_day, excluded.last_day)
     RETURNING site_id, encode(e.sha256, 'hex') AS sha256, evidence_id AS id, last_day - date '1970-01-01' AS day`,
    [...keysOf(rows), textsLiteral(rows.map(({ text }) => text)), numbersLiteral(rows.map(({ day }) => day))],
  );
}

function keysOf(rows: readonly OpenEvidence[]): string[] {
  return [numbersLiteral(rows.map(({ siteId }) => siteId)), textsLiteral(rows.map(({ sha256 }) => sha256))];
}

function nameOf(siteId: number, sha256: string): string {
  return `${siteId} ${sha256}`;
}

/** Forgets evidence that no run of the days since has told (ISO date, UTC). */
export async function forgetEvidenceBefore(db: Db, day: string): Promise<void> {
  await db.query("DELETE FROM evidence WHERE last_day < ($1::text)::date", [day]);
}
