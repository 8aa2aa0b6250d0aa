import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { projectRoot } from "../support/source-files.ts";
import { promise, type Scenario } from "./scenario.ts";

/** How long a test of the suite runs under `npm run chaos`, by the variables that it reads. */
type Suite = { readonly files: readonly string[]; readonly full?: Readonly<Record<string, string>> };

/** A test of the suite as a scenario: the same promises, for as many rounds as the figures ask for. */
export function suite({ files, full = {} }: Suite): Scenario {
  return async (context) => {
    const vitest = join(projectRoot, "node_modules", "vitest", "vitest.mjs");
    const child = spawn(process.execPath, [vitest, "run", "--reporter=json", ...files], {
      cwd: projectRoot,
      env: { ...process.env, ...(context.full && full) },
      stdio: ["ignore", "pipe", "ignore"],
    });
    let said = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      said += text;
    });
    await once(child, "close");
    const { numPassedTests, numFailedTests, numPendingTests, testResults } = JSON.parse(said.slice(said.indexOf("{"))) as Report;
    const failed = testResults.flatMap(({ assertionResults }) => assertionResults).filter(({ status }) => status === "failed");
    promise(
      numFailedTests === 0 && numPassedTests > 0,
      failed.map(({ fullName, failureMessages }) => `${fullName}: ${failureMessages[0]?.split("\n")[0]}`).join("; "),
    );
    return { passed: numPassedTests, skipped: numPendingTests, ...(context.full && full) };
  };
}

type Report = {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly testResults: readonly {
    readonly assertionResults: readonly { readonly status: string; readonly fullName: string; readonly failureMessages: readonly string[] }[];
  }[];
};
