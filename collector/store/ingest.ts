import { type Calendar, vietnamDay } from "#schemas/calendar.ts";
import { foundIn } from "#schemas/evaluate/daily-facts.ts";
import type { Db } from "./db.ts";
import { OtherServer, type Part, writeParts } from "./flush-part.ts";
import { type FoundRow, foundPart } from "./found-devices.ts";
import { advanceStreams, batchesPart, type Claim, claimBatches, nextClaims } from "./ledger.ts";
import type { Partitions } from "./partitions.ts";
import type { Received, RunRow, Stored, Written } from "./received.ts";
import { countsPart, speedsPart } from "./run-counts.ts";
import { type RunIds, runRowsOf } from "./run-rows.ts";
import { isFaultOfData } from "./store-error.ts";
import { DayNews } from "./write-days.ts";
import { contactsPart, hoursPart, writeGapsAndLetters } from "./write-marks.ts";
import { newestPart } from "./write-newest.ts";
import { areBlock, copyRuns, runsPart } from "./write-runs.ts";

export type IngestTools = { readonly db: Db; readonly partitions: Partitions; readonly ids: RunIds; readonly calendar: Calendar };

/**
 * Writes a group of batches in one transaction and answers for each. Each sequence number of a stream is stored once, however often and in
 * whatever ranges it comes. Rejects when anything fails; nothing of the group is stored then.
 */
export async function writeGroup(tools: IngestTools, group: readonly Received[]): Promise<Written[]> {
  try {
    return await writeOnce(tools, group);
  } catch (error) {
    // Behind an address that answers again may be another server, with less in it. A value that it refuses says that it is the same.
    if (isFaultOfData(error)) tools.ids.days.forget();
    else tools.ids.forget();
    // Another collector has dropped an old partition that late observations need again.
    if (!(error instanceof OtherServer) && !/no partition of relation/.test(String(error))) throw error;
    tools.partitions.forget();
    return writeOnce(tools, group);
  }
}

async function writeOnce({ db, partitions, ids, calendar }: IngestTools, group: readonly Received[]): Promise<Written[]> {
  const server = await ids.server(db);
  await partitions.ensure(instantsOf(group));
  const rows = await runRowsOf(db, ids, group);
  const besideRuns = (stored: readonly Stored[], runs: readonly RunRow[]) => {
    const news = new DayNews(ids.days, calendar, runs);
    const parts = [
      batchesPart(stored),
      countsPart(runs),
      speedsPart(runs),
      ...news.parts(),
      foundPart(stored.flatMap(foundOf)),
      newestPart(ids.series, runs),
      hoursPart(runs),
      contactsPart(group),
    ];
    return { parts, keep: () => news.keep() };
  };
  const written = await writeClaimed({ db, server, group, rows, besideRuns });
  // Whoever goes back has found a database that holds less than it has acknowledged.
  if (written.some(({ rewindTo }) => rewindTo !== undefined)) ids.forget();
  return written;
}

/** What of the batches that are stored goes into the tables beside that of the runs, and what is done once it is committed. */
type BesideRuns = (stored: readonly Stored[], runs: readonly RunRow[]) => { readonly parts: readonly Part[]; readonly keep: () => void };

type Writing = {
  readonly db: Db;
  readonly server: string;
  readonly group: readonly Received[];
  readonly rows: readonly (readonly RunRow[])[];
  readonly besideRuns: BesideRuns;
};

/** Writes what nobody stored before of a group whose rows are made, and answers for each batch. @throws OtherServer */
export async function writeClaimed(writing: Writing): Promise<Written[]> {
  return (await writeNext(writing)) ?? (await writeAny(writing));
}

/** Writes a group whose batches are the next of their streams, as one statement. Undefined, with nothing written, for any other group. */
async function writeNext({ db, server, group, rows, besideRuns }: Writing): Promise<Written[] | undefined> {
  const runs = rows.flat();
  const isPlain = !areBlock(db, runs) && group.every(({ batch, filed }) => batch.gaps.length === 0 && filed.unfiled.length === 0);
  const next = isPlain ? nextClaims(group) : undefined;
  if (!next) return undefined;
  const stored = group.map((received, index): Stored => ({ received, claim: next.claims[index] as Claim, runs: rows[index] ?? [] }));
  const { parts, keep } = besideRuns(stored, runs);
  const isDone = await writeParts(db, [...parts, runsPart(runs)], { condition: next.part, server });
  if (isDone) keep();
  return isDone ? stored.map(({ received, claim }) => ({ ...claim, ackedThrough: received.batch.to, rewindTo: undefined })) : undefined;
}

/** Writes any group: with what the ledger knows of its ranges. Sends all statements at once; the server does them in this order. Only a block goes before. */
async function writeAny({ db, server, group, rows, besideRuns }: Writing): Promise<Written[]> {
  const { written, keep } = await db.transaction(async (tx) => {
    const claims = await claimBatches(tx, group);
    const stored = group.flatMap((received, index): Stored[] => {
      const claim = claims[index];
      return claim?.result === "stored" ? [{ received, claim, runs: (rows[index] ?? []).filter(({ observation }) => claim.isFresh(observation.seq)) }] : [];
    });
    const runs = stored.flatMap((one) => one.runs);
    const isBlock = areBlock(tx, runs);
    if (isBlock) await copyRuns(tx, runs);
    const beside = besideRuns(stored, runs);
    const writing = [writeGapsAndLetters(tx, stored), writeParts(tx, [...beside.parts, runsPart(isBlock ? [] : runs)], { server })];
    const [marks] = await Promise.all([advanceStreams(tx, group), ...writing]);
    return { written: claims.map((claim, index) => ({ ...claim, ...(marks[index] ?? { ackedThrough: 0, rewindTo: undefined }) })), keep: beside.keep };
  });
  keep();
  return written;
}

/** When what the batches of a group tell was taken, ms. */
export function* instantsOf(group: readonly Received[]): Iterable<number> {
  for (const { filed } of group) for (const { takenMs } of filed.observations) yield takenMs;
}

function foundOf({ received: { point }, runs }: Stored): FoundRow[] {
  return runs.flatMap(({ siteId, observation: { probe, outcome }, takenMs }) =>
    foundIn(probe, outcome, point).map((found) => ({ siteId, found, day: vietnamDay(takenMs) })),
  );
}
