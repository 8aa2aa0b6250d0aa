import { Command, CommanderError } from "commander";
import { helpOf, helpTitle, mistakeOf, optionWords } from "#schemas/text/command-words.ts";
import { text } from "#schemas/text/text.ts";
import { agentCommand } from "./agent-commands.ts";
import { attestCommand, dutyCommand, waiverCommand } from "./attest-commands.ts";
import { backupCommand, backupMadeCommand, restoreCommand, rewindCommand } from "./backup-commands.ts";
import { centreCommand } from "./centre-commands.ts";
import { clockCommand } from "./clock-command.ts";
import { withClosing } from "./closing-commands.ts";
import { configCommand } from "./config-commands.ts";
import { demoCommand } from "./demo-command.ts";
import { drillCommand } from "./drill-command.ts";
import { enrolCodeCommand } from "./enrol-code-command.ts";
import { evidenceCommand } from "./evidence-command.ts";
import { findingsCommand } from "./findings-command.ts";
import { incidentsCommand } from "./incident-command.ts";
import { inventoryCommand } from "./inventory-commands.ts";
import { maintenanceCommand } from "./maintenance-command.ts";
import { measureCommand } from "./measure-command.ts";
import { notifyCommand } from "./notify-command.ts";
import { auditCommand, peopleCommand } from "./people-commands.ts";
import { reportCommand } from "./report-command.ts";
import { rolesCommand } from "./roles-command.ts";
import { migrateCommand, serveCommand } from "./serve-command.ts";
import { type CommandContext, EXIT_USAGE, UsageError } from "./terminal.ts";
import { tokenCommand } from "./token-command.ts";

/** Runs one command line and gives its exit code: 0, 1 for a failure, 64 for a wrong command line. */
export async function runCommand(words: readonly string[], context: CommandContext): Promise<number> {
  const { lang, terminal } = context;
  const program = new Command("hcc-collector")
    .description(text(lang, "collector.about"))
    .exitOverride()
    // What was typed wrong is said where the command ends.
    .configureOutput({ writeOut: (said) => terminal.out(said.trimEnd()), writeErr: (said) => terminal.err(said.trimEnd()), outputError: () => {} })
    .configureHelp({ styleTitle: (title) => helpTitle(lang, title), optionDescription: (option) => optionWords(lang, option) })
    .helpOption("-h, --help", text(lang, "command.option.help"))
    .helpCommand(false);
  const commands = [
    serveCommand,
    demoCommand,
    measureCommand,
    migrateCommand,
    clockCommand,
    rolesCommand,
    backupCommand,
    backupMadeCommand,
    restoreCommand,
    rewindCommand,
    drillCommand,
    (one: CommandContext) => withClosing(centreCommand(one), one),
    enrolCodeCommand,
    agentCommand,
    configCommand,
    inventoryCommand,
    peopleCommand,
    auditCommand,
    tokenCommand,
    waiverCommand,
    attestCommand,
    dutyCommand,
    findingsCommand,
    reportCommand,
    evidenceCommand,
    notifyCommand,
    incidentsCommand,
    maintenanceCommand,
  ];
  let mistaken = program;
  const atFault = (command: Command) => {
    mistaken = command;
  };
  for (const make of commands) program.addCommand(inherit(make(context), program, atFault));
  try {
    await program.parseAsync([...words], { from: "user" });
    return 0;
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return 0;
    if (!(error instanceof CommanderError || error instanceof UsageError)) throw error;
    const said = error instanceof CommanderError ? mistakeOf(error, lang, helpOf(mistaken)) : error.message;
    if (said !== undefined) terminal.err(said);
    return EXIT_USAGE;
  }
}

/**
 * Gives a command and all below it the program's way of ending and printing: commander hands them down only to what the program itself makes. `atFault`
 * hears which of them was typed wrong.
 */
function inherit(command: Command, program: Command, atFault: (command: Command) => void): Command {
  command.copyInheritedSettings(program).helpCommand(false);
  command.exitOverride((error) => {
    atFault(command);
    throw error;
  });
  for (const inner of command.commands) inherit(inner, program, atFault);
  return command;
}
