import { Command, CommanderError } from "commander";
import { helpOf, helpTitle, mistakeOf } from "#schemas/text/command-words.ts";
import { text } from "#schemas/text/text.ts";
import { Lang } from "#schemas/words.ts";
import { readSettings, type Settings } from "../config.ts";
import { Credentials } from "../credentials.ts";
import { fileFault } from "../file-fault.ts";
import { createIo } from "../io/io.ts";
import { readStatus, trustedMsOf } from "../status.ts";
import { exitCodes, NoAnswerError, type Terminal, UsageError } from "../terminal.ts";
import { enrolCommand, runCommandOfAgent, statusCommand } from "./agent-commands.ts";
import { addCredential, listCredentials, removeCredential } from "./creds-command.ts";
import { type DiscoverFlags, discoverCommand } from "./discover-command.ts";
import { listProbes, runProbe } from "./probe-command.ts";
import { type SelfCheckFlags, selfCheckCommand } from "./self-check-command.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Runs one command line (`args` without the program's name) and gives its exit code; a mistake in it is 64, and 69 that somebody else did not answer.
 * Everything from outside comes in through the arguments, so that tests run commands in their own process.
 */
export async function runCommand(args: readonly string[], env: Environment, terminal: Terminal): Promise<number> {
  let code: number = exitCodes.ok;
  const done = (result: number) => {
    code = result;
  };
  const reader: Reader = { lang: Lang.catch("vi").parse(env.HCC_LANG), help: "hcc-agent --help" };
  try {
    await buildProgram(env, terminal, reader, done).parseAsync(args, { from: "user" });
    return code;
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return exitCodes.ok;
    // Whoever stops a command knows why it has ended.
    if (terminal.stop.aborted && isStopped(error, terminal.stop)) return exitCodes.unknown;
    const said = error instanceof CommanderError ? mistakeOf(error, reader.lang, reader.help) : toldFault(error, reader).say(reader.lang);
    if (said !== undefined) terminal.err(`${said}\n`);
    return error instanceof NoAnswerError ? exitCodes.noAnswer : exitCodes.usage;
  }
}

/** Whether an error says nothing but that the command was stopped: the reason itself, or an abort with the reason behind it. */
function isStopped(error: unknown, stop: AbortSignal): boolean {
  return error === stop.reason || (error instanceof Error && (error.name === "AbortError" || error.cause === stop.reason));
}

/**
 * In whose words a fault is told (what the environment says, then the configuration, then the command itself), of which data folder, and what shows how
 * the command is typed.
 */
type Reader = { lang: Lang; dataDir?: string; help: string };

/** What a person can do something about. Throws what is a fault of the program. */
function toldFault(error: unknown, { dataDir }: Reader): UsageError {
  const told = error instanceof UsageError ? error : fileFault(error, dataDir);
  if (told === undefined) throw error;
  return told;
}

function buildProgram(env: Environment, terminal: Terminal, reader: Reader, done: (code: number) => void): Command {
  const { lang } = reader;
  const program = new Command("hcc-agent").description(text(lang, "agent.about")).exitOverride();
  // What was typed wrong is said where the command ends.
  program.configureOutput({ writeOut: terminal.out, writeErr: terminal.err, outputError: () => {} }).helpCommand(false);
  program.configureHelp({ styleTitle: (title) => helpTitle(lang, title) }).helpOption("-h, --help", text(lang, "command.option.help"));
  program.option("--config <file>", text(lang, "agent.option.config"));
  const settings = (): Settings => {
    const read = readSettings(env, program.opts<{ config?: string }>().config);
    reader.lang = read.lang;
    reader.dataDir = read.dataDir;
    return read;
  };

  program
    .command("probe")
    .description(text(lang, "agent.command.probe"))
    .argument("[kind]")
    .option("--list", text(lang, "agent.option.list"))
    .option("--options <json>", text(lang, "agent.option.options"))
    .option("--json", text(lang, "agent.option.json"))
    .action(async (kind: string | undefined, options: { list?: boolean; options?: string; json?: boolean }) => {
      if (options.list || kind === undefined) return done(listProbes(terminal));
      const { dataDir, lang } = settings();
      const secretOf = async (name: string) => new Credentials(dataDir).secretOf(name);
      const trustedMs = () => trustedMsOf(readStatus(dataDir), Date.now());
      done(await runProbe({ kind, ...options }, terminal, { io: createIo(), lang, secretOf, trustedMs }));
    });

  program
    .command("self-check")
    .description(text(lang, "agent.command.self-check"))
    .option("--json", text(lang, "agent.option.json"))
    .option("--jsonl", text(lang, "agent.option.jsonl"))
    .option("--nagios", text(lang, "agent.option.nagios"))
    .option("--list", text(lang, "agent.option.list"))
    .option("--quick", text(lang, "agent.option.quick"))
    .option("--full", text(lang, "agent.option.full"))
    .option("--only <id>", text(lang, "agent.option.only"))
    .option("--offline", text(lang, "agent.option.offline"))
    .option("--lang <vi|en>", text(lang, "agent.option.lang"))
    .option("--bundle [file]", text(lang, "agent.option.bundle"))
    .option("--every <time>", text(lang, "agent.option.every"))
    .option("--timeout <time>", text(lang, "agent.option.timeout"))
    .option("--local", text(lang, "agent.option.local"))
    .option("--no-color", text(lang, "agent.option.no_color"))
    .action(async (flags: SelfCheckFlags) => {
      const own = settings();
      reader.lang = Lang.catch(own.lang).parse(flags.lang);
      done(await selfCheckCommand(flags, own, terminal.nodeVersion, terminal));
    });
  program
    .command("run")
    .description(text(lang, "agent.command.run"))
    .option("--no-splay", text(lang, "agent.option.no_splay"))
    .action(async ({ splay }: { splay: boolean }) => done(await runCommandOfAgent(settings(), terminal, { splay })));
  program
    .command("enrol")
    .description(text(lang, "agent.command.enrol"))
    .argument("[code...]")
    .option("--collector <url>", text(lang, "agent.option.collector"))
    .action(async (code: string[], { collector }: { collector?: string }) => {
      // A code is read aloud and typed in groups: each group that stands alone is a word of its own to the shell.
      done(await enrolCommand(code.length === 0 ? undefined : code.join(" "), collector, settings(), terminal));
    });
  program
    .command("discover")
    .description(text(lang, "agent.command.discover"))
    .option("--json", text(lang, "agent.option.json"))
    .option("--network <cidr>", text(lang, "agent.option.network"))
    .option("--snmp-port <port>", text(lang, "agent.option.snmp_port"))
    .action(async (flags: DiscoverFlags) => done(await discoverCommand(settings(), terminal, flags)));
  program
    .command("status")
    .description(text(lang, "agent.command.status"))
    .option("--json", text(lang, "agent.option.json"))
    .action(({ json }: { json?: boolean }) => done(statusCommand(settings(), terminal, json === true)));

  const creds = program.command("creds").description(text(lang, "agent.command.creds")).helpCommand(false);
  const store = () => new Credentials(settings().dataDir);
  creds
    .command("add")
    .argument("<name>")
    .description(text(lang, "agent.command.creds.add"))
    .action(async (name: string) => done(await addCredential(name, store(), terminal, settings().lang)));
  creds
    .command("list")
    .description(text(lang, "agent.command.creds.list"))
    .action(() => done(listCredentials(store(), terminal)));
  creds
    .command("remove")
    .argument("<name>")
    .description(text(lang, "agent.command.creds.remove"))
    .action((name: string) => done(removeCredential(name, store(), terminal, settings().lang)));
  for (const command of program.commands) nameHelp(command, reader);
  return program;
}

/** Has whoever types a command wrong be shown the help of that very command. */
function nameHelp(command: Command, reader: Reader): void {
  command.exitOverride((error) => {
    reader.help = helpOf(command);
    throw error;
  });
  for (const inner of command.commands) nameHelp(inner, reader);
}
