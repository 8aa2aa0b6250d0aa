import { Command } from "commander";
import { drill } from "../store/drill.ts";
import type { DrillStep } from "../store/drill-backup.ts";
import { withStore } from "./centre-commands.ts";
import { type CommandContext, UsageError } from "./terminal.ts";

/** `drill`: proves that a copy of the database can be put back; fails when anything differs. */
export function drillCommand(context: CommandContext): Command {
  return new Command("drill")
    .description("copies the database into a new one, compares all, and has agents told to send again")
    .option("--keep <name>", "keeps the copy under this name, ready to be used")
    .action(async ({ keep }: { keep?: string }) => {
      const { out } = context.terminal;
      const { databaseUrl: url } = context.config();
      if (url === undefined) throw new UsageError('drill: DATABASE_URL names no server; the embedded database is copied with "backup" and "restore"');
      const name = keep ?? `hcc_drill_${Date.now()}`;
      if (!/^[a-z][a-z0-9_]{0,62}$/.test(name)) throw new UsageError(`drill: "${name}" is no name for a database: small letters, digits and _`);
      const told = (step: DrillStep, tookMs: number) => out(`${step}: ${(tookMs / 1_000).toFixed(1)} s`);
      const result = await withStore(context, (db) => drill(db, { url, name, keep: keep !== undefined, nowMs: Date.now, told }));
      const { tables, rows, dumpBytes, different, streams, centres, auditIsWhole } = result;
      out(`${tables} tables, ${rows} rows, ${dumpBytes} bytes; ${centres} centres, ${streams} streams; audit log ${auditIsWhole ? "whole" : "BROKEN"}`);
      if (different.length > 0 || !auditIsWhole) throw new UsageError(`THE DRILL FAILED, the copy differs: ${different.join(", ") || "audit log"}`);
      out(keep ? `the drill holds; ${name} is ready: stop the collector, point DATABASE_URL at it, start` : "the drill holds");
    });
}
