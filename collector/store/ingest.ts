import { type Calendar, vietnamDay } from "#schemas/calendar.ts";
import { foundIn, pagesIn } from "#schemas/evaluate/daily-facts.ts";
import type { Db } from "./db.ts";
import { type FoundRow, writeFoundDevices } from "./found-devices.ts";
import { advanceStreams, claimBatches, enterBatches } from "./ledger.ts";
import { type PageRow, writePageCounters } from "./page-counters.ts";
import type { Partitions } from "./partitions.ts";
import type { Received, RunRow, Stored, Written } from "./received.ts";
import { countRuns, keepSpeeds } from "./run-counts.ts";
import { type RunIds, runRowsOf } from "./run-rows.ts";
import { writeDays } from "./write-days.ts";
import { touchContacts, writeDirtyHours, writeGapsAndLetters } from "./write-marks.ts";
import { writeNewest } from "./write-newest.ts";
import { areBlock, copyRuns, insertRuns } from "./write-runs.ts";

export type IngestTools = { readonly db: Db; readonly partitions: Partitions; readonly ids: RunIds; readonly calendar: Calendar };

/**
 * Writes a group of batches in one transaction and answers for each. Each sequence number of a stream is stored once, however often and in
 * whatever ranges it comes. Rejects when anything fails; nothing of the group is stored then.
 */
export async function writeGroup(tools: IngestTools, group: readonly Received[]): Promise<Written[]> {
  try {
    return await writeOnce(tools, group);
  } catch (error) {
    // Another collector has dropped an old partition that late observations need again.
    if (!/no partition of relation/.test(String(error))) throw error;
    tools.partitions.forget();
    return writeOnce(tools, group);
  }
}

async function writeOnce({ db, partitions, ids, calendar }: IngestTools, group: readonly Received[]): Promise<Written[]> {
  await partitions.ensure(instantsOf(group));
  const rows = await runRowsOf(db, ids, group);
  return db.transaction(async (tx) => {
    const claims = await claimBatches(tx, group);
    const stored = group.flatMap((received, index): Stored[] => {
      const claim = claims[index];
      return claim?.result === "stored" ? [{ received, claim, runs: (rows[index] ?? []).filter(({ observation }) => claim.isFresh(observation.seq)) }] : [];
    });
    const marks = await writeStored(tx, { ids, calendar }, group, stored);
    return claims.map((claim, index) => ({ ...claim, ...(marks[index] ?? { ackedThrough: 0, rewind: false }) }));
  });
}

/** Sends all statements at once; the server does them in this order. Only a block goes before. Rows that others may wait for come last. */
async function writeStored(tx: Db, { ids, calendar }: Pick<IngestTools, "ids" | "calendar">, group: readonly Received[], stored: readonly Stored[]) {
  const runs = stored.flatMap((one) => one.runs);
  const isBlock = areBlock(tx, runs);
  if (isBlock) await copyRuns(tx, runs);
  const written = [
    enterBatches(tx, stored),
    ...(isBlock ? [] : [insertRuns(tx, runs)]),
    countRuns(tx, runs),
    keepSpeeds(tx, runs),
    writeDays(tx, calendar, runs),
    writePageCounters(tx, runs.flatMap(pagesOf)),
    writeFoundDevices(tx, runs.flatMap(foundOf)),
    writeGapsAndLetters(tx, stored),
    writeNewest(tx, ids.series, runs),
    writeDirtyHours(tx, runs),
    touchContacts(tx, group),
  ];
  const [marks] = await Promise.all([advanceStreams(tx, group), ...written]);
  return marks;
}

function* instantsOf(group: readonly Received[]): Iterable<number> {
  for (const { filed } of group) for (const { takenMs } of filed.observations) yield takenMs;
}

function pagesOf({ siteId, receivedMs, observation, takenMs }: RunRow): PageRow[] {
  return pagesIn(observation.outcome, takenMs).map((counter) => ({ siteId, knownMs: receivedMs, ...counter }));
}

function foundOf({ siteId, observation: { probe, outcome }, takenMs }: RunRow): FoundRow[] {
  return foundIn(probe, outcome).map((found) => ({ siteId, found, day: vietnamDay(takenMs) }));
}
