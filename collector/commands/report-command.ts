import { Command, Option } from "commander";
import { text } from "#schemas/text/text.ts";
import type { Lang } from "#schemas/words.ts";
import { DEMO_KEY } from "../collector.ts";
import { openPolicyBook } from "../policy-book.ts";
import type { Dossier } from "../report/dossier.ts";
import { type MonthDesk, monthDesk } from "../report/month-desk.ts";
import { Month } from "../report/period.ts";
import { bytesOf, comparisonFormats, isText, type RenderedReport, type ReportFormat, renderComparison, renderReport, reportFormats } from "../report/render.ts";
import { setting } from "../store/settings.ts";
import { withStore } from "./centre-commands.ts";
import { writeNamed } from "./named-files.ts";
import { type CommandContext, UsageError } from "./terminal.ts";

type Options = { centre?: string; province?: true; month: string; against?: string; format: ReportFormat; out?: string };

/** `report --centre C | --province --month YYYY-MM`: the dossier of a month, with `--against` the province in two, on standard output or in a file. */
export function reportCommand(context: CommandContext): Command {
  const { lang } = context;
  return new Command("report")
    .description(text(lang, "collector.report.about"))
    .option("--centre <code>", text(lang, "collector.report.centre"))
    .option("--province", text(lang, "collector.report.province"))
    .requiredOption("--month <month>", text(lang, "collector.report.month"))
    .option("--against <month>", text(lang, "collector.report.against"))
    .addOption(new Option("--format <format>", text(lang, "collector.option.format")).choices(reportFormats).default("html"))
    .option("--out <file>", text(lang, "collector.option.out"))
    .action(async ({ centre, province, month, against, format, out }: Options) => {
      if ((centre === undefined) === (province === undefined)) throw new UsageError(text(lang, "collector.report.whose"));
      const asked = monthGiven(lang, "--month", month);
      const made =
        against === undefined
          ? await renderReport(await dossierOf(context, asked, centre), format, lang)
          : await compared(context, asked, monthGiven(lang, "--against", against), { centre, format });
      if (out === undefined && !isText(format)) throw new UsageError(text(lang, "collector.fault.format", { format, file: made.fileName }));
      if (out === undefined) context.terminal.out(bytesOf(made).toString());
      else await writeNamed(lang, out, bytesOf(made));
    });
}

function monthGiven(lang: Lang, option: string, given: string): Month {
  const month = Month.safeParse(given);
  if (!month.success) throw new UsageError(text(lang, "collector.report.no-month", { option, given }));
  return month.data;
}

async function dossierOf(context: CommandContext, month: Month, centre: string | undefined): Promise<Dossier> {
  const { lang } = context;
  const dossier = await withDesk(context, (desk) => desk.dossier(month, centre));
  if (dossier) return dossier;
  throw new UsageError(
    centre === undefined ? text(lang, "collector.report.none", { month }) : text(lang, "collector.report.none-of-centre", { month, centre }),
  );
}

async function compared(
  context: CommandContext,
  month: Month,
  other: Month,
  asked: { centre: string | undefined; format: ReportFormat },
): Promise<RenderedReport> {
  const { lang } = context;
  const format = comparisonFormats.find((one) => one === asked.format);
  if (asked.centre !== undefined || format === undefined)
    throw new UsageError(text(lang, "collector.report.against-what", { formats: comparisonFormats.join(", ") }));
  if (month === other) throw new UsageError(text(lang, "compare.same"));
  const [before, after] = month < other ? [month, other] : [other, month];
  const found = await withDesk(context, (desk) => desk.comparison(before, after));
  if ("missing" in found) throw new UsageError(text(lang, "collector.report.none", { month: found.missing }));
  return renderComparison(found, format, lang);
}

function withDesk<T>(context: CommandContext, run: (desk: MonthDesk) => Promise<T>): Promise<T> {
  return withStore(context, async (db) => {
    const demo = (await setting(db, DEMO_KEY)) === true;
    const policyAt = await openPolicyBook(db, context.config().policy, Date.now());
    return run(monthDesk({ db, policyAt, demo, now: Date.now }));
  });
}
