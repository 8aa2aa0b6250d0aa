import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { gunzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { Batch } from "#schemas/exchange.ts";
import type { BatchView, FrozenBatch } from "../../../agent/spool/outbox.ts";
import { quotaLimits } from "../../../agent/spool/quota.ts";
import { Spool, type SpoolOptions } from "../../../agent/spool/spool.ts";
import { observation } from "../../support/observations.ts";
import { memoryFolder } from "../../support/temporary-folder.ts";

const view: BatchView = {
  nowMs: Date.UTC(2026, 10, 28),
  bootId: "boot-a",
  uptimeMs: 0,
  liveMs: 600_000,
  observationsMax: 500,
  bytesAim: 256 * 1024,
  lane: "live",
};
const open = (folder: string, more: Partial<SpoolOptions> = {}) => new Spool({ folder, nowMs: () => view.nowMs, log: () => {}, ...more });
const read = (batch: FrozenBatch | undefined) => Batch.parse(JSON.parse(gunzipSync(batch?.body ?? "").toString()));
const seqs = (batch: FrozenBatch | undefined) => read(batch).observations.map(({ seq }) => seq);

function filled(count: number, more: Partial<SpoolOptions> = {}): { spool: Spool; folder: string } {
  const folder = memoryFolder();
  const spool = open(folder, more);
  for (let index = 0; index < count; index++) spool.append(observation(index));
  return { spool, folder };
}

/** The next batch that must exist. */
function next(spool: Spool, more: Partial<BatchView> = {}): FrozenBatch {
  const batch = spool.next({ ...view, ...more });
  if (batch === undefined) throw new Error("no batch waits");
  return batch;
}

describe("append", () => {
  it("numbers from 1 without holes, and goes on after a restart in the same stream", () => {
    const { spool, folder } = filled(2);
    const { stream } = spool.status();
    spool[Symbol.dispose]();
    using again = open(folder);
    expect(again.append(observation(3))).toBe(3);
    expect(again.status()).toMatchObject({ stream, lastSeq: 3, waiting: 3, durable: true });
  });

  it("commits with an fsync each time: synchronous is FULL and stays so after writes", () => {
    const { spool } = filled(3);
    expect(spool.synchronous()).toBe(2);
  });
});

describe("a place", () => {
  it("is where all was seen: at another one nothing of it is sent or remembered, and a new stream begins", () => {
    const { spool } = filled(3);
    const left: string[] = [];
    const stand = (place: string) => spool.standAt(place, () => left.push(place));
    stand("xa-a/main");
    next(spool, { observationsMax: 1 });
    const { stream } = spool.status();
    stand("xa-a/main");
    expect(spool.status()).toMatchObject({ stream, lastSeq: 3 });
    expect(left).toEqual([]);
    const full = () => {
      throw new Error("the folder stays");
    };
    expect(() => spool.standAt("xa-a/ia-ly", full)).toThrow("the folder stays");
    expect(spool.status()).toMatchObject({ stream, lastSeq: 3 });
    stand("xa-a/ia-ly");
    expect(left).toEqual(["xa-a/ia-ly"]);
    expect(spool.next(view)).toBeUndefined();
    expect(spool.status()).toMatchObject({ lastSeq: 0, waiting: 0, frozen: 0 });
    expect(spool.status().stream).not.toBe(stream);
    expect(spool.recent(observation(1).probe, 10)).toEqual([]);
    expect(spool.append(observation(4))).toBe(1);
  });
});

describe("batches", () => {
  it("hold at most so many observations, contiguous and valid", () => {
    const { spool } = filled(7);
    const batch = next(spool, { observationsMax: 3 });
    expect(read(batch)).toMatchObject({ from: 1, to: 3, lane: "live", gaps: [] });
    expect(seqs(batch)).toEqual([1, 2, 3]);
  });

  it("stay below the wanted size but take one row that is larger alone", () => {
    const { spool } = filled(5);
    expect(seqs(next(spool, { bytesAim: 10 }))).toEqual([1]);
  });

  it("are frozen: a retry after a restart, with newer rows waiting, is the same bytes", () => {
    const { spool, folder } = filled(3);
    const first = next(spool);
    spool.append(observation(9));
    spool[Symbol.dispose]();
    using again = open(folder);
    expect(Buffer.from(next(again, { nowMs: view.nowMs + 99_999 }).body)).toEqual(Buffer.from(first.body));
  });

  it("send what is new before what is old, and then the old from its beginning", () => {
    const { spool } = filled(0);
    for (const at of [0, 1, 2, 5_000, 5_001]) spool.append(observation(at));
    const now = { uptimeMs: 5_002_000 };
    expect(spool.lanesWaiting({ ...view, ...now })).toEqual({ live: true, backlog: true });
    const live = next(spool, now);
    expect(read(live)).toMatchObject({ from: 4, to: 5, lane: "live" });
    spool.settle(live.id, []);
    expect(spool.next({ ...view, ...now })).toBeUndefined();
    expect(read(next(spool, { ...now, lane: "backlog" }))).toMatchObject({ from: 1, to: 3, lane: "backlog" });
  });

  it("call everything of an earlier boot backlog", () => {
    const { spool } = filled(2);
    expect(spool.lanesWaiting({ ...view, bootId: "boot-b", uptimeMs: 5 })).toEqual({ live: false, backlog: true });
  });
});

describe("answers", () => {
  it("a committed batch is done; what was refused inside it is a dead letter", () => {
    const { spool } = filled(3);
    spool.settle(next(spool).id, [
      { seq: 2, code: "bad" },
      { seq: 99, code: "not in this batch" },
    ]);
    expect(spool.status()).toMatchObject({ waiting: 0, frozen: 0, answered: 2, deadLetters: 1, lost: 0 });
  });

  it("a refused batch is cut in halves down to the poison, which is buried once others pass, and told as a gap", () => {
    const { spool } = filled(8);
    const poison = 5;
    for (let round = 0; round < 40; round++) {
      const batch = spool.next(view);
      if (batch === undefined) break;
      if (seqs(batch).includes(poison)) spool.refuse(batch.id, "batch_invalid");
      else spool.settle(batch.id, []);
    }
    spool.append(observation(9));
    spool.settle(next(spool, { lane: "backlog" }).id, []);
    for (let batch = spool.next(view); batch !== undefined; batch = spool.next(view)) spool.settle(batch.id, []);
    expect(spool.status()).toMatchObject({ waiting: 0, frozen: 0, suspects: 0, deadLetters: 1, answered: 8, lost: 1 });
  });

  it("a collector that refuses everything costs nothing", () => {
    const { spool } = filled(4);
    for (let batch = spool.next(view); batch !== undefined; batch = spool.next(view)) spool.refuse(batch.id, "batch_invalid");
    expect(spool.status()).toMatchObject({ suspects: 4, deadLetters: 0, frozen: 4 });
    spool.releaseSuspects();
    for (let batch = spool.next(view); batch !== undefined; batch = spool.next(view)) spool.settle(batch.id, []);
    expect(spool.status()).toMatchObject({ answered: 4, deadLetters: 0, frozen: 0 });
  });

  it("a batch that is too large goes on as two", () => {
    const { spool } = filled(3);
    expect(spool.halve(next(spool).id)).toBe(true);
    const first = next(spool);
    expect(seqs(first)).toEqual([1, 2]);
    spool.settle(first.id, []);
    const second = next(spool);
    expect(seqs(second)).toEqual([3]);
    expect(spool.halve(second.id)).toBe(false);
  });

  it("in columns keep their bytes over a restart and a rewind, whatever the collector takes by then, until they are refused", () => {
    const { spool, folder } = filled(6);
    const first = next(spool, { columns: true });
    expect(gunzipSync(first.body).includes('"form":"columns-1"')).toBe(true);
    spool[Symbol.dispose]();
    using again = open(folder);
    expect(Buffer.from(next(again).body)).toEqual(Buffer.from(first.body));
    again.settle(first.id, [], 1);
    const rewound = next(again);
    expect(Buffer.from(rewound.body)).toEqual(Buffer.from(first.body));
    again.toPlain(rewound.id);
    const half = next(again);
    expect([seqs(half), half.columns]).toEqual([[1, 2, 3], false]);
    again.settle(half.id, []);
    expect(seqs(next(again))).toEqual([4, 5, 6]);
  });

  it("a rewind sends the answered batches again, byte for byte", () => {
    const { spool } = filled(6);
    const sent: FrozenBatch[] = [];
    for (let batch = spool.next({ ...view, observationsMax: 2 }); batch !== undefined; batch = spool.next({ ...view, observationsMax: 2 })) {
      sent.push(batch);
      spool.settle(batch.id, [], batch.to === 6 ? 3 : undefined);
      if (batch.to === 6) break;
    }
    const again = [next(spool)];
    spool.settle(again[0]?.id ?? 0, []);
    again.push(next(spool));
    expect(again.map(({ body }) => Buffer.from(body))).toEqual(sent.slice(1).map(({ body }) => Buffer.from(body)));
  });

  it("a new stream renumbers what was never answered and remembers the rest", () => {
    const { spool } = filled(5);
    const { stream } = spool.status();
    spool.settle(next(spool, { observationsMax: 2 }).id, []);
    next(spool, { observationsMax: 2 });
    spool.restartStream();
    const batch = next(spool);
    expect(seqs(batch)).toEqual([1, 2, 3]);
    expect(read(batch).stream).not.toBe(stream);
    expect(read(batch).observations.map(({ uptimeMs }) => uptimeMs)).toEqual([2_000, 3_000, 4_000]);
    expect(spool.append(observation(9))).toBe(4);
    expect(spool.recent("link-quality", 9).map(({ uptimeMs }) => uptimeMs)).toEqual([9_000, 4_000, 3_000, 2_000, 1_000, 0]);
  });

  it("what earlier streams were answered for is never sent again, whatever the collector asks for, and is forgotten in its time", () => {
    let days = 0;
    const { spool } = filled(3, { nowMs: () => view.nowMs + days * 86_400_000 });
    const deliver = (rewindTo?: number) => spool.settle(next(spool).id, [], rewindTo);
    deliver();
    spool.restartStream();
    for (const index of [3, 4]) spool.append(observation(index));
    deliver();
    spool.restartStream();
    spool.append(observation(5));
    deliver(1);
    expect(seqs(next(spool))).toEqual([1]);
    expect(spool.status()).toMatchObject({ answered: 5, frozen: 1, lastSeq: 1, lost: 0 });
    expect(spool.recent("link-quality", 9).map(({ uptimeMs }) => uptimeMs)).toEqual([5_000, 4_000, 3_000, 2_000, 1_000, 0]);
    deliver();
    days = 3;
    spool.maintain({ clockTrusted: true });
    expect(spool.recent("link-quality", 9)).toEqual([]);
  });

  it("two PCs that go on under each other's key begin as many streams as they like: what is remembered stays in its order", () => {
    const { spool } = filled(2);
    for (let index = 2; index < 80; index++) {
      spool.settle(next(spool).id, []);
      spool.restartStream();
      spool.append(observation(index));
    }
    expect(spool.recent("link-quality", 100).map(({ uptimeMs }) => uptimeMs)).toEqual(Array.from({ length: 80 }, (_, back) => (79 - back) * 1_000));
    expect(seqs(next(spool))).toEqual([1]);
  });
});

describe("space", () => {
  const space = (freeBytes: number) => () => ({ freeBytes, bytes: 1e12 });

  it("gives up answered rows first, then old samples, and covers them with gaps", () => {
    const limits = { ...quotaLimits, spoolBytesMax: 300 * 1024 };
    const { spool } = filled(600, { limits, diskSpace: space(1e11) });
    spool.append(observation(700, { probe: "recording-depth" }));
    spool.settle(next(spool, { observationsMax: 10 }).id, []);
    for (let index = 0; index < 1_500; index++) spool.append(observation(1_000 + index));
    spool.maintain({ clockTrusted: false });
    const { bytes, waiting, lost, answered, lastSeq } = spool.status();
    expect(bytes).toBeLessThanOrEqual(limits.spoolBytesMax + 64 * 1024);
    expect(answered).toBe(0);
    expect(waiting + lost + 10).toBe(lastSeq);
    expect(spool.recent("recording-depth", 5)).toHaveLength(1);
    const batch = read(next(spool, { lane: "backlog", uptimeMs: 1e9 }));
    expect(batch.gaps.slice(0, 2)).toMatchObject([
      { from: 11, to: 600, reason: "evicted_disk_full" },
      { from: 602, reason: "evicted_disk_full" },
    ]);
    expect(batch.observations[0]).toMatchObject({ seq: 601, probe: "recording-depth" });
  });

  it("leaves room on a disk that others fill", () => {
    const { spool } = filled(50, { diskSpace: space(100 * 1024 * 1024) });
    spool.maintain({ clockTrusted: false });
    expect(spool.status()).toMatchObject({ waiting: 0, lost: 50 });
  });

  it("gives up rows of a month ago only when the clock is confirmed", () => {
    const clock = { nowMs: view.nowMs };
    const { spool } = filled(3, { nowMs: () => clock.nowMs, diskSpace: space(1e11) });
    clock.nowMs += 31 * 86_400_000;
    spool.maintain({ clockTrusted: false });
    expect(spool.status()).toMatchObject({ waiting: 3 });
    spool.maintain({ clockTrusted: true });
    expect(spool.status()).toMatchObject({ waiting: 0, lost: 3 });
  });

  it("gives up no row for the age that a wrong clock made of it", () => {
    const { spool } = filled(0, { nowMs: () => view.nowMs, diskSpace: space(1e11) });
    const old = (clock: "ok" | "skewed" | "bad" | "unknown") => observation(-400 * 86_400, { clock, uptimeMs: 1 });
    for (const clock of ["bad", "unknown", "ok", "skewed"] as const) spool.append(old(clock));
    spool.maintain({ clockTrusted: true });
    expect(spool.status()).toMatchObject({ waiting: 2, lost: 2 });
  });

  it("forgets answered samples after two days and keeps answered evidence", () => {
    const clock = { nowMs: view.nowMs };
    const { spool } = filled(3, { nowMs: () => clock.nowMs, diskSpace: space(1e11) });
    spool.append(observation(3, { probe: "link-bandwidth" }));
    spool.settle(next(spool).id, []);
    clock.nowMs += 3 * 86_400_000;
    spool.maintain({ clockTrusted: false });
    expect(spool.status()).toMatchObject({ answered: 4 });
    spool.maintain({ clockTrusted: true });
    expect(spool.status()).toMatchObject({ answered: 1 });
    spool.append(observation(4));
    spool.settle(next(spool).id, [], 1);
    // First the one whose answer brought the order, as it was.
    expect(read(next(spool))).toMatchObject({ from: 5, to: 5, gaps: [] });
    spool.settle(next(spool).id, []);
    const batch = read(next(spool, { lane: "backlog", uptimeMs: 1e9 }));
    expect(batch).toMatchObject({ from: 1, to: 4, gaps: [{ from: 1, to: 3, reason: "evicted_disk_full" }] });
  });
});

describe("a damaged file", () => {
  const file = (folder: string) => join(folder, "spool.db");

  /** Damages, by name, what lies on the disk after a stop. */
  const damages: [string, (folder: string) => void][] = [
    ["zeros in its head", (folder) => writeFileSync(file(folder), Buffer.concat([Buffer.alloc(100), readFileSync(file(folder)).subarray(100)]))],
    ["a text file in its place", (folder) => writeFileSync(file(folder), "hello\n".repeat(1_000))],
    ["cut in the middle", (folder) => truncateSync(file(folder), 8_192)],
    [
      "a page overwritten",
      (folder) =>
        writeFileSync(
          file(folder),
          Buffer.concat([readFileSync(file(folder)).subarray(0, 4_096), Buffer.alloc(8_192, 0xa5), readFileSync(file(folder)).subarray(12_288)]),
        ),
    ],
  ];

  it.each(damages)("%s: set aside, a new stream begins, what can be read is saved", (_, damage) => {
    const { spool, folder } = filled(400);
    const { stream } = spool.status();
    spool[Symbol.dispose]();
    damage(folder);
    using again = open(folder);
    expect(again.append(observation(1))).toBeGreaterThan(0);
    expect(again.status()).toMatchObject({ durable: true });
    expect(again.status().stream).not.toBe(stream);
    expect(readdirSync(folder).filter((name) => /^spool\.corrupt-.*Z$/.test(name))).toHaveLength(1);
  });

  it("a page overwritten in the middle costs its own rows alone: what waits goes on, and what was answered is remembered", () => {
    const { spool, folder } = filled(900);
    for (let batch = 0; batch < 3; batch++) spool.settle(next(spool, { observationsMax: 200 }).id, []);
    spool[Symbol.dispose]();
    overwriteMiddle(file(folder));
    using again = open(folder);
    const { stream: _, ...status } = again.status();
    expect(status).toMatchObject({ durable: true, waiting: 300, frozen: 0, lastSeq: 300 });
    expect(status.answered).toBeGreaterThan(550);
    expect(status.answered).toBeLessThan(600);
    const taken = again.recent("link-quality", 1_000).map(({ uptimeMs }) => uptimeMs);
    expect(taken).toEqual([...new Set(taken)].sort((a, b) => b - a));
    expect([taken[0], taken.at(-1), taken.length]).toEqual([899_000, 0, 300 + status.answered]);
    expect(seqs(next(again, { observationsMax: 3 }))).toEqual([1, 2, 3]);
  });

  /** Changes the middle one of the pages that hold rows which were answered. */
  function overwriteMiddle(path: string): void {
    const bytes = readFileSync(path);
    const size = bytes.readUInt16BE(16);
    const pages = Array.from({ length: bytes.length / size }, (_, page) => page * size);
    const at = pages.find((start) => bytes[start] === 0x0d && bytes.subarray(start, start + size).includes(`"uptimeMs":300000`)) ?? Number.NaN;
    bytes.fill(0xa5, at, at + size);
    writeFileSync(path, bytes);
  }

  it("only the newest two damaged files are kept", () => {
    const folder = memoryFolder();
    for (let round = 0; round < 4; round++) {
      writeFileSync(file(folder), "no database\n".repeat(500));
      open(folder, { nowMs: () => view.nowMs + round * 1_000 })[Symbol.dispose]();
    }
    expect(readdirSync(folder).filter((name) => name.startsWith("spool.corrupt-"))).toHaveLength(2);
  });

  it("a missing -shm or an empty file is no damage", () => {
    const { spool, folder } = filled(3);
    spool[Symbol.dispose]();
    rmSync(join(folder, "spool.db-shm"), { force: true });
    using again = open(folder);
    expect(again.status()).toMatchObject({ waiting: 3 });
    const empty = memoryFolder();
    writeFileSync(file(empty), "");
    using fresh = open(empty);
    expect(fresh.append(observation(1))).toBe(1);
  });

  it("an unwritable place is replaced by memory, and that is said", () => {
    const folder = memoryFolder();
    mkdirSync(file(folder));
    using spool = open(folder);
    expect(spool.append(observation(1))).toBe(1);
    expect(seqs(next(spool))).toEqual([1]);
    expect(spool.status()).toMatchObject({ durable: false });
  });

  it("a spool of the version before columns goes on, its frozen batch as it was", () => {
    const { spool, folder } = filled(3);
    const frozen = next(spool);
    spool[Symbol.dispose]();
    const database = new DatabaseSync(file(folder));
    database.exec("ALTER TABLE batch DROP COLUMN form; DROP TABLE day_fact; PRAGMA user_version = 1");
    database.close();
    using again = open(folder);
    expect({ ...next(again), body: "" }).toEqual({ ...frozen, body: "" });
    expect(Buffer.from(next(again).body)).toEqual(Buffer.from(frozen.body));
    expect(again.status()).toMatchObject({ durable: true, lastSeq: 3 });
  });

  it("a spool of a newer program is set aside, not overwritten", () => {
    const { spool, folder } = filled(1);
    spool[Symbol.dispose]();
    const database = new DatabaseSync(file(folder));
    database.exec("PRAGMA user_version = 99");
    database.close();
    using again = open(folder);
    expect(again.append(observation(1))).toBeGreaterThan(0);
    expect(readdirSync(folder).some((name) => name.startsWith("spool.corrupt-"))).toBe(true);
  });
});

describe("the reserve", () => {
  it("is there while the disk has room", () => {
    const { folder } = filled(1);
    expect(existsSync(join(folder, "spool.reserve"))).toBe(true);
  });
});
