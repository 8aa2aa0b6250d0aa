import type { Db } from "./db.ts";
import { eq, sql } from "./drizzle.ts";
import { drizzled } from "./drizzle-db.ts";
import { asJsonb, settings } from "./tables.ts";

/** One value of the database's own settings; undefined when it was never set. */
export async function setting(db: Db, key: string): Promise<unknown> {
  const [row] = await drizzled(db, (to) => to.select({ value: settings.value }).from(settings).where(eq(settings.key, key)));
  return row?.value;
}

/** Sets a value for good. */
export async function putSetting(db: Db, key: string, value: unknown): Promise<void> {
  const row = { key, value: asJsonb(value) };
  const replace = { target: settings.key, set: { value: sql`excluded.value` } };
  await drizzled(db, (to) => to.insert(settings).values(row).onConflictDoUpdate(replace));
}

/** A secret text that is made once per database and shared by all collectors on it. */
export async function sharedSecret(db: Db, key: string, make: () => string): Promise<string> {
  await drizzled(db, (to) => to.insert(settings).values({ key, value: make() }).onConflictDoNothing());
  return String(await setting(db, key));
}
