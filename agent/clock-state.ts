import { CLOCK_OK_MS, type ClockState } from "#schemas/observation.ts";

/** The two clocks of this PC at one moment, ms: the wall clock, which people and batteries change, and one that only runs forward. */
export type ClockReading = { readonly wallMs: number; readonly steadyMs: number };

/** Off the collector's clock by more than this a clock is `bad`, ms. */
export const CLOCK_BAD_MS = 60_000;
const JUMP_MS = 2_000;

/**
 * What the agent knows of its own wall clock: the offset to the collector from each answer, and jumps against the steady clock.
 * After a jump the clock counts as bad until the next answer confirms it.
 */
export class ClockWatch {
  #offsetMs: number | undefined;
  #anchorMs: number | undefined;
  #last: ClockReading | undefined;
  #jumped = false;

  /** To be called often: sees a wall clock that was set. A PC that slept moves both clocks where the steady one counts sleep, and looks like a jump where not. */
  observe(now: ClockReading): void {
    const last = this.#last;
    this.#last = now;
    if (last === undefined) return;
    if (Math.abs(now.wallMs - last.wallMs - (now.steadyMs - last.steadyMs)) > JUMP_MS) this.#jumped = true;
  }

  /**
   * An answer of the collector; its time is taken for the middle between sending and receiving, which can be wrong by half of what lies between them.
   * An answer that took long, over a thin line or because the PC slept, confirms nothing.
   */
  answered(serverMs: number, sent: ClockReading, received: ClockReading): void {
    const halfMs = (received.steadyMs - sent.steadyMs) / 2;
    if (halfMs > CLOCK_OK_MS) return;
    const middleMs = received.wallMs - halfMs;
    this.#offsetMs = serverMs - middleMs;
    this.#anchorMs = serverMs + halfMs - received.steadyMs;
    this.#jumped = false;
    this.#last = received;
  }

  state(): ClockState {
    if (this.#jumped) return "bad";
    if (this.#offsetMs === undefined) return "unknown";
    const off = Math.abs(this.#offsetMs);
    return off < CLOCK_OK_MS ? "ok" : off <= CLOCK_BAD_MS ? "skewed" : "bad";
  }

  /** The collector's time, ms since the epoch, by the clock that only runs forward: right whatever the wall clock was set to since. Undefined before the first answer. */
  trustedMs({ steadyMs }: ClockReading): number | undefined {
    return this.#anchorMs === undefined ? undefined : this.#anchorMs + steadyMs;
  }

  /** The collector's clock minus our wall clock, ms; undefined before the first answer. */
  offsetMs(now: ClockReading): number | undefined {
    const trustedMs = this.trustedMs(now);
    return trustedMs === undefined ? undefined : trustedMs - now.wallMs;
  }

  /** What to add to the steady clock to get the collector's, ms; undefined before the first answer. */
  anchorMs(): number | undefined {
    return this.#anchorMs;
  }
}
