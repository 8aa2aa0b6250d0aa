import { Command } from "commander";
import { moment } from "#schemas/text/moment-word.ts";
import { text } from "#schemas/text/text.ts";
import type { CollectorConfig } from "../config.ts";
import { acts } from "../people/acts.ts";
import type { Act } from "../store/audit.ts";
import { writeBackup } from "../store/backup.ts";
import { noteBackup } from "../store/backups.ts";
import type { Db } from "../store/db.ts";
import { openStore, type Store } from "../store/open.ts";
import { orderRewind, restoreBackup, verifyBackup } from "../store/restore.ts";
import { withStore } from "./centre-commands.ts";
import { byCommand } from "./command-line.ts";
import type { CommandContext } from "./terminal.ts";

/**
 * `backup --out FILE`: the whole database as of one instant in a new file, while the collector goes on. What was written is read again before it is noted
 * as the last backup.
 */
export function backupCommand(context: CommandContext): Command {
  const { config, lang, terminal } = context;
  return new Command("backup")
    .description(text(lang, "collector.backup.about"))
    .requiredOption("--out <file>", text(lang, "collector.option.new_file"))
    .action(async ({ out: file }: { out: string }) => {
      await withBareStore(config(), context, async ({ db }) => {
        const nowMs = Date.now();
        const { tables, rows, bytes } = await writeBackup(db, file, { nowMs, stop: terminal.stop });
        await verifyBackup(file);
        terminal.out(text(lang, "collector.backup.done", { file, rows, tables, bytes }));
        await noteAsLast(db, nowMs, acts.backupMade(file));
      });
    });
}

/** `backup-made`: after a backup by another program, of which the collector knows nothing. */
export function backupMadeCommand(context: CommandContext): Command {
  const { lang, terminal } = context;
  return new Command("backup-made").description(text(lang, "collector.backup-made.about")).action(async () => {
    const nowMs = Date.now();
    await withStore(context, (db) => noteAsLast(db, nowMs, acts.backupNoted(new Date(nowMs).toISOString())));
    terminal.out(text(lang, "collector.backup-made.done", { at: moment(lang, nowMs) }));
  });
}

function noteAsLast(db: Db, nowMs: number, act: Act): Promise<void> {
  return byCommand(db, async (tx, note) => {
    await noteBackup(tx, nowMs);
    await note(act);
  });
}

/** `restore FILE`: a backup into an empty database. */
export function restoreCommand(context: CommandContext): Command {
  const { config, lang, terminal } = context;
  return new Command("restore")
    .description(text(lang, "collector.restore.about"))
    .argument("<file>", text(lang, "collector.restore.file"))
    .action(async (file: string) => {
      // Before the database is opened: a wrong file must not even make an embedded server.
      const backup = await verifyBackup(file);
      const settings = config();
      const { takenAt, tables, rows, skipped } = await withBareStore(settings, context, async ({ db }) => {
        const summary = await restoreBackup(db, backup, Date.now(), settings.storage);
        await byCommand(db, (_, note) => note(acts.databaseRestored(summary.takenAt)));
        return summary;
      });
      terminal.out(text(lang, "collector.restore.done", { file, rows, tables, at: moment(lang, takenAt) }));
      if (skipped.length > 0) terminal.err(text(lang, "collector.restore.skipped", { tables: skipped.join(", ") }));
      terminal.out(text(lang, "collector.restore.next"));
    });
}

/** `rewind`: after `pg_restore` or a standby that lost its last minutes; `restore` does it by itself. */
export function rewindCommand(context: CommandContext): Command {
  const { lang } = context;
  return new Command("rewind").description(text(lang, "collector.rewind.about")).action(async () => {
    const streams = await withStore(context, (db) =>
      byCommand(db, async (tx, note) => {
        const ordered = await orderRewind(tx, {}, Date.now());
        await note(acts.rewindOrdered(ordered));
        return ordered;
      }),
    );
    context.terminal.out(text(lang, "collector.rewind.done", { streams }));
  });
}

/** The store as it is, without migrations: a backup changes nothing, a restore makes the schema of the backup. */
async function withBareStore<T>(config: CollectorConfig, { lang, terminal }: CommandContext, work: (store: Store) => Promise<T>): Promise<T> {
  const store = await openStore({ ...config, connections: 2, say: (words) => terminal.err(words(lang)), stop: terminal.stop });
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}
