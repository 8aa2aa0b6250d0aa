import { numbersLiteral, textsLiteral } from "./array-literal.ts";
import { type Db, instantMs } from "./db.ts";

/** A site of which every requirement was judged on a Vietnam day, for the first time at `atMs`. */
export type FullyJudged = { readonly siteId: number; readonly day: string; readonly atMs: number };
/** The same as it is read: by the centre's code. */
export type JudgedDay = { readonly centre: string; readonly day: string; readonly firstMs: number };

/** Notes days of sites on which all was judged; what is known stays. */
export async function noteJudgedDays(tx: Db, judged: readonly FullyJudged[]): Promise<void> {
  if (judged.length === 0) return;
  await tx.query(
    `INSERT INTO judged_day (site_id, day, first_at) SELECT r.site_id, r.day, to_timestamp(r.ms / 1000)
     FROM unnest(($1::text)::int4[], ($2::text)::date[], ($3::text)::float8[]) AS r(site_id, day, ms) ON CONFLICT DO NOTHING`,
    [numbersLiteral(judged.map(({ siteId }) => siteId)), textsLiteral(judged.map(({ day }) => day)), numbersLiteral(judged.map(({ atMs }) => atMs))],
  );
}

/** The first day of which anything was noted; undefined before there is one. */
export async function firstJudgedDay(db: Db): Promise<string | undefined> {
  const [row] = await db.query<{ day: string | null }>("SELECT min(day)::text AS day FROM judged_day");
  return row?.day ?? undefined;
}

/** The days from `firstDay` to `lastDay`, both included, on which the centres that are named were judged. */
export async function judgedDays(db: Db, firstDay: string, lastDay: string, codes: readonly string[]): Promise<JudgedDay[]> {
  const rows = await db.query<{ centre: string; day: string; first_ms: number }>(
    `SELECT site.centre_code AS centre, j.day::text AS day, ${instantMs("j.first_at")} AS first_ms FROM judged_day AS j JOIN site USING (site_id)
     WHERE j.day BETWEEN ($1::text)::date AND ($2::text)::date AND site.centre_code = ANY (($3::text)::text[])`,
    [firstDay, lastDay, textsLiteral(codes)],
  );
  return rows.map(({ centre, day, first_ms }) => ({ centre, day, firstMs: first_ms }));
}

/** Forgets the days before this one. */
export async function forgetJudgedBefore(db: Db, day: string): Promise<void> {
  await db.query("DELETE FROM judged_day WHERE day < ($1::text)::date", [day]);
}
