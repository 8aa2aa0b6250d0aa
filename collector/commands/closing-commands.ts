import type { Command } from "commander";
import { vietnamDay } from "#schemas/calendar.ts";
import { type Closing, isClosedOn } from "#schemas/inventory.ts";
import { day } from "#schemas/text/moment-word.ts";
import { text } from "#schemas/text/text.ts";
import type { Lang } from "#schemas/words.ts";
import { acts } from "../people/acts.ts";
import { listAgents } from "../store/agents.ts";
import { closeSite, reopenSite } from "../store/closings.ts";
import type { Db } from "../store/db.ts";
import { siteOf, withStore } from "./centre-commands.ts";
import { byCommand } from "./command-line.ts";
import { requireDay } from "./require-day.ts";
import { type CommandContext, UsageError } from "./terminal.ts";

type CloseOptions = { readonly on: string; readonly into?: string; readonly reason: string };

/** Adds `close | reopen` to the command `centre`: the end of a centre, and the way back where it was a mistake. */
export function withClosing(centre: Command, context: CommandContext): Command {
  const { lang } = context;
  centre
    .command("close <code>")
    .description(text(lang, "collector.centre.close"))
    .requiredOption("--on <date>", text(lang, "collector.centre.close.on"))
    .option("--into <code>", text(lang, "collector.centre.close.into"))
    .requiredOption("--reason <text>", text(lang, "collector.centre.close.reason"))
    .action((code: string, options: CloseOptions) => withStore(context, (db) => close(db, code, options, context)));
  centre
    .command("reopen <code>")
    .description(text(lang, "collector.centre.reopen"))
    .requiredOption("--reason <text>", text(lang, "collector.centre.reopen.reason"))
    .action((code: string, { reason }: { reason: string }) => withStore(context, (db) => reopen(db, code, reason, context)));
  return centre;
}

async function close(db: Db, code: string, { on, into, reason }: CloseOptions, { lang, terminal: { out } }: CommandContext): Promise<void> {
  requireDay(lang, "--on", on);
  const { siteId } = await siteOf(db, code, lang);
  if (into === code) throw new UsageError(text(lang, "collector.centre.close.itself", { code }));
  const taker = into === undefined ? undefined : await siteOf(db, into, lang);
  if (taker?.closed !== undefined && isClosedOn(taker.closed, on))
    throw new UsageError(text(lang, "collector.centre.close.into_closed", { code: taker.centre.code, on: day(lang, taker.closed.on) }));
  const closing: Closing = { on, ...(into !== undefined && { into }) };
  const why = kept(lang, reason);
  const nowMs = Date.now();
  await byCommand(db, async (tx, note) => {
    await closeSite(tx, siteId, closing, { reason: why, nowMs });
    await note(acts.centreClosed(code, closing, why));
  });
  const agents = (await listAgents(db)).filter((agent) => agent.centre === code && agent.state !== "revoked");
  const from = day(lang, on);
  out(
    into === undefined
      ? text(lang, "collector.centre.close.done", { code, on: from })
      : text(lang, "collector.centre.close.done_into", { code, on: from, into }),
  );
  if (agents.length === 0) return;
  const key = on > vietnamDay(nowMs) ? "collector.centre.close.agents_later" : "collector.centre.close.agents";
  out(text(lang, key, { agents: agents.map(({ agentId }) => agentId).join(" ") }));
}

async function reopen(db: Db, code: string, reason: string, { lang, terminal: { out } }: CommandContext): Promise<void> {
  const { siteId, closed } = await siteOf(db, code, lang);
  if (!closed) throw new UsageError(text(lang, "collector.centre.reopen.open", { code }));
  const why = kept(lang, reason);
  await byCommand(db, async (tx, note) => {
    await reopenSite(tx, siteId, { reason: why, nowMs: Date.now() });
    await note(acts.centreReopened(code, closed, why));
  });
  out(text(lang, "collector.centre.reopen.done", { code }));
}

const REASON_MAX = 200;

function kept(lang: Lang, reason: string): string {
  const words = reason.trim().slice(0, REASON_MAX);
  if (words === "") throw new UsageError(text(lang, "collector.centre.no_reason"));
  return words;
}
