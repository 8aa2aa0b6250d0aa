import { execFileSync } from "node:child_process";

const PRLIMIT = "/usr/bin/prlimit";
const TIME_LIMIT_MS = 2_000;

/**
 * Takes from a process, and from all that it starts, the right to leave its memory in a core file: device credentials would stand in it. Node.js has no
 * call for that, util-linux has. Where it is missing, and on Windows (which writes no dump of a program unless an administrator asks for it), nothing
 * happens: docs/operations.md says what to set there.
 */
export function forbidCoreFile(pid: number): void {
  try {
    execFileSync(PRLIMIT, ["--pid", String(pid), "--core=0:0"], { timeout: TIME_LIMIT_MS, stdio: "ignore", windowsHide: true });
  } catch {
    // Not here, or not allowed: the limit of whoever started us holds.
  }
}
