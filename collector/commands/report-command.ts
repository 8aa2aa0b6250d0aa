import { Command, Option } from "commander";
import { text } from "#schemas/text/text.ts";
import { DEMO_KEY } from "../collector.ts";
import { openPolicyBook } from "../policy-book.ts";
import { monthDesk } from "../report/month-desk.ts";
import { Month } from "../report/period.ts";
import { type ReportFormat, renderReport, reportFormats } from "../report/render.ts";
import { setting } from "../store/settings.ts";
import { withStore } from "./centre-commands.ts";
import { writeNamed } from "./named-files.ts";
import { type CommandContext, UsageError } from "./terminal.ts";

type Options = { centre?: string; province?: true; month: string; format: ReportFormat; out?: string };

/** `report --centre C | --province --month YYYY-MM`: the dossier of a month, on standard output or in a file. */
export function reportCommand(context: CommandContext): Command {
  const { lang } = context;
  return new Command("report")
    .description(text(lang, "collector.report.about"))
    .option("--centre <code>", text(lang, "collector.report.centre"))
    .option("--province", text(lang, "collector.report.province"))
    .requiredOption("--month <month>", text(lang, "collector.report.month"))
    .addOption(new Option("--format <format>", text(lang, "collector.option.format")).choices(reportFormats).default("html"))
    .option("--out <file>", text(lang, "collector.option.out"))
    .action(async ({ centre, province, month, format, out }: Options) => {
      if ((centre === undefined) === (province === undefined)) throw new UsageError(text(lang, "collector.report.whose"));
      const parsed = Month.safeParse(month);
      if (!parsed.success) throw new UsageError(text(lang, "collector.report.no-month", { given: month }));
      const { policy } = context.config();
      const dossier = await withStore(context, async (db) => {
        const demo = (await setting(db, DEMO_KEY)) === true;
        const policyAt = await openPolicyBook(db, policy, Date.now());
        return monthDesk({ db, policyAt, demo, now: Date.now }).dossier(parsed.data, centre);
      });
      if (!dossier)
        throw new UsageError(
          centre === undefined ? text(lang, "collector.report.none", { month }) : text(lang, "collector.report.none-of-centre", { month, centre }),
        );
      const { body, fileName } = await renderReport(dossier, format, lang);
      if (out === undefined && typeof body !== "string") throw new UsageError(text(lang, "collector.fault.format", { format, file: fileName }));
      if (out === undefined) context.terminal.out(String(body));
      else await writeNamed(lang, out, Buffer.from(body));
    });
}
