import type { Db, Value } from "./db.ts";

/** What a flush writes into one table: a function of the database (migration 0035) and its lists, each as the literal of an array. A part without rows does nothing. */
export type Part = { readonly call: string; readonly types: readonly string[]; readonly lists: readonly string[] };

/** The server that answers, and the database of it. Never the same after a failover or a restore, and a new one after a restart as well. */
const serverName = "pg_postmaster_start_time()::text || (SELECT oid FROM pg_database WHERE datname = current_database())";

/** Another server answers than the one whose ids were to be written; nothing was. */
export class OtherServer extends Error {
  override readonly name = "OtherServer";
}

/** The name by which a flush knows its server again. */
export async function askServer(db: Db): Promise<string> {
  const [row] = await db.query<{ name: string }>(`SELECT ${serverName} AS name`);
  return row?.name ?? "";
}

type Demands = {
  /** Comes first; its being false leaves all as it was. */
  readonly condition?: Part | undefined;
  /** From `askServer`: the ids in the parts are those of this one. */
  readonly server?: string | undefined;
};

/** Writes all parts as one statement, in one turn to the server. False where the condition was. @throws OtherServer */
export async function writeParts(db: Db, parts: readonly Part[], { condition, server }: Demands = {}): Promise<boolean> {
  const values: Value[] = [];
  const asked = ({ call, types, lists }: Part) => `${call}(${lists.map((list, place) => `($${values.push(list)}::text)::${types[place]}`).join(", ")})`;
  const first = condition ? asked(condition) : "true";
  const all = parts.map(asked).join(" AND ");
  const isOther = server === undefined ? "false" : `${serverName} <> $${values.push(server)}`;
  // CASE is what PostgreSQL evaluates in a fixed order; AND is not.
  const [row] = await db.query<{ done: boolean | null }>(`SELECT CASE WHEN ${isOther} THEN NULL WHEN ${first} THEN ${all} ELSE false END AS done`, values);
  if (row?.done === null) throw new OtherServer("another database server answers than before");
  return row?.done === true;
}
