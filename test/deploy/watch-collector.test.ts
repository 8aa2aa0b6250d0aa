import { execFile } from "node:child_process";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { projectRoot } from "../support/source-files.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const run = promisify(execFile);
let status = 200;
const server = createServer((_, response) => response.writeHead(status).end(JSON.stringify({ status, checks: { judge: "judged 900 s ago" } })));
beforeAll(() => new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve)));
afterAll(() => server.close());

test.skipIf(process.platform === "win32")(
  "cron mails once when the collector is gone for two rounds, and once when it is back",
  async () => {
    const state = join(await temporaryFolder(), "state");
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const said: string[] = [];
    for (const next of [200, 503, 200, 503, 503, 503, 503, 200, 200]) {
      status = next;
      const { stdout } = await run("sh", [join(projectRoot, "deploy/linux/watch-collector.sh"), url, state]);
      said.push(stdout.includes("ready again") ? "back" : stdout.includes("judged 900 s ago") ? "gone" : stdout);
    }
    expect(said).toEqual(["", "", "", "", "gone", "", "", "back", ""]);
  },
  60_000,
);
