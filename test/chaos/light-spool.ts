import { gzipSync } from "node:zlib";
import type { BatchView, FrozenBatch, Lane } from "../../agent/spool/outbox.ts";
import type { Deliverable } from "../../agent/uplink/uplink.ts";
import { PROTOCOL } from "../../schemas/exchange.ts";
import type { Outcome, ProbeKind } from "../../schemas/observation.ts";

type Span = { from: number; to: number };

/** What a run says, by its number. */
export type Tell = (seq: number) => { readonly probe: ProbeKind; readonly target?: string; readonly outcome: Outcome };

/** One observation with 20 readings: with two observations a minute an agent tells 40 values a minute. */
const hops: Tell = (seq) => ({
  probe: "link-quality",
  outcome: {
    kind: "measured",
    readings: Array.from({ length: 20 }, (_, hop) => ({ metric: "rtt_avg_ms", value: ((seq * 7 + hop) % 1_000) / 10, labels: { hop: `hop-${hop}` } })),
  },
});

type SpoolPlan = { readonly stream: string; readonly backlog?: number; readonly startMs: number; readonly stepMs?: number; readonly tell?: Tell };

/**
 * A spool in memory for thousands of agents in one process: it keeps numbers and times, and makes each observation from its number when it is sent.
 * Freezes a batch until it is answered, as the real one does; it knows no refusals, since nothing here is refused.
 */
export class LightSpool implements Deliverable {
  readonly stream: string;
  readonly #backlog: number;
  readonly #startMs: number;
  readonly #stepMs: number;
  readonly #tell: Tell;
  readonly #liveTimes: number[] = [];
  #pending: Span[];
  #frozen: FrozenBatch | undefined;
  #ids = 0;
  /** Newest observation that was acknowledged, ms since the epoch. */
  newestAckedMs = 0;
  refusals = 0;

  /** `backlog` observations wait already, `stepMs` apart, the newest just before `startMs`. */
  constructor({ stream, backlog = 0, startMs, stepMs = 30_000, tell = hops }: SpoolPlan) {
    this.stream = stream;
    this.#tell = tell;
    this.#backlog = backlog;
    this.#startMs = startMs;
    this.#stepMs = stepMs;
    this.#pending = backlog > 0 ? [{ from: 1, to: backlog }] : [];
  }

  get lastSeq(): number {
    return this.#backlog + this.#liveTimes.length;
  }

  /** Observations that were never acknowledged. */
  get waiting(): number {
    return this.#pending.reduce((sum, { from, to }) => sum + to - from + 1, 0) + (this.#frozen?.count ?? 0);
  }

  append(atMs: number): void {
    this.#liveTimes.push(atMs);
    const seq = this.lastSeq;
    const last = this.#pending.at(-1);
    if (last?.to === seq - 1) last.to = seq;
    else this.#pending.push({ from: seq, to: seq });
  }

  lanesWaiting({ nowMs, liveMs }: Omit<BatchView, "lane">): Record<Lane, boolean> {
    const liveFrom = this.#liveFrom(nowMs - liveMs);
    return { live: this.#pending.some(({ to }) => to >= liveFrom), backlog: this.#pending.some(({ from }) => from < liveFrom) };
  }

  next({ lane, nowMs, liveMs, observationsMax, bytesAim }: BatchView): FrozenBatch | undefined {
    if (this.#frozen !== undefined || observationsMax === 0) return this.#frozen;
    const liveFrom = this.#liveFrom(nowMs - liveMs);
    const span = this.#pending.find(({ from, to }) => (lane === "live" ? to >= liveFrom : from < liveFrom));
    if (span === undefined) return undefined;
    const from = lane === "live" ? Math.max(span.from, liveFrom) : span.from;
    const end = lane === "live" ? span.to : Math.min(span.to, liveFrom - 1);
    const to = Math.min(end, from + Math.min(observationsMax, Math.floor(bytesAim / BYTES_EACH)) - 1);
    this.#take(from, to);
    this.#frozen = { id: ++this.#ids, lane, from, to, count: to - from + 1, body: this.#body(from, to, lane, nowMs) };
    return this.#frozen;
  }

  settle(id: number, rejected: readonly { seq: number; code: string }[], rewindTo?: number): void {
    if (this.#frozen?.id !== id) return;
    this.newestAckedMs = Math.max(this.newestAckedMs, this.#takenMs(this.#frozen.to));
    this.refusals += rejected.length + (rewindTo === undefined ? 0 : 1);
    this.#frozen = undefined;
  }

  refuse(): number {
    this.refusals++;
    return 0;
  }
  halve(): boolean {
    return false;
  }
  toPlain(): void {
    this.refusals++;
  }
  thaw(): void {
    this.refusals++;
  }
  releaseSuspects(): void {}
  restartStream(): void {
    this.refusals++;
  }

  #takenMs(seq: number): number {
    return this.#liveTimes[seq - this.#backlog - 1] ?? this.#startMs - (this.#backlog - seq + 1) * this.#stepMs;
  }

  /** The first number whose observation is as young as that. */
  #liveFrom(sinceMs: number): number {
    const old = this.#liveTimes.findIndex((atMs) => atMs >= sinceMs);
    return old === -1 ? this.lastSeq + 1 : this.#backlog + old + 1;
  }

  #take(from: number, to: number): void {
    this.#pending = this.#pending.flatMap((span) => {
      if (to < span.from || from > span.to) return [span];
      return [
        { from: span.from, to: from - 1 },
        { from: to + 1, to: span.to },
      ].filter((rest) => rest.from <= rest.to);
    });
  }

  #body(from: number, to: number, lane: Lane, nowMs: number): Uint8Array {
    const observations = Array.from({ length: to - from + 1 }, (_, index) => this.#observation(from + index));
    const batch = { protocol: PROTOCOL, stream: this.stream, from, to, sentAt: new Date(nowMs).toISOString(), lane, observations, gaps: [] };
    return gzipSync(JSON.stringify(batch), { level: 1 });
  }

  #observation(seq: number) {
    const takenMs = this.#takenMs(seq);
    return {
      seq,
      ...this.#tell(seq),
      takenAt: new Date(takenMs).toISOString(),
      uptimeMs: takenMs - this.#startMs + 1e9,
      bootId: "light",
      clock: "ok",
      elapsedMs: 12.5,
    };
  }
}

/** Text of one observation, bytes. */
const BYTES_EACH = 1_450;
