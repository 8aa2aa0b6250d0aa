import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { LocalConfig } from "../../agent/config.ts";
import { Inventory } from "../../schemas/inventory.ts";
import { projectFiles, projectRoot } from "../support/source-files.ts";

const read = (path: string) => readFileSync(join(projectRoot, path), "utf8");
const files = projectFiles();
/** The variables that a program reads: the keys of `Environment` in its config.ts. */
const readBy = (room: "agent" | "collector") => {
  const [, keys = ""] = /^const Environment = z\.object\(\{\n(.*?)^\}\);/ms.exec(read(`${room}/config.ts`)) ?? [];
  return [...keys.matchAll(/^ {2}([A-Z_]+):/gm)].map(([, name = ""]) => name);
};
const [agent, collector] = [readBy("agent"), readBy("collector")];
const namesIn = (text: string) => new Set([...text.matchAll(/\b(?:HCC_[A-Z_]*[A-Z]|DATABASE_URL)\b/g)].map(([name]) => name));

const compose = read("deploy/compose.yaml");
/** What `.env` gives to the compose file. */
const fromEnvFile = new Set([...compose.matchAll(/\$\{(HCC_[A-Z_]+)/g)].map(([, name = ""]) => name));
const service = (name: string) => new RegExp(`^ {2}${name}:\\n(.*?)(?=^ {2}\\S|^\\S|$(?![\\s\\S]))`, "ms").exec(compose)?.[1] ?? "";

describe("settings", () => {
  it("each that a program reads stands in docs/operations.md", () => {
    expect(collector.length).toBeGreaterThan(15);
    expect(agent.length).toBeGreaterThan(3);
    const told = namesIn(read("docs/operations.md"));
    expect([...agent, ...collector].filter((name) => !told.has(name))).toEqual([]);
  });

  it("each that a document, a unit or a script names is read by a program, a test, or the file itself", () => {
    const told = files.filter((path) => /^(README|SECURITY|ARCHITECTURE)\.md$|^docs\/.*\.md$|^agent\/.*\.md$|^deploy\//.test(path));
    expect(told.length).toBeGreaterThan(40);
    const inTests = namesIn(
      files
        .filter((path) => /^test\/.*\.ts$/.test(path) && path !== "test/docs/settings.test.ts")
        .flatMap((path) => read(path).match(/process\.env(?:\.|\[")HCC_[A-Z_]+/g) ?? [])
        .join("\n"),
    );
    const known = new Set([...agent, ...collector, ...inTests, ...fromEnvFile, ...namesIn(service("grafana"))]);
    const unknown = told.flatMap((path) => {
      const text = read(path);
      return [...namesIn(text)].filter((name) => !known.has(name) && !text.includes(`set "${name}=`)).map((name) => `${path}: ${name}`);
    });
    expect(unknown).toEqual([]);
  });

  it("the compose file gives each program only what it reads, and the collector's ports lead out", () => {
    const given = [...service("collector").matchAll(/^ {6}([A-Z_]+):/gm)].map(([, name = ""]) => name);
    expect(given.length).toBeGreaterThan(6);
    expect(given.filter((name) => !collector.includes(name))).toEqual([]);
    expect(service("collector")).toContain('"8891:8891"');
  });

  it("each key of hcc-agent.json stands in docs/operations.md", () => {
    const [, section = ""] = read("docs/operations.md").split("### What a gateway PC decides itself\n");
    const table = section.split("\n## ")[0] ?? "";
    expect(Object.keys(LocalConfig.shape).filter((key) => !table.includes(`\`${key}\``))).toEqual([]);
  });
});

describe("docs/inventory.md", () => {
  const text = read("docs/inventory.md");

  it("shows a file of centres as it is taken, and every key of it", () => {
    const [, example = ""] = /```json\n(.*?)```/s.exec(text) ?? [];
    expect(Inventory.parse(JSON.parse(example)).centres.length).toBeGreaterThan(1);
    const keys = Object.keys(Inventory.shape.centres.element.shape);
    expect(keys.filter((key) => !text.includes(`\`${key}\``))).toEqual([]);
  });
});
