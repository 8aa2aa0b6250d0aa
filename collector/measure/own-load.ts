import { readFileSync } from "node:fs";
import { performance } from "node:perf_hooks";

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
export function retransmittedSegments(file = "/proc/net/snmp"): number | undefined {
  try {
    return parseRetransmits(readFileSync(file, "utf8"));
  } catch {
    return undefined;
  }
}

/** Reads RetransSegs out of /proc/net/snmp: a line of names, a line of numbers. */
export function parseRetransmits(text: string): number | undefined {
  const [names, numbers] = text.split("\n").filter((line) => line.startsWith("Tcp:"));
  const value = Number(numbers?.split(" ")[names?.split(" ").indexOf("RetransSegs") ?? -1]);
  return Number.isFinite(value) ? value : undefined;
}
