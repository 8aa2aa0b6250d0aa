import { canonicalLabels } from "../ingest/filed.ts";
import type { Db } from "./db.ts";
import type { Received, RunSamples } from "./received.ts";
import type { SeriesIds, SeriesKey } from "./series.ts";

/** A place whose series is not known yet. */
type Open = { readonly run: RunSamples; readonly place: number; readonly key: SeriesKey };

/**
 * The samples of each batch of a group, run by run. Series that nobody has met are made. A site that has named more series than any centre can have
 * keeps its observations, and loses the samples of the surplus.
 */
export async function runSamplesOf(db: Db, series: SeriesIds, group: readonly Received[]): Promise<RunSamples[][]> {
  const open: Open[] = [];
  series.trim();
  const runs = group.map((received) => samplesOf(received, series, open));
  if (open.length === 0) return runs;
  await series.learn(
    db,
    open.map(({ key }) => key),
  );
  // From the end of each run, so that the places before it stay what they are.
  for (const { run, place, key } of open.reverse()) {
    const seriesId = series.idOf(key);
    if (seriesId !== undefined) run.seriesIds[place] = seriesId;
    else {
      run.seriesIds.splice(place, 1);
      run.vals.splice(place, 1);
    }
  }
  return runs.map((list) => list.filter(({ seriesIds }) => seriesIds.length > 0));
}

function samplesOf({ siteId, filed }: Received, series: SeriesIds, open: Open[]): RunSamples[] {
  const runs: RunSamples[] = [];
  for (const { observation, takenMs } of filed.observations) {
    const { outcome, target = "", seq } = observation;
    if (outcome.kind !== "measured") continue;
    const run: RunSamples = { seq, siteId, takenMs, seriesIds: [], vals: [] };
    for (const { metric, value, labels } of outcome.readings) {
      const key = { siteId, metric, target, labels: canonicalLabels(labels) };
      const seriesId = series.idOf(key);
      if (seriesId === undefined) open.push({ run, place: run.vals.length, key });
      run.seriesIds.push(seriesId ?? 0);
      run.vals.push(value);
    }
    runs.push(run);
  }
  return runs;
}
