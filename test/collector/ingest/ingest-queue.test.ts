import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BatchUnwritable, IngestBusy, IngestQueue } from "../../../collector/ingest/ingest-queue.ts";
import type { Received, Written } from "../../../collector/store/received.ts";
import { batchOf, measured, receivedOf } from "../../support/batches.ts";

const received = (stream: number, count = 1, siteId = 1): Received => receivedOf(batchOf({ stream: stream.toString(16).padStart(16, "0"), count }), { siteId });
const stored: Written = { result: "stored", ackedThrough: 1, accepted: 1, duplicates: 0, rewindTo: undefined };

/** A store that notes the groups that it got and answers when it is told to. */
function heldStore(fault: (group: readonly Received[]) => Error | undefined = () => undefined) {
  const groups: string[][] = [];
  const gates: (() => void)[] = [];
  const write = async (group: readonly Received[]) => {
    groups.push(group.map(({ batch }) => batch.stream.slice(-1)));
    await new Promise<void>((open) => gates.push(open));
    const error = fault(group);
    if (error) throw error;
    return group.map(() => stored);
  };
  const openAll = async () => {
    for (let turn = 0; turn < 50; turn++) {
      gates.shift()?.();
      await Promise.resolve();
    }
  };
  return { groups, write, openAll };
}

const databaseError = (code: string) => Object.assign(new Error(`database ${code}`), { code });

describe("the ingest queue", () => {
  it("takes all that came while a group was written as the next group", async () => {
    const store = heldStore();
    const queue = new IngestQueue(store.write);
    const answers = Promise.all([1, 2, 3, 4].map((stream) => queue.add(received(stream))));
    await store.openAll();
    expect(await answers).toEqual([stored, stored, stored, stored]);
    expect(store.groups).toEqual([["1"], ["2", "3", "4"]]);
    await queue.drain();
    expect(queue.queued).toBe(0);
  });

  it("writes together what lies in one lane, and another lane beside it", async () => {
    const store = heldStore();
    const queue = new IngestQueue(store.write, { writers: 3, laneOf: (siteId) => siteId % 2 });
    const answers = Promise.all([received(1, 1, 1), received(2, 1, 1), received(3, 1, 2), received(4, 1, 3), received(5, 1, 4)].map((one) => queue.add(one)));
    await store.openAll();
    expect(await answers).toHaveLength(5);
    expect(store.groups).toEqual([["1"], ["3"], ["4"], ["2"], ["5"]]);
    const later = Promise.all([received(6, 1, 2), received(7, 1, 1), received(8, 1, 3), received(9, 1, 5), received(10, 1, 4)].map((one) => queue.add(one)));
    await store.openAll();
    expect(await later).toHaveLength(5);
    expect(store.groups.slice(5).every((group) => new Set(group.map((name) => "6a".includes(name))).size === 1)).toBe(true);
  });

  it("refuses by the bytes that wait, and takes more when they are written", async () => {
    const store = heldStore();
    const queue = new IngestQueue(store.write, { bytesMax: 100 });
    const sized = (stream: number, bodyBytes: number): Received => ({ ...received(stream), bodyBytes });
    const first = queue.add(sized(1, 60));
    await expect(queue.add(sized(2, 41))).rejects.toBeInstanceOf(IngestBusy);
    const second = queue.add(sized(3, 40));
    await store.openAll();
    await Promise.all([first, second]);
    await queue.drain();
    const third = queue.add(sized(4, 100));
    await store.openAll();
    expect(await third).toEqual(stored);
  });

  it("refuses while the oldest batch waits too long, the one that is being written too, and says when to come back", async () => {
    let nowMs = 0;
    const store = heldStore();
    const queue = new IngestQueue(store.write, { ageMaxMs: 10_000, nowMs: () => nowMs });
    const first = queue.add(received(1));
    nowMs = 10_000;
    const second = queue.add(received(2));
    nowMs = 10_001;
    await expect(queue.add(received(3))).rejects.toMatchObject({ name: "IngestBusy", retryAfterS: expect.any(Number) });
    await store.openAll();
    await Promise.all([first, second]);
    await queue.drain();
    expect(queue.oldestMs).toBe(0);
    const later = queue.add(received(4));
    await store.openAll();
    expect(await later).toEqual(stored);
  });

  it("keeps a group below its limit, and takes a batch that is larger alone", async () => {
    const store = heldStore();
    const queue = new IngestQueue(store.write, { queuedMax: 1_000, groupMax: 10 });
    const answers = Promise.all([received(1), received(2, 4), received(3, 4), received(4, 4), received(5, 40)].map((one) => queue.add(one)));
    await store.openAll();
    await answers;
    expect(store.groups).toEqual([["1"], ["2", "3"], ["4"], ["5"]]);
  });

  it("sends away what it has no room for, and says for how long", async () => {
    const store = heldStore();
    const queue = new IngestQueue(store.write, { queuedMax: 10, groupMax: 10 });
    const first = queue.add(received(1, 7));
    const refused = await queue.add(received(2, 7)).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(IngestBusy);
    expect((refused as IngestBusy).retryAfterS).toBeGreaterThanOrEqual(5);
    await store.openAll();
    await first;
    const later = queue.add(received(2, 7));
    await store.openAll();
    expect(await later).toEqual(stored);
  });

  it("takes a whole province that comes in one moment, each agent with a minute or a backlog", async () => {
    const store = heldStore();
    const queue = new IngestQueue(store.write, { writers: 1 });
    const five = measured([1, 2, 3, 4, 5].map((ap) => ({ metric: "wifi_clients", value: ap, labels: { ap: `ap-${ap}` } })));
    const minute = batchOf({ count: 14, each: () => ({ outcome: five }) });
    const answers = Array.from({ length: 3_300 }, (_, site) => queue.add(receivedOf(minute, { siteId: site + 1 })));
    expect(queue.queued).toBe(3_300 * 15);
    await store.openAll();
    expect(await Promise.all(answers)).toHaveLength(3_300);
    const backlog = batchOf({ count: 100, each: () => ({ outcome: five }) });
    const late = Array.from({ length: 490 }, (_, site) => queue.add(receivedOf(backlog, { siteId: site + 1 })));
    await store.openAll();
    expect(await Promise.all(late)).toHaveLength(490);
  });

  it("refuses by the readings that wait: a small body in columns may hold a hundred thousand", async () => {
    const store = heldStore();
    const queue = new IngestQueue(store.write, { writers: 1 });
    const thousand = measured(Array.from({ length: 1_000 }, (_, ap) => ({ metric: "wifi_clients", value: 1, labels: { ap: `ap-${ap}` } })));
    const large = batchOf({ count: 100, each: () => ({ outcome: thousand }) });
    const answers = Promise.allSettled(Array.from({ length: 12 }, (_, site) => queue.add(receivedOf(large, { siteId: site + 1 }))));
    await store.openAll();
    expect((await answers).filter(({ status }) => status === "fulfilled")).toHaveLength(9);
    expect(queue.queued).toBe(0);
  });

  it("lets a batch whose content is refused fail alone", async () => {
    const store = heldStore((group) => (group.some(({ batch }) => batch.stream.endsWith("3")) ? databaseError("22003") : undefined));
    const queue = new IngestQueue(store.write);
    const answers = Promise.allSettled([1, 2, 3, 4].map((stream) => queue.add(received(stream))));
    await store.openAll();
    expect((await answers).map(({ status }) => status)).toEqual(["fulfilled", "fulfilled", "rejected", "fulfilled"]);
    const refused = (await answers)[2];
    expect(refused?.status === "rejected" && refused.reason).toBeInstanceOf(BatchUnwritable);
    expect(store.groups).toEqual([["1"], ["2", "3", "4"], ["2"], ["3"], ["4"]]);
  });

  it.each([["ECONNREFUSED"], ["57P01"], ["53100"]])("fails a whole group at once when the database is away (%s)", async (code) => {
    const store = heldStore(() => databaseError(code));
    const queue = new IngestQueue(store.write);
    const answers = Promise.allSettled([1, 2, 3].map((stream) => queue.add(received(stream))));
    await store.openAll();
    expect((await answers).map((answer) => answer.status === "rejected" && (answer.reason as { code?: string }).code)).toEqual([code, code, code]);
    expect(store.groups).toEqual([["1"], ["2", "3"]]);
    expect(queue.queued).toBe(0);
  });

  it("writes two groups at once, of different centres, and takes what came meanwhile as the next", async () => {
    const store = heldStore();
    const queue = new IngestQueue(store.write);
    const answers = Promise.all([1, 2, 3, 4].map((site) => queue.add(received(site, 1, site))));
    expect(store.groups).toEqual([["1"], ["2"]]);
    await store.openAll();
    expect(await answers).toEqual([stored, stored, stored, stored]);
    expect(store.groups).toEqual([["1"], ["2"], ["3", "4"]]);
  });

  it("leaves batches of a centre that is being written where they are, and lets those of others pass", async () => {
    const store = heldStore();
    const queue = new IngestQueue(store.write);
    const answers = Promise.all([queue.add(received(1, 1, 7)), queue.add(received(2, 1, 7)), queue.add(received(3, 1, 7)), queue.add(received(4, 1, 8))]);
    expect(store.groups).toEqual([["1"], ["4"]]);
    await store.openAll();
    await answers;
    expect(store.groups).toEqual([["1"], ["4"], ["2", "3"]]);
  });

  it("keeps its promises in whatever order groups are answered, refused or lost", async () => {
    const arrival = fc.record({ site: fc.integer({ min: 1, max: 5 }), fate: fc.constantFrom("fine", "fine", "fine", "poison", "away") });
    const step = fc.oneof(fc.record({ arrive: arrival }), fc.record({ answer: fc.nat() }));
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), fc.integer({ min: 1, max: 3 }), async (steps, writers) => {
        const flights: { readonly group: readonly Received[]; readonly open: () => void }[] = [];
        const written: Received[] = [];
        const write = async (group: readonly Received[]) => {
          const sites = new Set(group.map(({ siteId }) => siteId));
          for (const other of flights) for (const { siteId } of other.group) expect(sites.has(siteId)).toBe(false);
          expect(group.reduce((sum, { batch }) => sum + batch.observations.length + 1, 0)).toBeLessThanOrEqual(8);
          await new Promise<void>((open) => {
            flights.push({ group, open });
            expect(flights.length).toBeLessThanOrEqual(writers);
          });
          if (group.some(({ agentId }) => agentId === "away")) throw databaseError("57P01");
          if (group.some(({ agentId }) => agentId === "poison")) throw databaseError("22003");
          written.push(...group);
          return group.map(() => stored);
        };
        const queue = new IngestQueue(write, { writers, groupMax: 8, queuedMax: 60 });
        const answerOne = async (which: number) => {
          flights.splice(which % flights.length, 1)[0]?.open();
          for (let turn = 0; turn < 10; turn++) await Promise.resolve();
        };
        const all: { readonly own: Received; readonly answer: Promise<PromiseSettledResult<Written>> }[] = [];
        for (const one of steps) {
          if ("arrive" in one) {
            const own = { ...received(all.length + 1, 1, one.arrive.site), agentId: one.arrive.fate };
            all.push({ own, answer: Promise.allSettled([queue.add(own)]).then(([answer]) => answer as PromiseSettledResult<Written>) });
          } else if (flights.length > 0) await answerOne(one.answer);
        }
        const drained = queue.drain();
        while (flights.length > 0) await answerOne(0);
        await drained;
        expect([queue.queued, queue.oldestMs]).toEqual([0, 0]);
        for (const { own, answer } of all) {
          const { status } = await answer;
          expect([status, written.filter((one) => one === own).length]).toEqual(written.includes(own) ? ["fulfilled", 1] : ["rejected", 0]);
          if (own.agentId === "fine" && status === "rejected") expect(((await answer) as PromiseRejectedResult).reason).not.toBeInstanceOf(BatchUnwritable);
          if (own.agentId !== "fine") expect(status).toBe("rejected");
        }
        for (const site of [1, 2, 3, 4, 5]) {
          const order = written.filter(({ siteId }) => siteId === site).map(({ batch }) => Number.parseInt(batch.stream, 16));
          expect(order).toEqual(order.toSorted((a, b) => a - b));
        }
      }),
      { numRuns: Number(process.env.HCC_QUEUE_RUNS ?? 200) },
    );
  });
});
