import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { type ServerType, serve } from "@hono/node-server";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { ClockWatch } from "../../agent/clock-state.ts";
import { enrol } from "../../agent/enrolment.ts";
import { keyOf } from "../../agent/identity.ts";
import { Spool } from "../../agent/spool/spool.ts";
import { CollectorClient } from "../../agent/uplink/collector-client.ts";
import { Uplink } from "../../agent/uplink/uplink.ts";
import { hashOfCode, newEnrolCode } from "../../collector/auth/enrol-code.ts";
import { createCollector } from "../../collector/collector.ts";
import { readConfig } from "../../collector/config.ts";
import { createLog } from "../../collector/log.ts";
import { addEnrolCode } from "../../collector/store/agents.ts";
import { importCentres } from "../../collector/store/sites.ts";
import { judgeCases } from "../conformance/case.ts";
import { receiverCases } from "../conformance/receiver-cases.ts";
import { SenderBench } from "../conformance/sender-bench.ts";
import { senderCases } from "../conformance/sender-cases.ts";
import { WireSender, wireBatch } from "../conformance/wire-sender.ts";
import { observation } from "../support/observations.ts";
import { memoryFolder } from "../support/temporary-folder.ts";
import { openTestDb, type TestDb } from "../support/test-database.ts";

const faultsOf = (verdicts: readonly { id: string; fault?: string }[]) => verdicts.flatMap(({ id, fault }) => (fault === undefined ? [] : [`${id}: ${fault}`]));
const quiet = () => undefined;

describe("a receiver under the compliance suite", () => {
  let db: TestDb;
  let server: ServerType;
  let url: string;
  /** What stands between the suite and the collector. */
  let between: (request: Request, answer: (request: Request) => Promise<Response>) => Promise<Response>;

  beforeAll(async () => {
    db = await openTestDb();
    const config = readConfig({ HCC_LOG_LEVEL: "silent", HCC_MEASURE_PORT: "0" });
    const { app } = await createCollector({ config, store: { db }, clock: Date.now, log: createLog("silent") });
    await importCentres(db, [{ code: "thu", name: "Xã Thử", keyArea: false, devices: [] }], Date.now());
    server = serve({ fetch: (request) => between(request, async (asked) => app.fetch(asked)), port: 0, hostname: "127.0.0.1" });
    await once(server, "listening");
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }, 60_000);
  afterAll(async () => {
    server?.close();
    await db?.close();
  });

  const judge = async () => {
    const code = newEnrolCode();
    expect(await addEnrolCode(db, "thu", hashOfCode(code) ?? "", Date.now(), Date.now() + 60_000)).toBe(true);
    return faultsOf(await judgeCases(receiverCases, { sender: new WireSender(url), code }, quiet));
  };

  it("our collector meets every demand", async () => {
    between = (request, answer) => answer(request);
    expect(await judge()).toEqual([]);
  }, 60_000);

  /** Changes the JSON of the collector's answers to batches. */
  const changing =
    (change: (body: Record<string, unknown>, status: number, sent: { to?: number }) => object | undefined, status = (was: number) => was) =>
    async (request: Request, answer: (request: Request) => Promise<Response>) => {
      const sent = await request.clone().text();
      const response = await answer(request);
      const body = (await response.json()) as Record<string, unknown>;
      const range = /"to":(\d+)/.exec(sent);
      return Response.json(change(body, response.status, range ? { to: Number(range[1]) } : {}) ?? body, { status: status(response.status) });
    };

  it.each<[string, typeof between, string[]]>([
    [
      "counts a repetition as new rows, acknowledges past a hole and gives no nonce",
      changing(({ nonce, ...body }, status, { to }) => {
        if ("accepted" in body) return { ...body, nonce, accepted: Number(body.accepted) + Number(body.duplicates), duplicates: 0, ackedThrough: to };
        return status === 401 ? body : undefined;
      }),
      ["retry", "out-of-order", "at-once", "nonce"],
    ],
    [
      "answers a bad batch with 500 and all else with 200",
      changing(
        () => undefined,
        (was) => (was === 422 ? 500 : 200),
      ),
      ["refuse-hole", "refuse-proto", "unsigned", "refuse-wire-size", "conflict"],
    ],
  ])(
    "a collector that %s does not",
    async (_, broken, expected) => {
      between = broken;
      const failed = (await judge()).map((fault) => fault.split(":")[0]);
      expect(failed).toEqual(expect.arrayContaining(expected));
    },
    60_000,
  );
});

describe("a sender under the compliance suite", () => {
  const CODE = "conformance-code";
  const signal = () => {
    const stop = new AbortController();
    onTestFinished(() => stop.abort());
    return stop.signal;
  };

  it("our agent meets every demand", async () => {
    await using bench = await SenderBench.open({ code: CODE });
    const dataDir = memoryFolder();
    const open = { url: bench.url, version: "test", idleMs: 2_000 };
    const identity = await enrol(CODE, new CollectorClient(open), { dataDir, collector: bench.url, version: "test", nowMs: Date.now }, signal());
    using spool = new Spool({ folder: dataDir, nowMs: Date.now, log: quiet });
    // Four rows fill a batch, so that the sender has many to send and never waits for more.
    const evidence = { text: "x".repeat(60_000) };
    for (let index = 0; index < 90; index++) spool.append(observation(index, { outcome: { kind: "failed", reason: "timeout", evidence } }));
    const client = new CollectorClient({ ...open, signer: { agent: identity.agent, key: keyOf(dataDir, identity) } });
    const stop = signal();
    const started = performance.now();
    const readClock = () => ({ wallMs: Date.now(), steadyMs: performance.now() - started });
    const uplink = new Uplink({ spool, client, clock: new ClockWatch(), readClock, bootId: "boot-a", log: quiet, chance: () => 0, splayMs: 0 });
    const sending = uplink.run(stop);
    expect(faultsOf(await judgeCases(senderCases, { bench, patienceMs: 10_000, silenceMs: 5_000 }, quiet))).toEqual([]);
    void sending;
  }, 60_000);

  it("a sender that writes its batch anew for each try, and goes on after any answer, does not", async () => {
    await using bench = await SenderBench.open({ code: CODE });
    const sender = new WireSender(bench.url);
    const stop = signal();
    const sending = (async () => {
      await sender.enrol(CODE);
      for (let from = 1; !stop.aborted; from += 2) {
        const answer = await sender.send(wireBatch({ stream: "aaaaaaaaaaaaaaaa", from, count: 2 })).catch(() => undefined);
        if (answer?.status !== 200) from -= from % 4 === 1 ? 2 : 0;
        await sleep(2);
      }
    })();
    const failed = faultsOf(await judgeCases(senderCases, { bench, patienceMs: 500, silenceMs: 0 }, quiet)).map((fault) => fault.split(":")[0]);
    expect(failed).toEqual(expect.arrayContaining(["retry-after", "broken", "lost-answer", "rogue-200", "too-large", "poison", "rewind", "conflict"]));
    void sending;
  }, 60_000);
});
