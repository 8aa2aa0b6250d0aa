import { existsSync } from "node:fs";
import { readFile, rm, stat, writeFile } from "node:fs/promises";
import { createConnection } from "node:net";
import { basename, join } from "node:path";
import { kill } from "node:process";

/** A server that runs in a data folder, by what it wrote there of itself. */
export type Postmaster = { readonly port: number; readonly isStopping: boolean };

/** No system gives this number to a process. */
const NOBODY = 2_147_483_647;
const ANSWER_LIMIT_MS = 3_000;
/** The first thing that a PostgreSQL may be asked, and that it answers in any state: whether it speaks TLS. */
const SSL_REQUEST = Buffer.from([0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f]);

/**
 * The server that runs in a data folder, whether it answers yet or not; undefined when none does. A postmaster.pid that outlived its server (a power
 * cut, `kill -9`) names a number which any other process, or a thread of our own, may bear by now: it counts only if that process is a server of this
 * very folder, or, where no /proc tells, if its port speaks PostgreSQL or says nothing at all.
 */
export async function runningPostmaster(data: string): Promise<Postmaster | undefined> {
  const lines = (await readFile(pidFile(data), "utf8").catch(() => "")).split("\n");
  // A server for a single user writes its number with a minus.
  const [pid, port] = [Math.abs(Number(lines[0])), Number(lines[3])];
  if (!(pid > 0 && port > 0)) return undefined;
  const isOurs = existsSync("/proc/self/cwd") ? await isServerOf(data, pid) : isAlive(pid) && (await speaksPostgres(port)) !== false;
  return isOurs ? { port, isStopping: lines[7]?.trim() === "stopping" } : undefined;
}

/**
 * Lets a new server into a folder in which none runs, whatever its postmaster.pid says. The number is replaced and the rest kept: by it PostgreSQL sees
 * whether processes of the old server still hold its memory, and refuses to start beside them. For callers that hold the folder.
 */
export async function forgetPostmaster(data: string): Promise<void> {
  const written = await readFile(pidFile(data), "utf8").catch(() => undefined);
  if (written === undefined) return;
  if (/^-?\d+\n/.test(written)) await writeFile(pidFile(data), written.replace(/^-?\d+/, String(NOBODY)));
  else await rm(pidFile(data), { force: true });
}

/** Whether what listens at a port of this machine speaks PostgreSQL; undefined when it takes the call and says nothing for 3 s. */
export function speaksPostgres(port: number): Promise<boolean | undefined> {
  return new Promise((done) => {
    const socket = createConnection(port, "127.0.0.1");
    const end = (is: boolean | undefined) => {
      socket.destroy();
      done(is);
    };
    socket.setTimeout(ANSWER_LIMIT_MS, () => end(undefined));
    socket.once("connect", () => socket.write(SSL_REQUEST));
    socket.once("data", (answer: Buffer) => end(/^([SN]$|E)/.test(answer.toString("latin1"))));
    socket.once("error", () => end(false)).once("close", () => end(false));
  });
}

/** A server works in its data folder. Root without the right to trace may not see where a process of another user works, but how it was called. */
async function isServerOf(data: string, pid: number): Promise<boolean> {
  const [program = "", ...words] = (await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "")).split("\0");
  if (basename(program) !== "postgres") return false;
  const [folder, itsFolder] = await Promise.all([stat(data), stat(`/proc/${pid}/cwd`).catch(() => undefined)]);
  return itsFolder ? itsFolder.dev === folder.dev && itsFolder.ino === folder.ino : words.includes(data);
}

function isAlive(pid: number): boolean {
  try {
    return kill(pid, 0);
  } catch {
    return false;
  }
}

function pidFile(data: string): string {
  return join(data, "postmaster.pid");
}
