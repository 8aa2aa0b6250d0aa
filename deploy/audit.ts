/** `npm run audit`: known holes in what we install. Part of `npm run check`. */
import { execFile } from "node:child_process";
import { auditVerdict } from "./audit-verdict.ts";

const AUDIT_MS = 60_000;
const npm = process.env.npm_execpath;

if (npm === undefined) console.log('audit: NOT DONE, start it with "npm run audit"');
else {
  // npm ends with 1 when it has found something, so its words count and not its exit code.
  const output = await new Promise<string>((resolve) => {
    execFile(process.execPath, [npm, "audit", "--json", "--omit=dev"], { timeout: AUDIT_MS, maxBuffer: 64 * 1024 * 1024 }, (_, stdout) => resolve(stdout));
  });
  const { exitCode, lines } = auditVerdict(output);
  for (const line of lines) console.log(line);
  process.exitCode = exitCode;
}
