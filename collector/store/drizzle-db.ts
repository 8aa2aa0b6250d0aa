import type { PgRemoteDatabase } from "drizzle-orm/pg-proxy";
import type { Db } from "./db.ts";
import { DrizzleQueryError, drizzle } from "./drizzle.ts";

/**
 * Runs one statement that drizzle builds from tables.ts, on any `Db`, also inside its transaction: `drizzled(tx, (to) => to.insert(...).values(...))`.
 * It goes through the port and not through drizzle's own driver for postgres.js, which rewrites the date serializers of the client that it is given
 * and cannot take over a transaction that has begun.
 * @throws what the database's driver threw: drizzle's own error carries the values, secrets among them, in its message.
 */
export async function drizzled<T>(db: Db, statement: (to: PgRemoteDatabase) => PromiseLike<T>): Promise<T> {
  try {
    return await statement(drizzle(async (text, values) => ({ rows: await db.rows(text, values) })));
  } catch (cause) {
    throw cause instanceof DrizzleQueryError ? (cause.cause ?? cause) : cause;
  }
}
