import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { collectorCommand } from "../support/collector-command.ts";
import { projectFiles, projectRoot } from "../support/source-files.ts";

/** `hcc-collector centre import FILE --dry-run`, as documents, units and messages say it: its words and its options. */
const spoken = projectFiles()
  .filter((path) => /^(README|SECURITY)\.md$|^docs\/.*\.md$|^schemas\/text\/|^deploy\//.test(path))
  .flatMap((path) =>
    [...readFileSync(join(projectRoot, path), "utf8").matchAll(/(?<=[`"/] ?|^|= ?|: )hcc-collector ([a-z][a-z-]+)((?: (?:--?[a-z-]+|[\w./:-]+))*)/gm)].map(
      ([whole, command = "", rest = ""]) => ({ path, whole, command, rest: rest.split(" ").filter((word) => word !== "") }),
    ),
  );

it("each command of the collector that people are told to type exists, with its options", async () => {
  expect(spoken.length).toBeGreaterThan(40);
  const help = async (...words: string[]) => (await collectorCommand([...words, "--help"], { HCC_LANG: "en" })).out;
  const namesIn = (text: string) => [...(text.split("\nCommands:\n")[1] ?? "").matchAll(/^ {2}([a-z][a-z-]+)(?:\|[a-z]+)? /gm)].map(([, name = ""]) => name);
  const commands = namesIn(await help());
  const unknown: string[] = [];
  for (const { path, whole, command, rest } of spoken) {
    const own = await help(command);
    const [sub = ""] = rest;
    const parts = namesIn(own);
    const text = parts.includes(sub) ? await help(command, sub) : own;
    const isThere = commands.includes(command) && (parts.length === 0 || parts.includes(sub));
    if (!isThere || rest.some((word) => word.startsWith("--") && !text.includes(word))) unknown.push(`${path}: ${whole}`);
  }
  expect(unknown).toEqual([]);
});
