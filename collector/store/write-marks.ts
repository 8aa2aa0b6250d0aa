import { numbersLiteral, textsLiteral } from "./array-literal.ts";
import type { Db } from "./db.ts";
import type { Part } from "./flush-part.ts";
import { jsonText } from "./json-text.ts";
import type { Received, RunRow, Stored } from "./received.ts";

const HOUR_MS = 3_600_000;

/** The hours that got samples, for the rollup. */
export function hoursPart(runs: readonly RunRow[]): Part {
  const hours = new Map<string, { siteId: number; hourMs: number }>();
  let last: { siteId: number; hourMs: number } | undefined;
  for (const { siteId, takenMs, vals } of runs) {
    const hourMs = Math.floor(takenMs / HOUR_MS) * HOUR_MS;
    // Runs of one batch nearly always lie in one hour.
    if (vals.length === 0 || (last?.siteId === siteId && last.hourMs === hourMs)) continue;
    last = { siteId, hourMs };
    hours.set(`${siteId} ${hourMs}`, last);
  }
  const sorted = [...hours.values()].sort((a, b) => a.siteId - b.siteId || a.hourMs - b.hourMs);
  return {
    call: "mark_hours",
    types: ["int4[]", "float8[]"],
    lists: [numbersLiteral(sorted.map(({ siteId }) => siteId)), numbersLiteral(sorted.map(({ hourMs }) => hourMs))],
  };
}

/** Keeps the gaps that senders have told, and the observations whose time cannot be true. */
export async function writeGapsAndLetters(tx: Db, stored: readonly Stored[]): Promise<void> {
  for (const { received, claim } of stored) {
    const { siteId, receivedMs, batch } = received;
    for (const { from, to, reason } of batch.gaps) {
      await tx.query(
        "INSERT INTO stream_gap (site_id, stream, seq_from, seq_to, reason, received_at) VALUES ($1, $2, $3, $4, $5, to_timestamp($6::float8 / 1000)) ON CONFLICT DO NOTHING",
        [siteId, batch.stream, from, to, reason, receivedMs],
      );
    }
    for (const observation of received.filed.unfiled.filter(({ seq }) => claim.isFresh(seq))) {
      await tx.query(
        "INSERT INTO dead_letter (site_id, stream, seq, code, body, received_at) VALUES ($1, $2, $3, 'time_out_of_bounds', ($4::text)::jsonb, to_timestamp($5::float8 / 1000)) ON CONFLICT DO NOTHING",
        [siteId, batch.stream, observation.seq, jsonText(observation), receivedMs],
      );
    }
  }
}

/** When each agent was heard first and last, and how far off its clock was, in one order, so that two writers cannot wait for each other. */
export function contactsPart(group: readonly Received[]): Part {
  const newest = new Map(group.map(({ siteId, agentId, receivedMs, clockOffsetMs = null }) => [agentId, { siteId, agentId, receivedMs, clockOffsetMs }]));
  const rows = [...newest.values()].sort((a, b) => a.siteId - b.siteId || (a.agentId < b.agentId ? -1 : 1));
  return {
    call: "touch_contacts",
    types: ["int4[]", "text[]", "float8[]", "float8[]"],
    lists: [
      numbersLiteral(rows.map(({ siteId }) => siteId)),
      textsLiteral(rows.map(({ agentId }) => agentId)),
      numbersLiteral(rows.map(({ receivedMs }) => receivedMs)),
      numbersLiteral(rows.map(({ clockOffsetMs }) => clockOffsetMs)),
    ],
  };
}
