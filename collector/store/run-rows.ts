import { MAIN_POINT } from "#schemas/inventory.ts";
import type { LabelName } from "#schemas/metrics.ts";
import type { Reading } from "#schemas/observation.ts";
import { canonicalLabels } from "../ingest/filed.ts";
import type { Db } from "./db.ts";
import { EvidenceIds, type ToldEvidence } from "./evidence.ts";
import { askServer } from "./flush-part.ts";
import { KnownDays } from "./known-days.ts";
import type { Received, RunRow } from "./received.ts";
import { RunSources, type SourceKey } from "./run-sources.ts";
import { SeriesIds, type SeriesKey } from "./series.ts";

const DAY_MS = 86_400_000;

/** What has one of these is told apart by its device, which may move. All else is of the agent's reception point, as its line, its portals and its Wi-Fi are: two points are two series. */
const DEVICE_LABELS = ["device", "camera", "channel"] as const satisfies readonly LabelName[];

/** What this collector knows of the database: ids of all that runs refer to, and what it holds of days. */
export class RunIds {
  readonly sources = new RunSources();
  readonly series = new SeriesIds();
  readonly evidence = new EvidenceIds();
  readonly days = new KnownDays();
  #server: string | undefined;

  /** The server that all of it is known of. Asked before anything is looked up: what is looked up later may be another one's, and then no flush takes it. */
  async server(db: Db): Promise<string> {
    this.#server ??= await askServer(db);
    return this.#server;
  }

  /** For when the database may have become another one, with less in it. */
  forget(): void {
    this.#server = undefined;
    for (const known of [this.sources, this.series, this.evidence, this.days]) known.forget();
  }
}

type Draft = { -readonly [Name in keyof RunRow]: RunRow[Name] };
/** Places whose ids are not in memory. */
type Open = {
  readonly sources: { readonly run: Draft; readonly key: SourceKey }[];
  readonly series: { readonly run: Draft; readonly place: number; readonly key: Omit<SeriesKey, "sourceId" | "isOwn"> }[];
  readonly evidence: { readonly run: Draft; readonly told: ToldEvidence }[];
};

/**
 * The runs of each batch of a group as rows. Sources, series and evidence that nobody has met are made. A site that has named more series than any
 * centre can have keeps its runs, and loses the samples of the surplus; one that has named more targets keeps them in `rest`.
 */
export async function runRowsOf(db: Db, ids: RunIds, group: readonly Received[]): Promise<RunRow[][]> {
  const open: Open = { sources: [], series: [], evidence: [] };
  const runs = group.map((received) => draftsOf(received, ids, open));
  // A series is known by the source that tells it.
  const runsAndSeries = fillSources(db, ids.sources, open.sources).then(() => fillSeries(db, ids.series, open.series));
  await Promise.all([runsAndSeries, fillEvidence(db, ids.evidence, open.evidence)]);
  return runs;
}

function draftsOf({ siteId, receivedMs, batch, filed, point }: Received, ids: RunIds, open: Open): Draft[] {
  const own = point === undefined || point === MAIN_POINT ? "" : point;
  return filed.observations.map(({ observation, takenMs }) => {
    const { probe, target = "", outcome } = observation;
    const source = { siteId, probe, target };
    const sourceId = ids.sources.idOf(source);
    const run: Draft = {
      siteId,
      receivedMs,
      stream: batch.stream,
      lane: batch.lane,
      observation,
      takenMs,
      point: own,
      sourceId: sourceId ?? 0,
      seriesIds: [],
      vals: [],
      evidenceId: null,
      rest: outcome.kind !== "measured" && outcome.detail !== undefined ? { detail: outcome.detail } : null,
    };
    if (sourceId === undefined) open.sources.push({ run, key: source });
    if (outcome.kind === "measured") draftReadings(run, outcome.readings, target, ids.series, open);
    if (outcome.evidence) open.evidence.push({ run, told: { siteId, body: outcome.evidence, day: Math.floor(receivedMs / DAY_MS) } });
    return run;
  });
}

function draftReadings(run: Draft, readings: readonly Reading[], target: string, series: SeriesIds, open: Open): void {
  const { siteId, sourceId } = run;
  for (const { metric, value, labels } of readings) {
    const named = canonicalLabels(labels);
    const point = run.point !== "" && labels && DEVICE_LABELS.some((name) => labels[name] !== undefined) ? "" : run.point;
    const seriesId = sourceId === 0 ? undefined : series.idOf(sourceId, metric, named, point);
    if (seriesId === undefined) open.series.push({ run, place: run.vals.length, key: { siteId, metric, target, labels: named, point } });
    run.seriesIds.push(seriesId ?? 0);
    // Without the sign of a zero: outcomes are JSON, whose zero has none in PostgreSQL.
    run.vals.push(value === 0 ? 0 : value);
    // A series has no labels, or some: that they were told to be none is kept beside it.
    if (labels && named === "{}") keepReadings(run);
  }
}

function keepReadings(run: Draft): void {
  const { outcome } = run.observation;
  if (outcome.kind === "measured") run.rest = { ...run.rest, readings: outcome.readings };
}

async function fillSources(db: Db, sources: RunSources, open: Open["sources"]): Promise<void> {
  if (open.length === 0) return;
  const keys = open.map(({ key }) => key);
  const found = await sources.learn(db, keys);
  const homeless = open.filter((_, index) => found[index] === undefined);
  const homes =
    homeless.length > 0
      ? await sources.learn(
          db,
          homeless.map(({ key }) => ({ ...key, target: "" })),
        )
      : [];
  open.forEach(({ run }, index) => {
    run.sourceId = found[index] ?? run.sourceId;
  });
  homeless.forEach(({ run, key }, index) => {
    run.sourceId = homes[index] ?? run.sourceId;
    run.rest = { ...run.rest, target: key.target };
  });
}

async function fillSeries(db: Db, series: SeriesIds, open: Open["series"]): Promise<void> {
  if (open.length === 0) return;
  const found = await series.learn(
    db,
    open.map(({ run, key }) => ({ ...key, sourceId: run.sourceId, isOwn: run.rest?.target === undefined })),
  );
  // From the end of each run, so that the places before it stay what they are.
  for (let index = open.length - 1; index >= 0; index--) {
    const { run, place } = open[index] as Open["series"][number];
    const seriesId = found[index];
    if (seriesId !== undefined) run.seriesIds[place] = seriesId;
    else {
      run.seriesIds.splice(place, 1);
      run.vals.splice(place, 1);
      keepReadings(run);
    }
  }
}

async function fillEvidence(db: Db, evidence: EvidenceIds, open: Open["evidence"]): Promise<void> {
  if (open.length === 0) return;
  const found = await evidence.learn(
    db,
    open.map(({ told }) => told),
  );
  open.forEach(({ run }, index) => {
    run.evidenceId = found[index] ?? null;
  });
}
