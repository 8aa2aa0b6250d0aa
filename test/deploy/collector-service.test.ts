import { execFile } from "node:child_process";
import { chmodSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { runFlags } from "../../deploy/run-flags.ts";
import { collectorCommand } from "../support/collector-command.ts";
import { requirePeer } from "../support/require-peer.ts";
import { projectRoot } from "../support/source-files.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const unitText = readFileSync(join(projectRoot, "deploy/linux/hcc-collector.service"), "utf8");
const measureText = readFileSync(join(projectRoot, "deploy/linux/hcc-measure.service"), "utf8");
/** Without the two words that load the compile cache: services get it by Node's variable. */
const flags = runFlags("collector").slice(0, -2);

function run(program: string, args: readonly string[], path = ""): Promise<{ code: number; out: string; err: string }> {
  return new Promise((resolve) => {
    const child = execFile(
      program,
      args,
      { env: { ...process.env, NODE_COMPILE_CACHE: temporaryFolder(), PATH: `${path}:${process.env.PATH}` } },
      (_, out, err) => resolve({ code: child.exitCode ?? -1, out, err }),
    );
  });
}

describe.skipIf(process.platform === "win32")("the collector as a service", () => {
  it("starts as `npm run collector -- serve` does, at boot and after each end, and keeps its data where the command looks for it", () => {
    expect(unitText).toContain(`ExecStart=/opt/hcc-watch/node_modules/node/bin/node ${flags.join(" ")} collector/main.ts serve\n`);
    for (const line of ["WantedBy=multi-user.target", "Restart=always", "StartLimitIntervalSec=0", "User=hcc", "Environment=HCC_DATA=/var/lib/hcc-watch"])
      expect(unitText).toContain(`\n${line}\n`);
  });

  it("a measure server starts with the same flags as the collector, and with options that `measure` has", async () => {
    const [, ...words] = /^ExecStart=\S+ (.*)$/m.exec(measureText)?.[1]?.split(` ${flags.at(-1)} `) ?? [];
    const [main, command, ...options] = words.join(" ").split(" ");
    expect([measureText.includes(flags.join(" ")), main, command]).toEqual([true, "collector/main.ts", "measure"]);
    const { out } = await collectorCommand(["measure", "--help"]);
    const named = options.filter((word) => word.startsWith("--"));
    expect(named).toContain("--id");
    expect(named.filter((word) => !out.includes(` ${word} `))).toEqual([]);
  });

  it.skipIf(!requirePeer("systemd-analyze")).each([
    ["hcc-collector.service", unitText],
    ["hcc-measure.service", measureText],
  ])("systemd finds nothing wrong with %s, and little that it leaves open", async (name, text) => {
    const unit = join(temporaryFolder(), name);
    writeFileSync(unit, text.replaceAll("/opt/hcc-watch", projectRoot));
    expect(await run("systemd-analyze", ["verify", "--man=no", unit])).toEqual({ code: 0, out: "", err: "" });
    const exposure = await run("systemd-analyze", ["security", "--offline=true", "--no-pager", "--threshold=35", unit]);
    expect(exposure.code, exposure.out).toBe(0);
  });

  const fake = (folder: string, name: string, text: string) => {
    writeFileSync(join(folder, name), `#!/bin/sh\n${text}\n`);
    chmodSync(join(folder, name), 0o755);
  };
  /** The command in a project of its own with its settings beside it, linked into a folder in which `id` says that `who` types; `runuser` becomes hcc. */
  const installed = (who: string) => {
    const [root, folder] = [join(temporaryFolder(), "hcc watch"), temporaryFolder()];
    for (const path of ["deploy/linux", "node_modules", "collector", "etc"]) mkdirSync(join(root, path), { recursive: true });
    symlinkSync(join(projectRoot, "node_modules/node"), join(root, "node_modules/node"));
    const settings = join(root, "etc/collector.env");
    const command = join(root, "deploy/linux/hcc-collector");
    const given = readFileSync(join(projectRoot, "deploy/linux/hcc-collector"), "utf8");
    writeFileSync(command, given.replace("settings=/etc/hcc-watch/collector.env", `settings='${settings}'`), { mode: 0o755 });
    writeFileSync(settings, "HCC_LANG=en\n");
    writeFileSync(
      join(root, "collector/main.ts"),
      'console.log([process.env.HCC_LANG, process.env.HCC_DATA, ...process.execArgv, ...process.argv.slice(2)].join("\\n"));\n',
    );
    fake(folder, "id", `[ "$1" = hcc ] || echo ${who}`);
    fake(folder, "runuser", `[ "$1 $2 $3" = "-u hcc --" ] || exit 1; shift 3; printf '#!/bin/sh\\necho hcc\\n' > ${folder}/id; exec "$@"`);
    symlinkSync(command, join(folder, "hcc-collector"));
    return { folder, settings, type: (...words: string[]) => run(join(folder, "hcc-collector"), words, folder) };
  };

  it.each(["hcc", "root"])("the command runs as the collector's user, with the settings of the service, when %s types it, by a link too", async (who) => {
    const { settings, type } = installed(who);
    const words = ["people", "add", "--name", "Nguyễn Thị Lan"];
    const { out } = await type(...words);
    expect(out.split("\n")).toEqual(["en", "/var/lib/hcc-watch", `--env-file=${settings}`, ...flags, ...words, ""]);
  });

  it("without the settings of the service it does nothing: it would work on another database than the service", async () => {
    const { settings, type } = installed("root");
    rmSync(settings);
    expect(await type("backup", "--out", "a.backup")).toMatchObject({ code: 78, out: "", err: expect.stringContaining(`chgrp hcc ${settings}`) });
  });

  it("says to root what is missing: the user, or the right to read the program", async () => {
    const { folder, type } = installed("root");
    fake(folder, "runuser", "exit 1");
    expect(await type("serve")).toMatchObject({ code: 77, out: "", err: expect.stringContaining("chmod -R a+rX") });
    fake(folder, "id", `[ "$1" = hcc ] && exit 1; echo root`);
    expect(await type("serve")).toMatchObject({ code: 67, out: "", err: expect.stringContaining("step 2") });
  });

  it("the command says to others whose rights it needs", async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, "id"), "#!/bin/sh\necho thanh\n");
    chmodSync(join(folder, "id"), 0o755);
    expect(await run(join(projectRoot, "deploy/linux/hcc-collector"), ["serve"], folder)).toMatchObject({ code: 77, err: expect.stringContaining("sudo") });
  });
});
