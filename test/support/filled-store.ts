import type { Db } from "../../collector/store/db.ts";
import { type IngestTools, writeGroup } from "../../collector/store/ingest.ts";
import { Partitions } from "../../collector/store/partitions.ts";
import { runsOf, samplesBetween } from "../../collector/store/run-reads.ts";
import { RunIds } from "../../collector/store/run-rows.ts";
import { importCentres } from "../../collector/store/sites.ts";
import { batchOf, measured, receivedOf, T0, workWeek } from "./batches.ts";

/** What the intake works with on a database. */
export const toolsOn = (db: Db): IngestTools => ({ db, partitions: new Partitions(db), ids: new RunIds(), calendar: workWeek });
let streams = 0;
/** As many runs of centre `mot`, a minute apart; from 500 on they go as a block. */
export async function fill(db: Db, count: number, startMs = T0): Promise<void> {
  await importCentres(db, [{ code: "mot", name: "Một", keyArea: false, devices: [] }], T0);
  const stream = (++streams).toString(16).padStart(16, "0");
  await writeGroup(toolsOn(db), [
    receivedOf(batchOf({ stream, count, startMs, each: (index) => ({ outcome: measured([{ metric: "rtt_avg_ms", value: index % 90 }]) }) }), {
      receivedMs: startMs + count * 60_000,
    }),
  ]);
}
const ever = { since: "timestamptz '2000-01-01'", until: "timestamptz '2100-01-01'" };
/** All that is answered of the runs, by each way to them. */
export const answers = (db: Db) =>
  Promise.all([
    db.query("SELECT seq::int, probe, target, taken_at::text, kind, outcome FROM observation ORDER BY stream, seq"),
    db.query("SELECT series_id, ts::text, value FROM sample ORDER BY 1, 2"),
    db.query("SELECT taken_at::text, vals::text FROM every_run ORDER BY 1, 2"),
    db.query(`SELECT ts::text, value FROM ${samplesBetween({ site: "1", ...ever })} AS s ORDER BY 1, 2`),
    db.query(`SELECT count(*)::int AS n FROM run_source AS s, LATERAL ${runsOf({ site: "s.site_id", source: "s.source_id", ...ever })} AS r`),
    db.query("SELECT time::text, centre, metric, value FROM grafana.reading ORDER BY 1, 4"),
  ]);
