import { Command } from "commander";
import { text } from "#schemas/text/text.ts";
import { drill } from "../store/drill.ts";
import type { DrillStep } from "../store/drill-backup.ts";
import { withStore } from "./centre-commands.ts";
import { type CommandContext, UsageError } from "./terminal.ts";

/** `drill`: proves that a copy of the database can be put back; fails when anything differs. */
export function drillCommand(context: CommandContext): Command {
  const { lang, terminal } = context;
  const { out } = terminal;
  return new Command("drill")
    .description(text(lang, "collector.drill.about"))
    .option("--keep <name>", text(lang, "collector.drill.keep"))
    .action(async ({ keep }: { keep?: string }) => {
      const { databaseUrl: url } = context.config();
      if (url === undefined) throw new UsageError(text(lang, "collector.drill.no_server"));
      const name = keep ?? `hcc_drill_${Date.now()}`;
      if (!/^[a-z][a-z0-9_]{0,62}$/.test(name)) throw new UsageError(text(lang, "collector.drill.bad_name", { name }));
      const told = (step: DrillStep, tookMs: number) => out(text(lang, `collector.drill.step.${step}`, { seconds: tookMs / 1_000 }));
      const result = await withStore(context, (db) => drill(db, { url, name, keep: keep !== undefined, nowMs: Date.now, told }));
      const { tables, rows, dumpBytes, different, streams, centres, auditIsWhole } = result;
      const audit = text(lang, auditIsWhole ? "collector.drill.audit.whole" : "collector.drill.audit.broken");
      out(text(lang, "collector.drill.counts", { tables, rows, bytes: dumpBytes, centres, streams, audit }));
      if (different.length > 0) throw new UsageError(text(lang, "collector.drill.differs", { different: different.join(", ") }));
      if (!auditIsWhole) throw new UsageError(text(lang, "collector.drill.audit_broken"));
      out(keep ? text(lang, "collector.drill.kept", { name }) : text(lang, "collector.drill.held"));
    });
}
