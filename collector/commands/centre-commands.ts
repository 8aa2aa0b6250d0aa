import { Command } from "commander";
import { vietnamDay } from "#schemas/calendar.ts";
import { type Closing, Inventory } from "#schemas/inventory.ts";
import { text } from "#schemas/text/text.ts";
import type { Lang } from "#schemas/words.ts";
import { type CentreNews, centreNews, type DeclaredFor, newsWords } from "../inventory/centre-changes.ts";
import { type CentreFileOptions, readCentreTable } from "../inventory/centre-file.ts";
import { centreCell, centreForm } from "../inventory/centre-form.ts";
import { tableOf } from "../inventory/read-table.ts";
import { writeTable } from "../inventory/write-table.ts";
import { acts } from "../people/acts.ts";
import type { Db } from "../store/db.ts";
import { migrate } from "../store/migrate.ts";
import { openStore } from "../store/open.ts";
import { sitesAsOf } from "../store/site-versions.ts";
import { allSites, findSite, importCentres, openSites, type Site } from "../store/sites.ts";
import { byCommand } from "./command-line.ts";
import { jsonOf, readNamed, shaped, writeNamed } from "./named-files.ts";
import { requireDay } from "./require-day.ts";
import { orRefused } from "./table-files.ts";
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
      const site = await withStore(context, (db) => siteOf(db, code, lang));
      out(JSON.stringify(site.centre, undefined, 2));
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
  const { news, notes } = await withStore(context, async (db) => {
    const nowMs = Date.now();
    const day = from ?? vietnamDay(nowMs);
    const declared = await declaredFor(db, day, nowMs);
    const { centres, notes } = await orRefused(lang, file, () => readCentres(bytes, file, { lang, clear, declared: declared.centres }));
    const news = centreNews(declared, centres);
    const codes = news.flatMap(({ code, kind }) => (kind === "unchanged" ? [] : [code]));
    if (!dryRun && codes.length > 0)
      await byCommand(db, async (tx, note) => {
        await importCentres(tx, centres, nowMs, from);
        await note(acts.centresDeclared(codes, day));
      });
    return { news, notes };
  });
  for (const one of news) if (one.kind !== "unchanged") out(newsWords(one, lang));
  for (const note of notes) out(note);
  const count = (kind: CentreNews["kind"]) => news.filter((one) => one.kind === kind).length;
  out(text(lang, dryRun ? "centres.dry" : "centres.done", { added: count("new"), changed: count("changed"), unchanged: count("unchanged") }));
}

/** What counts on a day by what is declared now; of a centre that is closed by then, what it declared last. */
async function declaredFor(db: Db, day: string, nowMs: number): Promise<DeclaredFor> {
  const onDay = (await sitesAsOf(db, day, nowMs)).map(({ centre }) => centre);
  const begun = new Set((await sitesAsOf(db, day, nowMs, { begunBy: day })).map(({ centre }) => centre.code));
  const ofAll = (await allSites(db)).map(({ centre }) => centre);
  return {
    centres: new Map([...ofAll, ...onDay].map((centre) => [centre.code, centre])),
    notBegun: new Set(onDay.flatMap(({ code }) => (begun.has(code) ? [] : [code]))),
  };
}

async function exportFile(context: CommandContext, file: string): Promise<void> {
  const { lang } = context;
  const centres = (await withStore(context, (db) => openSites(db, vietnamDay(Date.now())))).map(({ centre }) => centre);
  await writeNamed(lang, file, writeTable(file, centreForm, centres, centreCell, lang));
  context.terminal.out(text(lang, "centres.written", { count: centres.length, file }));
}

/** The centres of a file: JSON when it is called so or begins like it, else a table. */
async function readCentres(bytes: Buffer, file: string, options: Omit<CentreFileOptions, "file">): Promise<ReturnType<typeof readCentreTable>> {
  if (/\.json$/i.test(file) || /^\ufeff?\s*\{/.test(bytes.toString("utf8", 0, 256)))
    return { centres: centresOf(options.lang, file, bytes.toString("utf8")), notes: [] };
  return readCentreTable(await tableOf(bytes, file, options.lang, centreForm), { ...options, file });
}

function centresOf(lang: Lang, file: string, body: string): Inventory["centres"] {
  return shaped(lang, file, Inventory, jsonOf(lang, file, body), text(lang, "collector.centre.import.no_list", { file })).centres;
}
