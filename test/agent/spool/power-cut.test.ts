import { execFileSync, spawn } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it, onTestFinished } from "vitest";
import { nodeFlags } from "../../support/node-flags.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

/**
 * A power cut without a device mapper: the writer works on an ext4 inside a file; it is stopped, and the file is copied as the disk would be found.
 * Pages that were never forced out are not in the copy. kill -9 cannot tell this, since the page cache survives it.
 */
const ROUNDS = Number(process.env.HCC_POWER_CUT_ROUNDS ?? 1);
const canMount = process.getuid?.() === 0 && existsSync("/usr/sbin/mkfs.ext4") && canLoopMount();

function canLoopMount(): boolean {
  try {
    execFileSync("/usr/sbin/losetup", ["-f"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

function mount(image: string, folder: string): void {
  mkdirSync(folder, { recursive: true });
  execFileSync("/usr/bin/mount", ["-o", "loop", image, folder]);
  onTestFinished(() => {
    execFileSync("/usr/bin/umount", [folder]);
  });
}

/** Runs the writer on a fresh disk, cuts its power, and gives what it had said and what the disk holds. */
async function cut(mode: "spool" | "weak", afterMs: number): Promise<{ said: Set<number>; kept: Set<number>; sound: string }> {
  const folder = temporaryFolder();
  const image = join(folder, "disk.img");
  execFileSync("/usr/bin/truncate", ["-s", "48M", image]);
  execFileSync("/usr/sbin/mkfs.ext4", ["-q", "-F", image]);
  const disk = join(folder, "disk");
  mount(image, disk);
  execFileSync("sync");
  const child = spawn(process.execPath, [...nodeFlags, "test/support/spool-writer.ts", join(disk, "agent"), "0", mode], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let text = "";
  child.stdout.setEncoding("utf8").on("data", (more: string) => {
    text += more;
  });
  const end = Date.now() + 30_000;
  while (text.length === 0 && Date.now() < end) await sleep(5);
  await sleep(afterMs);
  child.kill("SIGSTOP");
  await sleep(100);
  const said = new Set(
    text
      .split("\n")
      .slice(0, -1)
      .map((line) => Number(line.split(" ")[0])),
  );
  const copy = join(folder, "found.img");
  copyFileSync(image, copy);
  child.kill("SIGKILL");
  await new Promise((resolve) => child.once("close", resolve));
  const found = join(folder, "found");
  mount(copy, found);
  const file = join(found, "agent", "spool.db");
  if (!existsSync(file)) return { said, kept: new Set(), sound: "missing" };
  const database = new DatabaseSync(file);
  try {
    const sound = String(database.prepare("PRAGMA integrity_check").get()?.integrity_check);
    return {
      said,
      kept: new Set(
        database
          .prepare("SELECT seq FROM observation")
          .all()
          .map(({ seq }) => Number(seq)),
      ),
      sound,
    };
  } catch {
    return { said, kept: new Set(), sound: "no table" };
  } finally {
    database.close();
  }
}

describe.skipIf(!canMount)("power cuts (needs root and loop mounts)", () => {
  it(`${ROUNDS} cuts lose no number that was given`, async () => {
    for (let round = 0; round < ROUNDS; round++) {
      const { said, kept, sound } = await cut("spool", 300 + ((round * 271) % 900));
      expect(sound).toBe("ok");
      expect(said.size).toBeGreaterThan(5);
      expect([...said].filter((seq) => !kept.has(seq))).toEqual([]);
    }
  }, 600_000);

  it("the rig can see a loss: commits without an fsync lose numbers", async () => {
    // The kernel may write everything out just before a cut, so one cut proves nothing; never losing anything would.
    let lost = 0;
    for (let round = 0; round < 8 && lost === 0; round++) {
      const { said, kept } = await cut("weak", 300 + round * 110);
      expect(said.size).toBeGreaterThan(5);
      lost = [...said].filter((seq) => !kept.has(seq)).length;
    }
    expect(lost).toBeGreaterThan(0);
  }, 240_000);
});
