import type { Db } from "./db.ts";
import { jsonText } from "./json-text.ts";

/** One value of the database's own settings; undefined when it was never set. */
export async function setting(db: Db, key: string): Promise<unknown> {
  const [row] = await db.query<{ value: unknown }>("SELECT value FROM setting WHERE key = $1", [key]);
  return row?.value;
}

/** Sets a value for good. */
export async function putSetting(db: Db, key: string, value: unknown): Promise<void> {
  await db.query("INSERT INTO setting (key, value) VALUES ($1, ($2::text)::jsonb) ON CONFLICT (key) DO UPDATE SET value = excluded.value", [
    key,
    jsonText(value),
  ]);
}

/** A secret text that is made once per database and shared by all collectors on it. */
export async function sharedSecret(db: Db, key: string, make: () => string): Promise<string> {
  await db.query("INSERT INTO setting (key, value) VALUES ($1, ($2::text)::jsonb) ON CONFLICT DO NOTHING", [key, jsonText(make())]);
  return String(await setting(db, key));
}
