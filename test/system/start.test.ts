import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { plan } from "../support/facts.ts";
import { freeTcpPort } from "../support/free-port.ts";
import { nodeFlags } from "../support/node-flags.ts";
import { projectRoot } from "../support/source-files.ts";
import type { Seen } from "../support/start-session.ts";

const run = promisify(execFile);
const isRoot = userInfo().uid === 0;

/** As root the session gets a network of its own that has nothing but loopback: a PC without any network at all. */
describe(`npm start${isRoot ? " on a PC without network" : ""}`, () => {
  let folder: string;
  let sessions: [Seen, Seen];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "hcc-start-"));
    const words = [process.execPath, ...nodeFlags, "test/support/start-session.ts", String(await freeTcpPort()), folder];
    const [program = "", ...rest] = isRoot ? ["unshare", "--net", "sh", "-c", 'ip link set lo up && exec "$@"', "sh", ...words] : words;
    const { stdout } = await run(program, rest, { cwd: projectRoot, timeout: 400_000, maxBuffer: 16e6 });
    sessions = JSON.parse(stdout.trim().split("\n").at(-1) ?? "") as [Seen, Seen];
  }, 420_000);

  afterAll(() => rm(folder, { recursive: true, force: true }));

  it("prints the address of the page, and a line for findings", () => {
    const [first] = sessions;
    expect(first.lines.some((line) => /http:\/\/localhost:\d+/.test(line))).toBe(true);
    expect(first.told).toBeGreaterThan(10);
    expect(first.page).toBe(200);
  });

  it("judges every requirement, and without a network says unknown, never met", () => {
    for (const { requirements } of sessions) expect(requirements.map((line) => line.slice(0, 3))).toEqual(plan.requirements.map(({ id }) => id));
    if (isRoot) expect(sessions[0].requirements.filter((line) => line.endsWith(" pass") && !line.startsWith("R01"))).toEqual([]);
  });

  it("has findings that stand on what the agent sent, each time", () => {
    for (const { firstFindingS } of sessions) expect(firstFindingS).toBeGreaterThan(0);
  });

  it("ends by itself on Ctrl-C, and starts again as the same agent", () => {
    for (const { exitCode, stopS } of sessions) {
      expect(exitCode).toBe(0);
      expect(stopS).toBeLessThan(30);
    }
    expect(sessions[1].lines.join("\n")).not.toMatch(/Error|lỗi/i);
  });

  it("says how long it took", () => {
    const rounded = sessions.map(({ readyS, firstFindingS, stopS }) => [readyS, firstFindingS, stopS].map((value) => Math.round(value * 10) / 10));
    console.log(`npm start, first and second time: ready, first finding, stop (s): ${JSON.stringify(rounded)}`);
    expect(rounded.flat().every(Number.isFinite)).toBe(true);
  });
});

it.runIf(process.platform === "linux")("npm start says of a folder that cannot be made what the collector says of it, and ends", async () => {
  const env = { ...process.env, HCC_DATA: "/proc/hcc", HCC_PORT: String(await freeTcpPort()), HCC_LANG: "en" };
  const ended = run(process.execPath, [...nodeFlags, "deploy/start.ts"], { cwd: projectRoot, env, timeout: 30_000, killSignal: "SIGKILL" });
  await expect(ended).rejects.toMatchObject({ code: 1, stderr: expect.stringMatching(/The data folder \/proc\/hcc\/collector cannot be made: ENOENT/) });
});
