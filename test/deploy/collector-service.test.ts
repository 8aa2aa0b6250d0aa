import { execFile } from "node:child_process";
import { chmodSync, copyFileSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { runFlags } from "../../deploy/run-flags.ts";
import { requirePeer } from "../support/require-peer.ts";
import { projectRoot } from "../support/source-files.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const unitText = readFileSync(join(projectRoot, "deploy/linux/hcc-collector.service"), "utf8");
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

  it.skipIf(!requirePeer("systemd-analyze"))("systemd finds nothing wrong with the unit, and little that it leaves open", async () => {
    const unit = join(temporaryFolder(), "hcc-collector.service");
    writeFileSync(unit, unitText.replaceAll("/opt/hcc-watch", projectRoot));
    expect(await run("systemd-analyze", ["verify", "--man=no", unit])).toEqual({ code: 0, out: "", err: "" });
    const exposure = await run("systemd-analyze", ["security", "--offline=true", "--no-pager", "--threshold=35", unit]);
    expect(exposure.code, exposure.out).toBe(0);
  });

  it.each([
    ["hcc", []],
    ["root", ["-u", "hcc", "--"]],
  ])("the command runs as the collector's user when %s types it, by a link too", async (who, through) => {
    const [root, folder] = [join(temporaryFolder(), "hcc watch"), temporaryFolder()];
    for (const path of ["deploy/linux", "node_modules", "collector"]) mkdirSync(join(root, path), { recursive: true });
    symlinkSync(join(projectRoot, "node_modules/node"), join(root, "node_modules/node"));
    copyFileSync(join(projectRoot, "deploy/linux/hcc-collector"), join(root, "deploy/linux/hcc-collector"));
    writeFileSync(join(root, "collector/main.ts"), 'console.log([process.env.HCC_DATA, ...process.execArgv, ...process.argv.slice(2)].join("\\n"));\n');
    const fake = (name: string, text: string) => {
      writeFileSync(join(folder, name), `#!/bin/sh\n${text}\n`);
      chmodSync(join(folder, name), 0o755);
    };
    fake("id", `echo ${who}`);
    fake("runuser", `printf '%s\\n' "$@"; shift 3; exec "$@"`);
    symlinkSync(join(root, "deploy/linux/hcc-collector"), join(folder, "hcc-collector"));
    const { out } = await run(join(folder, "hcc-collector"), ["people", "add", "--name", "Nguyễn Thị Lan"], folder);
    const settings = "--env-file-if-exists=/etc/hcc-watch/collector.env";
    const words = ["people", "add", "--name", "Nguyễn Thị Lan", ""];
    const node = join(root, "node_modules/node/bin/node");
    const before = through.length === 0 ? [] : [...through, node, settings, ...flags, join(root, "collector/main.ts"), ...words.slice(0, -1)];
    expect(out.split("\n")).toEqual([...before, "/var/lib/hcc-watch", settings, ...flags, ...words]);
  });

  it("the command says to others whose rights it needs", async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, "id"), "#!/bin/sh\necho thanh\n");
    chmodSync(join(folder, "id"), 0o755);
    expect(await run(join(projectRoot, "deploy/linux/hcc-collector"), ["serve"], folder)).toMatchObject({ code: 77, err: expect.stringContaining("sudo") });
  });
});
