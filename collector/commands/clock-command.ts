import { Command } from "commander";
import { vietnamDay } from "#schemas/calendar.ts";
import { clockState } from "../jobs/clock-watch.ts";
import { acts } from "../people/acts.ts";
import { readClockProof, trustClock } from "../store/clock-proof.ts";
import { withStore } from "./centre-commands.ts";
import { byCommand } from "./command-line.ts";
import { type CommandContext, UsageError } from "./terminal.ts";

/** `clock show | confirm DAY`: whether this machine's clock may decide what is past its time, and an operator's word that it is right. */
export function clockCommand(context: CommandContext): Command {
  const { out } = context.terminal;
  const clock = new Command("clock").description("whether this machine's clock is trusted with deleting what is past its time");
  clock
    .command("show")
    .description("what speaks for the clock and what against it, as JSON")
    .action(async () => {
      const nowMs = Date.now();
      const { lastMs, ...proof } = await withStore(context, (db) => readClockProof(db, nowMs));
      const lastUpkeep = lastMs === undefined ? null : new Date(lastMs).toISOString();
      const state = clockState({ lastMs, ...proof }, nowMs);
      out(JSON.stringify({ now: new Date(nowMs).toISOString(), lastUpkeep, ...proof, state }, undefined, 2));
    });
  clock
    .command("confirm <day>")
    .description("the clock is right: today, in Vietnam, is this day (YYYY-MM-DD)")
    .action(async (day: string) => {
      const nowMs = Date.now();
      // Whoever looks at a calendar first does not confirm a wrong clock.
      if (day !== vietnamDay(nowMs)) throw new UsageError(`this machine's clock shows ${vietnamDay(nowMs)}, not ${day}: correct it`);
      await withStore(context, (db) =>
        byCommand(db, async (tx, note) => {
          await trustClock(tx, nowMs, true);
          await note(acts.clockConfirmed(day));
        }),
      );
      out(`the clock is trusted: ${new Date(nowMs).toISOString()}; upkeep deletes again within five minutes`);
    });
  return clock;
}
