import type { Log } from "../../log.ts";
import type { Db } from "../../store/db.ts";
import { dueLanes, giveBack, type Lane, type Letter, markDead, markFailed, markSent, takeLetters, wakeLane } from "../../store/outbox.ts";
import type { Channels } from "./channels.ts";
import { SendError } from "./send.ts";

const LETTERS_PER_LANE = 20;
/** Longer than all sends of one round may take, ms. */
const HOLD_MS = 10 * 60_000;
const RETRY_BASE_MS = 30_000;
const RETRY_CAP_MS = 10 * 60_000;
/** What could not be delivered for so long is dead: longer than a weekend with a broken mail server. */
const GIVE_UP_MS = 72 * 3_600_000;
/** After so many failures in a row a lane rests: the breaker. Then one letter tries whether it is open again. */
const BREAKER_FROM = 3;
const REST_MS = 60_000;

export type Postman = { round(nowMs: number): Promise<number> };

type Breaker = { failures: number; restsUntilMs: number };

/**
 * Empties the outbox: at least once, in order, with growing waits; what cannot be delivered stays visible as dead. A lane (a channel, or one
 * webhook) that fails again and again rests and is asked with one letter only; when it takes that, everything that waits for it is due at once.
 */
export function createPostman(db: Db, channels: Channels, log: Log, chance: () => number): Postman {
  const breakers = new Map<string, Breaker>();

  /** Whether the letter went out; a fault of it alone is no fault of its lane. */
  const deliver = async (letter: Letter, breaker: Breaker, nowMs: number): Promise<boolean> => {
    try {
      await channels[letter.channel](letter, nowMs);
    } catch (error) {
      const { message, final, calm, retryAfterS } = error instanceof SendError ? error : new SendError(error instanceof Error ? error.message : String(error));
      const isDead = final || nowMs - letter.createdMs >= GIVE_UP_MS;
      const backoffMs = Math.min(RETRY_CAP_MS, RETRY_BASE_MS * 2 ** Math.min(letter.tries - 1, 10)) * (0.5 + chance() / 2);
      const waitMs = retryAfterS === undefined ? backoffMs : retryAfterS * 1_000;
      if (isDead) await markDead(db, letter.id, message, nowMs);
      else await markFailed(db, letter.id, message, nowMs + waitMs);
      if (calm || retryAfterS !== undefined) breaker.restsUntilMs = nowMs + waitMs;
      else if (!final && ++breaker.failures >= BREAKER_FROM) breaker.restsUntilMs = nowMs + REST_MS;
      log.warn({ reason: message, letter: letter.id, channel: letter.channel, tries: letter.tries, isDead }, "a message was not delivered");
      return false;
    }
    breaker.failures = 0;
    await markSent(db, letter.id, nowMs);
    return true;
  };

  const serve = async (lane: Lane, nowMs: number): Promise<number> => {
    const name = `${lane.channel} ${lane.to ?? ""}`;
    const breaker = breakers.get(name) ?? { failures: 0, restsUntilMs: 0 };
    breakers.set(name, breaker);
    if (breaker.restsUntilMs > nowMs) return 0;
    const wasOpen = breaker.failures >= BREAKER_FROM;
    const letters = await takeLetters(db, lane, nowMs, HOLD_MS, wasOpen ? 1 : LETTERS_PER_LANE);
    let sent = 0;
    for (const letter of letters) {
      if (breaker.restsUntilMs > nowMs) await giveBack(db, letter.id, breaker.restsUntilMs);
      else if (await deliver(letter, breaker, nowMs)) sent++;
    }
    if (wasOpen && sent > 0) await wakeLane(db, lane, nowMs);
    return sent;
  };

  return {
    async round(nowMs) {
      let sent = 0;
      for (const lane of await dueLanes(db, nowMs)) sent += await serve(lane, nowMs);
      return sent;
    },
  };
}
