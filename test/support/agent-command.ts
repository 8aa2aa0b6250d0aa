import { runCommand } from "../../agent/commands/program.ts";
import type { Terminal } from "../../agent/terminal.ts";
import { temporaryFolder } from "./temporary-folder.ts";

export type AgentCommand = {
  readonly folder?: string;
  /** Undefined: the environment says nothing of it. */
  readonly lang?: "vi" | "en" | undefined;
  readonly env?: Record<string, string>;
  readonly terminal?: Partial<Terminal>;
};

/** Runs a command line of the agent in this process, on no terminal unless one is described. `order` is all that was said, in its order. */
export async function agentCommand(args: readonly string[], { folder = temporaryFolder(), env = {}, terminal = {}, ...said }: AgentCommand = {}) {
  const lang = "lang" in said ? said.lang : "en";
  const [out, err, order]: [string[], string[], string[]] = [[], [], []];
  const say = (list: string[]) => (text: string) => {
    list.push(text);
    order.push(text);
  };
  const code = await runCommand(
    args,
    { HCC_AGENT_DATA: folder, HCC_LANG: lang, ...env },
    {
      out: say(out),
      err: say(err),
      readSecret: async () => "",
      confirm: async () => false,
      colour: false,
      animates: false,
      asciiOnly: false,
      nodeVersion: "24.0.0",
      stop: new AbortController().signal,
      ...terminal,
    },
  );
  return { code, out: out.join(""), err: err.join(""), order, folder };
}
