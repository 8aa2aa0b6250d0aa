import { Readable } from "node:stream";
import { runCommand } from "../../collector/commands/program.ts";
import { readConfig, readLang } from "../../collector/config.ts";

/**
 * Runs a command line of the collector in this process, with the settings of an environment and nobody who types. `said` is all of its lines, in their order;
 * who hands it in has them where the command is refused, too. Rejects as the command does.
 */
export async function collectorCommand(words: readonly string[], environment: Readonly<Record<string, string>> = {}, said: string[] = []) {
  const [out, err]: [string[], string[]] = [[], []];
  const say = (list: string[]) => (line: string) => {
    list.push(line);
    said.push(line);
  };
  const terminal = { out: say(out), err: say(err), node: process.execPath, stdin: Readable.from([]), stop: new AbortController().signal };
  const code = await runCommand(words, { config: () => readConfig(environment), lang: readLang(environment), terminal });
  return { code, out: out.join("\n"), err: err.join("\n"), said: said.join("\n") };
}
