import { generateKeyPairSync } from "node:crypto";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { gunzipSync } from "node:zlib";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { ClockWatch } from "../../../agent/clock-state.ts";
import { publicKeyText } from "../../../agent/identity.ts";
import { Spool } from "../../../agent/spool/spool.ts";
import { CollectorClient } from "../../../agent/uplink/collector-client.ts";
import { Uplink } from "../../../agent/uplink/uplink.ts";
import { FakeCollector, type FakeOptions } from "../../support/fake-collector.ts";
import { observation } from "../../support/observations.ts";
import { requirePeer } from "../../support/require-peer.ts";
import { memoryFolder, temporaryFolder } from "../../support/temporary-folder.ts";
import { datedCertificate } from "../../support/test-certificate.ts";

const LIMIT_MS = 30_000;
vi.setConfig({ testTimeout: 2 * LIMIT_MS });

/** A spool with `count` rows and an uplink that never waits by chance, against a fake collector. */
async function rig(count: number, options: FakeOptions = {}, end: { url?: string; ca?: string } = {}) {
  const collector = await FakeCollector.start(options);
  const { privateKey } = generateKeyPairSync("ed25519");
  collector.publicKey = publicKeyText(privateKey);
  const spool = new Spool({ folder: memoryFolder(), nowMs: Date.now, log: () => {} });
  const append = (index: number) => spool.append(observation(index));
  for (let index = 0; index < count; index++) append(index);
  const begun = performance.now();
  const clock = new ClockWatch();
  const client = new CollectorClient({ url: collector.url, signer: { agent: collector.agent, key: privateKey }, version: "test", idleMs: 300, ...end });
  const uplink = new Uplink({
    spool,
    client,
    clock,
    readClock: () => ({ wallMs: Date.now(), steadyMs: count * 1_000 + performance.now() - begun }),
    bootId: "boot-a",
    log: () => {},
    chance: () => 0,
    splayMs: 60_000,
  });
  const stop = new AbortController();
  const running = uplink.run(stop.signal);
  onTestFinished(async () => {
    stop.abort();
    await running;
    spool[Symbol.dispose]();
    await collector.stop();
  });
  const until = async (holds: () => boolean) => {
    const end = Date.now() + LIMIT_MS;
    while (!holds()) {
      if (Date.now() > end)
        throw new Error(`not reached: ${JSON.stringify({ spool: spool.status(), uplink: uplink.status(), stored: collector.stored.size })}`);
      await sleep(10);
    }
  };
  return { collector, spool, uplink, client, clock, append, until };
}

const seqsOf = ({ stored }: FakeCollector) => [...stored.values()].map(({ seq }) => seq).sort((a, b) => a - b);
const upTo = (count: number) => Array.from({ length: count }, (_, index) => index + 1);

describe("delivery", () => {
  it("carries everything, signed, and learns the time", async () => {
    const { collector, spool, clock, until } = await rig(520);
    await until(() => spool.status().answered === 520);
    expect(seqsOf(collector)).toEqual(upTo(520));
    expect(clock.state()).toBe("ok");
    expect(collector.duplicates).toBe(0);
    expect(collector.clocks.at(-1)).toMatchObject({ bootId: "boot-a", wallMs: expect.any(Number), uptimeMs: expect.any(Number) });
  });

  it("sends what is appended later", async () => {
    const { collector, spool, uplink, append, until } = await rig(1);
    await until(() => spool.status().answered === 1);
    append(1);
    uplink.notify();
    await until(() => collector.stored.size === 2);
  });

  it("signs again when the nonce has changed, without a person noticing", async () => {
    let nonce = "a";
    const { collector, spool, append, uplink, until } = await rig(1, { nonce: () => nonce });
    await until(() => spool.status().answered === 1);
    nonce = "b";
    append(1);
    uplink.notify();
    await until(() => collector.stored.size === 2);
    expect(uplink.status().hold).toBeUndefined();
  });
});

describe("faults that centres share", () => {
  const shared = { target: "vnpt-igate", from: "2026-11-30T02:00:00.000Z", to: "2026-11-30T03:15:00.000Z" };

  it("are known as the last answer tells them, and are over when it tells of none", async () => {
    let faults: object | undefined = { sharedFaults: [shared] };
    const { spool, uplink, append, until } = await rig(1, { reply: () => faults ?? {} });
    await until(() => spool.status().answered === 1);
    expect(uplink.status().sharedFaults).toEqual([shared]);
    faults = undefined;
    append(1);
    uplink.notify();
    await until(() => spool.status().answered === 2);
    expect(uplink.status().sharedFaults).toBeUndefined();
  });

  it.each([
    ["of another shape", [{ target: "vnpt-igate", until: "noon" }]],
    ["without end", Array.from({ length: 1_000 }, () => shared)],
  ])("in a list %s are not known, and the answer counts all the same", async (_, sharedFaults) => {
    const { spool, uplink, until } = await rig(1, { reply: () => ({ sharedFaults }) as object });
    await until(() => spool.status().answered === 1);
    expect(uplink.status().sharedFaults).toBeUndefined();
  });
});

describe("columns", () => {
  const isColumnar = ({ bytes }: FakeCollector["batches"][number]) => gunzipSync(bytes).includes('"form":"columns-1"');

  it("are sent once the collector has said that it takes them, and bring the same rows", async () => {
    const { collector, spool, until } = await rig(520, { columns: true });
    await until(() => spool.status().answered === 520);
    expect(collector.batches.map(isColumnar)).toEqual([false, true]);
    expect(seqsOf(collector)).toEqual(upTo(520));
    expect([...collector.stored.values()].map(({ seq: _, ...rest }) => rest)).toEqual(upTo(520).map((seq) => observation(seq - 1)));
  });

  it("that are refused after all go in the plain form, and nothing is lost, twice or taken for another sender's", async () => {
    const { collector, spool, append, uplink, until } = await rig(520, { columns: false });
    await until(() => spool.status().answered === 520);
    append(520);
    uplink.notify();
    await until(() => spool.status().answered === 521);
    // 500 before the form was named, two halves of the batch that was refused in columns, one that came later.
    expect(collector.batches.map((sent) => [sent.batch.observations.length, isColumnar(sent)])).toEqual([500, 10, 10, 1].map((count) => [count, false]));
    expect(seqsOf(collector)).toEqual(upTo(521));
    expect([collector.conflicts, collector.duplicates]).toEqual([0, 0]);
    expect(uplink.status().hold).toBeUndefined();
  });
});

describe.skipIf(!requirePeer("openssl"))("a collector whose certificate is not valid at this PC's time", () => {
  it("is told as that, and no more once another fault has come", async () => {
    const { certFile, keyFile, ca } = datedCertificate(temporaryFolder(), "2020-01-01", "2021-01-01");
    const server = createServer({ cert: readFileSync(certFile), key: readFileSync(keyFile) }).listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const { uplink, client, until } = await rig(1, {}, { url: `https://localhost:${port}`, ca });
    await until(() => uplink.status().attempts > 0);
    expect([client.dateFault(), uplink.status().lastError]).toEqual(["CERT_HAS_EXPIRED", "certificate has expired"]);
    server.close();
    await until(() => client.dateFault() === undefined);
    expect(uplink.status().lastError).toContain("ECONNREFUSED");
  });
});

describe("a bad line", () => {
  it.each(["drop_request", "drop_answer", "silence", "rogue_200"] as const)("%s: the same bytes again, nothing lost, nothing twice", async (fault) => {
    const { collector, spool, until } = await rig(20, { fault: (_, count) => (count <= 2 ? fault : undefined) });
    await until(() => spool.status().answered === 20);
    expect(seqsOf(collector)).toEqual(upTo(20));
    expect(collector.conflicts).toBe(0);
    const bytes = collector.batches.map((sent) => sent.bytes.toString("base64"));
    expect(new Set(bytes.slice(0, 3)).size).toBe(1);
  });

  it("three of ten requests and answers lost: every row stored once", async () => {
    let seed = 7;
    const isLost = () => {
      seed = (seed * 48_271) % 0x7fffffff;
      return seed / 0x7fffffff < 0.3;
    };
    // Small batches, so that there are many requests to lose.
    const fault: FakeOptions["fault"] = ({ observations }) =>
      observations.length > 20 ? { status: 413 } : isLost() ? "drop_request" : isLost() ? "drop_answer" : undefined;
    const { collector, spool, until } = await rig(400, { fault });
    await until(() => spool.status().answered === 400);
    expect(seqsOf(collector)).toEqual(upTo(400));
    expect(collector.conflicts).toBe(0);
    expect(collector.batches.length).toBeGreaterThan(40);
  });
});

describe("a collector that objects", () => {
  it.each([[400], [422]])("%i: finds the poisoned row, delivers the others, tells the gap", async (status) => {
    const { collector, spool, until } = await rig(120, { fault: ({ observations }) => (observations.some(({ seq }) => seq === 77) ? { status } : undefined) });
    await until(() => spool.status().answered === 119 && collector.gaps.length === 1);
    expect(seqsOf(collector)).toEqual(upTo(120).filter((seq) => seq !== 77));
    expect(collector.gaps).toMatchObject([{ from: 77, to: 77, reason: "dead_letter" }]);
    expect(spool.status()).toMatchObject({ deadLetters: 1, waiting: 0 });
  });

  it("refuses everything: all is kept, and a person is asked for", async () => {
    const { spool, uplink, until } = await rig(50, { fault: () => ({ status: 422 }) });
    await until(() => uplink.status().hold === "all_refused");
    expect(spool.status()).toMatchObject({ deadLetters: 0, frozen: 50 });
  });

  it("413: halves until it fits", async () => {
    const { collector, spool, until } = await rig(100, { fault: ({ observations }) => (observations.length > 30 ? { status: 413 } : undefined) });
    await until(() => spool.status().answered === 100);
    expect(seqsOf(collector)).toEqual(upTo(100));
  });

  it("rejects single rows of a good batch: those become dead letters", async () => {
    const { collector, spool, until } = await rig(10, { rejects: ({ seq }) => (seq === 4 ? "value_out_of_range" : undefined) });
    await until(() => spool.status().answered === 9);
    expect(spool.status()).toMatchObject({ deadLetters: 1 });
    expect(seqsOf(collector)).toEqual(upTo(10).filter((seq) => seq !== 4));
  });

  it("409: goes on under a new stream, once", async () => {
    const { collector, spool, until } = await rig(10, { fault: (_, count) => (count === 1 ? { status: 409 } : undefined) });
    const { stream } = spool.status();
    await until(() => spool.status().answered === 10);
    expect(spool.status().stream).not.toBe(stream);
    expect(seqsOf(collector)).toEqual(upTo(10));
  });

  it("409 again and again: stops and asks for a person", async () => {
    const { spool, uplink, until } = await rig(3, { fault: () => ({ status: 409 }) });
    await until(() => uplink.status().hold === "stream_conflict");
    expect(spool.status()).toMatchObject({ frozen: 3, deadLetters: 0 });
  });

  it.each([
    [301, "redirected"],
    [403, "revoked"],
    [404, "not_found"],
    [410, "not_found"],
    [415, "version_mismatch"],
    [426, "version_mismatch"],
    [401, "key_refused"],
  ] as const)("%i: holds its data", async (status, hold) => {
    const { spool, uplink, until } = await rig(3, { fault: () => ({ status, headers: { location: "http://127.0.0.1:1/" } }) });
    await until(() => uplink.status().hold === hold);
    expect(spool.status()).toMatchObject({ frozen: 3, deadLetters: 0 });
  });

  it("503 and 429: comes back by itself", async () => {
    const { spool, until } = await rig(3, { fault: (_, count) => (count === 1 ? { status: 503 } : count === 2 ? { status: 429 } : undefined) });
    await until(() => spool.status().answered === 3);
  });

  it("asks for a rewind after it restored a database: gets the lost rows again, byte for byte", async () => {
    const { collector, spool, append, uplink, until } = await rig(10);
    await until(() => spool.status().answered === 10);
    for (const seq of [6, 7, 8, 9, 10]) collector.stored.delete(`${spool.status().stream}:${seq}`);
    collector.options = { reply: () => ({ rewindTo: 6 }) };
    append(10);
    uplink.notify();
    await until(() => collector.stored.size === 11 && spool.status().answered === 11);
    expect(collector.conflicts).toBe(0);
  });

  it("knows numbers that were never given out here: what waits goes on as a stream of its own", async () => {
    const first = { stream: "" };
    const { collector, spool, until } = await rig(3, {
      reply: ({ stream }) => {
        first.stream ||= stream;
        // As if a PC with this spool had told 18 rows before it was put back from an image.
        return stream === first.stream ? { ackedThrough: 18, accepted: 0, duplicates: 3 } : {};
      },
    });
    await until(() => spool.status().answered === 3);
    expect(spool.status()).toMatchObject({ lastSeq: 3, waiting: 0, frozen: 0 });
    expect(spool.status().stream).not.toBe(first.stream);
    expect([...collector.stored.keys()].filter((key) => key.startsWith(spool.status().stream))).toHaveLength(3);
  });
});

it("a closed centre's agent sends what it took before, old as it is, and keeps the rest", async () => {
  const LAST = 1_300;
  const closed = { status: 403, body: { code: "centre_closed", title: "closed", status: 403, type: "about:blank" } };
  const { collector, spool, uplink, until } = await rig(2_000, {
    fault: ({ from, to }) => (to <= LAST ? undefined : from <= LAST ? { status: 422 } : closed),
    reply: () => ({ backlogRate: 1_000_000, minIntervalS: 0 }),
  });
  await until(() => uplink.status().hold === "centre_closed");
  expect(seqsOf(collector)).toEqual(upTo(LAST));
  const { waiting, frozen, deadLetters } = spool.status();
  expect([waiting + frozen, deadLetters]).toEqual([2_000 - LAST, 0]);
});
