import { createHash } from "node:crypto";
import { fileBatch } from "../../collector/ingest/filed.ts";
import type { Received } from "../../collector/store/received.ts";
import { Calendar } from "../../schemas/calendar.ts";
import { Batch } from "../../schemas/exchange.ts";
import type { Observation, Reading } from "../../schemas/observation.ts";

/** A Saturday morning in Vietnam, and the first instant of the batches below. */
export const T0 = Date.parse("2026-11-28T02:00:00.000Z");

type Shape = {
  readonly stream?: string;
  readonly from?: number;
  readonly count?: number;
  readonly startMs?: number;
  readonly stepMs?: number;
  readonly lane?: Batch["lane"];
  readonly gaps?: Batch["gaps"];
  /** Changes one observation; `index` counts from 0 inside the batch. */
  readonly each?: (index: number) => Partial<Observation>;
};

/** A valid batch: by default three link-quality runs, 60 s apart. */
export function batchOf({
  stream = "aaaaaaaaaaaaaaaa",
  from = 1,
  count = 3,
  startMs = T0,
  stepMs = 60_000,
  lane = "live",
  gaps = [],
  each = () => ({}),
}: Shape = {}): Batch {
  const observations = Array.from({ length: count }, (_, index) => ({
    seq: from + index,
    probe: "link-quality",
    target: "gateway",
    takenAt: new Date(startMs + index * stepMs).toISOString(),
    uptimeMs: index * stepMs,
    bootId: "boot-a",
    clock: "ok",
    elapsedMs: 12.5,
    outcome: measured([{ metric: "loss_percent", value: (from + index) % 100 }]),
    ...each(index),
  }));
  const to = Math.max(from + count - 1, ...gaps.map((gap) => gap.to));
  return Batch.parse({ protocol: 1, stream, from, to, sentAt: new Date(startMs).toISOString(), lane, observations, gaps });
}

export function measured(readings: readonly Reading[], evidence?: Record<string, unknown>): Observation["outcome"] {
  return { kind: "measured", readings: [...readings], ...(evidence && { evidence }) } as Observation["outcome"];
}

/** What a batch's bytes hash to. */
export function sha256Of(batch: Batch): string {
  return createHash("sha256").update(JSON.stringify(batch)).digest("hex");
}

/** A batch as the store takes it, a minute after its first instant. */
export function receivedOf(batch: Batch, { siteId = 1, agentId = "agt-0000000000000001", receivedMs = T0 + 60_000 } = {}): Received {
  return { siteId, agentId, batch, bodySha256: sha256Of(batch), receivedMs, filed: fileBatch(batch, receivedMs) };
}

/** A week in which Saturday morning is worked. */
export const workWeek = Calendar.parse({
  id: "vn",
  timeZone: "Asia/Ho_Chi_Minh",
  weekdays: [1, 2, 3, 4, 5, 6],
  sessions: [{ from: "07:30", to: "11:30" }],
  holidays: [],
  workedDays: [],
});
