import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { readdirSync, readFileSync, renameSync, rmdirSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { text } from "node:stream/consumers";
import { describe, expect, it, vi } from "vitest";
import { startEmbedded } from "../../../collector/store/embedded.ts";
import { openStore } from "../../../collector/store/open.ts";
import { nodeFlags } from "../../support/node-flags.ts";
import { freshCluster } from "../../support/postgres.ts";
import { requirePeer } from "../../support/require-peer.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const postmaster = (folder: string) => Number(readFileSync(join(folder, "postgres", "postmaster.pid"), "utf8").split("\n")[0]);

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
    const folder = temporaryFolder();
    const [one, two] = await Promise.all([openStore({ databaseUrl: undefined, dataDir: folder }), openStore({ databaseUrl: undefined, dataDir: folder })]);
    expect(one.url).toBe(two.url);
    await one.db.query("SELECT 1");
    await one.close();
    expect(await two.db.query("SELECT 1 AS n")).toEqual([{ n: 1 }]);
    await two.close();
    expect(() => postmaster(folder)).toThrow();
  });

  it("is adopted when the program that started it was killed, with all that was committed", { timeout: 60_000 }, async () => {
    const folder = temporaryFolder();
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
          env: { ...process.env, HCC_DATA: folder, DATABASE_URL: "" },
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
    await expect(startEmbedded(join(folder, "file", "inside"))).rejects.toThrow(/^The data folder .* cannot be made/);
  });
});
