import { Command } from "commander";
import type { LedgerRow } from "#schemas/asset-ledger.ts";
import { text } from "#schemas/text/text.ts";
import type { Lang } from "#schemas/words.ts";
import { type CentreNews, type DeclaredFor, deviceCounts } from "../inventory/centre-changes.ts";
import { roleWord } from "../inventory/device-form.ts";
import { readList } from "../inventory/read-list.ts";
import { siteLedger } from "../inventory/site-ledger.ts";
import { presentList } from "../inventory/take-list.ts";
import { loadPolicy } from "../policy-files.ts";
import { siteOf, withStore } from "./centre-commands.ts";
import { importList } from "./import-list.ts";
import { readNamed, writeNamed } from "./named-files.ts";
import { requireDay } from "./require-day.ts";
import type { CommandContext } from "./terminal.ts";

/** `inventory import F | export F | list CENTRE`: what centres declare to own, and the ledger that holds it against what is there. */
export function inventoryCommand(context: CommandContext): Command {
  const { lang } = context;
  const inventory = new Command("inventory").description(text(lang, "collector.inventory.about"));
  inventory
    .command("import <file>")
    .description(text(lang, "collector.inventory.import.about"))
    .option("--dry-run", text(lang, "collector.inventory.import.dry"))
    .option("--from <date>", text(lang, "collector.centre.import.from"))
    .action((file: string, options: ImportOptions) => importFile(context, file, options));
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

type ImportOptions = { readonly dryRun?: boolean; readonly from?: string };

async function importFile(context: CommandContext, file: string, { dryRun = false, from }: ImportOptions): Promise<void> {
  const { lang } = context;
  const { out } = context.terminal;
  if (from !== undefined) requireDay(lang, "--from", from);
  const bytes = await readNamed(lang, file);
  const read = (declared: DeclaredFor) => readList({ kind: "devices", bytes, file, lang, clear: false }, declared);
  const { news, notes } = await withStore(context, (db) => importList(db, { kind: "devices", file, lang, from, dryRun }, read));
  const total = ({ after }: CentreNews) => after.devices?.length ?? 0;
  for (const one of news) out(text(lang, "inventory.centre", { centre: one.code, total: total(one), ...deviceCounts(one) }));
  for (const note of notes) out(note);
  const devices = news.reduce((sum, one) => sum + total(one), 0);
  out(text(lang, dryRun ? "inventory.dry" : "inventory.done", { devices, centres: news.length }));
}

async function exportFile(context: CommandContext, file: string, code: string | undefined): Promise<void> {
  const { lang } = context;
  const { bytes, rows } = await withStore(context, async (db) => {
    const only = code === undefined ? {} : { sites: [await siteOf(db, code, lang)] };
    return presentList(db, { kind: "devices", file, lang, nowMs: Date.now(), ...only });
  });
  await writeNamed(lang, file, bytes);
  context.terminal.out(text(lang, "inventory.written", { devices: rows, file }));
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
