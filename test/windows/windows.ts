/**
 * `npm run windows -- [tests | day]`: what runs on gateway PCs, run by Node's build for Windows; on Linux under Wine, for which Debian's packages wine and
 * wine64 have to be there. `tests` runs the tests of agent and schemas, `day` the agent against a collector. Exit code 1 when something fails.
 */
import { readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { requirePeer } from "../support/require-peer.ts";
import { openWindows, type Windows } from "./open-windows.ts";
import { workDay } from "./scenario.ts";

const print = (line: string) => console.log(line);

/** As vitest reports it; `assertionResults` are the tests of a file. */
type Report = {
  readonly numPassedTests: number;
  readonly numPendingTests: number;
  readonly testResults: readonly {
    readonly name: string;
    readonly message: string;
    readonly assertionResults: readonly { readonly fullName: string; readonly status: string; readonly failureMessages: readonly string[] }[];
  }[];
};

async function runTests(windows: Windows, filters: readonly string[]): Promise<void> {
  const report = join(tmpdir(), `hcc-windows-${process.pid}.json`);
  const words = [
    "node_modules/vitest/vitest.mjs",
    "run",
    "--config",
    "test/windows/vitest.config.ts",
    "--configLoader=native",
    "--reporter=json",
    "--reporter=default",
  ];
  const { child, ended } = await windows.start([...words, `--outputFile=${report}`, ...filters]);
  const cry = setInterval(() => print("still testing"), 300_000);
  const { code, err } = await ended.finally(() => clearInterval(cry));
  const { numPassedTests, numPendingTests, testResults } = JSON.parse(await readFile(report, "utf8").catch(() => "{}")) as Partial<Report>;
  if (testResults === undefined) throw new Error(`vitest (process ${child.pid}) ended with ${code} and no report: ${err}`);
  const failed = testResults.flatMap(({ name, message, assertionResults }) => [
    ...(message ? [`${name}: ${message}`] : []),
    ...assertionResults.filter(({ status }) => status === "failed").map(({ fullName, failureMessages }) => `${name}: ${fullName}: ${failureMessages[0]}`),
  ]);
  print(`${windows.name}: ${testResults.length} files, ${numPassedTests} tests passed, ${numPendingTests} skipped, ${failed.length} failed`);
  for (const one of failed) print(`  ${one}`);
  if (failed.length > 0 || code !== 0) process.exitCode = 1;
}

const [part = "all", ...filters] = process.argv.slice(2);
if (!["all", "tests", "day"].includes(part)) {
  console.error(`there is no part called ${part}; there are: tests, day`);
  process.exitCode = 64;
} else if (process.platform === "win32" || requirePeer("wine")) {
  await using windows = await openWindows(print);
  if (part !== "day") await runTests(windows, filters);
  if (part !== "tests") await workDay(windows, print);
}
