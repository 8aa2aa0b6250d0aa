/** A bucket holds what the cap lets through in this time: short enough not to be seen in samples of 100 ms, long enough for late timers. */
const BURST_MS = 20;

/** Holds what one agent moves under a cap on its rate; its streams share it. Clock handed in, ms. */
export class Pacer {
  readonly #bytesPerMs: number;
  #bytes: number;
  #atMs: number;
  #wasFull = false;

  constructor(rateMaxMbps: number, nowMs: number) {
    this.#bytesPerMs = (rateMaxMbps * 1000) / 8;
    this.#bytes = this.#bytesPerMs * BURST_MS;
    this.#atMs = nowMs;
  }

  /** How many of `wanted` bytes may go now; the rest has to wait for `waitMs`. */
  take(wanted: number, nowMs: number): number {
    this.#fill(nowMs);
    const taken = Math.max(0, Math.min(wanted, Math.floor(this.#bytes)));
    this.#bytes -= taken;
    if (taken < wanted) this.#wasFull = true;
    return taken;
  }

  /** Counts bytes that came in already; they make the next ones wait. */
  owe(bytes: number, nowMs: number): void {
    this.#fill(nowMs);
    this.#bytes -= bytes;
    if (this.#bytes < 0) this.#wasFull = true;
  }

  /** Time until the bucket is half full again, ms; 0 when something may go now. */
  waitMs(nowMs: number): number {
    this.#fill(nowMs);
    return this.#bytes > 0 ? 0 : Math.ceil((this.#bytesPerMs * BURST_MS) / 2 - this.#bytes) / this.#bytesPerMs;
  }

  /** Whether the cap held anything back since this was asked last. */
  takeWasFull(): boolean {
    const wasFull = this.#wasFull;
    this.#wasFull = false;
    return wasFull;
  }

  #fill(nowMs: number): void {
    this.#bytes = Math.min(this.#bytesPerMs * BURST_MS, this.#bytes + Math.max(0, nowMs - this.#atMs) * this.#bytesPerMs);
    this.#atMs = nowMs;
  }
}
