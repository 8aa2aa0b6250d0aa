import type { Db } from "../../collector/store/db.ts";

/** Lets the server of a database write without waiting for its disk: for one that no test crashes. */
export async function withoutSync(db: Db): Promise<void> {
  for (const setting of ["fsync", "full_page_writes"]) await db.script(`ALTER SYSTEM SET ${setting} = off`);
  await db.script("SELECT pg_reload_conf()");
}
