import type { Db, Value } from "./db.ts";

/** What a flush writes into one table: a function of the database (migration 0035) and its lists, each as the literal of an array. A part without rows does nothing. */
export type Part = { readonly call: string; readonly types: readonly string[]; readonly lists: readonly string[] };

/** Writes all parts as one statement, in one turn to the server; with a condition that comes first, and whose being false leaves all as it was. */
export async function writeParts(db: Db, parts: readonly Part[], condition?: Part): Promise<boolean> {
  const values: Value[] = [];
  const asked = ({ call, types, lists }: Part) => `${call}(${lists.map((list, place) => `($${values.push(list)}::text)::${types[place]}`).join(", ")})`;
  const first = condition && asked(condition);
  const all = parts.map(asked).join(" AND ");
  // CASE is what PostgreSQL evaluates in a fixed order; AND is not.
  const [row] = await db.query<{ done: boolean }>(`SELECT ${first ? `CASE WHEN ${first} THEN ${all} ELSE false END` : all} AS done`, values);
  return row?.done === true;
}
