import { Command } from "commander";
import { vietnamDay } from "#schemas/calendar.ts";
import { moment } from "#schemas/text/moment-word.ts";
import { text } from "#schemas/text/text.ts";
import { clockState } from "../jobs/clock-watch.ts";
import { acts } from "../people/acts.ts";
import { readClockProof, trustClock } from "../store/clock-proof.ts";
import { withStore } from "./centre-commands.ts";
import { byCommand } from "./command-line.ts";
import { type CommandContext, UsageError } from "./terminal.ts";

/** `clock show | confirm DAY`: whether this machine's clock may decide what is past its time, and an operator's word that it is right. */
export function clockCommand(context: CommandContext): Command {
  const { lang, terminal } = context;
  const { out } = terminal;
  const clock = new Command("clock").description(text(lang, "collector.clock.about"));
  clock
    .command("show")
    .description(text(lang, "collector.clock.show"))
    .action(async () => {
      const nowMs = Date.now();
      const { lastMs, ...proof } = await withStore(context, (db) => readClockProof(db, nowMs));
      const lastUpkeep = lastMs === undefined ? null : new Date(lastMs).toISOString();
      const state = clockState({ lastMs, ...proof }, nowMs);
      out(JSON.stringify({ now: new Date(nowMs).toISOString(), lastUpkeep, ...proof, state }, undefined, 2));
    });
  clock
    .command("confirm <day>")
    .description(text(lang, "collector.clock.confirm"))
    .action(async (day: string) => {
      const nowMs = Date.now();
      // Whoever looks at a calendar first does not confirm a wrong clock.
      const shows = vietnamDay(nowMs);
      if (day !== shows) throw new UsageError(text(lang, "collector.clock.other_day", { shows, given: day }));
      await withStore(context, (db) =>
        byCommand(db, async (tx, note) => {
          await trustClock(tx, nowMs, true);
          await note(acts.clockConfirmed(day));
        }),
      );
      out(text(lang, "collector.clock.confirmed", { at: moment(lang, nowMs) }));
    });
  return clock;
}
