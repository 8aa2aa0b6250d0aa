import { Readable } from "node:stream";
import { runCommand } from "../../collector/commands/program.ts";
import { readConfig, readLang } from "../../collector/config.ts";

/** Runs a command line of the collector in this process, with the settings of an environment and nobody who types. `said` is all of its lines, in their order. */
export async function collectorCommand(words: readonly string[], environment: Readonly<Record<string, string>> = {}) {
  const [out, err, said]: [string[], string[], string[]] = [[], [], []];
  const say = (list: string[]) => (line: string) => {
    list.push(line);
    said.push(line);
  };
  const terminal = { out: say(out), err: say(err), node: process.execPath, stdin: Readable.from([]), stop: new AbortController().signal };
  const code = await runCommand(words, { config: () => readConfig(environment), lang: readLang(environment), terminal });
  return { code, out: out.join("\n"), err: err.join("\n"), said: said.join("\n") };
}
