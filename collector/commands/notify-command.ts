import { randomUUID } from "node:crypto";
import { Command } from "commander";
import { channelsOf } from "../alert/channels.ts";
import { readNotifyFile } from "../notify-file.ts";
import { acknowledgeIncident } from "../store/incidents.ts";
import { withStore } from "./centre-commands.ts";
import { type CommandContext, UsageError } from "./terminal.ts";

/** `notify test`: sends a test message to every recipient of the settings' file, and says which of them took it. */
export function notifyCommand({ config, terminal }: CommandContext): Command {
  const notify = new Command("notify").description("messages to people");
  notify
    .command("test")
    .description("sends a test message to every recipient")
    .action(async () => {
      const { notifyFile, publicUrl } = config();
      const settings = readNotifyFile(notifyFile);
      if (settings.recipients.length === 0) throw new UsageError("HCC_NOTIFY names no recipient; docs/operations.md shows such a file");
      const channels = channelsOf(settings);
      let failed = 0;
      for (const { channel, to } of settings.recipients) {
        const letter = { id: 0, dedupKey: `test-${randomUUID()}`, channel, to, message: { kind: "test" as const, link: publicUrl }, tries: 1 };
        const error = await channels[channel](letter, Date.now()).then(
          () => undefined,
          (reason: unknown) => reason,
        );
        if (error) failed++;
        terminal.out(`${channel} ${to}: ${error ? `failed: ${error instanceof Error ? error.message : String(error)}` : "taken"}`);
      }
      if (failed > 0) throw new UsageError(`${failed} of ${settings.recipients.length} recipients did not take the message`);
    });
  return notify;
}

/** `incident acknowledge N`: somebody takes care of a problem that was told. */
export function incidentCommand(context: CommandContext): Command {
  const incident = new Command("incident").description("problems that were told to people");
  incident
    .command("acknowledge <number>")
    .description("marks that somebody takes care")
    .action(async (number: string) => {
      if (!/^\d{1,15}$/.test(number)) throw new UsageError(`"${number}" is no number of an incident; messages name it`);
      const known = await withStore(context, (db) => acknowledgeIncident(db, Number(number), Date.now()));
      if (!known) throw new UsageError(`there is no open incident ${number}`);
      context.terminal.out(`incident ${number} is acknowledged`);
    });
  return incident;
}
