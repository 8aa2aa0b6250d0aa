import { Command } from "commander";
import { moment } from "#schemas/text/moment-word.ts";
import { text } from "#schemas/text/text.ts";
import type { Lang } from "#schemas/words.ts";
import { ownTopic } from "../alert/topic.ts";
import { loadPolicy } from "../policy-files.ts";
import { findIncident, incidentPart, type ListedIncident } from "../store/incidents.ts";
import { findSite } from "../store/sites.ts";
import { withStore } from "./centre-commands.ts";
import { commandLine, deedsOn } from "./command-line.ts";
import { pageOf, sayPart, withPages } from "./list-page.ts";
import { type CommandContext, UsageError } from "./terminal.ts";

/** `incidents list | show N | ack N --by NAME`: problems that were opened, and who takes care of them. */
export function incidentsCommand(context: CommandContext): Command {
  const { lang } = context;
  const { out } = context.terminal;
  const incidents = new Command("incidents").description(text(lang, "collector.incidents.about"));
  withPages(incidents.command("list"), context.lang)
    .description(text(lang, "collector.incidents.list.about"))
    .option("--centre <code>", text(lang, "collector.only.centre"))
    .option("--requirement <id>", text(lang, "collector.only.requirement"))
    .option("--closed", text(lang, "collector.incidents.list.closed"))
    .option("--json", text(lang, "agent.option.json"))
    .action(async ({ json, ...asked }: { centre?: string; requirement?: string; closed?: true; page: string; json?: true }) => {
      const part = await withStore(context, (db) => incidentPart(db, asked, pageOf(asked, lang)));
      const { page, rows, total } = part;
      if (json) out(JSON.stringify({ incidents: rows, page, total }, undefined, 2));
      else for (const one of rows) out(line(one));
      sayPart(context, part);
    });
  incidents
    .command("show <number>")
    .description(text(lang, "collector.incidents.show.about"))
    .option("--json", text(lang, "agent.option.json"))
    .action(async (number: string, { json }: { json?: true }) => {
      const incident = await withStore(context, async (db) => {
        const found = await findIncident(db, numberOf(number, lang));
        const site = found && (await findSite(db, found.siteId));
        return found && { ...found, ...(site && { centre: site.centre.code, centreName: site.centre.name }) };
      });
      if (!incident) throw new UsageError(text(lang, "collector.incidents.none", { number }));
      if (json) return out(JSON.stringify(incident, undefined, 2));
      out(line(incident));
      out(titleOf(context, incident.requirement));
      out(
        incident.told.length === 0 ? text(lang, "collector.incidents.told-nobody") : text(lang, "collector.incidents.told", { who: incident.told.join(", ") }),
      );
    });
  incidents
    .command("ack <number>")
    .description(text(lang, "collector.incidents.ack.about"))
    .requiredOption("--by <name>", text(lang, "collector.incidents.ack.by"))
    .action(async (number: string, { by }: { by: string }) => {
      const name = by.trim().slice(0, 128);
      if (name === "") throw new UsageError(text(lang, "collector.incidents.no-name"));
      const taken = await withStore(context, (db) => deedsOn(db).takeIncident(commandLine(), numberOf(number, lang), name));
      if (taken.length === 0) throw new UsageError(text(lang, "collector.incidents.none-open", { number }));
      const count = taken.length;
      out(count === 1 ? text(lang, "collector.incidents.taken", { number, name }) : text(lang, "collector.incidents.all-taken", { count, name }));
    });
  return incidents;
}

function numberOf(number: string, lang: Lang): number {
  if (!/^\d{1,15}$/.test(number)) throw new UsageError(text(lang, "collector.incidents.no-number", { given: number }));
  return Number(number);
}

function line({ id, state, openedMs, beganMs, centre, requirement, subject, acknowledgedBy }: ListedIncident): string {
  return [id, state, moment("en", openedMs ?? beganMs), centre ?? "province", requirement, subject, acknowledgedBy ?? ""].join("\t").trimEnd();
}

function titleOf({ config, lang }: CommandContext, requirement: string): string {
  const own = ownTopic(requirement);
  if (own) return own.title[lang];
  return loadPolicy(config().policy, Date.now()).policy.requirements.find(({ id }) => id === requirement)?.title[lang] ?? requirement;
}
