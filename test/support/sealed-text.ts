import type { Db } from "../../collector/store/db.ts";

/** What is sealed of a month, as it was written; undefined when nothing is. */
export async function sealedText(db: Db, month: string): Promise<string | undefined> {
  const [row] = await db.query<{ body: string }>("SELECT body FROM dossier WHERE month = $1", [month]);
  return row?.body;
}
