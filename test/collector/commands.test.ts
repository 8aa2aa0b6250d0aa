import { describe, expect, it } from "vitest";
import { ConfigError, readConfig } from "../../collector/config.ts";
import { collectorCommand } from "../support/collector-command.ts";

const say = (...words: string[]) => collectorCommand(words);

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
