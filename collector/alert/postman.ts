import type { Log } from "../log.ts";
import type { Db } from "../store/db.ts";
import { type Letter, markFailed, markSent, TRIES_MAX, takeLetters } from "../store/outbox.ts";
import { type Send, SendError } from "./channels.ts";

const LETTERS_PER_ROUND = 20;
/** Longer than any send may take, ms. */
const HOLD_MS = 120_000;
const RETRY_BASE_MS = 30_000;
const RETRY_CAP_MS = 3_600_000;
/** After so many failures in a row a channel rests for the base wait: the breaker. */
const BREAKER_FROM = 5;

export type Postman = { round(nowMs: number): Promise<number> };

/** Empties the outbox: at least once, in order, with growing waits; what cannot be delivered stays visible as dead. */
export function createPostman(db: Db, channels: Readonly<Record<Letter["channel"], Send>>, log: Log, chance: () => number): Postman {
  const failures = new Map<string, number>();
  const deliver = async (letter: Letter, nowMs: number) => {
    try {
      if ((failures.get(letter.channel) ?? 0) >= BREAKER_FROM && letter.tries > 1 && chance() > 0.2)
        throw new SendError("the channel rests after failures in a row", { final: false });
      await channels[letter.channel](letter, nowMs);
      failures.set(letter.channel, 0);
      await markSent(db, letter.id, nowMs);
      return 1;
    } catch (error) {
      const { final, retryAfterS } = error instanceof SendError ? error : { final: false, retryAfterS: undefined };
      failures.set(letter.channel, (failures.get(letter.channel) ?? 0) + 1);
      const waitMs = retryAfterS === undefined ? Math.min(RETRY_CAP_MS, RETRY_BASE_MS * 2 ** (letter.tries - 1)) * (0.5 + chance() / 2) : retryAfterS * 1_000;
      const isDead = final || letter.tries >= TRIES_MAX;
      await markFailed(db, letter.id, error instanceof Error ? error.message : String(error), isDead ? undefined : nowMs + waitMs);
      log.warn({ err: error, letter: letter.id, channel: letter.channel, tries: letter.tries, isDead }, "a message was not delivered");
      return 0;
    }
  };
  return {
    async round(nowMs) {
      let sent = 0;
      for (const letter of await takeLetters(db, nowMs, HOLD_MS, LETTERS_PER_ROUND)) sent += await deliver(letter, nowMs);
      return sent;
    },
  };
}
