import { execFile, execFileSync } from "node:child_process";
import { chmodSync, cpSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { runFlags } from "../../deploy/run-flags.ts";
import { requirePeer } from "../support/require-peer.ts";
import { projectRoot } from "../support/source-files.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const isWindows = process.platform === "win32";
const isRoot = process.getuid?.() === 0;
const unitText = readFileSync(join(projectRoot, "deploy/linux/hcc-agent.service"), "utf8");
const settingOf = (name: string) => new RegExp(`^${name}=(.*)$`, "m").exec(unitText)?.[1];

type Ended = { readonly code: number; readonly out: string; readonly err: string };

function run(program: string, args: readonly string[], options: { readonly cwd?: string; readonly env?: Record<string, string> } = {}): Promise<Ended> {
  const env = { ...process.env, NODE_COMPILE_CACHE: "", ...options.env };
  return new Promise((resolve) => {
    const child = execFile(program, args, { cwd: options.cwd, env, encoding: "utf8" }, (_, out, err) => resolve({ code: child.exitCode ?? -1, out, err }));
  });
}

/** The installed files around a program that tells how it was started, in a folder with a name such as people give. */
function installation(name = "Tác tử của xã Ia Grai"): string {
  const root = join(temporaryFolder(), name);
  for (const path of ["deploy/linux", "package.json"]) cpSync(join(projectRoot, path), join(root, path), { recursive: true });
  mkdirSync(join(root, "node_modules"));
  symlinkSync(join(projectRoot, "node_modules/node"), join(root, "node_modules/node"));
  mkdirSync(join(root, "agent"));
  const told = "{ args: process.argv.slice(2), flags: process.execArgv, cwd: process.cwd(), cache: getCompileCacheDir(), data: process.env.HCC_AGENT_DATA }";
  writeFileSync(
    join(root, "agent/main.ts"),
    `import { getCompileCacheDir } from "node:module";\nconsole.log(JSON.stringify(${told}));\nprocess.exitCode = 7;\n`,
  );
  return root;
}

const install = (root: string, destination: string, ...args: string[]) =>
  run("sh", [join(root, "deploy/linux/install-agent.sh"), ...args], { env: { DESTDIR: destination } });

describe.skipIf(isWindows)("the command hcc-agent", () => {
  it("runs from any folder, through a link, and hands on arguments, folder and exit code as they are", async () => {
    const root = installation("Xã 'Ia Grai' #1, 100 % \"một cửa\"");
    const elsewhere = temporaryFolder();
    const link = join(elsewhere, "hcc-agent");
    symlinkSync(join(root, "deploy/linux/hcc-agent"), link);
    const args = ["probe", "--options", '{"name":"Phòng \\"một cửa\\"","share":"100 % $HOME *"}', "", "two  words"];
    const { code, out } = await run(link, args, { cwd: elsewhere });
    const told = JSON.parse(out);
    expect({ code, args: told.args, cwd: told.cwd }).toEqual({ code: 7, args, cwd: elsewhere });
    expect(dirname(told.cache)).toBe(join(root, "node_modules/.cache/hcc-watch"));
    expect(told.flags).toEqual(runFlags("agent").slice(0, -2));
  });

  it("says what to do when the project's Node.js is missing", async () => {
    const root = join(temporaryFolder(), "trống");
    cpSync(join(projectRoot, "deploy/linux"), join(root, "deploy/linux"), { recursive: true });
    const { code, err } = await run("sh", [join(root, "deploy/linux/hcc-agent"), "status"]);
    expect(code).toBe(69);
    expect(err).toMatch(/^Thiếu .*npm ci\n.*missing.*npm ci\n$/);
  });

  it("has the flags of the script in package.json on both systems; the compile cache stands for --import", () => {
    const flags = runFlags("agent");
    expect(flags.slice(-2)).toEqual(["--import", "./compile-cache.js"]);
    expect(readFileSync(join(projectRoot, "compile-cache.js"), "utf8")).toContain('"node_modules/.cache/hcc-watch"');
    const windows = readFileSync(join(projectRoot, "deploy/windows/hcc-agent.cmd"), "utf8");
    expect(/node\.exe" (.*) "%HCC_ROOT%\\agent\\main\.ts" %\*\r\n/.exec(windows)?.[1]).toBe(flags.slice(0, -2).join(" "));
    expect(windows).toContain("%HCC_ROOT%\\node_modules\\.cache\\hcc-watch");
  });
});

describe.skipIf(isWindows)("install-agent.sh", () => {
  const unit = "etc/systemd/system/hcc-agent.service";
  const command = "usr/local/bin/hcc-agent";
  const sudoers = "etc/sudoers.d/hcc-agent";

  it("lays out unit, command and sudo's rule, the same when it runs again, and takes them away but not the data", async () => {
    const [root, destination] = [installation("hcc watch ở xã"), temporaryFolder()];
    const data = join(destination, "var/lib/hcc-agent/agent.json");
    expect(await install(root, destination)).toMatchObject({ code: 0, err: "" });
    const files = () => [unit, command, sudoers].map((path) => readFileSync(join(destination, path), "utf8"));
    const before = files();
    expect(await install(root, destination)).toMatchObject({ code: 0, err: "" });
    expect(files()).toEqual(before);
    expect(before[0]).toContain(`ExecStart=/bin/sh "${root}/deploy/linux/hcc-agent" run\n`);
    expect(before.join("")).not.toContain("@PROGRAM@");
    expect(statSync(join(destination, sudoers)).mode & 0o777).toBe(0o440);
    expect(statSync(join(destination, command)).mode & 0o777).toBe(0o755);

    mkdirSync(dirname(data), { recursive: true });
    writeFileSync(data, "{}");
    expect(await install(root, destination, "--uninstall")).toMatchObject({ code: 0, err: "" });
    expect([unit, command, sudoers, data].map((path) => existsSync(path.startsWith("/") ? path : join(destination, path)))).toEqual([
      false,
      false,
      false,
      true,
    ]);
  });

  it.each([
    ["hcc-agent", undefined],
    ["root", ["runuser", "-u", "hcc-agent", "--"]],
    ["thanh", ["sudo", "-u", "hcc-agent", "--"]],
  ])("the installed command runs as the owner of the data when %s types it", async (who, through) => {
    const [root, destination, fakes] = [installation(), temporaryFolder(), temporaryFolder()];
    await install(root, destination);
    const fake = (name: string, text: string) => {
      writeFileSync(join(fakes, name), `#!/bin/sh\n${text}\n`);
      chmodSync(join(fakes, name), 0o755);
    };
    fake("id", `echo ${who}`);
    for (const name of ["runuser", "sudo"]) fake(name, `printf '%s\\n' ${name} "$@"`);
    const args = ["creds", "add", "camera tầng 2"];
    const { out } = await run("sh", [join(destination, command), ...args], { env: { PATH: `${fakes}:${process.env.PATH}` } });
    if (through === undefined) expect(JSON.parse(out)).toMatchObject({ args, data: "/var/lib/hcc-agent" });
    else {
      const asUser = who === "root" ? ["/bin/sh", join(root, "deploy/linux/hcc-agent")] : ["/usr/local/bin/hcc-agent"];
      expect(out).toBe([...through, ...asUser, ...args, ""].join("\n"));
    }
  });

  it("lets a clerk without a password only look: whole commands, no pattern", async () => {
    const destination = temporaryFolder();
    await install(installation(), destination);
    const rule = /NOPASSWD: (.*)$/m.exec(readFileSync(join(destination, sudoers), "utf8"))?.[1] ?? "";
    const allowed = ["self-check", "self-check --quick", "self-check --list", "status"];
    expect(rule.split(", ")).toEqual(allowed.map((words) => `/usr/local/bin/hcc-agent ${words}`));
  });

  it.each<[string, string, readonly string[], number, RegExp]>([
    ["a folder whose name a unit would read otherwise", "100%", [], 1, /^Không cài được: .*\nNot installed: .*odd characters/],
    ["a word that it does not know", "hcc", ["--remove"], 64, /Usage/],
  ])("refuses %s and writes nothing", async (_, name, args, code, said) => {
    const destination = temporaryFolder();
    const ended = await install(installation(name), destination, ...args);
    expect(ended.code).toBe(code);
    expect(ended.err).toMatch(said);
    expect(readdirSync(destination)).toEqual([]);
  });

  it.skipIf(!requirePeer("systemd-analyze"))("systemd finds nothing wrong with the unit, and little that it leaves open", async () => {
    const destination = temporaryFolder();
    await install(installation("hcc watch ở xã"), destination);
    expect(await run("systemd-analyze", ["verify", "--man=no", join(destination, unit)])).toEqual({ code: 0, out: "", err: "" });
    // In tenths; a service with no settings of its own has 96.
    const exposure = await run("systemd-analyze", ["security", "--offline=true", "--no-pager", "--threshold=35", join(destination, unit)]);
    expect(exposure.code, exposure.out).toBe(0);
  });

  it.skipIf(!isRoot || !requirePeer("ping"))("the rights of the unit are enough for ping", () => {
    const rights = (name: string) => `-all,${settingOf(name)?.toLowerCase().replace("cap_", "+")}`;
    const bounds = ["--no-new-privs", `--inh-caps=${rights("AmbientCapabilities")}`, `--ambient-caps=${rights("AmbientCapabilities")}`];
    const whole = [...bounds, `--bounding-set=${rights("CapabilityBoundingSet")}`, "--reuid=65534", "--regid=65534", "--clear-groups"];
    expect(settingOf("NoNewPrivileges")).toBe("yes");
    expect(execFileSync("setpriv", [...whole, "ping", "-c", "1", "-W", "2", "127.0.0.1"], { encoding: "utf8" })).toContain("1 received");
  });

  it("the unit starts at boot, again after each end, without limit, and keeps data where the command looks for it", () => {
    const wanted = {
      WantedBy: "multi-user.target",
      After: "network-online.target",
      Restart: "always",
      StartLimitIntervalSec: "0",
      User: "hcc-agent",
      LimitCORE: "0",
    };
    for (const [name, value] of Object.entries(wanted)) expect(settingOf(name), name).toBe(value);
    expect(settingOf("Environment")).toBe("HCC_AGENT_DATA=/var/lib/hcc-agent");
    expect(settingOf("StateDirectory")).toBe("hcc-agent");
  });
});
