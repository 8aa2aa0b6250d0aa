import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ConfigError, readConfig } from "../../collector/config.ts";
import { listen } from "../../collector/listen.ts";
import { collectorCommand } from "../support/collector-command.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const say = (...words: string[]) => collectorCommand(words);

/** The commands of a help text, and whether each says anything behind its words. */
function commandsIn(help: string): { readonly name: string; readonly says: boolean }[] {
  const [, list = ""] = help.split("\nCommands:\n");
  return [...list.matchAll(/^ {2}(\S+)(.*)$/gm)].map(([, name = "", rest = ""]) => ({ name: name.split("|")[0] ?? name, says: /\s{2,}\S/.test(rest) }));
}

describe("the collector's command line", () => {
  it("names every command that its users were promised", async () => {
    const { code, out } = await say("--help");
    expect(code).toBe(0);
    for (const name of [
      "serve",
      "demo",
      "measure",
      "migrate",
      "clock",
      "centre",
      "enrol-code",
      "waiver",
      "attest",
      "duty",
      "report",
      "evidence",
      "notify",
      "incidents",
      "maintenance",
      "backup",
      "restore",
    ])
      expect(out).toContain(`  ${name}`);
  });

  it("says of every command what it does", async () => {
    const silent: string[] = [];
    for (const { name } of commandsIn((await say("--help")).out)) {
      for (const inner of commandsIn((await say(name, "--help")).out)) if (!inner.says) silent.push(`${name} ${inner.name}`);
    }
    expect(silent).toEqual([]);
  });

  it.each<[string, (taken: number) => readonly string[], string]>([
    ["a port that is taken", (taken) => ["--port", String(taken)], "is taken on 127.0.0.1"],
    ["an address of another machine", () => ["--port", "0", "--host", "192.0.2.1"], "192.0.2.1 is no address of this machine"],
  ])("%s is told with its settings, and without a stack", async (_, words, message) => {
    const holder = createServer().listen(0, "127.0.0.1");
    await once(holder, "listening");
    const secretFile = join(temporaryFolder(), "secret");
    writeFileSync(secretFile, "a secret that is long enough for leases");
    const { port } = holder.address() as AddressInfo;
    const { code, err } = await say("measure", "--secret-file", secretFile, ...words(port));
    const wrong = { tls: undefined, host: "192.0.2.1", port: 0, ...(message.includes("taken") && { host: "127.0.0.1", port }) };
    await expect(listen({ fetch: () => new Response() }, wrong)).rejects.toThrow(ConfigError);
    holder.close();
    expect({ code, err }).toEqual({ code: 64, err: expect.stringMatching(/^--port, --host \(of a collector HCC_MEASURE_PORT, HCC_MEASURE_HOST\): /) });
    expect(err).toContain(message);
  });

  it("knows accounts by the name that the contract gives them, too", async () => {
    const { code, out } = await say("user", "add", "--help");
    expect(code).toBe(0);
    expect(out).toContain("--roles <list>");
  });

  it.each([
    ["a command that there is not", ["sing"], "sing"],
    ["an option that there is not", ["serve", "--loud"], "--loud"],
    ["a missing argument", ["enrol-code"], "centre"],
    ["a code that is none", ["enrol-code", "inventory", "Xã Ia Grai"], "Xã Ia Grai"],
    ["a file that is not there", ["centre", "import", "no-such.json"], "no-such.json"],
    ["a clock that shows another day", ["clock", "confirm", "2001-01-01"], "not 2001-01-01: correct it"],
    ["a month that is none", ["report", "--province", "--month", "2026-13"], "month"],
    ["a report of nobody", ["report", "--month", "2026-11"], "--centre"],
  ])("answers 64 and names what is wrong: %s", async (_, words, named) => {
    const { code, err } = await say(...words);
    expect(code).toBe(64);
    expect(err).toContain(named);
  });
});

describe("settings", () => {
  it.each([
    ["HCC_PORT", "70000"],
    ["HCC_LANG", "fr"],
    ["HCC_PUBLIC_URL", "collector.example"],
    ["HCC_MEASURE_SERVERS", "[{]"],
    ["HCC_LOG_LEVEL", "loud"],
  ])("an error names %s", (name, value) => {
    expect(() => readConfig({ [name]: value })).toThrow(ConfigError);
    expect(() => readConfig({ [name]: value })).toThrow(name);
  });

  it("links begin with one stroke, however the address is written", () => {
    expect(readConfig({ HCC_PUBLIC_URL: "https://hcc.example.vn/" }).publicUrl).toBe("https://hcc.example.vn");
  });

  it("an empty variable counts as unset", () => {
    expect(readConfig({ DATABASE_URL: "", HCC_PORT: "" })).toMatchObject({ databaseUrl: undefined, port: 8890 });
  });
});
