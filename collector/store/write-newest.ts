import { numbersLiteral, textsLiteral } from "./array-literal.ts";
import type { Part } from "./flush-part.ts";
import type { RunRow } from "./received.ts";
import type { SeriesIds } from "./series.ts";

type Told = Pick<RunRow, "siteId" | "sourceId" | "takenMs" | "seriesIds" | "vals">;
/** The newest value of each series of a row of `newest_values`. `eachMs` is when each was taken, ms, where that is not `takenMs` for all of them. */
type Newest = Told & { readonly eachMs: readonly number[] | null };

/** Newest value of each series, a row for each source, once per flush and in one order, so that two writers cannot wait for each other. */
export function newestPart(series: Pick<SeriesIds, "homeOf">, runs: readonly Told[]): Part {
  const rows = newestOf(runs, series);
  return {
    call: "set_newest",
    types: ["int4[]", "int4[]", "float8[]", "text[]", "text[]", "text[]"],
    lists: [
      numbersLiteral(rows.map(({ siteId }) => siteId)),
      numbersLiteral(rows.map(({ sourceId }) => sourceId)),
      numbersLiteral(rows.map(({ takenMs }) => takenMs)),
      textsLiteral(rows.map(({ seriesIds }) => numbersLiteral(seriesIds))),
      textsLiteral(rows.map(({ vals }) => numbersLiteral(vals))),
      textsLiteral(rows.map(({ eachMs }) => eachMs && textsLiteral(eachMs.map((ms) => new Date(ms).toISOString())))),
    ],
  };
}

/** What the runs of a group leave as newest values, by centre and source. Of two values of one time the later one counts. Exported for its test. */
export function newestOf(runs: readonly Told[], { homeOf }: Pick<SeriesIds, "homeOf">): Newest[] {
  const rows = new Map<number, Newest>();
  for (const run of runs) for (const part of partsOf(run, homeOf)) rows.set(part.sourceId, joined(rows.get(part.sourceId), part));
  return [...rows.values()].sort((a, b) => a.siteId - b.siteId || a.sourceId - b.sourceId);
}

/** A run by the rows in which its series have their newest values: nearly always as it is. */
function partsOf(run: Told, homeOf: SeriesIds["homeOf"]): readonly Told[] {
  if (run.vals.length === 0) return [];
  if (run.seriesIds.every((seriesId) => homeOf(seriesId, run.sourceId) === run.sourceId)) return [run];
  return Object.values(
    Object.groupBy(
      run.seriesIds.map((_, place) => place),
      (place) => homeOf(run.seriesIds[place] ?? 0, run.sourceId),
    ),
  ).map((places = []) => {
    const seriesIds = places.map((place) => run.seriesIds[place] ?? 0);
    return { ...run, sourceId: homeOf(seriesIds[0] ?? 0, run.sourceId), seriesIds, vals: places.map((place) => run.vals[place] ?? 0) };
  });
}

function joined(known: Newest | undefined, { siteId, sourceId, takenMs, seriesIds, vals }: Told): Newest {
  const own = { siteId, sourceId, takenMs, seriesIds, vals, eachMs: null };
  if (known?.eachMs === null && isSame(known.seriesIds, seriesIds)) return takenMs >= known.takenMs ? own : known;
  if (!known && new Set(seriesIds).size === seriesIds.length) return own;
  return merged(known, own);
}

/** Both, series by series. */
function merged(known: Newest | undefined, own: Newest): Newest {
  const newest = new Map<number, { ms: number; value: number }>();
  for (const { takenMs, seriesIds, vals, eachMs } of known ? [known, own] : [own]) {
    seriesIds.forEach((seriesId, place) => {
      const ms = eachMs?.[place] ?? takenMs;
      if (ms >= (newest.get(seriesId)?.ms ?? Number.NEGATIVE_INFINITY)) newest.set(seriesId, { ms, value: vals[place] ?? 0 });
    });
  }
  const values = [...newest.values()];
  const takenMs = values.reduce((last, { ms }) => Math.max(last, ms), Number.NEGATIVE_INFINITY);
  return {
    siteId: own.siteId,
    sourceId: own.sourceId,
    takenMs,
    seriesIds: [...newest.keys()],
    vals: values.map(({ value }) => value),
    eachMs: values.every(({ ms }) => ms === takenMs) ? null : values.map(({ ms }) => ms),
  };
}

function isSame(one: readonly number[], other: readonly number[]): boolean {
  return one.length === other.length && one.every((id, place) => id === other[place]);
}
