import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import postgres from "postgres";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { enrol } from "../../agent/enrolment.ts";
import { keyOf } from "../../agent/identity.ts";
import { CollectorClient } from "../../agent/uplink/collector-client.ts";
import { type Collector, createCollector } from "../../collector/collector.ts";
import { readConfig } from "../../collector/config.ts";
import { type ClosableServer, listen } from "../../collector/listen.ts";
import { createLog } from "../../collector/log.ts";
import { drill } from "../../collector/store/drill.ts";
import { openByRole, openStore, type RoleStore } from "../../collector/store/open.ts";
import { grantRights } from "../../collector/store/roles.ts";
import { importCentres } from "../../collector/store/sites.ts";
import { batchOf } from "../support/batches.ts";
import { collectorCommand } from "../support/collector-command.ts";
import { openBrowser } from "../support/http-browser.ts";
import { startPostgres, type TestPostgres } from "../support/postgres.ts";
import { requirePeer } from "../support/require-peer.ts";
import { memoryFolder } from "../support/temporary-folder.ts";

const signal = new AbortController().signal;

describe.skipIf(!requirePeer("postgres"))("a collector under lesser roles of its database", () => {
  const folder = mkdtempSync(join(tmpdir(), "hcc-roles-"));
  let database: TestPostgres;
  let environment: Record<string, string>;
  let store: RoleStore;
  let collector: Collector;
  let server: ClosableServer;

  const linesOf = async (databaseUrl: string, words: readonly string[]) =>
    (await collectorCommand(words, { DATABASE_URL: databaseUrl, HCC_MEASURE_PORT: "0" })).said.split("\n");
  const command = (...words: string[]) => linesOf(database.url, words);

  beforeAll(async () => {
    // The lesser roles must prove their passwords; the owner of this server needs none.
    chmodSync(folder, 0o755);
    const rules = join(folder, "hba.conf");
    writeFileSync(
      rules,
      "local all all trust\nhost all hcc 127.0.0.1/32 trust\nhost all grafana_ro 127.0.0.1/32 trust\nhost all all 127.0.0.1/32 scram-sha-256\n",
      { mode: 0o644 },
    );
    database = await startPostgres({ settings: [`hba_file=${rules}`] });
    const said = await command("roles");
    environment = Object.fromEntries(said.map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]));
    const config = readConfig({ ...environment, DATABASE_URL: database.url, HCC_LOG_LEVEL: "silent", HCC_MEASURE_PORT: "0", HCC_PORT: "0" });
    store = await openByRole(config);
    collector = await createCollector({ config, store, clock: Date.now, log: createLog("silent") });
    server = await listen(collector.app, config);
    await importCentres(store.db, [{ code: "mot", name: "Xã Một", keyArea: false, devices: [] }], Date.now());
  }, 120_000);
  afterAll(async () => {
    server?.close();
    server?.closeAllConnections();
    await store?.close();
    await database?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it("does its whole work: enrols, takes in, judges, shows, declares, keeps accounts and order", async () => {
    const url = `http://127.0.0.1:${server.port}`;
    const [code = ""] = await command("enrol-code", "mot");
    const dataDir = memoryFolder();
    const identity = await enrol(code, new CollectorClient({ url, version: "test" }), { dataDir, collector: url, version: "test", nowMs: Date.now }, signal);
    const client = new CollectorClient({ url, signer: { agent: identity.agent, key: keyOf(dataDir, identity) }, version: "test" });
    const gap = { from: 4, to: 9, reason: "evicted_disk_full" } as const;
    const body = Buffer.from(JSON.stringify(batchOf({ startMs: Date.now() - 60_000, gaps: [gap] })));
    const send = () => client.send({ method: "POST", path: "/v1/batches", body, signal });
    expect([(await send()).status, (await send()).status]).toEqual([200, 200]);
    expect((await client.send({ method: "GET", path: "/v1/config", signal })).status).toBe(200);
    await collector.drain();
    await collector.judge.tick(Date.now());
    await collector.alerts.tick(Date.now());
    await collector.upkeep();
    await collector.countDays();
    const browser = openBrowser(url);
    expect(JSON.parse((await browser.get("/v1/centres/mot")).html)).toMatchObject({ centre: { code: "mot", lastContactAt: expect.any(String) } });
    for (const path of ["/", "/centres/mot", "/incidents", "/reports", "/v1/reports/2026-10/province.json", "/health/ready"])
      expect((await browser.get(path)).status, path).toBe(200);
    const form = "/centres/mot/attest/R07";
    const item = /name="(item-[^"]+)"/.exec((await browser.get(form)).html)?.[1] ?? "";
    expect((await browser.send(form, { [item]: "yes", by: "Trần Thị B", post: "Giám đốc" })).status).toBe(303);
    expect((await browser.send("/centres/mot/lost-pc", { sure: "yes" })).status).toBe(200);
    const link = await collector.people.add({ login: "lan", name: "Lan", roles: ["admin"] }, { who: "test", address: "local" });
    expect(await collector.people.setPassword(link ?? "", "con trâu trắng ăn cỏ non", "local")).toMatchObject({ ok: true });
    expect((await collector.people.audit(1)).chain).toMatchObject({ ok: true });
  }, 60_000);

  const as = async (url: string, statement: string) => {
    const sql = postgres(url, { max: 1, onnotice: () => undefined });
    try {
      return await sql.unsafe(statement).then(
        (rows) => `${rows.length} rows`,
        (error: Error) => error.message,
      );
    } finally {
      await sql.end();
    }
  };
  const urlOf = (role: string) =>
    (role === "grafana_ro" ? database.url.replace("hcc@", "grafana_ro@") : environment[`HCC_DATABASE_${role.toUpperCase()}_URL`]) ?? "";

  it.each([
    ["ingest", "SELECT * FROM person"],
    ["ingest", "SELECT * FROM session"],
    ["ingest", "SELECT * FROM api_token"],
    ["ingest", "SELECT * FROM audit"],
    ["ingest", "SELECT * FROM enrol_code"],
    ["ingest", "SELECT public_key FROM agent"],
    ["ingest", "UPDATE agent SET public_key = 'x'"],
    ["ingest", "UPDATE site SET name = 'x'"],
    ["ingest", "SELECT * FROM site"],
    ["ingest", "UPDATE setting SET value = '1'"],
    ["ingest", "DELETE FROM run"],
    ["ingest", "SELECT * FROM finding"],
    ["ingest", "CREATE TABLE x (y int)"],
    ["api", "CREATE TABLE x (y int)"],
    ["api", "ALTER TABLE person ADD COLUMN x int"],
    ["api", "DROP TABLE waiver"],
    ["api", "TRUNCATE waiver"],
    ["api", "UPDATE run SET kind = 'x'"],
    ["api", "DELETE FROM packed_run"],
    ["api", "INSERT INTO ingest_ledger SELECT * FROM ingest_ledger"],
    ["api", "UPDATE audit SET who = 'x'"],
    ["api", "DELETE FROM audit"],
    ["api", "UPDATE duty_record SET body = '{}'"],
    ["api", "DELETE FROM duty_record"],
    ["api", "ALTER TABLE audit DISABLE TRIGGER audit_stays"],
    ["api", "UPDATE dossier SET body = '{}'"],
    ["api", "DELETE FROM dossier"],
    ["api", "UPDATE finding_revision SET state = 'pass'"],
    ["api", "DELETE FROM finding_revision"],
    ["api", "UPDATE migration SET sha256 = 'x'"],
    ["grafana_ro", "SELECT * FROM person"],
    ["grafana_ro", "SELECT * FROM setting"],
    ["grafana_ro", "SELECT * FROM observation"],
    ["grafana_ro", "SELECT * FROM agent"],
    ["grafana_ro", "CREATE TABLE x (y int)"],
    ["grafana_ro", "SET default_transaction_read_only = off; INSERT INTO setting VALUES ('x', '1')"],
  ])("%s may not: %s", async (role, statement) => {
    expect(await as(urlOf(role), statement)).toMatch(/permission denied|must be owner|read-only transaction/);
  });

  it("a line of the audit log stands behind the last one alone: one at the last possible place would end all acts", async () => {
    const line = (place: string) => `INSERT INTO audit SELECT ${place}, now(), 'x', 'x', 'x', 'x', 'x' FROM audit`;
    for (const place of ["2147483647", "max(place) + 2", "max(place) + 1000"])
      expect(await as(urlOf("api"), line(place)), place).toMatch('new row violates row-level security policy for table "audit"');
    expect(await as(urlOf("api"), `BEGIN; ${line("max(place) + 1")}; ROLLBACK`)).toBe("0 rows");
  });

  it("whoever files a waiver may keep others from filing the same meanwhile", async () => {
    const lock = "BEGIN; LOCK TABLE waiver IN SHARE ROW EXCLUSIVE MODE; COMMIT";
    expect([await as(urlOf("api"), lock), await as(urlOf("ingest"), lock)]).toEqual(["0 rows", expect.stringContaining("permission denied")]);
  });

  it.each([
    ["ingest", "SELECT * FROM setting", "0 rows"],
    ["api", "SELECT login FROM person", "1 rows"],
    ["grafana_ro", "SELECT * FROM grafana.centre", "1 rows"],
  ])("%s may: %s", async (role, statement, answer) => {
    expect(await as(urlOf(role), statement)).toBe(answer);
  });

  it("proves its passwords, which no statement carried, and gets new ones when asked again", async () => {
    const before = urlOf("api");
    const wrong = new URL(before);
    wrong.password = "guessed";
    expect(await as(wrong.href, "SELECT 1")).toMatch("password authentication failed");
    const known = await database.psql("SELECT rolname, rolpassword FROM pg_authid WHERE rolname LIKE 'hcc\\_%'");
    expect(known).toMatch(/hcc_api\|SCRAM-SHA-256\$4096:/);
    expect(known).not.toContain(new URL(before).password);
    const said = await command("roles");
    expect(await as(before, "SELECT 1")).toMatch("password authentication failed");
    expect(await as(said[1]?.split("=").slice(1).join("=") ?? "", "SELECT 1")).toBe("1 rows");
    expect(() => readConfig({ HCC_DATABASE_API_URL: before })).toThrow("given together");
  });

  it("are given their rights by two collectors that start at once", async () => {
    const { databaseUrl } = readConfig({ DATABASE_URL: database.url });
    const both = await Promise.all([1, 2].map(() => openStore({ databaseUrl, dataDir: "unused", connections: 1 })));
    for (let start = 0; start < 5; start++) await Promise.all(both.map(({ db }) => grantRights(db)));
    await Promise.all(both.map(({ close }) => close()));
  });

  it("are of one database: a restored one beside it gets no batches of the old one's intake", async () => {
    const [first = "", second = ""] = (await command("roles")).map((line) => line.slice(line.indexOf("=") + 1));
    const databaseUrl = await database.database("beside");
    const opened = openByRole({ databaseUrl, dataDir: "unused", roleUrls: { ingest: first, api: second } });
    await expect(opened).rejects.toThrow(/ lead to different databases \(127\.0\.0\.1:\d+\/beside, 127\.0\.0\.1:\d+\/postgres\)\. Run hcc-collector roles/);
  });

  describe("with an owner who may make neither roles nor databases", () => {
    const owned = () => database.url.replace("hcc@", "owner:plain@").replace(/postgres$/, "owned");
    const say = (...words: string[]) => linesOf(owned(), words);
    beforeAll(async () => {
      await database.psql("CREATE ROLE owner LOGIN PASSWORD 'plain'");
      await database.psql("CREATE DATABASE owned OWNER owner");
    });

    it("an administrator's grafana_ro reads the views", async () => {
      await say("migrate");
      expect(await as(owned().replace("owner:plain@", "grafana_ro@"), "SELECT * FROM grafana.centre")).toBe("0 rows");
      expect(await as(owned().replace("owner:plain@", "grafana_ro@"), "SELECT * FROM person")).toContain("permission denied");
    }, 30_000);

    it("roles and the drill say which right is missing before they do anything", async () => {
      await expect(say("roles")).rejects.toThrow("As an administrator of the database run: ALTER ROLE that-user CREATEROLE; then this again.");
      const said: string[] = [];
      const { db, close } = await openStore({ databaseUrl: owned(), dataDir: "unused" });
      const drilled = drill(db, { url: owned(), name: "copy", keep: false, nowMs: Date.now, told: (step) => void said.push(step) });
      await expect(drilled).rejects.toThrow("may not make databases. As an administrator of the database run: ALTER ROLE that-user CREATEDB; then this again.");
      expect(said).toEqual([]);
      await close();
    }, 30_000);
  });
});
