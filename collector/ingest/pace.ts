/** Requests a second that the senders are spread to: what two cores answer beside all else. */
const REQUESTS_PER_S = 150;
/** A run must be seen within a minute and a half, whatever the crowd, s. */
const INTERVAL_MAX_S = 45;
/** Who was not heard for that long has no part in the pace, ms; longer than the longest interval. */
const CROWD_MS = 60_000;
/** Observations that wait from which on everybody waits at least so long, s. */
const CROWDED = { queued: 20_000, intervalS: 10 } as const;

/**
 * How long a sender pauses after an answer, so that many of them send larger batches instead of more requests: a request costs as much as some
 * hundred samples. Nothing for the agents of a province, 22 s for those of 3,300 centres.
 */
export class Pace {
  readonly #heardMs = new Map<string, number>();

  /** A sender was heard at `nowMs` while so many observations wait; gives its pause, s. */
  intervalS(senderId: string, queued: number, nowMs: number): number {
    // In the order in which they were heard last.
    this.#heardMs.delete(senderId);
    this.#heardMs.set(senderId, nowMs);
    for (const [id, atMs] of this.#heardMs) {
      if (atMs > nowMs - CROWD_MS) break;
      this.#heardMs.delete(id);
    }
    const shared = this.#heardMs.size / REQUESTS_PER_S;
    const crowded = queued > CROWDED.queued ? CROWDED.intervalS : 0;
    return Math.max(crowded, shared < 1 ? 0 : Math.min(INTERVAL_MAX_S, shared));
  }
}
