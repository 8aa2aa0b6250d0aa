import { numbersLiteral, textsLiteral } from "./array-literal.ts";
import type { Db } from "./db.ts";
import { jsonText } from "./json-text.ts";
import type { Received, RunRow, Stored } from "./received.ts";

const HOUR_MS = 3_600_000;

/** Marks the hours for the rollup. Taking the row even where it stands already keeps a rollup from using the mark up before these samples are committed. */
export async function writeDirtyHours(tx: Db, runs: readonly RunRow[]): Promise<void> {
  const hours = new Map<string, { siteId: number; hourMs: number }>();
  for (const { siteId, takenMs, vals } of runs) {
    if (vals.length === 0) continue;
    const hourMs = Math.floor(takenMs / HOUR_MS) * HOUR_MS;
    hours.set(`${siteId} ${hourMs}`, { siteId, hourMs });
  }
  if (hours.size === 0) return;
  const sorted = [...hours.values()].sort((a, b) => a.siteId - b.siteId || a.hourMs - b.hourMs);
  await tx.query(
    `INSERT INTO dirty_hour (site_id, hour) SELECT site_id, to_timestamp(ms / 1000) FROM unnest(($1::text)::int4[], ($2::text)::float8[]) AS r(site_id, ms) ON CONFLICT (site_id, hour) DO UPDATE SET hour = excluded.hour`,
    [numbersLiteral(sorted.map(({ siteId }) => siteId)), numbersLiteral(sorted.map(({ hourMs }) => hourMs))],
  );
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

/** Keeps when each agent was heard first and last, and how far off its clock was, in one order, so that two writers cannot wait for each other. */
export async function touchContacts(tx: Db, group: readonly Received[]): Promise<void> {
  const newest = new Map(group.map(({ siteId, agentId, receivedMs, clockOffsetMs = null }) => [agentId, { siteId, agentId, receivedMs, clockOffsetMs }]));
  const rows = [...newest.values()].sort((a, b) => a.siteId - b.siteId || (a.agentId < b.agentId ? -1 : 1));
  await tx.query(
    `INSERT INTO contact AS c (site_id, agent_id, first_at, last_at, clock_offset_ms)
     SELECT site_id, agent_id, to_timestamp(ms / 1000), to_timestamp(ms / 1000), off_ms
     FROM unnest(($1::text)::int4[], ($2::text)::text[], ($3::text)::float8[], ($4::text)::float8[]) AS r(site_id, agent_id, ms, off_ms)
     ON CONFLICT (site_id, agent_id) DO UPDATE SET last_at = greatest(c.last_at, excluded.last_at), clock_offset_ms = coalesce(excluded.clock_offset_ms, c.clock_offset_ms)`,
    [
      numbersLiteral(rows.map(({ siteId }) => siteId)),
      textsLiteral(rows.map(({ agentId }) => agentId)),
      numbersLiteral(rows.map(({ receivedMs }) => receivedMs)),
      numbersLiteral(rows.map(({ clockOffsetMs }) => clockOffsetMs)),
    ],
  );
}
