import { Command } from "commander";
import { type Closing, Inventory } from "#schemas/inventory.ts";
import { text } from "#schemas/text/text.ts";
import type { Lang } from "#schemas/words.ts";
import { type CentreNews, centreNews, type DeclaredFor, newsWords } from "../inventory/centre-changes.ts";
import { readList } from "../inventory/read-list.ts";
import { presentList } from "../inventory/take-list.ts";
import type { Db } from "../store/db.ts";
import { migrate } from "../store/migrate.ts";
import { openStore } from "../store/open.ts";
import { pointNames } from "../store/points.ts";
import { allSites, findSite, type Site } from "../store/sites.ts";
import { importList } from "./import-list.ts";
import { jsonOf, readNamed, shaped, writeNamed } from "./named-files.ts";
import { requireDay } from "./require-day.ts";
import { type CommandContext, UsageError } from "./terminal.ts";

/** Opens the store for one command and closes it after, whatever happens. */
export async function withStore<T>({ config, lang, terminal }: CommandContext, work: (db: Db) => Promise<T>): Promise<T> {
  const settings = config();
  const store = await openStore({ ...settings, connections: 2, say: (words) => terminal.err(words(lang)), stop: terminal.stop });
  try {
    await migrate(store.db, Date.now(), { storage: settings.storage });
    return await work(store.db);
  } finally {
    await store.close();
  }
}

/** `centre import F | export F | list | show CODE`. */
export function centreCommand(context: CommandContext): Command {
  const { lang, terminal } = context;
  const { out } = terminal;
  const centre = new Command("centre").description(text(lang, "collector.centre.about"));
  centre
    .command("import <file>")
    .description(text(lang, "collector.centre.import"))
    .option("--dry-run", text(lang, "collector.centre.import.dry_run"))
    .option("--clear", text(lang, "collector.centre.import.clear"))
    .option("--from <date>", text(lang, "collector.centre.import.from"))
    .action((file: string, options: ImportOptions) => importFile(context, file, options));
  centre
    .command("export <file>")
    .description(text(lang, "collector.centre.export"))
    .action((file: string) => exportFile(context, file));
  centre
    .command("list")
    .description(text(lang, "collector.centre.list"))
    .option("--json", text(lang, "agent.option.json"))
    .action(async ({ json }: { json?: true }) => {
      const sites = await withStore(context, allSites);
      if (json) out(JSON.stringify({ centres: sites.map((site) => site.centre) }, undefined, 2));
      else for (const { centre, closed } of sites) out(`${centre.code}\t${centre.name}\t${centre.devices.length}\t${closedWords(closed)}`.trimEnd());
    });
  centre
    .command("show <code>")
    .description(text(lang, "collector.centre.show"))
    .action(async (code: string) => {
      const { centre, points } = await withStore(context, async (db) => {
        const site = await siteOf(db, code, lang);
        return { ...site, points: (await pointNames(db, [site])).get(site.siteId) ?? [] };
      });
      out(JSON.stringify({ ...centre, ...(points.length > 1 && { points }) }, undefined, 2));
    });
  return centre;
}

/** The centre of a code that the command line names. @throws UsageError when there is none */
export async function siteOf(db: Db, code: string, lang: Lang): Promise<Site> {
  const site = await findSite(db, code);
  if (!site) throw new UsageError(text(lang, "inventory.fault.centre", { value: code }));
  return site;
}

/** That a centre is closed, as the list says it for programs; nothing for one that is open. */
function closedWords(closed: Closing | undefined): string {
  return closed === undefined ? "" : `closed from ${closed.on} on${closed.into === undefined ? "" : `, into ${closed.into}`}`;
}

type ImportOptions = { readonly dryRun?: boolean; readonly clear?: boolean; readonly from?: string };

async function importFile(context: CommandContext, file: string, { dryRun = false, clear = false, from }: ImportOptions): Promise<void> {
  const { lang, terminal } = context;
  const { out } = terminal;
  if (from !== undefined) requireDay(lang, "--from", from);
  const bytes = await readNamed(lang, file);
  const read = isJson(bytes, file)
    ? async (declared: DeclaredFor) => {
        const centres = centresOf(lang, file, bytes.toString("utf8"));
        return { centres, news: centreNews(declared, centres), notes: [] };
      }
    : (declared: DeclaredFor) => readList({ kind: "centres", bytes, file, lang, clear }, declared);
  const { news, notes } = await withStore(context, (db) => importList(db, { kind: "centres", file, lang, from, dryRun }, read));
  for (const one of news) if (one.kind !== "unchanged") out(newsWords(one, lang));
  for (const note of notes) out(note);
  const count = (kind: CentreNews["kind"]) => news.filter((one) => one.kind === kind).length;
  out(text(lang, dryRun ? "centres.dry" : "centres.done", { added: count("new"), changed: count("changed"), unchanged: count("unchanged") }));
}

async function exportFile(context: CommandContext, file: string): Promise<void> {
  const { lang } = context;
  const { bytes, rows } = await withStore(context, (db) => presentList(db, { kind: "centres", file, lang, nowMs: Date.now() }));
  await writeNamed(lang, file, bytes);
  context.terminal.out(text(lang, "centres.written", { count: rows, file }));
}

/** Whether a file of centres is JSON: it is called so, or begins like it. */
function isJson(bytes: Buffer, file: string): boolean {
  return /\.json$/i.test(file) || /^\ufeff?\s*\{/.test(bytes.toString("utf8", 0, 256));
}

function centresOf(lang: Lang, file: string, body: string): Inventory["centres"] {
  return shaped(lang, file, Inventory, jsonOf(lang, file, body), text(lang, "collector.centre.import.no_list", { file })).centres;
}
