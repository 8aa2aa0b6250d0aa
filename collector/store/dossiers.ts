import type { Db } from "./db.ts";

/** The sealed text of a closed month, when there is one. */
export async function sealedDossier(db: Db, month: string): Promise<string | undefined> {
  const [row] = await db.query<{ body: string }>("SELECT body FROM dossier WHERE month = $1", [month]);
  return row?.body;
}

/** Seals a month. When two do it at once the first stays; gives what is sealed. */
export async function sealDossier(db: Db, month: string, body: string, sha256: string, nowMs: number): Promise<string> {
  await db.query("INSERT INTO dossier (month, sha256, body, sealed_at) VALUES ($1, $2, $3, to_timestamp($4::float8 / 1000)) ON CONFLICT DO NOTHING", [
    month,
    sha256,
    body,
    nowMs,
  ]);
  return (await sealedDossier(db, month)) ?? body;
}
