import { Command } from "commander";
import { z } from "zod";
import { vietnamDay } from "#schemas/calendar.ts";
import { type Closing, Inventory } from "#schemas/inventory.ts";
import { text } from "#schemas/text/text.ts";
import { type CentreNews, centreNews, type DeclaredFor, newsWords } from "../inventory/centre-changes.ts";
import { type CentreFileOptions, readCentreTable } from "../inventory/centre-file.ts";
import { centreCell, centreForm } from "../inventory/centre-form.ts";
import { readBytes, tableOf } from "../inventory/read-table.ts";
import { writeTable } from "../inventory/write-table.ts";
import { acts } from "../people/acts.ts";
import type { Db } from "../store/db.ts";
import { migrate } from "../store/migrate.ts";
import { openStore } from "../store/open.ts";
import { sitesAsOf } from "../store/site-versions.ts";
import { allSites, findSite, importCentres, openSites } from "../store/sites.ts";
import { byCommand } from "./command-line.ts";
import { orRefused, writeNamed } from "./table-files.ts";
import { type CommandContext, UsageError } from "./terminal.ts";

/** Opens the store for one command and closes it after, whatever happens. */
export async function withStore<T>({ config, terminal }: CommandContext, work: (db: Db) => Promise<T>): Promise<T> {
  const settings = config();
  const store = await openStore({ ...settings, connections: 2, say: terminal.err, stop: terminal.stop });
  try {
    await migrate(store.db, Date.now(), { storage: settings.storage });
    return await work(store.db);
  } finally {
    await store.close();
  }
}

/** `centre import F | export F | list | show CODE`. */
export function centreCommand(context: CommandContext): Command {
  const { out } = context.terminal;
  const centre = new Command("centre").description("the centres that are watched");
  centre
    .command("import <file>")
    .description("adds or changes the centres that an .xlsx, CSV or JSON file names; all or nothing")
    .option("--dry-run", "only says what would change")
    .option("--clear", "empty cells of a table take away what is declared")
    .option("--from <date>", "first day on which it counts, YYYY-MM-DD; today when absent")
    .action((file: string, options: ImportOptions) => importFile(context, file, options));
  centre
    .command("export <file>")
    .description("writes the open centres as .xlsx or CSV, ready to be changed and imported again; the empty form when there are none")
    .action((file: string) => exportFile(context, file));
  centre
    .command("list")
    .description("all centres: code, name, devices, and from when on they are closed")
    .option("--json", "as JSON")
    .action(async ({ json }: { json?: true }) => {
      const sites = await withStore(context, allSites);
      if (json) out(JSON.stringify({ centres: sites.map((site) => site.centre) }, undefined, 2));
      else for (const { centre, closed } of sites) out(`${centre.code}\t${centre.name}\t${centre.devices.length}\t${closedWords(closed)}`.trimEnd());
    });
  centre
    .command("show <code>")
    .description("one centre as JSON")
    .action(async (code: string) => {
      const site = await withStore(context, (db) => findSite(db, code));
      if (!site) throw new UsageError(noCentre(code));
      out(JSON.stringify(site.centre, undefined, 2));
    });
  return centre;
}

/** In which words a list says that a centre is closed; none for one that is open. */
export function closedWords(closed: Closing | undefined): string {
  return closed === undefined ? "" : `closed from ${closed.on} on${closed.into === undefined ? "" : `, into ${closed.into}`}`;
}

/** What is said of a code that no centre has. */
export const noCentre = (code: string) => `there is no centre "${code}"; "centre list" names them`;

type ImportOptions = { readonly dryRun?: boolean; readonly clear?: boolean; readonly from?: string };

async function importFile(context: CommandContext, file: string, { dryRun = false, clear = false, from }: ImportOptions): Promise<void> {
  if (from !== undefined && !z.iso.date().safeParse(from).success) throw new UsageError(`--from: "${from}" is no day such as 2026-11-30`);
  const { lang } = context.config();
  const { out } = context.terminal;
  const { news, notes } = await withStore(context, async (db) => {
    const nowMs = Date.now();
    const day = from ?? vietnamDay(nowMs);
    const declared = await declaredFor(db, day, nowMs);
    const { centres, notes } = await orRefused(lang, file, () => readCentres(file, { lang, clear, declared: declared.centres }));
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
  const { lang } = context.config();
  const centres = (await withStore(context, (db) => openSites(db, vietnamDay(Date.now())))).map(({ centre }) => centre);
  await writeNamed(file, writeTable(file, centreForm, centres, centreCell, lang));
  context.terminal.out(text(lang, "centres.written", { count: centres.length, file }));
}

/** The centres of a file: JSON when it is called so or begins like it, else a table. */
async function readCentres(file: string, options: Omit<CentreFileOptions, "file">): Promise<ReturnType<typeof readCentreTable>> {
  const bytes = await readBytes(file);
  if (/\.json$/i.test(file) || /^\ufeff?\s*\{/.test(bytes.toString("utf8", 0, 256))) return { centres: centresOf(bytes.toString("utf8"), file), notes: [] };
  return readCentreTable(await tableOf(bytes, file, options.lang), { ...options, file });
}

function centresOf(body: string, file: string): Inventory["centres"] {
  let raw: unknown;
  try {
    raw = JSON.parse(body.replace(/^\ufeff/, ""));
  } catch (error) {
    throw new UsageError(`${file} is not JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
  const inventory = Inventory.safeParse(raw);
  if (!inventory.success) throw new UsageError(`${file} is no list of centres:\n${z.prettifyError(inventory.error)}`);
  return inventory.data.centres;
}
