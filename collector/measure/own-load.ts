import { readFileSync } from "node:fs";
import { performance } from "node:perf_hooks";
import { parseResentSegments, TCP_COUNTERS_FILE } from "#schemas/tcp-counters.ts";

/** The event loop is the bottleneck above this share of busy time. */
const BUSY_SHARE = 0.9;
const WINDOW_MS = 500;

/** Watches whether this process is itself the limit of the tests that it serves. */
export class OwnLoad {
  #mark = performance.eventLoopUtilization();
  #saturated = false;
  readonly #timer = setInterval(() => this.#sample(), WINDOW_MS).unref();

  /** True when the event loop had hardly a pause in the last half second. */
  get saturated(): boolean {
    return this.#saturated;
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #sample(): void {
    const now = performance.eventLoopUtilization();
    this.#saturated = performance.eventLoopUtilization(now, this.#mark).utilization > BUSY_SHARE;
    this.#mark = now;
  }
}

/** TCP segments that this host sent again since it started; undefined where the system does not tell (not Linux). */
export function resentSegments(): number | undefined {
  try {
    return parseResentSegments(readFileSync(TCP_COUNTERS_FILE, "utf8"));
  } catch {
    return undefined;
  }
}
