import { execFileSync } from "node:child_process";
import { chmodSync } from "node:fs";

const ICACLS = "C:\\Windows\\System32\\icacls.exe";
const TIME_LIMIT_MS = 10_000;

/**
 * Leaves a file to its owner alone. On Windows: owner rights, SYSTEM and administrators, by their fixed SIDs, since names are translated there;
 * this branch was written from Microsoft's documentation and has not run in our tests. Throws when the system refuses.
 */
export function restrictToOwner(file: string): void {
  if (process.platform !== "win32") {
    chmodSync(file, 0o600);
    return;
  }
  const grants = ["*S-1-3-4:F", "*S-1-5-18:F", "*S-1-5-32-544:F"];
  execFileSync(ICACLS, [file, "/inheritance:r", "/grant:r", ...grants], { timeout: TIME_LIMIT_MS, stdio: "ignore", windowsHide: true });
}
