import { spawn } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import { Spool } from "../../../agent/spool/spool.ts";
import { nodeFlags } from "../../support/node-flags.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

/** Set HCC_KILL_ROUNDS to 200 for the figure of the target; a few are enough to see a broken order of writes. */
const ROUNDS = Number(process.env.HCC_KILL_ROUNDS ?? 4);

/** Starts the writer, kills it after a while, and gives the lines that it had finished saying. */
async function writeAndKill(folder: string, first: number, afterMs: number): Promise<string[]> {
  const child = spawn(process.execPath, [...nodeFlags, "test/support/spool-writer.ts", folder, String(first)], { stdio: ["ignore", "pipe", "inherit"] });
  let said = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    said += text;
  });
  const end = Date.now() + 15_000;
  while (said.length === 0 && Date.now() < end) await sleep(5);
  await sleep(afterMs);
  child.kill("SIGKILL");
  await new Promise((resolve) => child.once("close", resolve));
  return said.split("\n").slice(0, -1);
}

it(`kill -9 at any moment, ${ROUNDS} rounds: each number that was given is there, once, and the file is sound`, async () => {
  const folder = temporaryFolder();
  const given = new Map<number, number>();
  let index = 0;
  for (let round = 0; round < ROUNDS; round++) {
    for (const line of await writeAndKill(folder, index, 20 + ((round * 137) % 180))) {
      const [seq = 0, said = 0] = line.split(" ").map(Number);
      expect(given.has(seq), `seq ${seq} was given twice`).toBe(false);
      given.set(seq, said);
      index = said + 1;
    }
  }
  using spool = new Spool({ folder, nowMs: Date.now, log: () => {} });
  const { lastSeq, deadLetters, lost } = spool.status();
  expect({ deadLetters, lost }).toEqual({ deadLetters: 0, lost: 0 });
  // A row may be there that was not yet said; none that was said may be missing.
  const database = new DatabaseSync(join(folder, "spool.db"), { readOnly: true });
  const rows = new Map(
    database
      .prepare("SELECT seq, uptime_ms FROM observation")
      .all()
      .map(({ seq, uptime_ms }) => [Number(seq), Number(uptime_ms) / 1_000]),
  );
  database.close();
  expect([...given].filter(([seq, said]) => rows.get(seq) !== said)).toEqual([]);
  expect(rows.size).toBe(lastSeq);
  expect(given.size).toBeGreaterThan(ROUNDS * 3);
  expect(readdirSync(folder).filter((name) => name.includes("corrupt"))).toEqual([]);
}, 600_000);
