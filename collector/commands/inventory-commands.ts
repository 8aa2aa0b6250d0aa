import { Command } from "commander";
import type { LedgerRow } from "#schemas/asset-ledger.ts";
import { text } from "#schemas/text/text.ts";
import type { Lang } from "#schemas/words.ts";
import { changesOf } from "../inventory/declare.ts";
import { readDeviceTable } from "../inventory/device-file.ts";
import { deviceCell, deviceForm, roleWord } from "../inventory/device-form.ts";
import { tableOf } from "../inventory/read-table.ts";
import { siteLedger } from "../inventory/site-ledger.ts";
import { writeTable } from "../inventory/write-table.ts";
import { acts } from "../people/acts.ts";
import { loadPolicy } from "../policy-files.ts";
import type { Db } from "../store/db.ts";
import { allSites, importCentres } from "../store/sites.ts";
import { siteOf, withStore } from "./centre-commands.ts";
import { byCommand } from "./command-line.ts";
import { readNamed, writeNamed } from "./named-files.ts";
import { orRefused } from "./table-files.ts";
import type { CommandContext } from "./terminal.ts";

/** `inventory import F | export F | list CENTRE`: what centres declare to own, and the ledger that holds it against what is there. */
export function inventoryCommand(context: CommandContext): Command {
  const { lang } = context;
  const inventory = new Command("inventory").description(text(lang, "collector.inventory.about"));
  inventory
    .command("import <file>")
    .description(text(lang, "collector.inventory.import.about"))
    .option("--dry-run", text(lang, "collector.inventory.import.dry"))
    .action((file: string, { dryRun = false }: { dryRun?: boolean }) => importFile(context, file, dryRun));
  inventory
    .command("export <file>")
    .description(text(lang, "collector.inventory.export.about"))
    .option("--centre <code>", text(lang, "collector.only.centre"))
    .action((file: string, { centre }: { centre?: string }) => exportFile(context, file, centre));
  inventory
    .command("list <centre>")
    .description(text(lang, "collector.inventory.list.about"))
    .option("--json", text(lang, "agent.option.json"))
    .action((centre: string, { json = false }: { json?: boolean }) => listLedger(context, centre, json));
  return inventory;
}

async function importFile(context: CommandContext, file: string, dryRun: boolean): Promise<void> {
  const { lang } = context;
  const { out } = context.terminal;
  const bytes = await readNamed(lang, file);
  const read = async (db: Db) => {
    const centres = (await allSites(db)).map(({ centre }) => centre);
    const codes = new Set(centres.map(({ code }) => code));
    const { devices, notes } = readDeviceTable(await tableOf(bytes, file, lang, deviceForm), {
      file,
      lang,
      isCentre: (code) => codes.has(code),
    });
    return { changes: changesOf(centres, devices), notes };
  };
  const { changes, notes } = await withStore(context, async (db) => {
    const found = await orRefused(lang, file, () => read(db));
    const declared = found.changes.map(({ centre }) => centre);
    if (dryRun) return found;
    await byCommand(db, async (tx, note) => {
      const { changed } = await importCentres(tx, declared, Date.now());
      if (changed > 0) await note(acts.devicesDeclared(declared.map(({ code }) => code)));
    });
    return found;
  });
  for (const { centre, total, added, changed, removed } of changes)
    out(text(lang, "inventory.centre", { centre: centre.code, total, added, changed, removed }));
  for (const note of notes) out(note);
  const devices = changes.reduce((sum, { total }) => sum + total, 0);
  out(text(lang, dryRun ? "inventory.dry" : "inventory.done", { devices, centres: changes.length }));
}

async function exportFile(context: CommandContext, file: string, code: string | undefined): Promise<void> {
  const { lang } = context;
  const sites = await withStore(context, async (db) => (code === undefined ? allSites(db) : [await siteOf(db, code, lang)]));
  const rows = sites.flatMap(({ centre }) => centre.devices.map((device) => ({ centre: centre.code, device })));
  await writeNamed(lang, file, writeTable(file, deviceForm, rows, deviceCell, lang));
  context.terminal.out(text(lang, "inventory.written", { devices: rows.length, file }));
}

async function listLedger(context: CommandContext, code: string, json: boolean): Promise<void> {
  const { lang } = context;
  const { calendar } = loadPolicy(context.config().policy, Date.now());
  const rows = await withStore(context, async (db) => siteLedger(db, await siteOf(db, code, lang), calendar, Date.now()));
  if (json) return context.terminal.out(JSON.stringify({ centre: code, devices: rows }, undefined, 2));
  for (const row of rows) context.terminal.out(lineOf(lang, row));
  if (rows.length === 0) context.terminal.out(text(lang, "ledger.none"));
}

function lineOf(lang: Lang, { state, role, label, device, found, lastDay, sameAs }: LedgerRow): string {
  const what = [device?.vendor ?? found?.vendor, device?.model ?? found?.model, found?.serial ?? device?.serial].filter(Boolean).join(" ");
  const where = device?.address ?? found?.address ?? "";
  const more = sameAs === undefined ? [] : [text(lang, "ledger.sameAs", { device: sameAs })];
  return [text(lang, `ledger.state.${state}`), roleWord(lang, role), label, where, what, lastDay ?? text(lang, "ledger.never"), ...more].join("\t");
}
