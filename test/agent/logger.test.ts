import { spawnSync } from "node:child_process";
import { existsSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, it } from "vitest";
import { projectRoot } from "../support/source-files.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const FULL = "/dev/full";

it.skipIf(!existsSync(FULL))("a full disk behind stderr ends nobody who logs, and the log file goes on", () => {
  const folder = temporaryFolder();
  const place = (name: string) => JSON.stringify(pathToFileURL(join(projectRoot, "agent", name)).href);
  const program = `
    const { createLogger } = await import(${place("logger.ts")});
    const { logFile } = await import(${place("log-file.ts")});
    const log = createLogger("info", logFile(${JSON.stringify(folder)}));
    for (let line = 0; line < 1_000; line++) log.warn("line " + line);
  `;
  const { status } = spawnSync(process.execPath, ["--input-type=module", "-e", program], { stdio: ["ignore", "ignore", openSync(FULL, "w")] });
  expect(status).toBe(0);
  expect(readFileSync(join(folder, "agent.log"), "utf8").trim().split("\n")).toHaveLength(1_000);
});
