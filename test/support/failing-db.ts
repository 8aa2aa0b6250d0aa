import type { Db } from "../../collector/store/db.ts";

/** A database that may refuse a statement, with an error: `refuses` sees each one, with its place among those of its transaction (0 outside of any). */
export function failingDb(db: Db, refuses: (statement: string, place: number) => boolean, error: Error = new Error("the database failed in the middle")): Db {
  const guarded = (inner: Db, next: () => number): Db => {
    const ask = (statement: string) => {
      if (refuses(statement, next())) throw error;
    };
    return {
      ...inner,
      query: async (statement, values) => {
        ask(statement);
        return inner.query(statement, values);
      },
      rows: async (statement, values) => {
        ask(statement);
        return inner.rows(statement, values);
      },
      transaction: (work) =>
        inner.transaction((tx) => {
          let place = 0;
          return work(guarded(tx, () => ++place));
        }),
    };
  };
  return guarded(db, () => 0);
}
