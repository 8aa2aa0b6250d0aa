import { chmod, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Hono } from "hono";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { NotifyConfig } from "#schemas/alert.ts";
import type { Person, Role } from "#schemas/person.ts";
import { type Alerts, createAlerts } from "../../../collector/alert/alerts.ts";
import { parseMaintenance } from "../../../collector/attest/maintenance-input.ts";
import { localPerson } from "../../../collector/auth/local-person.ts";
import { BackupWatch, backupState } from "../../../collector/jobs/backup-watch.ts";
import type { ClockState } from "../../../collector/jobs/clock-watch.ts";
import { pageFrame, pageHeaders } from "../../../collector/routes/page.ts";
import { type Backups, noteBackup, readBackups } from "../../../collector/store/backups.ts";
import { incidentPart } from "../../../collector/store/incidents.ts";
import { addMaintenance } from "../../../collector/store/maintenance.ts";
import { migrate } from "../../../collector/store/migrate.ts";
import { openStore } from "../../../collector/store/open.ts";
import { orderRewind } from "../../../collector/store/restore.ts";
import { formToken } from "../../../collector/web/form-token.ts";
import { messagePage } from "../../../collector/web/message-page.ts";
import { collectorCommand } from "../../support/collector-command.ts";
import { calendar, plan } from "../../support/facts.ts";
import { guarded } from "../../support/guarded.ts";
import { startPostgres } from "../../support/postgres.ts";
import { requirePeer } from "../../support/require-peer.ts";
import { MIGRATED } from "../../support/run-server.ts";
import { samplePolicy } from "../../support/sample-policy.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";
import { openTestDb, serverDatabase, type TestDb } from "../../support/test-database.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
// A Tuesday morning.
const NOW = Date.parse("2026-11-24T09:00:00+07:00");

describe("a database is backed up or not", () => {
  const nothing: Backups = { lastMs: undefined, restoredMs: undefined, firstHeardMs: undefined, archiving: undefined };
  const archiving = (more: Partial<Backups["archiving"]>) => ({
    archiving: { lastMs: undefined, failingMs: undefined, countedFromMs: NOW - 90 * DAY, ...more },
  });
  it.each<[string, Partial<Backups>, string]>([
    ["no agent was ever heard", {}, "none"],
    ["agents have been heard for a week", { firstHeardMs: NOW - 7 * DAY }, "none"],
    ["agents have been heard for longer", { firstHeardMs: NOW - 7 * DAY - 1 }, "missing"],
    ["the last backup is two days old", { lastMs: NOW - 2 * DAY, firstHeardMs: NOW - 90 * DAY }, "kept"],
    ["it is older", { lastMs: NOW - 2 * DAY - 1, firstHeardMs: NOW - DAY }, "missing"],
    ["it was put back a day ago from one that is older", { lastMs: NOW - 30 * DAY, restoredMs: NOW - DAY, firstHeardMs: NOW - 90 * DAY }, "kept"],
    ["it was put back three days ago, and nobody backs it up since", { lastMs: NOW - 30 * DAY, restoredMs: NOW - 3 * DAY }, "missing"],
    ["the backup is dated by a clock that was ahead", { lastMs: NOW + 400 * DAY }, "missing"],
    ["its log is archived", { ...archiving({ lastMs: NOW - 5 * MINUTE }), lastMs: NOW - 30 * DAY, firstHeardMs: NOW - 90 * DAY }, "kept"],
    ["archiving has just begun to fail", archiving({ lastMs: NOW - HOUR, failingMs: NOW - MINUTE }), "kept"],
    ["archiving has failed for days", archiving({ lastMs: NOW - 3 * DAY, failingMs: NOW - MINUTE }), "missing"],
    ["archiving has never worked", { ...archiving({ failingMs: NOW - MINUTE }), firstHeardMs: NOW - 9 * DAY }, "missing"],
    ["a crash has taken the counts of the archiver", { ...archiving({ countedFromMs: NOW - MINUTE }), firstHeardMs: NOW - 90 * DAY }, "kept"],
    ["archiving fails, and a backup was made last night", { ...archiving({ lastMs: NOW - 9 * DAY, failingMs: NOW }), lastMs: NOW - 8 * HOUR }, "kept"],
  ])("%s", (_, known, expected) => {
    expect(backupState({ ...nothing, ...known }, NOW)).toBe(expected);
  });
});

describe("the watch over backups", () => {
  let db: TestDb;
  let alerts: Alerts;
  let clock: ClockState = "right";
  const said: string[] = [];
  const log = { warn: (...words: unknown[]) => void said.push(`warn ${words}`), info: (...words: unknown[]) => void said.push(`info ${words}`) };
  const watchOf = (isDemo = false) => new BackupWatch({ db, alerts, log, clock: () => clock, isDemo });
  beforeAll(async () => {
    db = await openTestDb();
    await db.query("INSERT INTO site (centre_code, name, changed_at) VALUES ('xa-1', 'Xã', now())");
    const notify = NotifyConfig.parse({ recipients: [{ owner: "province-it", channel: "smtp", to: "cntt@example.vn" }] });
    alerts = createAlerts({ db, policyAt: () => ({ policy: plan, calendar }), notify, publicUrl: "http://hcc" });
  }, 180_000);
  afterAll(() => db.close());
  beforeEach(async () => {
    clock = "right";
    said.length = 0;
    for (const table of ["incident", "outbox", "contact", "setting", "maintenance"]) await db.query(`DELETE FROM ${table}`);
  });

  const letters = () =>
    db.query<{ kind: string; recipient: string }>(
      "SELECT body ->> 'kind' AS kind, recipient FROM outbox WHERE body ->> 'requirement' = 'backup' ORDER BY outbox_id",
    );
  /** What the collector does for some minutes. */
  async function minutes(watch: BackupWatch, fromMs: number, count: number): Promise<number> {
    for (let at = 0; at < count; at++) {
      await watch.look(fromMs + at * MINUTE);
      await alerts.tick(fromMs + at * MINUTE);
    }
    return fromMs + count * MINUTE;
  }

  it("tells province IT once that the nightly backup has stopped, and once that it goes on", async () => {
    await noteBackup(db, NOW - 2 * DAY - HOUR);
    const watch = watchOf();
    const opened = await minutes(watch, NOW, 6);
    expect(await letters()).toEqual([{ kind: "opened", recipient: "cntt@example.vn" }]);
    expect((await incidentPart(db, { requirement: "backup" }, 1)).rows).toMatchObject([{ siteId: 0, state: "open", subject: "" }]);
    expect([watch.state(), watch.gauges(NOW)]).toEqual(["missing", { hcc_backup_missing: 1, hcc_backup_age_seconds: 49 * 3600 }]);
    expect(watch.sentence()).toContain("not backed up (last backup 2026-11-22T01:00:00.000Z)");

    await noteBackup(db, opened);
    await minutes(watch, opened, 15);
    expect((await letters()).map(({ kind }) => kind)).toEqual(["opened", "recovered"]);
    expect(watch.sentence()).toMatch(/^last backup /);
    expect(said.map((line) => line.split(" ")[0])).toEqual(["warn", "info"]);
  });

  it("is silent while work is announced that keeps backups from being made", async () => {
    const place = { today: "2026-11-24", isCentre: () => false, requirements: [] };
    const fields = { requirements: "backup", mode: "mute", from: "2026-11-24", until: "2026-11-24", reason: "chuyển kho sao lưu", person: "Anh Bình" };
    const window = parseMaintenance(fields, "work", place);
    expect(window).toMatchObject({ ok: true });
    if (window.ok) await addMaintenance(db, [window.value], NOW);
    await noteBackup(db, NOW - 2 * DAY - HOUR);
    await minutes(watchOf(), NOW, 6);
    expect((await incidentPart(db, { requirement: "backup" }, 1)).rows).toMatchObject([{ state: "open" }]);
    expect(await letters()).toEqual([]);
  });

  it("asks for the first backup a week after the first agent was heard", async () => {
    await db.query("INSERT INTO contact (site_id, agent_id, first_at, last_at) SELECT site_id, 'agt-1', to_timestamp($1::float8 / 1000), now() FROM site", [
      NOW - 7 * DAY + 10 * MINUTE,
    ]);
    const watch = watchOf();
    const later = await minutes(watch, NOW, 10);
    expect([watch.state(), await letters()]).toEqual(["none", []]);
    await minutes(watch, later + MINUTE, 6);
    expect((await letters()).map(({ kind }) => kind)).toEqual(["opened"]);
  });

  it("says nothing of a demonstration, nor by a clock that is not trusted", async () => {
    await noteBackup(db, NOW - 9 * DAY);
    await minutes(watchOf(true), NOW, 6);
    clock = "unproven";
    await minutes(watchOf(), NOW, 6);
    expect([await letters(), (await incidentPart(db, {}, 1)).rows]).toEqual([[], []]);
  });

  it("leaves a database that was put back the time for its next backup", async () => {
    await noteBackup(db, NOW - 9 * DAY);
    await orderRewind(db, {}, NOW - HOUR);
    const watch = watchOf();
    await watch.look(NOW);
    expect(watch.state()).toBe("kept");
    await watch.look(NOW + 2 * DAY);
    expect(watch.state()).toBe("missing");
  });
});

it.each<[Role, boolean]>([
  ["operator", true],
  ["admin", true],
  ["viewer", false],
  ["commune", false],
])("the pages of %s say that there is no backup: %s", async (role, isTold) => {
  const page = { policy: samplePolicy, lang: "vi" as const, demo: false, now: () => NOW, token: formToken("x", false), backup: () => "missing" as const };
  const frame = new Hono().get("/", pageHeaders, (c) => c.html(messagePage(pageFrame(c, page), "x")));
  const person: Person = { ...localPerson, id: "p-1", roles: [role], ...(role === "commune" && { centre: "xa-1" }) };
  const html = await (await guarded(frame, page, () => person).request("/", { headers: { accept: "text/html" } })).text();
  expect(html.includes("Chưa có bản sao lưu mới")).toBe(isTold);
});

describe.skipIf(!requirePeer("postgres"))("the last backup", () => {
  it("is noted when its file is whole, with who made it, and by hand after another program's", async () => {
    const { url, psql, drop } = await serverDatabase(MIGRATED);
    try {
      const run = (...words: string[]) => collectorCommand(words, { DATABASE_URL: url, HCC_LANG: "en" });
      const last = async () => Number(await psql("SELECT coalesce((SELECT value ->> 'atMs' FROM setting WHERE key = 'last_backup'), '0')"));
      const beganMs = Date.now();
      await expect(run("backup", "--out", join(temporaryFolder(), "none", "x.backup"))).rejects.toThrow();
      expect(await last()).toBe(0);
      const file = join(temporaryFolder(), "x.backup");
      expect(await run("backup", "--out", file)).toMatchObject({ code: 0, err: "" });
      const made = await last();
      expect(made).toBeGreaterThanOrEqual(beganMs);
      expect(await run("backup-made")).toMatchObject({ code: 0, out: expect.stringContaining("noted") });
      expect(await last()).toBeGreaterThan(made);
      const deeds = await psql("SELECT what || '|' || about FROM audit ORDER BY place");
      expect(deeds.trim().split("\n")).toEqual([`backup.made|${file}`, expect.stringMatching(/^backup\.noted\|20/)]);
    } finally {
      await drop();
    }
  }, 60_000);

  it("is read with what PostgreSQL knows of its archive", async () => {
    const archive = join(temporaryFolder(), "is-there");
    await writeFile(archive, "");
    await chmod(dirname(archive), 0o755);
    const server = await startPostgres({ settings: ["archive_mode=on", `archive_command=test -f ${archive}`] });
    const store = await openStore({ databaseUrl: await server.database("archived"), dataDir: "unused" });
    try {
      await migrate(store.db, NOW);
      const archived = async (isDone: (known: Backups["archiving"]) => boolean) => {
        for (;;) {
          await server.psql("SELECT pg_switch_wal(); CREATE TABLE IF NOT EXISTS t (n int); INSERT INTO t VALUES (1)");
          const { archiving } = await readBackups(store.db, NOW);
          if (isDone(archiving)) return archiving;
          await sleep(100);
        }
      };
      const kept = await archived((known) => known?.lastMs !== undefined);
      expect([NOW - (kept?.lastMs ?? 0) < HOUR, kept?.failingMs]).toEqual([true, undefined]);
      await rm(archive);
      const failing = await archived((known) => known?.failingMs !== undefined);
      expect(failing?.failingMs).toBeGreaterThan(failing?.lastMs ?? 0);
    } finally {
      await store.close();
      await server.stop();
    }
  }, 120_000);

  it("is not looked for in an archive that is off", async () => {
    const db = await openTestDb();
    try {
      expect((await readBackups(db, NOW)).archiving).toBeUndefined();
    } finally {
      await db.close();
    }
  }, 60_000);
});
