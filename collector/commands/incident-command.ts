import { Command } from "commander";
import { moment } from "#schemas/text/moment-word.ts";
import { text } from "#schemas/text/text.ts";
import { AGENT_SILENT } from "../alert/incident.ts";
import { createDeeds } from "../people/deeds.ts";
import { loadPolicy } from "../policy-files.ts";
import { findIncident, incidentPart, type ListedIncident } from "../store/incidents.ts";
import { findSite } from "../store/sites.ts";
import { withStore } from "./centre-commands.ts";
import { commandLine } from "./command-line.ts";
import { pageOf, sayPart, withPages } from "./list-page.ts";
import { type CommandContext, UsageError } from "./terminal.ts";

/** `incidents list | show N | ack N --by NAME`: problems that were opened, and who takes care of them. */
export function incidentsCommand(context: CommandContext): Command {
  const { out } = context.terminal;
  const incidents = new Command("incidents").description("problems that were told to people");
  withPages(incidents.command("list"), context.lang)
    .description("problems that stand: number, state, since when, centre, requirement, who has taken it")
    .option("--centre <code>", "only those of one centre")
    .option("--requirement <id>", "only those of one requirement")
    .option("--closed", "the last ones that have ended, instead")
    .option("--json", "as JSON")
    .action(async ({ json, ...asked }: { centre?: string; requirement?: string; closed?: true; page: string; json?: true }) => {
      const part = await withStore(context, (db) => incidentPart(db, asked, pageOf(asked)));
      const { page, rows, total } = part;
      if (json) out(JSON.stringify({ incidents: rows, page, total }, undefined, 2));
      else for (const one of rows) out(line(one));
      sayPart(context, part);
    });
  incidents
    .command("show <number>")
    .description("one problem, who was told and who has taken it")
    .option("--json", "as JSON")
    .action(async (number: string, { json }: { json?: true }) => {
      const incident = await withStore(context, async (db) => {
        const found = await findIncident(db, numberOf(number));
        const site = found && (await findSite(db, found.siteId));
        return found && { ...found, ...(site && { centre: site.centre.code, centreName: site.centre.name }) };
      });
      if (!incident) throw new UsageError(`there is no incident ${number}`);
      if (json) return out(JSON.stringify(incident, undefined, 2));
      out(line(incident));
      out(titleOf(context, incident.requirement));
      out(`told: ${incident.told.join(", ") || "nobody by letter"}`);
    });
  incidents
    .command("ack <number>")
    .description("marks that somebody takes care; it climbs no further")
    .requiredOption("--by <name>", "who takes care")
    .action(async (number: string, { by }: { by: string }) => {
      const name = by.trim().slice(0, 128);
      if (name === "") throw new UsageError("--by: say who takes care");
      const taken = await withStore(context, (db) => createDeeds({ db, clock: Date.now }).takeIncident(commandLine(), numberOf(number), name));
      if (taken.length === 0) throw new UsageError(`there is no open incident ${number}; "incidents list" names them`);
      out(taken.length === 1 ? `incident ${number} is taken by ${name}` : `${taken.length} incidents of one cause are taken by ${name}`);
    });
  return incidents;
}

function numberOf(number: string): number {
  if (!/^\d{1,15}$/.test(number)) throw new UsageError(`"${number}" is no number of an incident; messages name it`);
  return Number(number);
}

function line({ id, state, openedMs, beganMs, centre, requirement, subject, acknowledgedBy }: ListedIncident): string {
  return [id, state, moment("en", openedMs ?? beganMs), centre ?? "province", requirement, subject, acknowledgedBy ?? ""].join("\t").trimEnd();
}

function titleOf({ config }: CommandContext, requirement: string): string {
  const { lang, policy } = config();
  if (requirement === AGENT_SILENT) return text(lang, "alert.agent.title");
  return loadPolicy(policy, Date.now()).policy.requirements.find(({ id }) => id === requirement)?.title[lang] ?? requirement;
}
