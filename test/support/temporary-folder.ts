import { mkdtempSync, rmSync } from "node:fs";
import { platform, tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { memoryParent } from "./memory-parent.ts";

/** A folder of its own for one test, removed when the test ends. */
export function temporaryFolder(parent = tmpdir()): string {
  const folder = mkdtempSync(join(parent, "hcc-test-"));
  onTestFinished(() => remove(folder));
  return folder;
}

/** Windows removes no file that is open, and a test may leave its spool open: what stays lies among the system's temporary files. */
function remove(folder: string): void {
  try {
    rmSync(folder, { recursive: true, force: true });
  } catch (error) {
    if (platform() !== "win32") throw error;
  }
}

/** As `temporaryFolder`, in memory where the system offers that: for tests of logic, which need no disk that forces each write out. */
export function memoryFolder(): string {
  return temporaryFolder(memoryParent());
}
