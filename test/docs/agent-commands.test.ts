import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { agentCommand } from "../support/agent-command.ts";
import { projectFiles, projectRoot } from "../support/source-files.ts";

/** Where people are told what to type: guides, the catalogue, pages and what the agent says itself. */
const told = projectFiles()
  .filter((path) =>
    /^(README|SECURITY)\.md$|^docs\/.*\.md$|^agent\/.*README\.md$|^schemas\/text\/|^collector\/web\/.*\.ts$|^agent\/agent\.ts$|^deploy\/(linux|windows)\//.test(
      path,
    ),
  )
  .map((path) => ({ path, text: readFileSync(join(projectRoot, path), "utf8") }));

/** `hcc-agent enrol CODE --collector URL` and `npm run agent -- enrol ...`: the command behind it and its options. */
const spoken = told.flatMap(({ path, text }) =>
  [...text.matchAll(/(?:npm run agent --|(?<=(?:^|[`(>]|: |sudo ) *)hcc-agent) ([a-z][a-z-]+)((?: (?:[A-ZĐÃ][\p{L}_]*|--?[a-z]+|\d+[smh]))*)/gmu)].map(
    ([whole, command = "", rest = ""]) => ({
      path,
      whole,
      command,
      options: rest.split(" ").filter((word) => word.startsWith("--")),
    }),
  ),
);

describe("commands that people are told to type", () => {
  it("exist, with their options", async () => {
    const help = async (command: string) => (await agentCommand([command, "--help"])).out;
    const commands = new Map<string, string>();
    for (const [, name = ""] of (await agentCommand(["--help"])).out.matchAll(/^ {2}([a-z][a-z-]+) ?.*$/gm)) commands.set(name, await help(name));
    expect([...commands.keys()]).toEqual(expect.arrayContaining(["self-check", "enrol", "run", "creds", "status"]));
    expect(spoken.length).toBeGreaterThan(15);
    const unknown = spoken.filter(({ command, options }) => !commands.has(command) || options.some((option) => !commands.get(command)?.includes(option)));
    expect(unknown.map(({ path, whole }) => `${path}: ${whole}`)).toEqual([]);
  });

  it("work in the folder in which a command window opens: a clerk is sent to no npm", () => {
    const forClerks = told.filter(({ path }) => /^docs\/vi\/|^schemas\/text\/|^collector\/web\//.test(path));
    expect(forClerks.length).toBeGreaterThan(20);
    expect(forClerks.filter(({ text }) => text.includes("npm run agent")).map(({ path }) => path)).toEqual([]);
  });

  it("no text names the service or its task by another name than the installers give it", () => {
    const names = told.flatMap(({ text }) =>
      [...text.matchAll(/(?:systemctl (?:restart|status|stop|(?:enable|disable)(?: --now)?)|\/tn) ([a-z][\w-]+)/g)].map(([, name]) => name),
    );
    expect(names.length).toBeGreaterThan(4);
    expect(new Set(names)).toEqual(new Set(["hcc-agent", "hcc-collector", "hcc-measure"]));
    expect(readFileSync(join(projectRoot, "deploy/windows/install-agent.ps1"), "utf8")).toContain("$name = 'hcc-agent'");
  });
});
