import { once } from "node:events";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { quickMs } from "../../../agent/commands/self-check-command.ts";
import { lastLogLines, logFile } from "../../../agent/log-file.ts";
import type { Terminal } from "../../../agent/terminal.ts";
import { agentCommand } from "../../support/agent-command.ts";
import { requirePeer } from "../../support/require-peer.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";
import { testCertificate } from "../../support/test-certificate.ts";

/** Runs a self-check without network on a terminal as described. */
function offline(args: readonly string[], terminal: Partial<Terminal> = {}, folder = temporaryFolder(), env: Record<string, string> = {}) {
  return agentCommand(["self-check", "--offline", ...args], { folder, lang: "vi", env, terminal });
}

const onTerminal = { animates: true, colour: true };

describe("self-check on a terminal and elsewhere", () => {
  it("says nothing but the report where nobody watches", async () => {
    const { out, err } = await offline([]);
    expect(err).toBe("");
    expect(out).toMatch(/^Tự kiểm tra máy này/);
    expect(out).not.toContain("\u001b");
  });

  it("tells a watcher what it is doing, and wipes that before the report", async () => {
    const { err, out, order } = await offline([], onTerminal);
    expect(err).toContain("Đang kiểm tra: Máy này");
    expect(err.endsWith("\r\u001b[K")).toBe(true);
    expect(order.at(-1)).toBe(out);
    expect(out).toContain("\u001b[");
  });

  it.each([["--json"], ["--jsonl"], ["--nagios"]])("%s keeps a terminal free of everything else", async (flag) => {
    const { err, out } = await offline([flag], onTerminal);
    expect(err).toBe("");
    expect(out).not.toContain("\u001b");
  });

  it("--no-color, like NO_COLOR, leaves the words", async () => {
    const { out } = await offline(["--no-color"], onTerminal);
    expect(out).not.toContain("\u001b");
    expect(out).toContain("chưa kiểm tra");
  });

  it("--list names every check and every requirement", async () => {
    const { out, code } = await offline(["--list"]);
    expect(code).toBe(0);
    for (const id of ["self.clock", "lan.gateway", "wan.throughput", "R01"]) expect(out).toContain(`  ${id}\n`);
    expect(JSON.parse((await offline(["--list", "--json"])).out)).toHaveLength(5);
  });

  it("--quick leaves Windows the time of its programs: some 10 s for the host and 10 s for the way out", () => {
    expect(quickMs("win32")).toBeGreaterThan(2 * 12_000);
    expect(quickMs("win32")).toBeLessThan(45_000);
    expect(quickMs("linux")).toBeLessThan(15_000);
  });

  it("--every repeats until it is told to stop", async () => {
    const stop = new AbortController();
    let rounds = 0;
    const { out } = await offline(["--nagios", "--every", "1s"], {
      stop: stop.signal,
      out: () => {
        rounds += 1;
        if (rounds === 2) stop.abort();
      },
    });
    expect([rounds, out]).toEqual([2, ""]);
  });

  it("--bundle shows its list of files before the file is there, the newest lines of the log among them", async () => {
    const folder = temporaryFolder();
    const log = logFile(folder);
    for (let line = 1; line <= 520; line++) log.write(`{"msg":"line ${line}"}\n`);
    const file = join(folder, "wan.zip");
    const seen: boolean[] = [];
    const err: string[] = [];
    await offline(
      ["--bundle", file],
      {
        err: (text) => {
          err.push(text);
          seen.push(exists(file));
        },
      },
      folder,
    );
    expect(err.join("")).toMatch(/self-check\.json \(\d+ B\)\n.*agent\.log \(\d+ B\)\n.*manifest\.json/s);
    expect(seen.slice(0, -1).every((there) => !there)).toBe(true);
    expect(seen.at(-1)).toBe(true);
    expect(lastLogLines(folder, 500)).toHaveLength(500);
    expect(lastLogLines(folder, 500)[0]).toContain("line 21");
  });

  it("--bundle without a name writes onto the desktop that all users see, and says where", async () => {
    const open = temporaryFolder();
    const desktop = join(open, "Desktop");
    mkdirSync(desktop);
    const said: string[] = [];
    await offline(["--bundle", "--quick"], { err: (text) => said.push(text) }, undefined, { PUBLIC: open });
    const [file = ""] = readdirSync(desktop);
    expect(file).toMatch(/^hcc-pc-\d{8}-\d{4}\.zip$/);
    expect(said.at(-1)).toBe(`Đã ghi ${join(desktop, file)}.\n`);
  });

  it("a file that cannot be written is named whole, with what to type instead", async () => {
    const file = join(temporaryFolder(), "none", "ketqua.zip");
    const { code, err } = await offline(["--bundle", file]);
    expect(code).toBe(64);
    expect(err).toContain(`Không ghi được ${file} (ENOENT): chạy lại và không nêu tên tệp sau --bundle`);
  });
});

describe("the agent's own log", () => {
  it("stays within two files of half a megabyte", () => {
    const folder = temporaryFolder();
    const log = logFile(folder);
    for (let line = 0; line < 1_500; line++) log.write(`${"x".repeat(1_000)}\n`);
    const bytes = ["agent.log", "agent.log.1"].map((name) => readFileSync(join(folder, name)).length);
    expect(Math.max(...bytes)).toBeLessThan(530_000);
  });

  it("ends nothing when it cannot write", () => {
    expect(() => logFile("/proc/none").write("x\n")).not.toThrow();
    expect(lastLogLines("/proc/none", 5)).toEqual([]);
  });
});

function exists(file: string): boolean {
  try {
    return readFileSync(file).length > 0;
  } catch {
    return false;
  }
}

describe.skipIf(!requirePeer("openssl"))("the province's server where the province has an authority of its own", () => {
  it.each<[string, { caFile?: string }, string, number]>([
    ["is well when caFile names the authority", { caFile: "tls.crt" }, "ok", 0],
    ["is unknown when nothing names it", {}, "unknown", 3],
    ["is unknown when the file is not there, which is said by itself", { caFile: "nowhere.pem" }, "unknown", 3],
  ])("%s", async (_, config, state, exit) => {
    const folder = temporaryFolder();
    const { certFile, keyFile } = testCertificate(folder);
    const server = createServer({ cert: readFileSync(certFile), key: readFileSync(keyFile) }, (_request, reply) => reply.end("ok")).listen(0, "127.0.0.1");
    await once(server, "listening");
    const collector = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
    writeFileSync(join(folder, "hcc-agent.json"), JSON.stringify({ collector, ...config }));
    const { out, code } = await agentCommand(["self-check", "--only", "wan.collector", "--json"], { folder });
    server.close();
    expect(JSON.parse(out).checks).toMatchObject([{ id: "wan.collector", state }]);
    expect(code).toBe(exit);
    const said = await agentCommand(["self-check", "--only", "self", "--json"], { folder });
    expect(said.out.includes("nowhere.pem")).toBe(config.caFile === "nowhere.pem");
  });
});
