import { readFile } from "node:fs/promises";
import { Command } from "commander";
import { z } from "zod";
import { vietnamDay } from "#schemas/calendar.ts";
import { type Closing, Inventory } from "#schemas/inventory.ts";
import { acts } from "../people/acts.ts";
import type { Db } from "../store/db.ts";
import { migrate } from "../store/migrate.ts";
import { openStore } from "../store/open.ts";
import { allSites, findSite, importCentres } from "../store/sites.ts";
import { byCommand } from "./command-line.ts";
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

/** `centre import F | list | show CODE`. */
export function centreCommand(context: CommandContext): Command {
  const { out } = context.terminal;
  const centre = new Command("centre").description("the centres that are watched");
  centre
    .command("import <file>")
    .description('adds or replaces the centres of a JSON file; one without "devices" keeps those that it has')
    .option("--from <date>", "first day on which it counts, YYYY-MM-DD; today when absent")
    .action(async (file: string, { from }: { from?: string }) => {
      if (from !== undefined && !z.iso.date().safeParse(from).success) throw new UsageError(`--from: "${from}" is no day such as 2026-11-30`);
      const { centres } = await readInventory(file);
      const { added, changed } = await withStore(context, (db) =>
        byCommand(db, async (tx, note) => {
          const nowMs = Date.now();
          const kept = await importCentres(tx, centres, nowMs, from);
          const codes = centres.map(({ code }) => code);
          if (kept.added + kept.changed > 0) await note(acts.centresDeclared(codes, from ?? vietnamDay(nowMs)));
          return kept;
        }),
      );
      out(`${added} added, ${changed} changed, ${centres.length - added - changed} unchanged`);
    });
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

async function readInventory(file: string): Promise<Inventory> {
  const text = await readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
    throw new UsageError(`${file} cannot be read: ${error.code ?? error.message}`);
  });
  let raw: unknown;
  try {
    raw = JSON.parse(text.replace(/^\ufeff/, ""));
  } catch (error) {
    throw new UsageError(`${file} is not JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
  const inventory = Inventory.safeParse(raw);
  if (!inventory.success) throw new UsageError(`${file} is no list of centres:\n${z.prettifyError(inventory.error)}`);
  return inventory.data;
}
