import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runCommand } from "../../../collector/commands/program.ts";
import { readConfig } from "../../../collector/config.ts";
import { acceptInto } from "../../../collector/ingest/accept.ts";
import { IngestQueue } from "../../../collector/ingest/ingest-queue.ts";
import { writeBackup } from "../../../collector/store/backup.ts";
import type { Db } from "../../../collector/store/db.ts";
import { writeGroup } from "../../../collector/store/ingest.ts";
import { knownMigrations, migrate } from "../../../collector/store/migrate.ts";
import { openStore, type Store } from "../../../collector/store/open.ts";
import { Partitions } from "../../../collector/store/partitions.ts";
import { restoreBackup, verifyBackup } from "../../../collector/store/restore.ts";
import { RunIds } from "../../../collector/store/run-rows.ts";
import { importCentres } from "../../../collector/store/sites.ts";
import { batchOf, measured, sha256Of, T0, workWeek } from "../../support/batches.ts";
import { startPostgres, type TestPostgres } from "../../support/postgres.ts";
import { requirePeer } from "../../support/require-peer.ts";
import { memoryFolder } from "../../support/temporary-folder.ts";

/** Text that COPY has to escape, and a report that is larger than one section of the file. */
const hostile = 'Khách "1" \\N \\. \t\r\n\u0007{}';
const large = createHash("shake256", { outputLength: 2_000_000 }).digest("base64");
const sender = { siteId: 1, agentId: "agt-0000000000000001" };
const known = "aaaaaaaaaaaaaaaa";
const unknown = "bbbbbbbbbbbbbbbb";

describe.skipIf(!requirePeer("postgres"))("backup and restore", () => {
  let server: TestPostgres;
  let source: Store;
  let count = 0;
  beforeAll(async () => {
    server = await startPostgres();
    source = await openStore({ databaseUrl: await server.database("source"), dataDir: "unused" });
    await migrate(source.db, T0);
    await new Partitions(source.db).ensureAhead(T0);
    await importCentres(source.db, [{ code: "mot", name: "Xã Một", keyArea: false, devices: [] }], T0);
    const accept = acceptorOn(source.db);
    await accept(batch(known, 1, hostile));
    await accept(batch(known, 4));
    await source.db.query("INSERT INTO dossier (month, sha256, body, sealed_at) VALUES ('2026-10', 'x', $1, now())", [large]);
    // A row that is gone again: its number must not be given out a second time.
    await source.db.query(
      "INSERT INTO finding_revision (site_id, requirement, state, reason, at, body) SELECT 1, 'r', 'pass', 'x', now(), '{}' FROM generate_series(1, 7)",
    );
    await source.db.query("DELETE FROM finding_revision WHERE revision = 7");
  });
  afterAll(async () => {
    await source?.close();
    await server?.stop();
  });

  const emptyStore = async () => openStore({ databaseUrl: await server.database(`target_${++count}`), dataDir: "unused" });
  const backup = async (folder = memoryFolder()) => {
    const file = join(folder, "hcc.backup");
    return { file, ...(await writeBackup(source.db, file, { nowMs: T0 })) };
  };
  const refusal = async (file: string, db?: Db) => {
    try {
      const verified = await verifyBackup(file);
      if (db) await restoreBackup(db, verified, T0);
      return "taken";
    } catch (error) {
      return `${(error as Error).name}: ${(error as Error).message}`;
    }
  };

  it("brings every row of every table back, and agents send again what came after", async () => {
    const { file, rows } = await backup();
    const before = await contentOf(source.db);
    const accept = acceptorOn(source.db);
    const later = [batch(known, 7), batch(known, 10), batch(unknown, 1), batch(unknown, 4)];
    for (const one of later) expect(await accept(one)).not.toHaveProperty("rewindTo");
    const after = await contentOf(source.db);
    expect(after.run).not.toBe(before.run);

    const target = await emptyStore();
    const restored = await restoreBackup(target.db, await verifyBackup(file), T0);
    expect(restored).toMatchObject({ rows, takenAt: new Date(T0).toISOString(), skipped: [] });
    await target.db.query("UPDATE stream_state SET rewind = false");
    await target.db.query("DELETE FROM setting WHERE key = 'restored'");
    expect(await contentOf(target.db)).toEqual(before);
    const [next] = await target.db.query<{ revision: string }>(
      "INSERT INTO finding_revision (site_id, requirement, state, reason, at, body) VALUES (1, 'r', 'pass', 'x', now(), '{}') RETURNING revision",
    );
    expect(Number(next?.revision)).toBe(8);
    await target.close();
  });

  it("tells each stream once to go back, one that is newer than the backup too, and stores what comes again once", async () => {
    // As if the source had itself been restored, and this stream had not yet shown that it heard of it.
    await source.db.query("UPDATE stream_state SET rewind = true, rewind_to = 2, rewind_lane = 'l', rewind_from = 1 WHERE stream = $1", [known]);
    const { file } = await backup();
    await source.db.query("UPDATE stream_state SET rewind = false");
    const own = acceptorOn(source.db);
    const later = [batch(known, 101), batch(known, 104), batch(known, 107)];
    for (const one of later) await own(one);

    const target = await emptyStore();
    await restoreBackup(target.db, await verifyBackup(file), T0);
    const accept = acceptorOn(target.db);
    const [mark] = await target.db.query<{ acked: number }>("SELECT acked_through::int AS acked FROM stream_state WHERE stream = $1", [known]);
    const acked = mark?.acked ?? 0;
    expect(await accept(batch(known, 110))).toMatchObject({ accepted: 3, ackedThrough: acked, rewindTo: acked + 1 });
    for (const one of later) {
      const reply = await accept(one);
      expect(reply).toMatchObject({ accepted: 3, duplicates: 0 });
      expect(reply).not.toHaveProperty("rewindTo");
      expect(await accept(one)).toMatchObject({ accepted: 0, duplicates: 3 });
    }
    const fresh = "cccccccccccccccc";
    expect(await accept(batch(fresh, 51))).toMatchObject({ accepted: 3, ackedThrough: 0, rewindTo: 1 });
    expect(await accept(batch(fresh, 54))).not.toHaveProperty("rewindTo");
    const [stored] = await target.db.query<{ n: number }>("SELECT count(*)::int AS n FROM observation WHERE stream = $1 AND seq > 100", [known]);
    expect(stored?.n).toBe(12);
    await target.close();
  });

  it("shows one instant, whatever is written meanwhile", async () => {
    const file = join(memoryFolder(), "instant.backup");
    const accept = acceptorOn(source.db);
    let arrived = false;
    const slow: Db = {
      ...source.db,
      transaction: (work) =>
        source.db.transaction((tx) =>
          work({
            ...tx,
            copyOut: async function* (statement) {
              // The snapshot stands since the manifest; this batch comes after it and before its tables are read.
              if (!arrived) await accept(batch("dddddddddddddddd", 1));
              arrived = true;
              yield* tx.copyOut?.(statement) ?? [];
            },
          }),
        ),
    };
    const before = await contentOf(source.db);
    await writeBackup(slow, file, { nowMs: T0 });
    expect(arrived).toBe(true);
    expect((await contentOf(source.db)).run).not.toBe(before.run);
    const target = await emptyStore();
    await restoreBackup(target.db, await verifyBackup(file), T0);
    const restored = await contentOf(target.db);
    for (const table of ["run", "run_source", "evidence", "newest_values", "series", "ingest_ledger"]) expect(restored[table], table).toBe(before[table]);
    await target.close();
  });

  it("refuses a file that is cut, changed, foreign or of a newer version, each in one sentence", async () => {
    const { file } = await backup();
    const bytes = await readFile(file);
    const folder = memoryFolder();
    const changed = async (content: Buffer) => {
      await writeFile(join(folder, "changed"), content);
      return (await refusal(join(folder, "changed"))).replace(join(folder, "changed"), "FILE");
    };
    expect(await refusal(file)).toBe("taken");
    for (const share of [0.3, 0.6, 0.999])
      expect(await changed(bytes.subarray(0, Math.floor(bytes.length * share)))).toMatch(/^StoreError: FILE is cut: its end is missing\./);
    expect(await changed(bytes.subarray(0, -4))).toMatch(/^StoreError: FILE is cut/);
    for (let at = 50; at < bytes.length; at += Math.ceil(bytes.length / 25)) {
      const flipped = Buffer.from(bytes);
      flipped[at] = (flipped[at] ?? 0) ^ 0x10;
      expect(await changed(flipped), `byte ${at}`).toMatch(/^StoreError: FILE is (damaged|cut|no backup of hcc-watch|written)/);
    }
    const plain = gunzipSync(bytes);
    const other = Buffer.from(plain);
    // A compressed stream that is whole, over another content: only the hash of the table can tell.
    other.write("Khich", other.indexOf("Khách"));
    expect(await changed(gzipSync(other))).toMatch(/^StoreError: FILE is damaged: the rows of table evidence are not/);
    expect(await changed(gzipSync(plain.subarray(0, -5)))).toMatch(/^StoreError: FILE is cut/);
    expect(await changed(gzipSync(Buffer.concat([plain.subarray(0, -5), Buffer.from("D\0\0\0\x01x"), plain.subarray(-5)])))).toMatch(
      /^StoreError: FILE is damaged: it goes on/,
    );
    const newer = Buffer.from(plain.toString("latin1").replace('"format":1', '"format":2'), "latin1");
    expect(await changed(gzipSync(newer))).toMatch(/^StoreError: FILE was written by a newer version of hcc-watch \(format 2, this one reads 1\)/);
    const later = Buffer.from(plain.toString("latin1").replace("0003_views.sql", "0903_views.sql"), "latin1");
    expect(await changed(gzipSync(later))).toMatch(/^StoreError: FILE was written by a newer version of hcc-watch \(it has 0903_views\.sql\)/);
    expect(await changed(Buffer.from("no gzip at all"))).toMatch(/^StoreError: FILE is no backup of hcc-watch/);
    expect(await changed(gzipSync("a text"))).toMatch(/^StoreError: FILE is (no backup of hcc-watch|cut)/);
    expect(await changed(Buffer.alloc(0))).toMatch(/^StoreError: FILE is no backup of hcc-watch/);
    expect(await refusal(join(folder, "nowhere"))).toContain(`StoreError: There is no file ${join(folder, "nowhere")}.`);
    expect(await refusal(folder)).toMatch(/^StoreError: .* cannot be read/);
  });

  it("writes none of a database in which nothing ever was: it is another one than that of the collector", async () => {
    const other = await emptyStore();
    const file = join(memoryFolder(), "empty.backup");
    await expect(writeBackup(other.db, file, { nowMs: T0 })).rejects.toThrow("This database is empty: see whether DATABASE_URL or HCC_DATA");
    await other.close();
  });

  it("takes a backup of an older version: its schema first, then the rows, then this version's schema", async () => {
    const old = await emptyStore();
    await migrate(old.db, T0, { count: 2 });
    await old.db.query("INSERT INTO site (centre_code, name, key_area, devices, changed_at) VALUES ('mot', 'Xã Một', false, '[]', now())");
    await old.db.query("INSERT INTO dossier (month, sha256, body, sealed_at) VALUES ('2026-10', 'x', $1, now())", [hostile]);
    // That version's own program would have made the backup; this one believes that the database is of its version, and the file is told the truth.
    for (const { name, sha256 } of (await knownMigrations()).slice(2))
      await old.db.query("INSERT INTO migration (name, sha256, applied_at) VALUES ($1, $2, now())", [name, sha256]);
    // This program's backup makes the days ahead first, of a table that the old one did not have.
    await old.db.script("CREATE TABLE run (taken_at timestamptz) PARTITION BY RANGE (taken_at)");
    const file = join(memoryFolder(), "old.backup");
    const { rows } = await writeBackup(old.db, file, { nowMs: T0 });
    await old.close();
    await writeFile(file, before(await readFile(file), "0003_views.sql"));
    const verified = await verifyBackup(file);
    const migrated = await emptyStore();
    await migrate(migrated.db, T0);
    await expect(restoreBackup(migrated.db, verified, T0)).rejects.toThrow("The database has a newer schema than the backup.");
    const target = await emptyStore();
    expect(await restoreBackup(target.db, verified, T0)).toMatchObject({ rows });
    expect(await target.db.query("SELECT name, sha256 FROM migration ORDER BY name")).toEqual(
      (await knownMigrations()).map(({ name, sha256 }) => ({ name, sha256 })),
    );
    expect(await target.db.query("SELECT centre FROM grafana.centre")).toEqual([{ centre: "mot" }]);
    await migrated.close();
    await target.close();
  });

  it("changes nothing in a database that has rows, and leaves an empty one empty when the file turns bad in the middle", async () => {
    const { file } = await backup();
    const before = await contentOf(source.db);
    expect(await refusal(file, source.db)).toMatch(/^StoreError: The database is not empty: there are rows in agent|site, .*Nothing was changed/);
    expect(await contentOf(source.db)).toEqual(before);

    const target = await emptyStore();
    const verified = await verifyBackup(file);
    const plain = gunzipSync(await readFile(file));
    plain.write("Khich", plain.indexOf("Khách"));
    await writeFile(file, gzipSync(plain));
    await expect(restoreBackup(target.db, verified, T0)).rejects.toThrow("is damaged: the rows of table evidence");
    expect(new Set(Object.values(await contentOf(target.db)))).toEqual(new Set(["0"]));
    expect(await target.db.query("SELECT 1 AS alive")).toEqual([{ alive: 1 }]);
    await target.close();
  });

  it("is told on the command line in few words", async () => {
    const file = join(memoryFolder(), "line.backup");
    const run = async (databaseUrl: string, ...words: string[]) => {
      const lines: string[] = [];
      const say = (line: string) => void lines.push(line.replaceAll(file, "FILE"));
      const terminal = { out: say, err: say, node: process.execPath, stdin: process.stdin, stop: new AbortController().signal };
      const code = await runCommand(words, { config: () => readConfig({ DATABASE_URL: databaseUrl }), lang: "en", terminal }).catch((error: Error) =>
        say(`${error.name}: ${error.message}`),
      );
      return [code, ...lines].join("\n");
    };
    const target = await server.database("line");
    expect(await run(source.url, "backup", "--out", file)).toMatch(/^0\nFILE: \d+ rows of \d+ tables, [\d,]+ bytes$/);
    expect(await run(source.url, "backup", "--out", file)).toMatch(/^\nStoreError: FILE exists already/);
    expect(await run(source.url, "backup")).toMatch(/^64\nThat command is not understood \(the option --out <file> is missing\)/);
    expect(await run(target, "restore", `${file}x`)).toMatch(/^\nStoreError: There is no file FILEx\./);
    expect(await run(target, "restore", file)).toMatch(/^0\nFILE: \d+ rows of \d+ tables, as of .*\nStart the collector/);
    expect(await run(target, "restore", file)).toMatch(/^\nStoreError: The database is not empty/);
    expect(await run(target, "centre", "list")).toBe("0\nmot\tXã Một\t0");
    expect(await run(target, "rewind")).toMatch(/^0\n\d+ streams/);
    const lines = await server.psql("SELECT what, about FROM audit WHERE who LIKE 'command line: %' ORDER BY place DESC LIMIT 2", "line");
    expect(lines).toMatch(/^rewind.ordered\|\d+\ndatabase.restored\|\d{4}-\d\d-\d\dT[\d:.]+Z$/);
  });

  it("never replaces a file, and leaves none behind when it is stopped", async () => {
    const { file } = await backup();
    const content = await readFile(file);
    await expect(writeBackup(source.db, file, { nowMs: T0 })).rejects.toThrow(`${file} exists already`);
    expect(await readFile(file)).toEqual(content);
    await writeFile(`${file}2.part`, "");
    await expect(writeBackup(source.db, `${file}2`, { nowMs: T0 })).rejects.toThrow(`${file}2.part exists`);

    const stop = new AbortController();
    const slow: Db = {
      ...source.db,
      transaction: (work) =>
        source.db.transaction((tx) =>
          work({
            ...tx,
            // Far more than fits into any buffer: left early, this connection is in the middle of a COPY.
            copyOut: async function* () {
              for await (const chunk of tx.copyOut?.("COPY (SELECT repeat('x', 1000) FROM generate_series(1, 3000000)) TO STDOUT") ?? []) {
                yield chunk;
                stop.abort();
              }
            },
          }),
        ),
    };
    await expect(writeBackup(slow, `${file}3`, { nowMs: T0, stop: stop.signal })).rejects.toThrow(`The backup was stopped; ${file}3 was not written.`);
    expect([existsSync(`${file}3`), existsSync(`${file}3.part`)]).toEqual([false, false]);
    expect(await server.psql("SELECT count(*) FROM pg_stat_activity WHERE state LIKE 'idle in%' OR query LIKE 'COPY%' AND state = 'active'")).toBe("0");
  });

  it("hears of an error that COPY raises after the last row", async () => {
    const nowhere = Buffer.concat([Buffer.from("PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0", "latin1"), Buffer.from([0xff, 0xff])]);
    await source.db.query("CREATE TABLE late (n int PRIMARY KEY DEFERRABLE INITIALLY IMMEDIATE)");
    try {
      const twice = async function* () {
        yield Buffer.from("1\n1\n");
      };
      await expect(source.db.transaction(async (tx) => tx.copyIn?.("COPY late FROM STDIN", twice()))).rejects.toThrow("duplicate key value");
      await source.db.transaction(async (tx) => tx.copyBinary?.("COPY late FROM STDIN (FORMAT binary)", nowhere));
    } finally {
      await source.db.query("DROP TABLE late");
    }
  });
});

/** The same file as a version without this migration and what follows would have written it. */
function before(bytes: Buffer, migration: string): Buffer {
  const plain = gunzipSync(bytes);
  const end = 5 + plain.readUInt32BE(1);
  const manifest = JSON.parse(plain.toString("utf8", 5, end)) as { migrations: { name: string }[] };
  const payload = Buffer.from(JSON.stringify({ ...manifest, migrations: manifest.migrations.filter(({ name }) => name < migration) }));
  const head = Buffer.from("M\0\0\0\0");
  head.writeUInt32BE(payload.length, 1);
  return gzipSync(Buffer.concat([head, payload, plain.subarray(end)]));
}

function batch(stream: string, from: number, text = "plain") {
  return batchOf({
    stream,
    from,
    startMs: T0 + from * 60_000,
    each: (index) => ({ outcome: measured([{ metric: "loss_percent", value: index / 3, labels: { hop: "h1" } }], { text }) }),
  });
}

/** The one way in: what the routes answer. */
function acceptorOn(db: Db) {
  const tools = { db, partitions: new Partitions(db), ids: new RunIds(), calendar: workWeek };
  const accept = acceptInto(new IngestQueue((group) => writeGroup(tools, group)), () => undefined);
  return (one: ReturnType<typeof batch>) => accept(sender, { batch: one, bodySha256: sha256Of(one), nowMs: T0 + 2 * 3_600_000 });
}

/** Per table its number of rows and a hash of their texts, whatever order they lie in; "0" for an empty one. */
async function contentOf(db: Db): Promise<Record<string, string>> {
  const tables = await db.query<{ name: string }>(
    "SELECT relname AS name FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition AND relname <> 'migration' ORDER BY 1",
  );
  const content: Record<string, string> = {};
  for (const { name } of tables) {
    const [row] = await db.query<{ content: string }>(
      `SELECT concat_ws(' ', count(*)::text, md5(string_agg(t.text, chr(10) ORDER BY t.text COLLATE "C"))) AS content FROM (SELECT r::text AS text FROM ${name} AS r) AS t`,
    );
    content[name] = row?.content ?? "";
  }
  return content;
}
