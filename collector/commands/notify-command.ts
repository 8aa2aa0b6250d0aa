import { randomUUID } from "node:crypto";
import { Command } from "commander";
import { moment } from "#schemas/text/moment-word.ts";
import { text } from "#schemas/text/text.ts";
import { channelsOf } from "../alert/channels/channels.ts";
import { readNotifyFile } from "../notify-file.ts";
import { deadPart } from "../store/outbox.ts";
import { ToldError } from "../told-error.ts";
import { withStore } from "./centre-commands.ts";
import { pageOf, sayPart, withPages } from "./list-page.ts";
import { type CommandContext, UsageError } from "./terminal.ts";

/** `notify test`: sends a test message to every recipient of the settings' file, and says which of them took it. `notify dead`: what was given up. */
export function notifyCommand(context: CommandContext): Command {
  const { config, lang, terminal } = context;
  const notify = new Command("notify").description(text(lang, "collector.notify.about"));
  notify
    .command("test")
    .description(text(lang, "collector.notify.test.about"))
    .action(async () => {
      const { notifyFile, publicUrl } = config();
      const settings = readNotifyFile(notifyFile);
      const recipients = [...new Map(settings.recipients.map((one) => [`${one.channel} ${one.to}`, one])).values()];
      if (recipients.length === 0) throw new UsageError(text(lang, "collector.notify.no-recipient"));
      const channels = channelsOf(settings);
      let failed = 0;
      for (const { channel, to } of recipients) {
        const nowMs = Date.now();
        const letter = {
          id: 0,
          dedupKey: `test-${randomUUID()}`,
          channel,
          to,
          message: { kind: "test" as const, link: publicUrl },
          tries: 1,
          createdMs: nowMs,
        };
        const error = await channels[channel](letter, nowMs).then(
          () => undefined,
          (reason: unknown) => (reason instanceof Error ? reason.message : String(reason)),
        );
        if (error !== undefined) failed++;
        const detail = text(lang, "technical.detail", { words: error ?? "" });
        terminal.out(
          error === undefined ? text(lang, "collector.notify.taken", { channel, to }) : text(lang, "collector.notify.failed", { channel, to, detail }),
        );
      }
      if (failed > 0) throw new ToldError((told) => text(told, "collector.notify.some-failed", { failed, total: recipients.length }));
    });
  withPages(notify.command("dead"), context.lang)
    .description(text(lang, "collector.notify.dead.about"))
    .action(async (asked: { page: string }) => {
      const part = await withStore(context, (db) => deadPart(db, pageOf(asked, lang)));
      for (const { diedMs, channel, to, message, error } of part.rows)
        terminal.out([moment("en", diedMs), channel, to, message.kind, message.incident ?? "", error].join("\t"));
      sayPart(context, part);
    });
  return notify;
}
