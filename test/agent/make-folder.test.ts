import { spawnSync } from "node:child_process";
import { statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { text } from "#schemas/text/text.ts";
import { makeFolder } from "../../agent/make-folder.ts";
import { projectRoot, sourceFiles } from "../support/source-files.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

/** `creds add` with a data folder, in a program of its own: one that asks the system for ever answers no signal but the last. */
function addCredential(dataDir: string) {
  const env = { ...process.env, HCC_AGENT_DATA: dataDir, HCC_LANG: "en" };
  const limits = { timeout: 40_000, killSignal: "SIGKILL" } as const;
  const { status, stderr } = spawnSync(process.execPath, ["agent/main.ts", "creds", "add", "nvr"], {
    cwd: projectRoot,
    env,
    input: "secret",
    encoding: "utf8",
    ...limits,
  });
  return { status, stderr };
}

describe("a data folder that cannot be made", () => {
  it.skipIf(process.platform !== "linux")("in /proc is told in one sentence", () => {
    expect(addCredential("/proc/hcc/agent")).toEqual({ status: 64, stderr: `${text("en", "agent.file.no_folder", { path: "/proc/hcc" })}\n` });
  });

  it("below a file is told in one sentence", () => {
    const file = join(temporaryFolder(), "file");
    writeFileSync(file, "");
    expect(addCredential(join(file, "agent"))).toEqual({ status: 64, stderr: `${text("en", "agent.file.no_folder", { path: file })}\n` });
  });

  it("is asked for in one way alone: with `recursive` the system may be asked for ever", () => {
    const agent = sourceFiles().filter(({ path }) => path.startsWith("agent/"));
    expect(agent.length).toBeGreaterThan(100);
    expect(agent.filter(({ text: source }) => /mkdir(Sync)?\([^;]*recursive/.test(source)).map(({ path }) => path)).toEqual([]);
  });
});

describe("a data folder that can be made", () => {
  it("is this user's alone, with what lacked above it, and may be there already", () => {
    const above = join(temporaryFolder(), "a");
    makeFolder(join(above, "b"));
    makeFolder(join(above, "b"));
    if (process.platform !== "win32") expect([above, join(above, "b")].map((folder) => statSync(folder).mode & 0o777)).toEqual([0o700, 0o700]);
  });
});
