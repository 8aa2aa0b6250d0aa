/**
 * The one way to the database. Both the server's driver and the in-process database of unit tests stand behind it.
 * Statements use $1, $2 ... Values go as text, number, boolean or null and are cast in the statement where their type matters:
 * `($1::text)::jsonb` for JSON, `($1::text)::int4[]` for array literals, `to_timestamp($1 / 1000.0)` for ms since the epoch.
 */
export type Db = {
  /** Runs one statement and gives its rows. Ask for instants as ms (`instantMs`), never as the driver's own type. */
  query<Row extends object = Record<string, unknown>>(statement: string, values?: readonly Value[]): Promise<Row[]>;
  /** The same, with each row as its values in the order of the columns: what drizzle asks for, as two columns of a join may share a name. */
  rows(statement: string, values?: readonly Value[]): Promise<unknown[][]>;
  /**
   * Runs `work` on one connection between BEGIN and COMMIT; rolls back when it throws. Inside of another transaction it is a part of that one, which
   * is undone alone when it throws; no two parts run at once.
   */
  transaction<T>(work: (db: Db) => Promise<T>): Promise<T>;
  /** Runs several statements without parameters: migrations. */
  script(statements: string): Promise<void>;
  /** COPY ... FROM STDIN (FORMAT binary), where the driver can. Only inside a transaction. */
  copyBinary?(statement: string, rows: Buffer): Promise<void>;
  /** COPY ... FROM STDIN of a stream, where the driver can. Only inside a transaction. */
  copyIn?(statement: string, chunks: AsyncIterable<Buffer>): Promise<void>;
  /** COPY ... TO STDOUT as a stream that waits for its reader, where the driver can. Only inside a transaction; takes a second connection when it is left early. */
  copyOut?(statement: string): AsyncIterable<Buffer>;
};
export type Value = string | number | boolean | null;

/** A column or expression as ms since the epoch, a float. */
export function instantMs(column: string): string {
  return `(extract(epoch from ${column}) * 1000)::float8`;
}
