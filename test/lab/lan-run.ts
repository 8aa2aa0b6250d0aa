import { execFile } from "node:child_process";
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { projectRoot } from "../support/source-files.ts";

/** A LAN takes half a minute at most; each wait of its script for a program is bounded or ends with it. */
const TIMEOUT_MS = 150_000;
/** For the hook that runs a LAN: it may run twice. */
export const LAN_HOOK_MS = 2 * TIMEOUT_MS + 10_000;

/**
 * Runs a LAN of this folder (`office-lan.sh`) in namespaces of its own and gives the lines that it printed; `folder` is its scratch folder, emptied first.
 * Once more where it broke off: what else the machine does may spoil it. @throws with what its programs wrote
 */
export async function runLan(script: string, folder: string): Promise<string[]> {
  const words = ["--net", "--pid", "--fork", "--kill-child", "--mount-proc", "sh", join(projectRoot, "test/lab", script), folder, process.execPath];
  const once = async () => {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { mode: 0o700 });
    const { stdout } = await promisify(execFile)("unshare", words, { cwd: projectRoot, timeout: TIMEOUT_MS });
    return stdout.trim().split("\n");
  };
  return once().catch((error: Error) => {
    process.stderr.write(`${script} broke off and runs again: ${error.message}\n`);
    return once();
  });
}
