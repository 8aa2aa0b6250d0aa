import { CHANNELS_MAX } from "#schemas/recording-evidence.ts";

/** Longest visit for every 16 channels of a recorder, ms. */
const SHARE_MS = 5 * 60_000;
const SHARE_CHANNELS = 16;
/** A visit ends so much before its time is over, so that what was found is still told, ms. */
const TELL_MS = 10_000;
/** Most recorders whose time one run has. */
const RECORDERS_MAX = 12;

/** Longest visit to a recorder with so many channels, ms. */
export function visitMs(channels: number): number {
  return SHARE_MS * Math.max(1, Math.ceil(channels / SHARE_CHANNELS)) - TELL_MS;
}

/** Longest run for so many recorders, ms: one share for each, and what the channels of a run take beyond the first share of one. */
export function runMs(recorders: number): number {
  return SHARE_MS * (Math.min(recorders, RECORDERS_MAX) + CHANNELS_MAX / SHARE_CHANNELS - 1);
}

/** The time of one visit. How long it may be is known only when the recorder has named its channels. */
export class VisitTime implements Disposable {
  readonly #end = new AbortController();
  readonly #startedMs = performance.now();
  #timer: NodeJS.Timeout | undefined;

  constructor() {
    this.lastFor(1);
  }

  /** Aborts when the time is over. */
  get signal(): AbortSignal {
    return this.#end.signal;
  }

  /** From its beginning on it may take what so many channels take. */
  lastFor(channels: number): void {
    clearTimeout(this.#timer);
    const leftMs = visitMs(channels) - (performance.now() - this.#startedMs);
    this.#timer = setTimeout(() => this.#end.abort(new DOMException("the time of the visit is over", "TimeoutError")), Math.max(0, leftMs));
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
  }
}
