import { COLUMNS } from "#schemas/batch-columns.ts";
import { cleanText } from "#schemas/clean-text.ts";
import { BATCH_OBSERVATIONS_MAX, CLOCK_HEADER, formatSenderClock, IngestReply, type SharedFaultSpan } from "#schemas/exchange.ts";
import type { ClockReading, ClockWatch } from "../clock-state.ts";
import { pause } from "../pause.ts";
import type { BatchView, FrozenBatch, Lane } from "../spool/outbox.ts";
import type { Spool, SpoolLog } from "../spool/spool.ts";
import type { CollectorClient } from "./collector-client.ts";
import { backlogPauseMs, chooseLane } from "./lanes.ts";
import { type Answer, type HoldReason, type Step, SUSPECTS_MAX, stepAfter } from "./retry.ts";

/** What the uplink needs of a spool. */
export type Deliverable = Pick<
  Spool,
  "next" | "lanesWaiting" | "settle" | "refuse" | "halve" | "toPlain" | "thaw" | "releaseSuspects" | "lastSeq" | "restartStream"
>;

export type UplinkOptions = {
  readonly spool: Deliverable;
  readonly client: CollectorClient;
  readonly clock: ClockWatch;
  readonly readClock: () => ClockReading;
  readonly bootId: string;
  readonly log: SpoolLog;
  /** Random numbers in 0..1. */
  readonly chance: () => number;
  /** Longest wait before the first contact, ms; 0 for a collector on this PC. */
  readonly splayMs: number;
};

export type UplinkStatus = {
  /** Wall clock of the last committed batch, ms. */
  readonly lastSuccessMs?: number;
  readonly hold?: HoldReason;
  /** Tries of the present batch without success. */
  readonly attempts: number;
  readonly lastError?: string;
  /** What the last answer said of faults that centres share. */
  readonly sharedFaults?: readonly SharedFaultSpan[];
};

type Sent = { readonly answer: Answer; readonly reply?: IngestReply };

const PATH = "/v1/batches";
const BYTES_AIM = 256 * 1024;
const LIVE_MS = 600_000;
/** Observations of one moment travel together. */
const GATHER_MS = 1_000;
const IDLE_MS = 30_000;
const SMALL_FOR_MS = 86_400_000;
const PLAIN_FOR_MS = 86_400_000;
const CONFLICT_MS = 600_000;
const HOUR_MS = 3_600_000;

/**
 * Carries the spool to the collector: one request in flight, what is new before what is old, for ever.
 * It gives up no row but those that the collector refuses one by one (docs/protocol.md).
 */
export class Uplink {
  readonly #options: UplinkOptions;
  #wake = new AbortController();
  #lastLane: Lane = "backlog";
  #backlogNotBeforeMs = 0;
  #small = { observationsMax: BATCH_OBSERVATIONS_MAX, untilMs: 0 };
  /** What the last answer said of columns, and until when they are not sent whatever it said. */
  #columns = { taken: false, notBeforeMs: 0 };
  #lastConflictMs = Number.NEGATIVE_INFINITY;
  #lastRewind = { seq: 0, atMs: Number.NEGATIVE_INFINITY };
  #status: UplinkStatus = { attempts: 0 };

  constructor(options: UplinkOptions) {
    this.#options = options;
  }

  status(): UplinkStatus {
    return this.#status;
  }

  /** Something new waits in the spool. */
  notify(): void {
    this.#wake.abort();
  }

  /** Sends until `stop` aborts; the request in flight is then given up, which loses nothing. */
  async run(stop: AbortSignal): Promise<void> {
    await pause(this.#options.splayMs * this.#options.chance(), stop);
    while (!stop.aborted) {
      try {
        await this.#turn(stop);
      } catch (error) {
        // A fault of our own must not end the delivery for ever.
        this.#options.log("the uplink failed", { error: String(error) });
        await pause(IDLE_MS, stop);
      }
    }
  }

  async #turn(stop: AbortSignal): Promise<void> {
    const batch = this.#nextBatch();
    if (batch === undefined) return this.#idle(stop);
    const sent = await this.#send(batch, stop);
    if (stop.aborted) return;
    const step = stepAfter(sent.answer, { attempt: this.#status.attempts, chance: this.#options.chance(), columns: batch.columns ?? false });
    await pause(this.#apply(step, batch, sent.reply), stop);
  }

  #nextBatch(): FrozenBatch | undefined {
    const { spool } = this.#options;
    const view = this.#view();
    const lane = chooseLane({
      waiting: spool.lanesWaiting(view),
      last: this.#lastLane,
      backlogNotBeforeMs: this.#backlogNotBeforeMs,
      steadyMs: view.uptimeMs,
    });
    // A frozen batch goes first whatever the lane; without a lane nothing new may be frozen.
    return spool.next({ ...view, lane: lane ?? this.#lastLane, ...(lane === undefined && { observationsMax: 0 }) });
  }

  #view(): Omit<BatchView, "lane"> {
    const { wallMs, steadyMs } = this.#options.readClock();
    const observationsMax = steadyMs < this.#small.untilMs ? this.#small.observationsMax : BATCH_OBSERVATIONS_MAX;
    const columns = this.#columns.taken && steadyMs >= this.#columns.notBeforeMs;
    return { nowMs: wallMs, uptimeMs: steadyMs, bootId: this.#options.bootId, liveMs: LIVE_MS, observationsMax, bytesAim: BYTES_AIM, columns };
  }

  async #idle(stop: AbortSignal): Promise<void> {
    this.#wake = new AbortController();
    const backlogInMs = this.#backlogNotBeforeMs - this.#options.readClock().steadyMs;
    await pause(backlogInMs > 0 ? Math.min(IDLE_MS, backlogInMs) : IDLE_MS, AbortSignal.any([stop, this.#wake.signal]));
    await pause(GATHER_MS, stop);
  }

  async #send(batch: FrozenBatch, stop: AbortSignal): Promise<Sent> {
    const { client, clock, readClock, bootId } = this.#options;
    let before = readClock();
    const headers = () => {
      before = readClock();
      return { [CLOCK_HEADER]: formatSenderClock({ wallMs: before.wallMs, uptimeMs: before.steadyMs, bootId }) };
    };
    try {
      const { status, body, problem, retryAfterS } = await client.send({ method: "POST", path: PATH, body: batch.body, gzip: true, headers, signal: stop });
      if (status < 200 || status >= 300) return { answer: { kind: "status", status, code: problem?.code, retryAfterS } };
      const reply = IngestReply.safeParse(body);
      // A 200 that is no reply of ours comes from a box on the way: nothing was committed.
      if (!reply.success) return this.#noAnswer("a 2xx answer that is not the collector's");
      clock.answered(Date.parse(reply.data.serverTime), before, readClock());
      client.useNonce(reply.data.nonce);
      return { answer: { kind: "status", status }, reply: reply.data };
    } catch (error) {
      return this.#noAnswer(error instanceof Error ? error.message : String(error));
    }
  }

  #noAnswer(error: string): Sent {
    this.#status = { ...this.#status, lastError: cleanText(error, 200) };
    return { answer: { kind: "no_answer" } };
  }

  /** Does what the step says and gives the pause before the next request, ms. */
  #apply(step: Step, batch: FrozenBatch, reply: IngestReply | undefined): number {
    const { spool } = this.#options;
    switch (step.do) {
      case "settle":
        return reply === undefined ? 0 : this.#settle(batch, reply);
      case "refuse":
        this.#options.log("the collector refuses a batch", { code: cleanText(step.code), from: batch.from, to: batch.to });
        return spool.refuse(batch.id, step.code) < SUSPECTS_MAX ? 0 : this.#allRefused();
      case "halve":
        this.#small = { observationsMax: Math.max(1, Math.floor(batch.count / 2)), untilMs: this.#options.readClock().steadyMs + SMALL_FOR_MS };
        return spool.halve(batch.id) || spool.refuse(batch.id, "too_large") < SUSPECTS_MAX ? 0 : this.#allRefused();
      case "plain":
        this.#options.log("the collector refuses a batch in columns: it goes in the plain form", { from: batch.from, to: batch.to });
        this.#columns = { taken: false, notBeforeMs: this.#options.readClock().steadyMs + PLAIN_FOR_MS };
        spool.toPlain(batch.id);
        return 0;
      case "new_stream":
        return this.#conflict();
      case "wait":
        this.#status = { ...this.#status, attempts: this.#status.attempts + 1 };
        return step.waitMs;
      case "hold":
        return step.reason === "centre_closed" && batch.lane === "live" ? this.#backlogFirst(batch, step.waitMs) : this.#hold(step.reason, step.waitMs);
    }
  }

  #settle(batch: FrozenBatch, reply: IngestReply): number {
    const { spool, readClock, log } = this.#options;
    const { wallMs, steadyMs } = readClock();
    // The collector knows numbers that nobody here has given out: this PC was put back from an image, and what it tells now passes for what is known.
    if (reply.ackedThrough > spool.lastSeq) return this.#conflict();
    spool.settle(batch.id, reply.rejected, this.#orderOf(reply, steadyMs));
    if (reply.rejected.length > 0) log("the collector rejected observations", { count: reply.rejected.length, code: cleanText(reply.rejected[0]?.code ?? "") });
    this.#status = { attempts: 0, lastSuccessMs: wallMs, ...(reply.sharedFaults && { sharedFaults: reply.sharedFaults }) };
    this.#lastLane = batch.lane;
    this.#columns = { ...this.#columns, taken: reply.forms?.includes(COLUMNS) === true };
    if (batch.lane === "backlog") this.#backlogNotBeforeMs = steadyMs + backlogPauseMs(batch.count, reply.backlogRate);
    return Math.min(reply.minIntervalS, 300) * 1_000;
  }

  /** From where to send again; an order that was just carried out comes again until the collector knows that it was heard. */
  #orderOf({ rewindTo: seq }: IngestReply, steadyMs: number): number | undefined {
    if (seq === undefined || (this.#lastRewind.seq === seq && steadyMs - this.#lastRewind.atMs < CONFLICT_MS)) return undefined;
    this.#lastRewind = { seq, atMs: steadyMs };
    this.#options.log("the collector asks for a rewind", { seq });
    return seq;
  }

  #conflict(): number {
    const { steadyMs } = this.#options.readClock();
    const again = steadyMs - this.#lastConflictMs < CONFLICT_MS;
    this.#lastConflictMs = steadyMs;
    if (again) return this.#hold("stream_conflict", HOUR_MS);
    this.#options.log("another sender has used this stream's numbers: was this PC cloned, or put back from an image?");
    this.#options.spool.restartStream();
    return 0;
  }

  #allRefused(): number {
    this.#options.spool.releaseSuspects();
    return this.#hold("all_refused", HOUR_MS);
  }

  /** What was taken before a centre was closed is still wanted: the present makes way for it. */
  #backlogFirst({ id }: FrozenBatch, waitMs: number): number {
    const { spool, readClock } = this.#options;
    spool.thaw(id);
    this.#lastLane = "live";
    if (!spool.lanesWaiting(this.#view()).backlog) return this.#hold("centre_closed", waitMs);
    return Math.max(GATHER_MS, this.#backlogNotBeforeMs - readClock().steadyMs);
  }

  #hold(reason: HoldReason, waitMs: number): number {
    this.#options.log("observations are kept until this is solved", { reason });
    this.#status = { ...this.#status, hold: reason, attempts: this.#status.attempts + 1 };
    return waitMs;
  }
}
