import { createHash, generateKeyPairSync, sign } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { vietnamDay } from "#schemas/calendar.ts";
import { Centre } from "#schemas/inventory.ts";
import type { App } from "../../collector/app.ts";
import { hashOfCode, newEnrolCode } from "../../collector/auth/enrol-code.ts";
import { createCollector } from "../../collector/collector.ts";
import { readConfig } from "../../collector/config.ts";
import { createLog } from "../../collector/log.ts";
import { addEnrolCode } from "../../collector/store/agents.ts";
import { migrate } from "../../collector/store/migrate.ts";
import { openStore, type Store } from "../../collector/store/open.ts";
import { importCentres } from "../../collector/store/sites.ts";
import { AgentConfig } from "../../schemas/agent-config.ts";
import { type Batch, enrolText, signatureHeaders, signingText } from "../../schemas/exchange.ts";
import { Problem } from "../../schemas/problem.ts";
import { batchOf, T0 } from "../support/batches.ts";
import { memoryParent } from "../support/memory-parent.ts";
import { atThisMachine } from "../support/this-machine.ts";

const { publicKey, privateKey } = generateKeyPairSync("ed25519");
const spki = publicKey.export({ format: "der", type: "spki" }).toString("base64");

describe("the collector over HTTP", () => {
  let folder: string;
  let store: Store;
  let db: Store["db"];
  let app: App;
  let agent = "";
  let nonce = "";
  let nowMs = T0 + 300_000;

  beforeAll(async () => {
    folder = await mkdtemp(join(memoryParent(), "hcc-app-"));
    store = await openStore({ databaseUrl: undefined, dataDir: folder });
    db = store.db;
    await migrate(db, T0);
    await importCentres(db, [{ code: "mot", name: "Xã Một", keyArea: false, devices: [] }], T0);
    const notify = join(folder, "notify.json");
    await writeFile(notify, JSON.stringify({ phones: [{ owner: "isp", number: "1800 1166" }, { owner: "isp", isp: "VNPT", number: "119" }] })); // biome-ignore format: one line
    const config = readConfig({ HCC_LOG_LEVEL: "silent", HCC_MEASURE_PORT: "8891", HCC_NOTIFY: notify });
    ({ app } = await createCollector({ config, store: { db }, clock: () => nowMs, log: createLog("silent") }));
  }, 120_000);
  afterAll(async () => {
    await store?.close();
    await rm(folder, { recursive: true, force: true });
  });

  const newCode = async () => {
    const code = newEnrolCode();
    expect(await addEnrolCode(db, "mot", hashOfCode(code) ?? "", nowMs, nowMs + 60_000)).toBe(true);
    return code;
  };
  const enrol = (code: string, proofOf = code) =>
    app.request("/v1/enrol", {
      method: "POST",
      body: JSON.stringify({
        code,
        publicKey: spki,
        proof: sign(null, Buffer.from(enrolText(proofOf, spki)), privateKey).toString("base64"),
        version: "1.0.0",
      }),
    });
  const signed = (method: string, path: string, body: Buffer | string = "", headers: Record<string, string> = {}) => {
    const text = signingText({ method, path, agent, nonce, bodySha256: createHash("sha256").update(body).digest("hex") });
    const own = {
      [signatureHeaders.agent]: agent,
      [signatureHeaders.nonce]: nonce,
      [signatureHeaders.signature]: sign(null, Buffer.from(text), privateKey).toString("base64"),
    };
    return app.request(path, { method, headers: { ...own, ...headers }, ...(method === "POST" && { body: body as string }) });
  };
  const send = (batch: Batch) => signed("POST", "/v1/batches", JSON.stringify(batch));
  /** Status and code of a Problem, whose shape is checked on the way. */
  const problemOf = async (answer: Response | Promise<Response>) => {
    const { status, code } = Problem.parse(await (await answer).json());
    expect((await answer).status).toBe(status);
    return `${status} ${code}`;
  };

  it("enrols an agent with a code and a key whose possession is proven", async () => {
    const code = await newCode();
    expect(await problemOf(enrol(code, "another code"))).toBe("422 proof_wrong");
    expect(await problemOf(enrol(`${code.slice(0, -1)}${code.endsWith("0") ? "1" : "0"}`))).toBe("422 code_mistyped");
    expect(await problemOf(enrol(newEnrolCode()))).toBe("403 code_refused");
    const answer = await enrol(code);
    expect(answer.status).toBe(200);
    const reply = (await answer.json()) as { agent: string; centre: string; nonce: string };
    expect(reply).toMatchObject({ agent: expect.stringMatching(/^agt-[a-z0-9]{16}$/), centre: "mot" });
    ({ agent, nonce } = reply);
  });

  it("tells the agent its centre, rules and servers, with a version that grows", async () => {
    const first = AgentConfig.parse(await (await signed("GET", "/v1/config")).json());
    expect(first).toMatchObject({
      agent,
      centre: { code: "mot" },
      policy: { id: "gia-lai-890" },
      measureServers: [{ id: "collector", url: "http://127.0.0.1:8891" }],
      phones: { isp: "1800 1166" },
    });
    await importCentres(db, [{ code: "mot", name: "Xã Một", officers: 5, keyArea: false, devices: [] }], T0);
    const second = AgentConfig.parse(await (await signed("GET", "/v1/config")).json());
    expect(second.centre.officers).toBe(5);
    expect(second.version).toBeGreaterThan(first.version);
    expect([first.newlyDeclared, second.newlyDeclared]).toEqual([[], []]);
  });

  it("tells which devices were declared today, as the rules do not miss them yet", async () => {
    const devices = [{ id: "pc-1", role: "officer-pc" as const, address: "10.0.0.9" }];
    await importCentres(db, [Centre.parse({ code: "mot", name: "Xã Một", officers: 5, devices })], T0 + 1);
    const { centre, newlyDeclared } = AgentConfig.parse(await (await signed("GET", "/v1/config")).json());
    expect(centre.devices.map(({ id }) => id)).toEqual(["pc-1"]);
    expect(newlyDeclared).toEqual([{ device: "pc-1", role: "officer-pc", sinceDay: vietnamDay(T0) }]);
  });

  it("stores a batch once, plain or compressed", async () => {
    const batch = batchOf();
    const first = await send(batch);
    expect(first.status).toBe(200);
    expect(await first.json()).toMatchObject({ ackedThrough: 3, accepted: 3, duplicates: 0, rejected: [], nonce });
    expect(await (await send(batch)).json()).toMatchObject({ ackedThrough: 3, accepted: 0, duplicates: 3 });
    const next = gzipSync(JSON.stringify(batchOf({ from: 4, startMs: T0 + 180_000 })));
    expect(await (await signed("POST", "/v1/batches", next, { "content-encoding": "gzip" })).json()).toMatchObject({ ackedThrough: 6, accepted: 3 });
  });

  it("gives the agent a lease for a speed test, or says when to ask again", async () => {
    const answer = await signed("POST", "/v1/leases", JSON.stringify({ server: "collector" }));
    expect(answer.status).toBe(200);
    expect(await answer.json()).toHaveProperty("granted");
    // What stands in the body counts.
    expect(await problemOf(signed("POST", "/v1/leases", JSON.stringify({ server: 7 })))).toBe("422 lease_request_invalid");
    expect(await problemOf(signed("POST", "/v1/leases/0123456789abcdef/return", JSON.stringify({ usedBytes: 1 })))).toBe("404 no_such_lease");
  });

  it.each([
    ["an unsigned request", () => app.request("/v1/batches", { method: "POST", body: "{}" }), "401 unsigned"],
    ["an unsigned question for the configuration", () => app.request("/v1/config"), "401 unsigned"],
    ["an unsigned question for a lease", () => app.request("/v1/leases", { method: "POST", body: "{}" }), "401 unsigned"],
    ["a batch with a hole", () => signed("POST", "/v1/batches", JSON.stringify({ ...batchOf(), to: 9 })), "422 batch_invalid"],
    ["a batch that names a centre", () => signed("POST", "/v1/batches", JSON.stringify({ ...batchOf(), centre: "hai" })), "422 batch_invalid"],
    ["no JSON", () => signed("POST", "/v1/batches", "{"), "400 json_broken"],
    ["more than the wire may carry", () => signed("POST", "/v1/batches", " ".repeat(600_000)), "413 body_too_large"],
    ["an unknown encoding", () => signed("POST", "/v1/batches", "{}", { "content-encoding": "br" }), "415 encoding_unknown"],
    ["an address where nothing is", () => app.request("/v1/nothing"), "404 not_found"],
    ["a page's figures asked for by nobody", () => app.request("/v1/findings"), "401 not_signed_in"],
    ["the measured values of the collector itself, asked for from elsewhere", () => app.request("/metrics"), "401 not_signed_in"],
  ])("answers %s with a Problem", async (_, ask, expected) => {
    expect(await problemOf(ask())).toBe(expected);
  });

  it("gives a nonce with every 401, so that a wrong clock locks nobody out", async () => {
    nowMs += 3 * 86_400_000;
    const refused = Problem.parse(await (await signed("GET", "/v1/config")).json());
    expect(refused.code).toBe("nonce_expired");
    nonce = refused.nonce ?? "";
    expect((await signed("GET", "/v1/config")).status).toBe(200);
  });

  it("says whether it lives, and whether it does its work", async () => {
    expect(await (await app.request("/health/live")).json()).toEqual({ status: "live" });
    const ready = await app.request("/health/ready");
    expect([200, 503]).toContain(ready.status);
    expect(Object.keys(((await ready.json()) as { checks: object }).checks).sort()).toEqual([
      "backup",
      "clock",
      "database",
      "ingest",
      "judge",
      "measure",
      "outbox",
      "partitions",
      "storage",
    ]);
    const metrics = await (await app.request("/metrics", { headers: { host: "localhost" } }, atThisMachine)).text();
    expect(metrics).toMatch(/^hcc_batches_accepted_total 2$/m);
    expect(metrics).toMatch(/^hcc_requests_total\{status="4xx"\} \d+$/m);
  });

  it("freezes an agent whose stream is told in two ways", async () => {
    const other = batchOf({ each: () => ({ elapsedMs: 99 }) });
    expect(await problemOf(send(other))).toBe("409 stream_conflict");
    expect(await problemOf(send(batchOf({ from: 7 })))).toBe("403 frozen");
  });
});
