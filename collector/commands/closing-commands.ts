import type { Command } from "commander";
import { z } from "zod";
import { vietnamDay } from "#schemas/calendar.ts";
import { type Closing, isClosedOn } from "#schemas/inventory.ts";
import { acts } from "../people/acts.ts";
import { listAgents } from "../store/agents.ts";
import { closeSite, reopenSite } from "../store/closings.ts";
import type { Db } from "../store/db.ts";
import { findSite, type Site } from "../store/sites.ts";
import { withStore } from "./centre-commands.ts";
import { byCommand } from "./command-line.ts";
import { type CommandContext, type Terminal, UsageError } from "./terminal.ts";

type CloseOptions = { readonly on: string; readonly into?: string; readonly reason: string };

/** Adds `close | reopen` to the command `centre`: the end of a centre, and the way back where it was a mistake. */
export function withClosing(centre: Command, context: CommandContext): Command {
  centre
    .command("close <code>")
    .description("ends a centre that was closed or merged: from that day on it is neither judged nor told of, and its agents are refused")
    .requiredOption("--on <date>", "first day without it in Viet Nam, YYYY-MM-DD; a later day waits until it has come")
    .option("--into <code>", "the centre that takes its work over")
    .requiredOption("--reason <text>", "the document, kept with it")
    .action((code: string, options: CloseOptions) => withStore(context, (db) => close(db, code, options, context.terminal)));
  centre
    .command("reopen <code>")
    .description("takes a closing back: the centre is judged again, and its agents may speak")
    .requiredOption("--reason <text>", "kept with it")
    .action((code: string, { reason }: { reason: string }) => withStore(context, (db) => reopen(db, code, reason, context.terminal)));
  return centre;
}

async function close(db: Db, code: string, { on, into, reason }: CloseOptions, { out }: Terminal): Promise<void> {
  if (!z.iso.date().safeParse(on).success) throw new UsageError(`--on: "${on}" is no day such as 2026-11-30`);
  const { siteId } = await known(db, code);
  if (into === code) throw new UsageError(`--into: "${code}" cannot take over its own work`);
  const taker = into === undefined ? undefined : await known(db, into);
  if (isClosedOn(taker?.closed, on)) throw new UsageError(`--into: "${into}" is closed itself from ${taker?.closed?.on} on`);
  const closing: Closing = { on, ...(into !== undefined && { into }) };
  const nowMs = Date.now();
  await byCommand(db, async (tx, note) => {
    await closeSite(tx, siteId, closing, { reason: kept(reason), nowMs });
    await note(acts.centreClosed(code, closing, kept(reason)));
  });
  const agents = (await listAgents(db)).filter((agent) => agent.centre === code && agent.state !== "revoked");
  out(`${code} is closed from ${on} on${into === undefined ? "" : `; ${into} takes its work over`}`);
  if (agents.length > 0)
    out(`refused ${on > vietnamDay(nowMs) ? "from then on" : "within 30 s"}, to be removed from their PCs: ${agents.map(({ agentId }) => agentId).join(" ")}`);
}

async function reopen(db: Db, code: string, reason: string, { out }: Terminal): Promise<void> {
  const { siteId, closed } = await known(db, code);
  if (!closed) throw new UsageError(`"${code}" is not closed`);
  await byCommand(db, async (tx, note) => {
    await reopenSite(tx, siteId, { reason: kept(reason), nowMs: Date.now() });
    await note(acts.centreReopened(code, closed, kept(reason)));
  });
  out(`${code} counts again; agents that were refused speak within 75 minutes, or at once after a restart`);
}

async function known(db: Db, code: string): Promise<Site> {
  const site = await findSite(db, code);
  if (!site) throw new UsageError(`there is no centre "${code}"; "centre list" names them`);
  return site;
}

const REASON_MAX = 200;

function kept(reason: string): string {
  const text = reason.trim().slice(0, REASON_MAX);
  if (text === "") throw new UsageError("--reason: it is empty");
  return text;
}
