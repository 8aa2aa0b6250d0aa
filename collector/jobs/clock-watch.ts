import type { Log } from "../log.ts";
import { type ClockProof, readClockProof, trustClock } from "../store/clock-proof.ts";
import type { Db } from "../store/db.ts";

/** `unproven`: far from the last upkeep, and too few agents have spoken since. `wrong`: most agents say so. */
export type ClockState = "right" | "unproven" | "wrong";

/** A collector that was away for longer than this waits for a proof of its clock, ms. */
const NEAR_MS = 7 * 86_400_000;
/** Fewer agents prove nothing: one may stand on this very machine. */
const AGENTS_MIN = 3;
/** As long as it lasts it is said again after this time, ms. */
const SAY_EVERY_MS = 3_600_000;

/** What agents say of our clock: most of at least three are within a day of it, or most are off to the same side. */
function verdictOf({ agreeing, ahead, behind }: ClockProof): "right" | "wrong" | undefined {
  const heard = agreeing + ahead + behind;
  if (heard < AGENTS_MIN) return undefined;
  if (agreeing * 2 > heard) return "right";
  return Math.max(ahead, behind) * 2 > heard ? "wrong" : undefined;
}

function isNear({ lastMs }: ClockProof, nowMs: number): boolean {
  return lastMs === undefined || Math.abs(nowMs - lastMs) <= NEAR_MS;
}

/** Whether a clock that shows `nowMs` may decide what is past its time. */
export function clockState(proof: ClockProof, nowMs: number): ClockState {
  const near = isNear(proof, nowMs);
  if (near && proof.confirmed) return "right";
  return verdictOf(proof) ?? (near ? "right" : "unproven");
}

/**
 * Knows whether the clock of this machine is to be trusted with deleting. Says it in one sentence when it is not, now and then while that lasts, and when it
 * is over. `steadyMs` is a clock that only goes forward.
 */
export class ClockWatch {
  readonly #db: Db;
  readonly #log: Pick<Log, "warn" | "error" | "info">;
  readonly #steadyMs: () => number;
  #state: ClockState = "right";
  #sentence = "not looked at yet";
  #saidMs = Number.NEGATIVE_INFINITY;

  constructor(db: Db, log: Pick<Log, "warn" | "error" | "info">, steadyMs = () => performance.now()) {
    this.#db = db;
    this.#log = log;
    this.#steadyMs = steadyMs;
  }

  /** Looks at the clock; true where rows may be deleted for the age that it gives them. */
  async look(nowMs: number): Promise<boolean> {
    const proof = await readClockProof(this.#db, nowMs);
    const before = this.#state;
    this.#state = clockState(proof, nowMs);
    this.#sentence = sentenceOf(this.#state, proof, nowMs);
    // What an operator said stands until agents say the same.
    if (this.#state === "right") await trustClock(this.#db, nowMs, proof.confirmed && isNear(proof, nowMs) && verdictOf(proof) !== "right");
    this.#say(before);
    return this.#state === "right";
  }

  state(): ClockState {
    return this.#state;
  }

  /** What the clock shows, what speaks against it, and what to do. */
  sentence(): string {
    return this.#sentence;
  }

  #say(before: ClockState): void {
    if (this.#state === "right") {
      if (before !== "right") this.#log.info("The clock of this machine is trusted again; what is past its time is deleted.");
      return;
    }
    if (this.#state === before && this.#steadyMs() - this.#saidMs < SAY_EVERY_MS) return;
    this.#saidMs = this.#steadyMs();
    if (this.#state === "wrong") this.#log.error(this.#sentence);
    else this.#log.warn(this.#sentence);
  }
}

/** Confirming is for installations with fewer agents than prove anything, and for those whose agents are all wrong. */
const OR_CONFIRM = "if it is right: npm run collector -- clock confirm, with today's date";

function sentenceOf(state: ClockState, { lastMs, agreeing, ahead, behind }: ClockProof, nowMs: number): string {
  const shows = `The clock of this machine shows ${new Date(nowMs).toISOString()}`;
  const last = lastMs === undefined ? "there was no upkeep before" : `the last upkeep was at ${new Date(lastMs).toISOString()}`;
  switch (state) {
    case "right":
      return "agrees";
    case "unproven":
      return `${shows}, ${last}. Until ${AGENTS_MIN} agents have confirmed it nothing is deleted. Correct the clock; ${OR_CONFIRM}.`;
    case "wrong":
      return `${shows}, and ${Math.max(ahead, behind)} of ${agreeing + ahead + behind} agents are more than a day ${ahead > behind ? "behind" : "ahead of"} it (${last}). Nothing is deleted. Correct the clock; ${OR_CONFIRM}.`;
  }
}
