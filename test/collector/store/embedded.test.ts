import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { appendFileSync, chmodSync, readdirSync, readFileSync, renameSync, rmdirSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { text } from "node:stream/consumers";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { openStore, type StoreOptions } from "../../../collector/store/open.ts";
import { openPostgres } from "../../../collector/store/postgres-db.ts";
import { nodeFlags } from "../../support/node-flags.ts";
import { freshCluster } from "../../support/postgres.ts";
import { requirePeer } from "../../support/require-peer.ts";
import { memoryFolder, temporaryFolder } from "../../support/temporary-folder.ts";

const pidFile = (folder: string) => join(folder, "postgres", "postmaster.pid");
const postmaster = (folder: string) => Number(readFileSync(pidFile(folder), "utf8").split("\n")[0]);
const opened = (dataDir: string, options: Partial<StoreOptions> = {}) => openStore({ databaseUrl: undefined, dataDir, connections: 2, ...options });

/** A process of the server's own user that is no server. */
function stranger(folder: string) {
  const { uid, gid } = statSync(join(folder, "postgres"));
  const child = spawn("sleep", ["300"], { uid, gid, stdio: "ignore" });
  onTestFinished(() => void child.kill("SIGKILL"));
  return { pid: child.pid ?? 0, isAlive: () => child.exitCode === null && child.signalCode === null };
}

/** Every file below a folder, with owner, rights, time and bytes. */
function stateOf(folder: string): string[] {
  return (readdirSync(folder, { recursive: true }) as string[]).sort().map((name) => {
    const path = join(folder, name);
    const { uid, mode, mtimeMs, size } = statSync(path);
    return [name, uid, mode, mtimeMs, size, statSync(path).isFile() ? createHash("sha256").update(readFileSync(path)).digest("hex") : ""].join(" ");
  });
}

describe("the embedded server", () => {
  it("keeps its rows, listens on this machine alone, its password from other users, and is started again when it has ended", { timeout: 60_000 }, async () => {
    const folder = temporaryFolder();
    const first = await openStore({ databaseUrl: undefined, dataDir: folder });
    await first.db.script("CREATE TABLE kept (n int); INSERT INTO kept VALUES (7)");
    expect(
      await first.db.query("SELECT current_setting('fsync') AS fsync, current_setting('listen_addresses') AS listens, current_setting('TimeZone') AS zone"),
    ).toEqual([{ fsync: "on", listens: "127.0.0.1", zone: "UTC" }]);
    expect(statSync(join(folder, "postgres-password")).mode & 0o077).toBe(0);
    await first.close();
    expect(() => postmaster(folder)).toThrow();
    const again = await openStore({ databaseUrl: undefined, dataDir: folder });
    expect(await again.db.query("SELECT n FROM kept")).toEqual([{ n: 7 }]);
    expect(await again.tend?.()).toBe(false);
    process.kill(postmaster(folder), "SIGKILL");
    // Its workers may hold port and memory for another moment.
    await vi.waitUntil(() => again.tend?.().catch(() => false), { timeout: 30_000 });
    expect(await again.db.query("SELECT n FROM kept")).toEqual([{ n: 7 }]);
    await again.close();
  });

  it("is started once by two programs at the same moment, and ended by the last one", { timeout: 60_000 }, async () => {
    const folder = memoryFolder();
    const [one, two] = await Promise.all([openStore({ databaseUrl: undefined, dataDir: folder }), openStore({ databaseUrl: undefined, dataDir: folder })]);
    expect(one.url).toBe(two.url);
    await one.db.query("SELECT 1");
    await one.close();
    expect(await two.db.query("SELECT 1 AS n")).toEqual([{ n: 1 }]);
    await two.close();
    expect(() => postmaster(folder)).toThrow();
  });

  it("is adopted when the program that started it was killed, with all that was committed", { timeout: 60_000 }, async () => {
    const folder = memoryFolder();
    const child = spawn(process.execPath, [...nodeFlags, join(import.meta.dirname, "../../support/store-writer.ts"), folder], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    let committed = 0;
    const enough = new Promise<void>((resolve) => {
      child.stdout.on("data", (part: Buffer) => {
        for (const line of part.toString("utf8").split("\n")) if (/^\d+$/.test(line)) committed = Number(line);
        if (committed >= 20) resolve();
      });
    });
    await enough;
    child.kill("SIGKILL");
    await once(child, "exit");
    const orphan = postmaster(folder);
    const store = await openStore({ databaseUrl: undefined, dataDir: folder });
    expect(postmaster(folder)).toBe(orphan);
    const [row] = await store.db.query<{ n: number }>("SELECT count(*)::int AS n FROM written");
    expect(row?.n).toBeGreaterThanOrEqual(committed);
    await store.close();
    expect(() => postmaster(folder)).toThrow();
  });

  it("takes no other process for its server, whatever number a lost server left behind, and leaves that process alone", { timeout: 90_000 }, async () => {
    const folder = memoryFolder();
    const first = await opened(folder);
    await first.db.script("CREATE TABLE kept (n int); INSERT INTO kept VALUES (7)");
    const written = readFileSync(pidFile(folder), "utf8");
    await first.close();
    const other = stranger(folder);
    const ownThread = Number(readdirSync("/proc/self/task").find((id) => id !== String(process.pid)));
    for (const left of [written.replace(/^\d+/, String(other.pid)), written.replace(/^\d+/, String(ownThread)), ""]) {
      writeFileSync(pidFile(folder), left);
      const store = await opened(folder);
      expect(await store.db.query("SELECT n FROM kept")).toEqual([{ n: 7 }]);
      await store.close();
    }
    const store = await opened(folder);
    process.kill(postmaster(folder), "SIGKILL");
    writeFileSync(pidFile(folder), readFileSync(pidFile(folder), "utf8").replace(/^\d+/, String(other.pid)));
    await vi.waitUntil(() => store.tend?.().catch(() => false), { timeout: 30_000 });
    expect(await store.db.query("SELECT n FROM kept")).toEqual([{ n: 7 }]);
    await store.close();
    expect(other.isAlive()).toBe(true);
  });

  it("goes on while somebody may be connected: a start or an end that gets no answer stops nothing", { timeout: 60_000 }, async () => {
    const folder = memoryFolder();
    const [serving, short] = [await opened(folder, { connections: 60 }), await opened(folder)];
    const session = openPostgres(serving.url, { connections: 1, statementTimeoutMs: 10_000 });
    await session.query("SELECT pg_advisory_lock(1)");
    await session.query("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()");
    const [limit] = await session.query<{ n: number }>("SELECT current_setting('max_connections')::int - 1 AS n");
    const statements = Array.from({ length: limit?.n ?? 0 }, () => serving.db.query("SELECT pg_advisory_lock_shared(1)"));
    const done = Promise.allSettled(statements);
    await vi.waitUntil(async () => (await session.query("SELECT 1 FROM pg_stat_activity WHERE backend_type = 'client backend'")).length > statements.length, {
      timeout: 30_000,
    });
    await expect(opened(folder)).rejects.toThrow(/has no connection left/);
    await short.close();
    await session.query("SELECT pg_advisory_unlock(1)");
    expect((await done).filter(({ status }) => status === "fulfilled")).toHaveLength(59);
    await session.close();
    await serving.close();
    expect(() => postmaster(folder)).toThrow();
  });

  it("is waited for while it is not ready, and never stopped meanwhile; one that shuts down is started again when it has ended", {
    timeout: 90_000,
  }, async () => {
    const folder = memoryFolder();
    await (await opened(folder)).close();
    // A standby without hot standby says "57P03" until it is promoted, as a server does after a power cut until its data is in order.
    const settings = join(folder, "postgres", "postgresql.auto.conf");
    appendFileSync(settings, "hot_standby = off\n");
    writeFileSync(join(folder, "postgres", "standby.signal"), "");
    const patience = new AbortController();
    const impatient = opened(folder, { stop: patience.signal });
    const said: string[] = [];
    const patient = opened(folder, { say: (words) => said.push(words("en")) });
    await vi.waitUntil(() => said.length > 0, { timeout: 30_000 });
    expect(said[0]).toMatch(/^PostgreSQL in .* is not ready \(the database system is not (yet )?accepting connections\); it is waited for/);
    patience.abort();
    await expect(impatient).rejects.toThrow(/^Stopped while PostgreSQL in .* was not ready/);
    const waitedFor = postmaster(folder);
    writeFileSync(join(folder, "postgres", "promote"), "");
    process.kill(waitedFor, "SIGUSR1");
    const store = await patient;
    expect(postmaster(folder)).toBe(waitedFor);

    const session = openPostgres(store.url, { connections: 1, statementTimeoutMs: 10_000 });
    await session.query("SELECT 1");
    // A "smart" end waits for the sessions that there are, and takes no new one.
    process.kill(waitedFor, "SIGTERM");
    await vi.waitUntil(() => readFileSync(pidFile(folder), "utf8").includes("stopping"), { timeout: 10_000 });
    const next = opened(folder);
    await store.close();
    expect(await session.query("SELECT 1 AS n")).toEqual([{ n: 1 }]);
    await session.close();
    expect(await (await next).db.query("SELECT 1 AS n")).toEqual([{ n: 1 }]);
    expect(postmaster(folder)).not.toBe(waitedFor);
    await (await next).close();
  });

  it("makes a password that was never written, says so when one is lost, and always has a log that its user may write", { timeout: 60_000 }, async () => {
    const folder = memoryFolder();
    // Where root runs the tests, the server's user can reach this folder, and is another one.
    chmodSync(folder, 0o755);
    const file = join(folder, "postgres-password");
    const log = join(folder, "postgres.log");
    writeFileSync(file, "");
    await (await opened(folder)).close();
    const password = readFileSync(file, "utf8");
    expect(password).toMatch(/^[\w-]{32}$/);
    expect(statSync(file).mode & 0o077).toBe(0);
    for (const lost of ["", "another"]) {
      writeFileSync(file, lost);
      await expect(opened(folder)).rejects.toThrow(
        /postgres-password does not hold the password of the database in .*; nothing was changed\. Put the file back/,
      );
      expect(readFileSync(file, "utf8")).toBe(lost);
      expect(() => postmaster(folder)).toThrow();
    }
    writeFileSync(file, password);
    truncateSync(log, 17 * 1024 * 1024);
    await (await opened(folder)).close();
    expect(statSync(`${log}.old`).size).toBe(17 * 1024 * 1024);
    expect(statSync(log).size).toBeLessThan(10_000);
    rmSync(log);
    await (await opened(folder)).close();
    expect(readFileSync(log, "utf8")).toMatch(/ready to accept connections/);
  });

  it.skipIf(!requirePeer("postgres"))(
    "leaves a folder of another major version as it is, and says in one sentence how to move it",
    { timeout: 60_000 },
    async () => {
      const folder = temporaryFolder();
      const cluster = await freshCluster();
      renameSync(cluster, join(folder, "postgres"));
      rmdirSync(dirname(cluster));
      const before = stateOf(folder);
      expect(before.length).toBeGreaterThan(500);
      for (const command of ["migrate", "serve"]) {
        const child = spawn(process.execPath, [...nodeFlags, join(import.meta.dirname, "../../../collector/main.ts"), command], {
          env: { ...process.env, HCC_DATA: folder, DATABASE_URL: "", HCC_LANG: "en" },
          stdio: ["ignore", "pipe", "pipe"],
        });
        const said = Promise.all([text(child.stdout), text(child.stderr)]);
        expect((await once(child, "exit"))[0]).toBe(1);
        const [out, err] = await said;
        expect(out).toBe("");
        expect(err.trim().split("\n")).toHaveLength(1);
        expect(err).toMatch(
          /postgres holds a database of PostgreSQL 15, and this hcc-watch brings PostgreSQL 18, which cannot read it; nothing was changed\. Run .*backup --out/,
        );
      }
      expect(stateOf(folder)).toEqual(before);
    },
  );

  it("says so when its folder cannot be made", { timeout: 60_000 }, async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, "file"), "");
    await expect(opened(join(folder, "file", "inside"))).rejects.toThrow(/^The data folder .* cannot be made/);
  });
});
