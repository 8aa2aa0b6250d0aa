import type { Received, Written } from "../store/received.ts";
import { isFaultOfData } from "../store/store-error.ts";

/** The queue holds as much as it may; the sender comes back later. */
export class IngestBusy extends Error {
  override readonly name = "IngestBusy";
  readonly retryAfterS: number;
  constructor(retryAfterS: number) {
    super("the ingest queue is full");
    this.retryAfterS = retryAfterS;
  }
}

/** The database refuses a value of this batch, now and for ever. The sender narrows it down to the observation and puts that aside. */
export class BatchUnwritable extends Error {
  override readonly name = "BatchUnwritable";
  constructor(cause: unknown) {
    super("the store refuses a value of this batch", { cause });
  }
}

type Waiting = {
  readonly received: Received;
  readonly size: number;
  readonly sinceMs: number;
  readonly resolve: (written: Written) => void;
  readonly reject: (error: unknown) => void;
};
/** A group that is being written; `landed` never rejects. */
type Flight = { readonly group: readonly Waiting[]; readonly landed: Promise<void> };
type Limits = {
  /** Groups that are written at once, each by a transaction of its own: while one waits for its commit, the next is prepared and sent. */
  readonly writers: number;
  /** Observations that wait, and that one transaction takes, each with at most `READINGS_EACH` readings. A flush of 20,000 stays well below a second. */
  readonly queuedMax: number;
  readonly groupMax: number;
  /** Bytes of JSON that wait, before they were parsed. */
  readonly bytesMax: number;
  /** Age of the oldest batch that waits, ms. Past that more is taken in than committed, and senders that give up and try again would pile up. */
  readonly ageMaxMs: number;
  readonly nowMs: () => number;
  /** Only batches of one lane are written together: where centres lie on several nodes, a transaction that keeps to one commits at once. */
  readonly laneOf: (siteId: number) => number;
};

/** Groups that are written at once, where one server has all centres. */
export const WRITERS = 2;

/**
 * Readings of an observation on average that cost no more than itself; a batch that has more counts as so many more observations. Ordinary runs have
 * about five, so that 3,300 agents with 14 runs a minute find room all at once; what 237 KB in columns can name (100,000 readings) takes 6 MB while it waits.
 */
const READINGS_EACH = 20;

const defaults: Limits = {
  writers: WRITERS,
  queuedMax: 50_000,
  groupMax: 20_000,
  bytesMax: 64 * 1024 * 1024,
  ageMaxMs: 10_000,
  nowMs: () => performance.now(),
  laneOf: () => 0,
};

/**
 * Commits many batches together without a timer: while groups are written, requests gather, and the next group takes them all.
 * Batches of one centre are written in the order in which they came, and never by two writers at once: all rows of a flush have the centre in their
 * key, so that writers meet in none of them.
 * A batch that cannot be written fails alone; its neighbours are tried one by one. When the database is away, all that wait in the group fail.
 */
export class IngestQueue {
  readonly #write: (group: readonly Received[]) => Promise<Written[]>;
  readonly #limits: Limits;
  #waiting: Waiting[] = [];
  #queued = 0;
  #bytes = 0;
  /** A list that is made anew: a Map's outgrown tables point to their followers, and one of them that got old would hold all groups since. */
  #flights: readonly Flight[] = [];
  readonly #sitesInFlight = new Set<number>();

  constructor(write: (group: readonly Received[]) => Promise<Written[]>, limits: Partial<Limits> = {}) {
    this.#write = write;
    this.#limits = { ...defaults, ...limits };
  }

  /** Observations that wait for their commit; those with many readings count as several. */
  get queued(): number {
    return this.#queued;
  }

  /** How long the oldest batch waits for its commit, ms. */
  get oldestMs(): number {
    const since = [this.#waiting, ...this.#flights.map(({ group }) => group)].flatMap(([first]) => (first ? [first.sinceMs] : []));
    return since.length === 0 ? 0 : this.#limits.nowMs() - Math.min(...since);
  }

  /** Resolves after the commit of this batch. @throws IngestBusy when too much waits already, or for too long, BatchUnwritable when its content is at fault. */
  add(received: Received): Promise<Written> {
    const size = sizeOf(received);
    const bytes = received.bodyBytes ?? 0;
    const { queuedMax, bytesMax, ageMaxMs } = this.#limits;
    if (this.#queued + size > queuedMax || this.#bytes + bytes > bytesMax || this.oldestMs > ageMaxMs)
      return Promise.reject(new IngestBusy(Math.ceil(5 + (10 * this.#queued) / queuedMax)));
    const written = new Promise<Written>((resolve, reject) => {
      this.#waiting.push({ received, size, sinceMs: this.#limits.nowMs(), resolve, reject });
    });
    this.#queued += size;
    this.#bytes += bytes;
    if (!this.#sitesInFlight.has(received.siteId)) this.#start();
    return written;
  }

  /** Resolves when nothing waits any more. */
  async drain(): Promise<void> {
    while (this.#flights.length > 0) await Promise.all(this.#flights.map(({ landed }) => landed));
  }

  /** Gives writers that are free a group each, while there is one that is worth a transaction. */
  #start(): void {
    while (this.#flights.length < this.#limits.writers && this.#isEnough()) {
      const group = this.#take();
      if (group.length === 0) return;
      this.#flights = [...this.#flights, { group, landed: this.#fly(group) }];
    }
  }

  /** Another writer begins when as many batches wait as one has taken: with fewer, each would pay the price of a transaction for itself (measured). */
  #isEnough(): boolean {
    const taken = this.#flights.map(({ group }) => group.length);
    return taken.length === 0 || this.#waiting.length >= Math.min(...taken);
  }

  async #fly(group: readonly Waiting[]): Promise<void> {
    for (const { received } of group) this.#sitesInFlight.add(received.siteId);
    await this.#flush(group);
    for (const { size, received } of group) {
      this.#queued -= size;
      this.#bytes -= received.bodyBytes ?? 0;
      this.#sitesInFlight.delete(received.siteId);
    }
    this.#flights = this.#flights.filter((flight) => flight.group !== group);
    this.#start();
  }

  /** Takes out what waits in one lane, for centres that no writer has, up to the size of a group. */
  #take(): readonly Waiting[] {
    const group: Waiting[] = [];
    const left: Waiting[] = [];
    let size = 0;
    let lane: number | undefined;
    for (const waiting of this.#waiting) {
      const own = this.#limits.laneOf(waiting.received.siteId);
      const isFree = size <= this.#limits.groupMax && !this.#sitesInFlight.has(waiting.received.siteId) && (lane ?? own) === own;
      if (isFree) {
        size += waiting.size;
        lane = own;
      }
      // The one that makes the group too large ends it, unless it is the first; nothing of its centre may pass it.
      if (isFree && (group.length === 0 || size <= this.#limits.groupMax)) group.push(waiting);
      else left.push(waiting);
    }
    this.#waiting = left;
    return group;
  }

  async #flush(group: readonly Waiting[]): Promise<void> {
    try {
      const written = await this.#write(group.map(({ received }) => received));
      group.forEach(({ resolve, reject }, index) => {
        const own = written[index];
        if (own) resolve(own);
        else reject(new Error("the store gave no answer for a batch"));
      });
    } catch (error) {
      const isData = isFaultOfData(error);
      // Without a database every batch fails alike: trying them one by one would hold the queue for as long as the database is away.
      if (group.length === 1 || !isData) for (const { reject } of group) reject(isData ? new BatchUnwritable(error) : error);
      else for (const one of group) await this.#flush([one]);
    }
  }
}

/** What a batch takes of the queue's room, observations. An empty one has its price too. */
function sizeOf({ batch: { observations } }: Received): number {
  const readings = observations.reduce((sum, { outcome }) => sum + (outcome.kind === "measured" ? outcome.readings.length : 0), 0);
  return Math.max(observations.length, Math.ceil(readings / READINGS_EACH)) + 1;
}
