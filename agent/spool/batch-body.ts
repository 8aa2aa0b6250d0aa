import type { DatabaseSync } from "node:sqlite";
import { gzipSync } from "node:zlib";
import { toColumns } from "#schemas/batch-columns.ts";
import { type Batch, type Gap, PROTOCOL } from "#schemas/exchange.ts";
import { readMeta } from "./rows.ts";

/** What the bytes of a batch follow from, besides the rows of its range. */
export type BodyPlan = {
  readonly from: number;
  readonly to: number;
  readonly lane: Batch["lane"];
  /** The time that was frozen with the batch. */
  readonly sentAt: string;
  /** Whether it may go in columns; it does where that is shorter. */
  readonly columns: boolean;
};

/** The bytes on the wire: a pure function of the rows and the plan, so that they can be made again. */
export function batchBody(database: DatabaseSync, { from, to, lane, sentAt, columns }: BodyPlan): Uint8Array {
  const rows = database.prepare("SELECT seq, body FROM observation WHERE seq BETWEEN ? AND ? ORDER BY seq").all(from, to);
  const gaps = database.prepare("SELECT seq_from AS f, seq_to AS t, reason FROM gap WHERE seq_from BETWEEN ? AND ? ORDER BY seq_from").all(from, to);
  const stream = readMeta(database, "stream");
  const head = JSON.stringify({ protocol: PROTOCOL, stream, from, to, sentAt, lane });
  const observations = rows.map(({ seq, body }) => `{"seq":${seq},${String(body).slice(1)}`);
  const gapList = gaps.map(({ f, t, reason }): Gap => ({ from: Number(f), to: Number(t), reason: reason as Gap["reason"] }));
  const plain = `${head.slice(0, -1)},"observations":[${observations.join(",")}],"gaps":${JSON.stringify(gapList)}}`;
  const columnar = columns ? JSON.stringify(toColumns(JSON.parse(plain) as Batch)) : undefined;
  return gzipSync(columnar !== undefined && columnar.length < plain.length ? columnar : plain);
}
