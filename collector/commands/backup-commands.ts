import { Command } from "commander";
import type { CollectorConfig } from "../config.ts";
import { acts } from "../people/acts.ts";
import { writeBackup } from "../store/backup.ts";
import { openStore, type Store } from "../store/open.ts";
import { orderRewind, restoreBackup, verifyBackup } from "../store/restore.ts";
import { withStore } from "./centre-commands.ts";
import { byCommand } from "./command-line.ts";
import type { CommandContext, Terminal } from "./terminal.ts";

/** `backup --out FILE`: the whole database as of one instant in a new file, while the collector goes on. */
export function backupCommand({ config, terminal }: CommandContext): Command {
  return new Command("backup")
    .description("writes the whole database into a new file")
    .requiredOption("--out <file>", "file to write; it must not exist")
    .action(async ({ out: file }: { out: string }) => {
      const { tables, rows, bytes } = await withBareStore(config(), terminal, ({ db }) => writeBackup(db, file, { nowMs: Date.now(), stop: terminal.stop }));
      terminal.out(`${file}: ${rows} rows of ${tables} tables, ${bytes} bytes`);
    });
}

/** `restore FILE`: a backup into an empty database. */
export function restoreCommand({ config, terminal }: CommandContext): Command {
  return new Command("restore")
    .description("puts a backup into an empty database")
    .argument("<file>", "what `backup` wrote")
    .action(async (file: string) => {
      // Before the database is opened: a wrong file must not even make an embedded server.
      const backup = await verifyBackup(file);
      const settings = config();
      const { takenAt, tables, rows, skipped } = await withBareStore(settings, terminal, async ({ db }) => {
        const summary = await restoreBackup(db, backup, Date.now(), settings.storage);
        await byCommand(db, (_, note) => note(acts.databaseRestored(summary.takenAt)));
        return summary;
      });
      terminal.out(`${file}: ${rows} rows of ${tables} tables, as of ${takenAt}`);
      if (skipped.length > 0) terminal.err(`not restored, hcc-watch has no such tables: ${skipped.join(", ")}`);
      terminal.out("start the collector: agents send again what they kept since then");
    });
}

/** `rewind`: after `pg_restore` or a standby that lost its last minutes; `restore` does it by itself. */
export function rewindCommand(context: CommandContext): Command {
  return new Command("rewind")
    .description("orders all agents to send again what this database does not hold; for one that pg_restore put back, before the collector starts")
    .action(async () => {
      const streams = await withStore(context, (db) =>
        byCommand(db, async (tx, note) => {
          const ordered = await orderRewind(tx, {}, Date.now());
          await note(acts.rewindOrdered(ordered));
          return ordered;
        }),
      );
      context.terminal.out(`${streams} streams, and all that this database does not know, are told once to send again`);
    });
}

/** The store as it is, without migrations: a backup changes nothing, a restore makes the schema of the backup. */
async function withBareStore<T>(config: CollectorConfig, { err, stop }: Terminal, work: (store: Store) => Promise<T>): Promise<T> {
  const store = await openStore({ ...config, connections: 2, say: err, stop });
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}
