import { Command } from "commander";
import { vietnamDay } from "#schemas/calendar.ts";
import { isClosedOn } from "#schemas/inventory.ts";
import { CODE_MS, hashOfCode, newEnrolCode } from "../auth/enrol-code.ts";
import { acts } from "../people/acts.ts";
import { csv } from "../report/csv.ts";
import { addEnrolCode, endOpenCodes, listAgents, OPEN_CODES_MAX } from "../store/agents.ts";
import type { Db } from "../store/db.ts";
import { findSite, openSites, type Site } from "../store/sites.ts";
import { closedWords, noCentre, withStore } from "./centre-commands.ts";
import { byCommand } from "./command-line.ts";
import { type CommandContext, UsageError } from "./terminal.ts";

type Wishes = { readonly all?: true; readonly anew?: true };

/** `enrol-code CENTRE | --all [--anew]`: prints a one-time code for the gateway PC of a centre, or one for each centre that has none. */
export function enrolCodeCommand(context: CommandContext): Command {
  const { out } = context.terminal;
  return new Command("enrol-code")
    .description(`makes a one-time code for a centre's gateway PC, valid for ${CODE_MS / 3_600_000} hours`)
    .argument("[centre]", "code of the centre")
    .option("--all", "one for each open centre that has no gateway PC, as CSV: centre, name, code")
    .option("--anew", "ends the codes of the centre first that nobody has used")
    .action(async (centre: string | undefined, { all, anew }: Wishes) => {
      if ((centre === undefined) !== (all === true)) throw new UsageError("enrol-code wants the code of one centre, or --all");
      const nowMs = Date.now();
      const made = await withStore(context, (store) =>
        // All or none: a code is shown once, and one that was made before an error would be open with nobody who knows it.
        byCommand(store, async (db, note) => {
          const rows: [string, string, string][] = [];
          const sites = centre === undefined ? await withoutPc(db, nowMs) : [await siteOf(db, centre)];
          for (const site of sites) rows.push([site.centre.code, site.centre.name, await giveCode(db, site, anew === true, nowMs)]);
          for (const [code] of rows) await note(acts.codeMade(code));
          return rows;
        }),
      );
      out(centre === undefined ? csv([["centre", "name", "code"], ...made]).trimEnd() : (made[0]?.[2] ?? ""));
    });
}

async function siteOf(db: Db, centre: string): Promise<Site> {
  const site = await findSite(db, centre);
  if (!site) throw new UsageError(noCentre(centre));
  return site;
}

/** The open centres of which no agent is let in. */
async function withoutPc(db: Db, nowMs: number): Promise<readonly Site[]> {
  const having = new Set((await listAgents(db)).flatMap(({ centre, state }) => (state === "revoked" ? [] : [centre])));
  return (await openSites(db, vietnamDay(nowMs))).filter(({ centre }) => !having.has(centre.code));
}

async function giveCode(db: Db, { siteId, centre, closed }: Site, isAnew: boolean, nowMs: number): Promise<string> {
  const code = newEnrolCode();
  if (isAnew) await endOpenCodes(db, siteId, nowMs);
  if (await addEnrolCode(db, centre.code, hashOfCode(code) ?? "", nowMs, nowMs + CODE_MS)) return code;
  if (isClosedOn(closed, vietnamDay(nowMs))) throw new UsageError(`"${centre.code}" is ${closedWords(closed)}; "centre reopen" takes that back`);
  throw new UsageError(`"${centre.code}" has ${OPEN_CODES_MAX} open codes already: use one of them, or end them and make a new one with --anew`);
}
