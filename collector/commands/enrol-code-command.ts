import { Command } from "commander";
import { vietnamDay } from "#schemas/calendar.ts";
import { isClosedOn } from "#schemas/inventory.ts";
import { day } from "#schemas/text/moment-word.ts";
import { text } from "#schemas/text/text.ts";
import type { Lang } from "#schemas/words.ts";
import { CODE_MS, hashOfCode, newEnrolCode } from "../auth/enrol-code.ts";
import { acts } from "../people/acts.ts";
import { csv } from "../report/csv.ts";
import { addEnrolCode, endOpenCodes, listAgents, OPEN_CODES_MAX } from "../store/agents.ts";
import type { Db } from "../store/db.ts";
import { openSites, type Site } from "../store/sites.ts";
import { siteOf, withStore } from "./centre-commands.ts";
import { byCommand } from "./command-line.ts";
import { type CommandContext, UsageError } from "./terminal.ts";

type Wishes = { readonly all?: true; readonly anew?: true };

/** `enrol-code CENTRE | --all [--anew]`: prints a one-time code for the gateway PC of a centre, or one for each centre that has none. */
export function enrolCodeCommand(context: CommandContext): Command {
  const { lang, terminal } = context;
  const { out } = terminal;
  return new Command("enrol-code")
    .description(text(lang, "collector.enrol-code.about", { hours: CODE_MS / 3_600_000 }))
    .argument("[centre]", text(lang, "collector.enrol-code.centre"))
    .option("--all", text(lang, "collector.enrol-code.all"))
    .option("--anew", text(lang, "collector.enrol-code.anew"))
    .action(async (centre: string | undefined, { all, anew }: Wishes) => {
      if ((centre === undefined) !== (all === true)) throw new UsageError(text(lang, "collector.enrol-code.one_or_all"));
      const nowMs = Date.now();
      const made = await withStore(context, (store) =>
        // All or none: a code is shown once, and one that was made before an error would be open with nobody who knows it.
        byCommand(store, async (db, note) => {
          const rows: [string, string, string][] = [];
          const sites = centre === undefined ? await withoutPc(db, nowMs) : [await siteOf(db, centre, lang)];
          for (const site of sites) rows.push([site.centre.code, site.centre.name, await giveCode(db, site, anew === true, nowMs, lang)]);
          for (const [code] of rows) await note(acts.codeMade(code));
          return rows;
        }),
      );
      out(centre === undefined ? csv([["centre", "name", "code"], ...made]).trimEnd() : (made[0]?.[2] ?? ""));
    });
}

/** The open centres of which no agent is let in. */
async function withoutPc(db: Db, nowMs: number): Promise<readonly Site[]> {
  const having = new Set((await listAgents(db)).flatMap(({ centre, state }) => (state === "revoked" ? [] : [centre])));
  return (await openSites(db, vietnamDay(nowMs))).filter(({ centre }) => !having.has(centre.code));
}

async function giveCode(db: Db, { siteId, centre, closed }: Site, isAnew: boolean, nowMs: number, lang: Lang): Promise<string> {
  const code = newEnrolCode();
  if (isAnew) await endOpenCodes(db, siteId, nowMs);
  if (await addEnrolCode(db, centre.code, hashOfCode(code) ?? "", nowMs, nowMs + CODE_MS)) return code;
  if (closed !== undefined && isClosedOn(closed, vietnamDay(nowMs)))
    throw new UsageError(text(lang, "collector.enrol-code.closed", { centre: centre.code, on: day(lang, closed.on) }));
  throw new UsageError(text(lang, "collector.enrol-code.full", { centre: centre.code, max: OPEN_CODES_MAX }));
}
