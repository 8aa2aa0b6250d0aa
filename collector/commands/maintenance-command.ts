import { randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import { Command } from "commander";
import { z } from "zod";
import { vietnamDay } from "#schemas/calendar.ts";
import { isUnderWay, MaintenanceFile, type MaintenanceWindow } from "#schemas/maintenance.ts";
import { text } from "#schemas/text/text.ts";
import { parseMaintenance } from "../attest/maintenance-input.ts";
import { createDeeds, type Deeds } from "../people/deeds.ts";
import { openPolicyBook } from "../policy-book.ts";
import type { Db } from "../store/db.ts";
import { maintenancePart } from "../store/maintenance.ts";
import { allSites } from "../store/sites.ts";
import { withStore } from "./centre-commands.ts";
import { commandLine } from "./command-line.ts";
import { pageOf, sayPart, withPages } from "./list-page.ts";
import { type CommandContext, UsageError } from "./terminal.ts";

/** `maintenance add | import F | list | end ID`: announced work, during which fewer or no messages are sent. */
export function maintenanceCommand(context: CommandContext): Command {
  const { out } = context.terminal;
  const maintenance = new Command("maintenance").description("announced work: what is measured meanwhile counts, messages are held back");
  maintenance
    .command("add")
    .description("announces a window and prints its id")
    .option("--centres <codes>", "codes with commas between; all when absent")
    .option("--requirements <ids>", "R01,R16 or agent; all when absent")
    .requiredOption("--mode <mode>", "skip (open no problems), mute (open them, tell nobody), run (tell as ever)")
    .requiredOption("--from <date>", "first day, YYYY-MM-DD")
    .requiredOption("--until <date>", "last day, inclusive")
    .option("--start <time>", "HH:MM on the first day, or on each day with --weekdays; 00:00 when absent")
    .option("--end <time>", "HH:MM on the last day, or on each day with --weekdays; the end of the day when absent")
    .option("--weekdays <days>", "comes again on these days: 1,2,3 with 1 = Monday")
    .requiredOption("--reason <text>", "why")
    .requiredOption("--person <name>", "who announces it")
    .action(async (fields: Record<string, unknown>) => {
      const { lang, policy: policyId } = context.config();
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
    .description("windows of a JSON file, all or none; the same file again changes nothing")
    .action(async (file: string) => {
      const windows = await readWindows(file);
      const added = await withStore(context, async (db) => {
        const codes = await knownCodes(db);
        const strangers = [...new Set(windows.flatMap(({ centres }) => centres ?? []))].filter((code) => !codes.has(code));
        if (strangers.length > 0) throw new UsageError(`${file}: there is no centre ${strangers.slice(0, 5).join(", ")}; "centre list" names them`);
        const fresh = await deedsOn(db).announceMaintenance(commandLine(), windows);
        if (!fresh) throw new UsageError(`${file}: ${text(context.config().lang, "form.error.windowsFull")}`);
        return fresh.length;
      });
      out(`${added} added, ${windows.length - added} known already`);
    });
  withPages(maintenance.command("list"), context.lang)
    .description("windows under way and to come")
    .option("--json", "as JSON")
    .action(async ({ json, ...asked }: { json?: true; page: string }) => {
      const nowMs = Date.now();
      const part = await withStore(context, (db) => maintenancePart(db, vietnamDay(nowMs), pageOf(asked)));
      const { page, rows, total } = part;
      if (json) out(JSON.stringify({ windows: rows, page, total }, undefined, 2));
      else for (const window of rows) out(line(window, nowMs));
      sayPart(context, part);
    });
  maintenance
    .command("end <id>")
    .description("ends a window before its time")
    .action(async (id: string) => {
      await withStore(context, async (db) => {
        if (!(await deedsOn(db).endMaintenance(commandLine(), id))) throw new UsageError(`there is no window "${id}" that has not been ended`);
      });
      out(`window ${id} is ended`);
    });
  return maintenance;
}

function deedsOn(db: Db): Deeds {
  return createDeeds({ db, clock: Date.now });
}

async function knownCodes(db: Db): Promise<ReadonlySet<string>> {
  return new Set((await allSites(db)).map(({ centre }) => centre.code));
}

async function readWindows(file: string): Promise<readonly MaintenanceWindow[]> {
  const body = await readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
    throw new UsageError(`${file} cannot be read: ${error.code ?? error.message}`);
  });
  let raw: unknown;
  try {
    raw = JSON.parse(body.replace(/^\ufeff/, ""));
  } catch (error) {
    throw new UsageError(`${file} is not JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
  const parsed = MaintenanceFile.safeParse(raw);
  if (!parsed.success) throw new UsageError(`${file} is no list of announced work:\n${z.prettifyError(parsed.error)}`);
  return parsed.data.windows;
}

function line(window: MaintenanceWindow, nowMs: number): string {
  const { id, mode, from, until, start, end, weekdays, centres, requirements, reason, person, endedAt } = window;
  const state = endedAt ? "ended" : isUnderWay(window, nowMs) ? "under way" : "to come";
  const when = `${from} ${start} - ${until} ${end}${weekdays ? ` on days ${weekdays.join(",")}` : ""}`;
  return [id, state, mode, when, centres?.join(",") ?? "all centres", requirements?.join(",") ?? "all", reason, person].join("\t");
}
