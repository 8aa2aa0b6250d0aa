import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { probeKinds } from "#schemas/observation.ts";
import { probes } from "../agent/probes/registry.ts";
import { runFlags } from "../deploy/run-flags.ts";
import { importsOf, projectFiles, projectRoot, type SourceFile, sourceFiles, withoutComments } from "./support/source-files.ts";

const files = sourceFiles();
const inRoom = (...rooms: string[]) => files.filter(({ path }) => rooms.some((room) => path.startsWith(`${room}/`)));
const own = inRoom("agent", "collector", "dashboards", "schemas", "deploy");
const room = (path: string) => path.split("/")[0] ?? "";

/** Files that are pure: no I/O, no clock, no randomness; time and seeds are arguments. */
const pure = [
  /^schemas\//,
  /^agent\/(schedule|spool\/quota|uplink\/retry)\.ts$/,
  /^agent\/probes\/[^/]+\/(estimator|sequential|excuse|segments|verdict|projection|clock)\.ts$/,
  /^collector\/alert\/(?!alerts\.ts)[a-z-]+\.ts$/,
  /^collector\/lease\/slots\.ts$/,
  /^collector\/demo\/simulate.*\.ts$/,
];
const pureFiles = files.filter(({ path }) => pure.some((pattern) => pattern.test(path)));

/** Names the files that break a rule, so that a failure says where to look. */
function offenders(candidates: readonly SourceFile[], breaks: (file: SourceFile) => readonly string[] | boolean): string[] {
  return candidates.flatMap((file) => {
    const found = breaks(file);
    if (found === true) return [file.path];
    return found === false ? [] : found.map((what) => `${file.path}: ${what}`);
  });
}

describe("the house", () => {
  it("has files in every room, so that the walls below are about something", () => {
    for (const name of ["agent", "collector", "dashboards", "schemas", "deploy", "test"]) expect(inRoom(name).length, name).toBeGreaterThan(0);
    expect(own.length).toBeGreaterThan(100);
    expect(pureFiles.length).toBeGreaterThan(20);
  });

  it("has a fixed top level", () => {
    const top = new Set(projectFiles().map((path) => path.split("/")[0] ?? ""));
    const known = ["agent", "collector", "dashboards", "deploy", "docs", "schemas", "test"];
    const single = ["ARCHITECTURE.md", "CHANGELOG.md", "LICENSE", "README.md", "SECURITY.md", "package.json", "package-lock.json"];
    const tools = [".ci", ".gitattributes", ".gitignore", ".npmrc", "biome.json", "compile-cache.js", "knip.json", "tsconfig.json", "vitest.config.ts"];
    expect([...top].filter((name) => ![...known, ...single, ...tools].includes(name))).toEqual([]);
  });
});

describe("walls", () => {
  const allowed: Record<string, readonly string[]> = {
    agent: ["agent", "schemas"],
    collector: ["collector", "schemas"],
    dashboards: ["dashboards", "schemas"],
    schemas: ["schemas"],
    deploy: ["deploy", "schemas"],
  };

  it("rooms import only from themselves and from the contract", () => {
    const crossed = offenders(own, (file) =>
      importsOf(file)
        .filter((target) => target.endsWith(".ts") || target.endsWith(".json"))
        .filter((target) => !(allowed[room(file.path)] ?? []).includes(room(target))),
    );
    expect(crossed).toEqual([]);
  });

  it("the contract stands on zod alone", () => {
    expect(offenders(inRoom("schemas"), (file) => importsOf(file).filter((target) => !target.includes("/") && target !== "zod"))).toEqual([]);
  });

  it("dashboards know metrics, words and view names, nothing else of the contract", () => {
    const known = /^schemas\/(metrics|words|finding|inventory|text\/.*)\.ts$/;
    expect(offenders(inRoom("dashboards"), (file) => importsOf(file).filter((target) => room(target) === "schemas" && !known.test(target)))).toEqual([]);
  });

  it("probes know neither spool nor uplink nor config nor each other", () => {
    const probeFiles = inRoom("agent/probes").filter(({ path }) => path !== "agent/probes/registry.ts");
    expect(probeFiles.length).toBeGreaterThan(10);
    const crossed = offenders(probeFiles, (file) => {
      const folder = file.path.split("/").slice(0, 3).join("/");
      return importsOf(file).filter((target) => {
        if (target.startsWith("agent/probes/")) return !target.startsWith(`${folder}/`);
        return /^agent\/(spool|uplink|selfcheck|config|agent|runner|schedule|main)/.test(target);
      });
    });
    expect(crossed).toEqual([]);
  });

  it("no import goes round in a circle", () => {
    const graph = new Map(files.map((file) => [file.path, importsOf(file).filter((target) => target.endsWith(".ts"))]));
    expect(findCycle(graph)).toBeUndefined();
  });

  it("pure files touch no system, no clock and no chance", () => {
    const impure = /\bDate\.now\(|\bnew Date\(\)|\bMath\.random\(|\bperformance\.now\(|\bprocess\.|\bfetch\(|\bsetTimeout\(|\bconsole\./;
    expect(
      offenders(pureFiles, (file) => importsOf(file).filter((target) => /^(node:|hono|drizzle-orm|postgres|pino)/.test(target) || target.includes("/store/"))),
    ).toEqual([]);
    expect(offenders(pureFiles, (file) => impure.test(withoutComments(file.text)))).toEqual([]);
  });

  it("the process is touched only where a program starts and where its settings are read", () => {
    const free = /(^|\/)(main|config)\.ts$|^deploy\/|^dashboards\/build\.ts$/;
    // `process.platform` is a constant of the machine, not a setting.
    expect(offenders(own, (file) => !free.test(file.path) && /\bprocess\.(?!platform\b)/.test(withoutComments(file.text)))).toEqual([]);
  });

  it("Node itself runs our TypeScript: no program is started through a loader that a user's installation lacks", () => {
    expect(offenders(files, ({ path, text }) => path !== "test/house.test.ts" && /["'`/ ]tsx["'`/ ]/.test(text))).toEqual([]);
  });

  it("the collector has the same flags of Node however it is started", () => {
    const flags = runFlags("collector");
    const { scripts } = JSON.parse(readFileSync(join(projectRoot, "package.json"), "utf8")) as { scripts: Record<string, string> };
    const [, inImage] = /^CMD (\[.*\])$/m.exec(readFileSync(join(projectRoot, "deploy/Dockerfile"), "utf8")) ?? [];
    expect(flags.length).toBeGreaterThan(2);
    expect(scripts.demo).toBe(["node", ...flags, "collector/main.ts", "demo"].join(" "));
    expect(JSON.parse(inImage ?? "")).toEqual(["node", ...flags, "collector/main.ts", "serve"]);
  });

  it("drizzle is loaded through its one door, elsewhere for types alone", () => {
    const loads = /^import (?!type )[^;]*from "drizzle-orm/m;
    expect(offenders(files, (file) => loads.test(withoutComments(file.text)))).toEqual([]);
  });

  it("SQL stands in the store alone", () => {
    const sql = /\b(SELECT\s[^;`"]{0,400}\sFROM\s|INSERT INTO\s|UPDATE\s+\w+\s+SET\s|DELETE FROM\s|CREATE TABLE\s|ALTER TABLE\s)/;
    const outside = own.filter(({ path }) => !path.startsWith("collector/store/") && !path.startsWith("dashboards/") && !path.startsWith("agent/spool/"));
    expect(offenders(outside, (file) => sql.test(withoutComments(file.text)))).toEqual([]);
  });
});

describe("names and sizes", () => {
  it("files are kebab-case and named after what they hold", () => {
    expect(offenders(files, ({ path }) => !/^([a-z0-9-]+\/|\.[a-z]+\/)*[a-z0-9]+(-[a-z0-9]+)*(\.test|\.config)?\.ts$/.test(path))).toEqual([]);
    expect(offenders(files, ({ path }) => /(^|\/)(utils?|helpers?|common|misc|index)\.ts$/.test(path))).toEqual([]);
  });

  it("no file of the program is longer than 400 lines, data aside", () => {
    const data = /^schemas\/(metrics\.ts|text\/)/;
    expect(offenders(own, ({ path, lines }) => (lines > 400 && !data.test(path) ? [`${lines} lines`] : []))).toEqual([]);
  });

  it("sentences for people stand in the catalogue", () => {
    const vietnamese = /[ăâđêôơưạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹ]/i;
    const outside = own.filter(({ path }) => !/^schemas\/text\/vi\/|^schemas\/text\/vi\.ts$|^collector\/demo\//.test(path));
    expect(offenders(outside, (file) => vietnamese.test(withoutComments(file.text)))).toEqual([]);
  });
});

describe("probes", () => {
  const folders = readdirSync(join(projectRoot, "agent/probes"), { withFileTypes: true }).filter((entry) => entry.isDirectory());

  it("every kind of the contract has its folder, its line in the registry and its README", () => {
    expect(folders.map(({ name }) => name).sort()).toEqual([...probeKinds].sort());
    expect([...probes.keys()].sort()).toEqual([...probeKinds].sort());
    for (const { name } of folders)
      expect(readdirSync(join(projectRoot, "agent/probes", name)), name).toEqual(expect.arrayContaining(["README.md", "probe.ts"]));
  });
});

/** The first circle in a graph of imports as a path, or undefined. */
function findCycle(graph: ReadonlyMap<string, readonly string[]>): string[] | undefined {
  const done = new Set<string>();
  const walk = (node: string, trail: readonly string[]): string[] | undefined => {
    if (trail.includes(node)) return [...trail.slice(trail.indexOf(node)), node];
    if (done.has(node)) return undefined;
    for (const next of graph.get(node) ?? []) {
      const cycle = walk(next, [...trail, node]);
      if (cycle) return cycle;
    }
    done.add(node);
    return undefined;
  };
  for (const node of graph.keys()) {
    const cycle = walk(node, []);
    if (cycle) return cycle;
  }
  return undefined;
}
