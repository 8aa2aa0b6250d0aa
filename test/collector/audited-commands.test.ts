import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { vietnamDay } from "#schemas/calendar.ts";
import { differing, sumsOf } from "../../collector/store/drill-sums.ts";
import { openPostgres, type PostgresDb } from "../../collector/store/postgres-db.ts";
import { collectorCommand } from "../support/collector-command.ts";
import { requirePeer } from "../support/require-peer.ts";
import { MIGRATED } from "../support/run-server.ts";
import { type ServerDatabase, serverDatabase } from "../support/test-database.ts";

const today = vietnamDay(Date.now());
const waiver = ["--centre", "xa-01", "--requirement", "R01", "--reason", "chờ nâng cấp", "--approver", "Sở KH&CN", "--from", today, "--until", today];
const said = { centre: "xa-01", requirement: "R07", item: "zone-reception", holds: "yes", by: "Lan", at: today };
const window = ["--mode", "mute", "--from", today, "--until", today, "--reason", "thay tủ mạng", "--person", "Lan"];
const files = {
  "centres.json": JSON.stringify({ centres: ["xa-01", "xa-02"].map((code) => ({ code, name: code })) }),
  "devices.csv": "centre,role,id\nxa-01,printer,p-1\n",
  "attest.json": JSON.stringify([said, { ...said, centre: "xa-02" }]),
  "duty.json": JSON.stringify([
    { centre: "xa-01", requirement: "R21", duty: "opening-round", turn: "2026-11-27", state: "done", by: "Lan", at: "2026-11-27T02:00:00.000Z" },
  ]),
  "waivers.json": JSON.stringify([
    { centre: "xa-02", requirement: "R05", reason: "x", document: "2", approver: "y", from: today, until: today },
    { centre: "xa-02", requirement: "R01", reason: "x", document: "2", approver: "y", from: today, until: today },
  ]),
  "windows.json": JSON.stringify({
    windows: [{ id: "w-1", mode: "skip", from: today, until: today, end: "23:00", reason: "x", person: "y", centres: ["xa-02"] }],
  }),
} as const;

describe.skipIf(!requirePeer("postgres"))("what is done on the command line", () => {
  let postgres: ServerDatabase;
  let db: PostgresDb;
  const folder = mkdtempSync(join(tmpdir(), "hcc-audited-"));
  const file = (name: keyof typeof files) => join(folder, name);
  const run = (...words: string[]) => collectorCommand(words, { DATABASE_URL: postgres.url, HCC_LANG: "en", HCC_LOG_LEVEL: "silent" });
  /** The lines that a command has added to the audit log. */
  async function deedsOf(...words: string[]): Promise<readonly string[]> {
    const before = (await deeds()).length;
    const { code, err } = await run(...words);
    expect([code, err]).toEqual([0, words[0] === "enrol-code" ? expect.stringContaining("hcc-agent enrol") : ""]);
    return (await deeds()).slice(before);
  }
  /** The same of a command whose deed deeds.test.ts does not know: where no line can be written, it does nothing. */
  async function wholeDeedsOf(...words: string[]): Promise<readonly string[]> {
    const all = () => db.transaction((tx) => sumsOf(tx, "dump"));
    const before = await all();
    await db.script("ALTER TABLE audit ENABLE TRIGGER refuse_line");
    await run(...words).catch(() => undefined);
    await db.script("ALTER TABLE audit DISABLE TRIGGER refuse_line");
    expect(differing(before, await all())).toEqual([]);
    return deedsOf(...words);
  }
  async function deeds(): Promise<readonly string[]> {
    const rows = await db.query<{ line: string }>("SELECT who || '|' || what || '|' || about AS line FROM audit ORDER BY place");
    return rows.map(({ line }) => line);
  }
  const by = (act: string) => [expect.stringMatching(new RegExp(`^command line: ${userInfo().username}( \\((login|sudo): [^|]+\\))?\\|${act}$`))];

  beforeAll(async () => {
    postgres = await serverDatabase(MIGRATED);
    db = openPostgres(postgres.url, { connections: 1, statementTimeoutMs: 60_000 });
    await db.script(`
      CREATE FUNCTION refuse_line() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no line can be written'; END $$;
      CREATE TRIGGER refuse_line BEFORE INSERT ON audit FOR EACH ROW EXECUTE FUNCTION refuse_line();
      ALTER TABLE audit DISABLE TRIGGER refuse_line`);
    for (const [name, body] of Object.entries(files)) writeFileSync(join(folder, name), body);
  }, 60_000);
  afterAll(async () => {
    await db?.close();
    await postgres?.drop();
    rmSync(folder, { recursive: true, force: true });
  });

  it("leaves one line of the audit log: who, what and how far", async () => {
    expect(await wholeDeedsOf("centre", "import", file("centres.json"))).toEqual(by(`centre.declared\\|${today} 2: xa-01, xa-02`));
    expect(await deedsOf("centre", "import", file("centres.json"))).toEqual([]);
    await postgres.psql(`
      INSERT INTO agent (site_id, agent_id, public_key, enrolled_at) SELECT site_id, 'agt-0123456789abcdef', 'k', now() FROM site WHERE centre_code = 'xa-01';
      INSERT INTO incident (site_id, requirement, subject, state, began_at, opened_at) SELECT site_id, 'R05', '', 'open', now(), now() FROM site WHERE centre_code = 'xa-01'`);
    expect(await deedsOf("inventory", "import", file("devices.csv"), "--dry-run")).toEqual([]);
    expect(await wholeDeedsOf("inventory", "import", file("devices.csv"))).toEqual(by(`inventory.declared\\|${today} xa-01`));
    expect(await deedsOf("waiver", "add", ...waiver, "--document", "12/QĐ")).toEqual(by("waiver.filed\\|xa-01 R01 12/QĐ"));
    expect(await deedsOf("waiver", "import", file("waivers.json"), "--dry-run")).toEqual([]);
    expect(await deedsOf("waiver", "import", file("waivers.json"))).toEqual(by("waiver.filed\\|2: xa-02 R05 2, xa-02 R01 2"));
    const [id = ""] = (await postgres.psql("SELECT id FROM waiver WHERE requirement = 'R01' AND body ->> 'document' = '12/QĐ'")).split("\n");
    expect(await deedsOf("waiver", "withdraw", id, "--reason", "nhầm", "--by", "Lan")).toEqual(by("waiver.withdrawn\\|xa-01 R01 12/QĐ: nhầm"));
    expect((await run("waiver", "withdraw", id, "--reason", "nhầm", "--by", "Lan")).code).toBe(64);
    expect((await deeds()).at(-1)).toContain("waiver.withdrawn");
    expect(await deedsOf("attest", "add", ...Object.entries(said).flatMap(([name, value]) => [`--${name}`, value]))).toEqual(
      by("attestation.filed\\|xa-01 R07"),
    );
    expect(await deedsOf("attest", "import", file("attest.json"))).toEqual(by("attestation.filed\\|2: xa-01 R07, xa-02 R07"));
    expect(await deedsOf("duty", "import", file("duty.json"))).toEqual(by("duty.recorded\\|xa-01 R21 opening-round 2026-11-27 done"));
    expect(await deedsOf("maintenance", "add", ...window)).toEqual(by(`maintenance.announced\\|[\\w-]+ mute ${today} ${today} all all`));
    expect(await deedsOf("maintenance", "import", file("windows.json"))).toEqual(by(`maintenance.announced\\|w-1 skip ${today} ${today} xa-02 all`));
    expect(await deedsOf("maintenance", "import", file("windows.json"))).toEqual([]);
    expect(await deedsOf("maintenance", "end", "w-1")).toEqual(by("maintenance.ended\\|w-1"));
    const number = (await postgres.psql("SELECT incident_id FROM incident")).trim();
    expect(await deedsOf("incidents", "ack", number, "--by", "Lan")).toEqual(by(`incident.taken\\|${number}: Lan`));
    expect(await wholeDeedsOf("enrol-code", "xa-01")).toEqual(by("code.made\\|xa-01"));
    expect(await wholeDeedsOf("agent", "revoke", "agt-0123456789abcdef", "--reason", "mất máy")).toEqual(
      by("agent.revoke\\|agt-0123456789abcdef xa-01: mất máy"),
    );
    expect(await deedsOf("agent", "lost", "xa-01")).toEqual(by("agent.lost\\|xa-01"));
    expect(await wholeDeedsOf("centre", "close", "xa-02", "--on", today, "--into", "xa-01", "--reason", "NQ 1")).toEqual(
      by(`centre.closed\\|xa-02 ${today} xa-01: NQ 1`),
    );
    expect(await wholeDeedsOf("centre", "reopen", "xa-02", "--reason", "nhầm")).toEqual(by(`centre.reopened\\|xa-02 ${today}: nhầm`));
    expect(await deedsOf("people", "add", "--login", "lan", "--name", "Lan", "--roles", "viewer")).toEqual(by("person.added\\|lan: viewer"));
    expect(await deedsOf("people", "disable", "lan")).toEqual(by("person.disabled\\|lan"));
    expect(await deedsOf("token", "add", "--name", "IOC", "--role", "viewer")).toEqual(by("token.added\\|hcc_[\\w-]+ viewer: IOC"));
    expect(await wholeDeedsOf("roles")).toEqual(by("roles.made\\|hcc_ingest hcc_api"));
    expect(await wholeDeedsOf("clock", "confirm", today)).toEqual(by(`clock.confirmed\\|${today}`));
  });

  it("names the configurations that were taken, and keeps none of a file with a foreign one", async () => {
    const path = (name: string) => join(folder, name);
    const { out: key } = await run("config", "keygen", "--out", path("key.pem"));
    expect(await wholeDeedsOf("config", "trust", key)).toEqual(by(`config.trusted\\|${key.replaceAll("+", "\\+")}`));
    await run("config", "export", "--out", path("plain.json"));
    await run("config", "sign", path("plain.json"), "--key", path("key.pem"), "--out", path("signed.json"));
    expect(await wholeDeedsOf("config", "import", path("signed.json"))).toEqual(by("config.taken\\|2: xa-01, xa-02"));
    await run("config", "keygen", "--out", path("other.pem"));
    await run("config", "sign", path("plain.json"), "--key", path("other.pem"), "--out", path("other.json"));
    const seals = (name: string) => (JSON.parse(readFileSync(path(name), "utf8")) as { seals: object[] }).seals;
    writeFileSync(path("mixed.json"), JSON.stringify({ seals: [...seals("signed.json"), ...seals("other.json")] }));
    const before = await deeds();
    await postgres.psql("DELETE FROM config_seal");
    expect(await run("config", "import", path("mixed.json"))).toMatchObject({ code: 64, err: expect.stringContaining("nothing was taken") });
    expect([await deeds(), (await postgres.psql("SELECT count(*) FROM config_seal")).trim()]).toEqual([before, "0"]);
  });
});
