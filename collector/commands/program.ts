import { Command, CommanderError } from "commander";
import type { CollectorConfig } from "../config.ts";
import { agentCommand } from "./agent-commands.ts";
import { attestCommand, dutyCommand, waiverCommand } from "./attest-commands.ts";
import { backupCommand, restoreCommand, rewindCommand } from "./backup-commands.ts";
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
import { type CommandContext, EXIT_USAGE, type Terminal, UsageError } from "./terminal.ts";
import { tokenCommand } from "./token-command.ts";

/** Runs one command line and gives its exit code: 0, 1 for a failure, 64 for a wrong command line. */
export async function runCommand(words: readonly string[], config: () => CollectorConfig, terminal: Terminal): Promise<number> {
  const context: CommandContext = { config, terminal };
  const program = new Command("hcc-collector")
    .description("Stores, judges and shows what the agents of commune centres measure")
    .exitOverride()
    .configureOutput({ writeOut: (text) => terminal.out(text.trimEnd()), writeErr: (text) => terminal.err(text.trimEnd()) });
  const commands = [
    serveCommand,
    demoCommand,
    measureCommand,
    migrateCommand,
    clockCommand,
    rolesCommand,
    backupCommand,
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
  for (const make of commands) program.addCommand(inherit(make(context), program));
  try {
    await program.parseAsync([...words], { from: "user" });
    return 0;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : EXIT_USAGE;
    if (!(error instanceof UsageError)) throw error;
    terminal.err(error.message);
    return EXIT_USAGE;
  }
}

/** Gives a command and all below it the program's way of ending and printing: commander hands them down only to what the program itself makes. */
function inherit(command: Command, program: Command): Command {
  command.copyInheritedSettings(program);
  for (const inner of command.commands) inherit(inner, program);
  return command;
}
