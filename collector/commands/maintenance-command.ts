import { randomUUID } from "node:crypto";
import { Command } from "commander";
import { vietnamDay } from "#schemas/calendar.ts";
import { isUnderWay, MaintenanceFile, type MaintenanceWindow } from "#schemas/maintenance.ts";
import { text } from "#schemas/text/text.ts";
import type { Lang } from "#schemas/words.ts";
import { parseMaintenance } from "../attest/maintenance-input.ts";
import { openPolicyBook } from "../policy-book.ts";
import type { Db } from "../store/db.ts";
import { maintenancePart } from "../store/maintenance.ts";
import { allSites } from "../store/sites.ts";
import { withStore } from "./centre-commands.ts";
import { commandLine, deedsOn } from "./command-line.ts";
import { pageOf, sayPart, withPages } from "./list-page.ts";
import { readShaped } from "./named-files.ts";
import { type CommandContext, UsageError } from "./terminal.ts";

/** `maintenance add | import F | list | end ID`: announced work, during which fewer or no messages are sent. */
export function maintenanceCommand(context: CommandContext): Command {
  const { lang } = context;
  const { out } = context.terminal;
  const maintenance = new Command("maintenance").description(text(lang, "collector.maintenance.about"));
  maintenance
    .command("add")
    .description(text(lang, "collector.maintenance.add.about"))
    .option("--centres <codes>", text(lang, "collector.maintenance.add.centres"))
    .option("--requirements <ids>", text(lang, "collector.maintenance.add.requirements"))
    .requiredOption("--mode <mode>", text(lang, "collector.maintenance.add.mode"))
    .requiredOption("--from <date>", text(lang, "collector.option.from"))
    .requiredOption("--until <date>", text(lang, "collector.option.until"))
    .option("--start <time>", text(lang, "collector.maintenance.add.start"))
    .option("--end <time>", text(lang, "collector.maintenance.add.end"))
    .option("--weekdays <days>", text(lang, "collector.maintenance.add.weekdays"))
    .requiredOption("--reason <text>", text(lang, "collector.option.reason"))
    .requiredOption("--person <name>", text(lang, "collector.maintenance.add.person"))
    .action(async (fields: Record<string, unknown>) => {
      const { policy: policyId } = context.config();
      const id = await withStore(context, async (db) => {
        const [codes, nowMs] = [await knownCodes(db), Date.now()];
        const { policy } = (await openPolicyBook(db, policyId, nowMs))(nowMs);
        const place = { today: vietnamDay(nowMs), isCentre: (code: string) => codes.has(code), requirements: policy.requirements.map(({ id }) => id) };
        const window = parseMaintenance(fields, randomUUID(), place);
        if (!window.ok) throw new UsageError(window.errors.map(({ field, key, params }) => `--${field}: ${text(lang, key, params)}`).join("\n"));
        if (!(await deedsOn(db).announceMaintenance(commandLine(), [window.value]))) throw new UsageError(text(lang, "form.error.windowsFull"));
        return window.value.id;
      });
      out(id);
    });
  maintenance
    .command("import <file>")
    .description(text(lang, "collector.maintenance.import.about"))
    .action(async (file: string) => {
      const windows = await readWindows(file, lang);
      const added = await withStore(context, async (db) => {
        const codes = await knownCodes(db);
        const strangers = [...new Set(windows.flatMap(({ centres }) => centres ?? []))].filter((code) => !codes.has(code));
        if (strangers.length > 0) throw new UsageError(`${file}: ${text(lang, "inventory.fault.centre", { value: strangers.slice(0, 5).join(", ") })}`);
        const fresh = await deedsOn(db).announceMaintenance(commandLine(), windows);
        if (!fresh) throw new UsageError(`${file}: ${text(lang, "form.error.windowsFull")}`);
        return fresh.length;
      });
      out(text(lang, "collector.maintenance.imported", { added, known: windows.length - added }));
    });
  withPages(maintenance.command("list"), context.lang)
    .description(text(lang, "collector.maintenance.list.about"))
    .option("--json", text(lang, "agent.option.json"))
    .action(async ({ json, ...asked }: { json?: true; page: string }) => {
      const nowMs = Date.now();
      const part = await withStore(context, (db) => maintenancePart(db, vietnamDay(nowMs), pageOf(asked, lang)));
      const { page, rows, total } = part;
      if (json) out(JSON.stringify({ windows: rows, page, total }, undefined, 2));
      else for (const window of rows) out(line(window, nowMs));
      sayPart(context, part);
    });
  maintenance
    .command("end <id>")
    .description(text(lang, "collector.maintenance.end.about"))
    .action(async (id: string) => {
      await withStore(context, async (db) => {
        if (!(await deedsOn(db).endMaintenance(commandLine(), id))) throw new UsageError(text(lang, "collector.maintenance.none", { id }));
      });
      out(text(lang, "collector.maintenance.ended", { id }));
    });
  return maintenance;
}

async function knownCodes(db: Db): Promise<ReadonlySet<string>> {
  return new Set((await allSites(db)).map(({ centre }) => centre.code));
}

async function readWindows(file: string, lang: Lang): Promise<readonly MaintenanceWindow[]> {
  return (await readShaped(lang, file, MaintenanceFile)).windows;
}

function line(window: MaintenanceWindow, nowMs: number): string {
  const { id, mode, from, until, start, end, weekdays, centres, requirements, reason, person, endedAt } = window;
  const state = endedAt ? "ended" : isUnderWay(window, nowMs) ? "under way" : "to come";
  const when = `${from} ${start} - ${until} ${end}${weekdays ? ` on days ${weekdays.join(",")}` : ""}`;
  return [id, state, mode, when, centres?.join(",") ?? "all centres", requirements?.join(",") ?? "all", reason, person].join("\t");
}
