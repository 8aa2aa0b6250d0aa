import { PGlite, types } from "@electric-sql/pglite";
import type { Db, Value } from "../../collector/store/db.ts";

/** The database of unit tests: PostgreSQL inside this process, in memory, behind the same port as the server. Never for data that matters: it does not sync. */
export type PgliteDb = Db & { close(): Promise<void> };

/** Opens an empty database. Takes some seconds: once per file. */
export async function openPglite(): Promise<PgliteDb> {
  return behind(await PGlite.create({ parsers: { [types.INT8]: String } }));
}

/** A database in this process behind the port of the store. */
export async function behind(pglite: Pick<PGlite, "query" | "exec" | "transaction" | "close">): Promise<PgliteDb> {
  await pglite.exec("SET timezone = 'UTC'");
  return { ...dbOf(pglite, (work) => pglite.transaction((tx) => work(inside(tx)))), close: () => pglite.close() };
}

function inside(tx: Pick<PGlite, "query" | "exec">): Db {
  const own: Db = dbOf(tx, async (work) => {
    await tx.exec("SAVEPOINT part");
    try {
      const result = await work(own);
      await tx.exec("RELEASE SAVEPOINT part");
      return result;
    } catch (error) {
      await tx.exec("ROLLBACK TO SAVEPOINT part; RELEASE SAVEPOINT part");
      throw error;
    }
  });
  return own;
}

function dbOf(runner: Pick<PGlite, "query" | "exec">, transaction: Db["transaction"]): Db {
  return {
    query: async <Row extends object>(statement: string, values: readonly Value[] = []) => (await runner.query<Row>(statement, [...values])).rows,
    rows: async (statement, values = []) => (await runner.query<unknown[]>(statement, [...values], { rowMode: "array" })).rows,
    transaction,
    script: async (statements) => {
      await runner.exec(statements);
    },
    // PGlite has no stream of a COPY; it reads and writes a file of this name.
    copyIn: async (statement, chunks) => {
      const parts: Uint8Array<ArrayBuffer>[] = [];
      for await (const chunk of chunks) parts.push(new Uint8Array(chunk));
      await runner.query(statement.replace(/FROM STDIN$/, "FROM '/dev/blob'"), [], { blob: new Blob(parts) });
    },
    copyOut: async function* (statement) {
      const { blob } = await runner.query(statement.replace(/TO STDOUT$/, "TO '/dev/blob'"));
      if (blob) yield Buffer.from(await blob.arrayBuffer());
    },
  };
}
