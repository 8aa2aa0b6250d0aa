import type { ChildProcess } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import type { Log } from "../log.ts";

/** Waits before a new start, ms: each twice the one before, up to the longest. */
const WAIT_FIRST_MS = 1_000;
const WAIT_MAX_MS = 60_000;
/** A server that listened this long before it ended begins the waits anew, ms. */
const STEADY_MS = 60_000;
/** One that ends again and again is said again after this time, ms: its own words stand in the log each time. */
const SAY_AGAIN_MS = 5 * 60_000;

/** How the collector's own measure server fares: `off` where it has none. */
export type MeasureState = "off" | "starting" | "up" | "down";

/** Knows the collector's own measure server, and says in one sentence when it ended, now and then while it does not come back, and when it listens again. */
export class MeasureWatch {
  readonly #log: Log;
  #state: MeasureState = "off";
  #ends = 0;
  #saidMs = Number.NEGATIVE_INFINITY;

  constructor(log: Log) {
    this.#log = log;
  }

  state(): MeasureState {
    return this.#state;
  }

  /** How often it ended by itself since the collector's start. */
  ends(): number {
    return this.#ends;
  }

  sentence(): string {
    const past = this.#ends > 0 ? `; ends since the collector's start: ${this.#ends}` : "";
    const present = {
      off: "the collector has none of its own",
      starting: "starts",
      up: "listens",
      down: "ended: no line is measured by it until it listens again",
    };
    return `${present[this.#state]}${past}`;
  }

  starts(): void {
    if (this.#state === "off") this.#state = "starting";
  }

  listens(): void {
    if (this.#ends > 0 && this.#state === "down") this.#log.info("the measure server listens again");
    this.#state = "up";
  }

  /** `how` is its exit code, the signal that ended it, or why it could not be started. */
  ended(how: string, waitMs: number): void {
    this.#ends++;
    const isNew = this.#state !== "down";
    this.#state = "down";
    if (!isNew && performance.now() - this.#saidMs < SAY_AGAIN_MS) return;
    this.#saidMs = performance.now();
    this.#log.error({ how, ends: this.#ends, startedAgainInMs: waitMs }, "the measure server ended: no line is measured by it until it listens again");
  }
}

/** What comes before the next start of a server that listened for `steadyMs`, after `waitedMs`, ms. */
export function nextWaitMs(waitedMs: number, steadyMs: number): number {
  return waitedMs === 0 || steadyMs >= STEADY_MS ? WAIT_FIRST_MS : Math.min(WAIT_MAX_MS, waitedMs * 2);
}

/**
 * Keeps a measure server running as a child process until `stop`: one that ends, however it does, is started again after waits that grow. It listens once it
 * has written its address. Never rejects.
 */
export async function keepMeasuring(start: () => ChildProcess, watch: MeasureWatch, stop: AbortSignal): Promise<void> {
  let waitMs = 0;
  while (!stop.aborted) {
    watch.starts();
    let listenedFromMs = Number.POSITIVE_INFINITY;
    const how = await runOnce(start, stop, () => {
      listenedFromMs = performance.now();
      watch.listens();
    }).catch(String);
    if (stop.aborted) return;
    waitMs = nextWaitMs(waitMs, performance.now() - listenedFromMs);
    watch.ended(how, waitMs);
    await sleep(waitMs, undefined, { signal: stop, ref: false }).catch(() => undefined);
  }
}

/** Starts it and waits for its end; gives how it ended. */
function runOnce(start: () => ChildProcess, stop: AbortSignal, listens: () => void): Promise<string> {
  return new Promise((resolve) => {
    const child = start();
    const kill = () => child.kill("SIGTERM");
    const end = (how: string) => {
      stop.removeEventListener("abort", kill);
      resolve(how);
    };
    stop.addEventListener("abort", kill, { once: true });
    child.stdout?.once("data", listens).resume();
    child.once("error", (error) => end(error.message));
    child.once("exit", (code, signal) => end(signal ?? `code ${code}`));
  });
}
