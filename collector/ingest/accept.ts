import type { Batch, IngestReply, SenderClock } from "#schemas/exchange.ts";
import type { ProbeKind } from "#schemas/observation.ts";
import type { Received, Written } from "../store/received.ts";
import { type FiledBatch, fileBatch } from "./filed.ts";
import type { IngestQueue } from "./ingest-queue.ts";
import { Pace } from "./pace.ts";

/** Who sends, as the key has proven, and from which reception point; from the main office where none is named. */
export type Sender = { readonly siteId: number; readonly agentId: string; readonly point?: string };
/** `endMs`: the first instant without the sender's centre, where it is closed. */
export type EndedSender = Sender & { readonly endMs?: number | undefined };
/** What was committed for one site at `nowMs`: whom to judge anew. `late` observations revise the past and page nobody. */
export type Accepted = {
  readonly siteId: number;
  readonly probes: ReadonlySet<ProbeKind>;
  readonly late: boolean;
  readonly nowMs: number;
  /** Under which its newest observation is filed; where the sender's clock is ahead, later than `nowMs`. */
  readonly newestMs: number;
};
export type Arrival = {
  readonly batch: Batch;
  readonly bodySha256: string;
  /** Bytes of its JSON, where it came as such. */
  readonly bodyBytes?: number;
  /** When its head came, with the sender's clock in it; the whole batch came at `nowMs`. */
  readonly arrivedMs?: number;
  readonly nowMs: number;
  readonly clock?: SenderClock;
};

/** Two senders tell the same numbers of one stream differently: a cloned PC or a fault of ours. */
export class StreamConflict extends Error {
  override readonly name = "StreamConflict";
}

/** The sender's centre is closed. `partly`: only since a part of the batch was taken. */
export class CentreEnded extends Error {
  override readonly name = "CentreEnded";
  readonly partly: boolean;

  constructor(partly: boolean) {
    super("the centre was closed when this was taken");
    this.partly = partly;
  }
}

export type Acceptor = (sender: EndedSender, arrival: Arrival) => Promise<Omit<IngestReply, "nonce">>;

/** An observation older than this when it arrives no longer speaks of the present, ms. */
const LATE_MS = 1_800_000;
/** What the agents share of the collector's capacity for backlog, observations/s, before the queue's state is known. */
const BACKLOG_RATE_MAX = 2_000;

/**
 * The one way in for observations, for routes and for the demo alike: files, commits, answers, and then tells who has to be judged.
 * Replies after the commit. @throws StreamConflict, CentreEnded, IngestBusy.
 */
export function acceptInto(queue: IngestQueue, onAccepted: (accepted: Accepted) => void): Acceptor {
  const pace = new Pace();
  return async ({ endMs, ...sender }, { batch, bodySha256, bodyBytes = 0, nowMs, arrivedMs = nowMs, clock }) => {
    const filed = fileBatch(batch, arrivedMs, clock);
    if (endMs !== undefined) refuseAfter(filed, endMs);
    const clockOffsetMs = clock && arrivedMs - clock.wallMs;
    const received: Received = { ...sender, batch, bodySha256, bodyBytes, receivedMs: nowMs, filed, ...(clockOffsetMs !== undefined && { clockOffsetMs }) };
    const written = await queue.add(received);
    if (written.result === "conflict") throw new StreamConflict(`stream ${batch.stream}: ${batch.from} to ${batch.to} came before with another content`);
    if (written.accepted > 0) {
      const newestMs = filed.observations.reduce((newest, { takenMs }) => Math.max(newest, takenMs), Number.NEGATIVE_INFINITY);
      onAccepted({ siteId: sender.siteId, probes: filed.probes, late: isLate(received), nowMs, newestMs });
    }
    return replyFor(received, written, { queued: queue.queued, minIntervalS: pace.intervalS(sender.agentId, queue.queued, nowMs) });
  };
}

/** @throws CentreEnded when any observation was taken at an instant or later */
function refuseAfter({ observations }: FiledBatch, endMs: number): void {
  const after = observations.filter(({ takenMs }) => takenMs >= endMs).length;
  if (after > 0) throw new CentreEnded(after < observations.length);
}

function isLate({ batch, filed, receivedMs }: Received): boolean {
  return batch.lane === "backlog" || filed.observations.every(({ takenMs }) => takenMs < receivedMs - LATE_MS);
}

function replyFor(
  { filed, receivedMs }: Received,
  { ackedThrough, accepted, duplicates, rewindTo }: Written,
  { queued, minIntervalS }: { queued: number; minIntervalS: number },
): Omit<IngestReply, "nonce"> {
  return {
    ackedThrough,
    accepted,
    duplicates,
    rejected: filed.unfiled.map(({ seq }) => ({ seq, code: "time_out_of_bounds" })),
    serverTime: new Date(receivedMs).toISOString(),
    minIntervalS,
    backlogRate: Math.max(50, BACKLOG_RATE_MAX - queued / 10),
    ...(rewindTo !== undefined && { rewindTo }),
  };
}
