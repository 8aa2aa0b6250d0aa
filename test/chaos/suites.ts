import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { projectRoot } from "../support/source-files.ts";
import { promise, type Scenario } from "./scenario.ts";

/** How long a test of the suite runs under `npm run chaos`, by the variables that it reads. */
type Suite = { readonly files: readonly string[]; readonly full?: Readonly<Record<string, string>> };

/** A test of the suite as a scenario: the same promises, for as many rounds as the figures ask for. */
export function suite({ files, full = {} }: Suite): Scenario {
  return async (context) => {
    const vitest = join(projectRoot, "node_modules", "vitest", "vitest.mjs");
    const folder = await mkdtemp(join(tmpdir(), "hcc-suite-"));
    try {
      const file = join(folder, "report.json");
      const child = spawn(process.execPath, [vitest, "run", "--reporter=json", `--outputFile=${file}`, ...files], {
        cwd: projectRoot,
        env: { ...process.env, ...(context.full && full) },
        stdio: "ignore",
      });
      await once(child, "close");
      return { ...judged(JSON.parse(await readFile(file, "utf8")) as Report), ...(context.full && full) };
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  };
}

function judged({ numPassedTests, numFailedTests, numPendingTests, testResults }: Report): Readonly<Record<string, number>> {
  const failed = testResults.flatMap(({ assertionResults }) => assertionResults).filter(({ status }) => status === "failed");
  const reasons = failed.map(({ fullName, failureMessages }) => `${fullName}: ${failureMessages[0]?.split("\n")[0]}`);
  promise(numFailedTests === 0 && numPassedTests > 0, reasons.join("; "));
  return { passed: numPassedTests, skipped: numPendingTests };
}

type Report = {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly testResults: readonly {
    readonly assertionResults: readonly { readonly status: string; readonly fullName: string; readonly failureMessages: readonly string[] }[];
  }[];
};
