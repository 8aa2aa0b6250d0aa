import { mkdtempSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Batch } from "#schemas/exchange.ts";
import type { FrozenBatch } from "../../../agent/spool/outbox.ts";
import { quotaLimits } from "../../../agent/spool/quota.ts";
import { Spool } from "../../../agent/spool/spool.ts";
import { observation } from "../../support/observations.ts";
import { memoryFolder } from "../../support/temporary-folder.ts";

/** Set HCC_MODEL_RUNS for a longer search; the seed of a failure is printed. */
const RUNS = Number(process.env.HCC_MODEL_RUNS ?? 30);
/** A run takes some 4 ms on a quiet machine. */
const TIMEOUT_MS = Math.max(20_000, 12 * RUNS);

const action = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant("append" as const), count: fc.integer({ min: 1, max: 12 }), rare: fc.boolean() }) },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant("deliver" as const),
      lane: fc.constantFrom("live" as const, "backlog" as const),
      size: fc.integer({ min: 1, max: 9 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("lose_answer" as const), size: fc.integer({ min: 1, max: 9 }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("halve" as const), size: fc.integer({ min: 2, max: 9 }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("restart" as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("evict" as const), share: fc.double({ min: 0.3, max: 0.9, noNaN: true }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("restore" as const), back: fc.integer({ min: 1, max: 20 }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("new_stream" as const) }) },
);

type Step = typeof action extends fc.Arbitrary<infer T> ? T : never;

/** A spool and a collector that keeps the contract: what is stored, by stream and number, and which numbers are told as lost. */
class World {
  readonly folder: string;
  limits = quotaLimits;
  spool: Spool;
  readonly stored = new Map<string, number>();
  readonly gone = new Set<string>();
  readonly ledger = new Map<string, string>();
  appended = 0;

  constructor(folder: string) {
    this.folder = folder;
    this.spool = this.open();
  }

  open(): Spool {
    const model = this;
    return new Spool({
      folder: this.folder,
      nowMs: () => Date.UTC(2026, 10, 28),
      log: () => {},
      get limits() {
        return model.limits;
      },
      diskSpace: () => ({ freeBytes: 1e12, bytes: 1e12 }),
    });
  }

  next(lane: "live" | "backlog", size: number): FrozenBatch | undefined {
    // Half of the rows are live, the others are older.
    return this.spool.next({ nowMs: 0, bootId: "boot-a", uptimeMs: this.appended * 1_000, liveMs: 20_000, observationsMax: size, bytesAim: 1e6, lane });
  }

  /** The collector commits a batch; a batch of the same range must have the same bytes. */
  commit(batch: FrozenBatch): void {
    const { stream, from, to, observations, gaps } = Batch.parse(JSON.parse(gunzipSync(batch.body).toString()));
    const range = `${stream}:${from}-${to}`;
    const bytes = Buffer.from(batch.body).toString("base64");
    expect(this.ledger.get(range) ?? bytes, `bytes of ${range}`).toBe(bytes);
    this.ledger.set(range, bytes);
    for (const { seq, uptimeMs } of observations) this.stored.set(`${stream}:${seq}`, uptimeMs);
    for (const gap of gaps) for (let seq = gap.from; seq <= gap.to; seq++) this.gone.add(`${stream}:${seq}`);
  }

  /** Delivers all that waits. */
  drain(): void {
    for (let round = 0; round < 2_000; round++) {
      const batch = this.next("live", 500) ?? this.next("backlog", 500);
      if (batch === undefined) return;
      this.commit(batch);
      this.spool.settle(batch.id, []);
    }
    throw new Error("the spool does not run empty");
  }

  perform(step: Step): void {
    const { spool } = this;
    switch (step.do) {
      case "append":
        for (let index = 0; index < step.count; index++) spool.append(observation(this.appended++, step.rare ? { probe: "recording-depth" } : {}));
        return;
      case "deliver":
      case "lose_answer": {
        const batch = this.next(step.do === "deliver" ? step.lane : "backlog", step.size);
        if (batch === undefined) return;
        this.commit(batch);
        if (step.do === "deliver") spool.settle(batch.id, []);
        return;
      }
      case "halve": {
        const batch = this.next("backlog", step.size);
        // A collector that found the batch too large has not committed it.
        const { stream } = spool.status();
        if (batch !== undefined && !this.ledger.has(`${stream}:${batch.from}-${batch.to}`)) spool.halve(batch.id);
        return;
      }
      case "restart":
        spool[Symbol.dispose]();
        this.spool = this.open();
        return;
      case "evict":
        this.limits = { ...quotaLimits, spoolBytesMax: Math.floor(spool.status().bytes * step.share) };
        spool.maintain({ clockTrusted: true });
        this.limits = quotaLimits;
        return;
      case "restore": {
        const { stream, lastSeq } = spool.status();
        const from = Math.max(1, lastSeq - step.back);
        for (let seq = from; seq <= lastSeq; seq++) for (const known of [this.stored, this.gone]) known.delete(`${stream}:${seq}`);
        for (const range of [...this.ledger.keys()]) if (range.startsWith(stream) && Number(range.split("-").at(-1)) >= from) this.ledger.delete(range);
        // The order comes with the answer to whatever is sent next.
        spool.append(observation(this.appended++));
        const batch = this.next("live", 500) ?? this.next("backlog", 500);
        if (batch === undefined) throw new Error("there is a batch to answer");
        this.commit(batch);
        spool.settle(batch.id, [], from);
        return;
      }
      case "new_stream":
        this.drain();
        spool.restartStream();
        return;
    }
  }

  end(): void {
    this.spool[Symbol.dispose]();
  }
}

describe("whatever happens in whatever order", () => {
  it(
    "each number is stored or told as lost, in the order it was taken, and a retry has the same bytes",
    () => {
      const root = memoryFolder();
      fc.assert(
        fc.property(fc.array(action, { minLength: 1, maxLength: 40 }), (steps) => {
          const world = new World(mkdtempSync(join(root, "model-")));
          try {
            for (const step of steps) world.perform(step);
            world.drain();
            const { stream, lastSeq, waiting, frozen } = world.spool.status();
            expect({ waiting, frozen }).toEqual({ waiting: 0, frozen: 0 });
            const unaccounted = Array.from({ length: lastSeq }, (_, index) => `${stream}:${index + 1}`).filter(
              (place) => !world.stored.has(place) && !world.gone.has(place),
            );
            expect(unaccounted).toEqual([]);
            const taken = [...world.stored].filter(([place]) => place.startsWith(stream)).sort(([a], [b]) => Number(a.split(":")[1]) - Number(b.split(":")[1]));
            const times = taken.map(([, uptimeMs]) => uptimeMs);
            expect(times).toEqual([...times].sort((a, b) => a - b));
          } finally {
            world.end();
          }
        }),
        {
          numRuns: RUNS,
          // A gap that begins before the number from which the collector wants all again.
          examples: [
            [
              [
                { do: "append", count: 3, rare: false },
                { do: "evict", share: 0.3 },
                { do: "restore", back: 1 },
              ],
            ],
          ],
        },
      );
    },
    TIMEOUT_MS,
  );
});
