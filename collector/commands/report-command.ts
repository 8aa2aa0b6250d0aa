import { writeFile } from "node:fs/promises";
import { Command, Option } from "commander";
import { DEMO_KEY } from "../collector.ts";
import { openPolicyBook } from "../policy-book.ts";
import { monthDesk } from "../report/month-desk.ts";
import { Month } from "../report/period.ts";
import { type ReportFormat, renderReport, reportFormats } from "../report/render.ts";
import { setting } from "../store/settings.ts";
import { withStore } from "./centre-commands.ts";
import { type CommandContext, UsageError } from "./terminal.ts";

type Options = { centre?: string; province?: true; month: string; format: ReportFormat; out?: string };

/** `report --centre C | --province --month YYYY-MM`: the dossier of a month, on standard output or in a file. */
export function reportCommand(context: CommandContext): Command {
  return new Command("report")
    .description("the dossier of a month")
    .option("--centre <code>", "of one centre")
    .option("--province", "of all centres")
    .requiredOption("--month <month>", "such as 2026-11")
    .addOption(new Option("--format <format>", "form of the report").choices([...reportFormats]).default("html"))
    .option("--out <file>", "file to write; standard output when absent")
    .action(async ({ centre, province, month, format, out }: Options) => {
      if ((centre === undefined) === (province === undefined)) throw new UsageError("give --centre CODE or --province");
      const parsed = Month.safeParse(month);
      if (!parsed.success) throw new UsageError(`--month ${parsed.error.issues[0]?.message}`);
      const { policy, lang } = context.config();
      const dossier = await withStore(context, async (db) => {
        const demo = (await setting(db, DEMO_KEY)) === true;
        const policyAt = await openPolicyBook(db, policy, Date.now());
        return monthDesk({ db, policyAt, demo, now: Date.now }).dossier(parsed.data, centre);
      });
      if (!dossier)
        throw new UsageError(`there is no report of ${month}${centre === undefined ? "" : `, or no centre "${centre}" in it ("centre list" names them)`}`);
      const { body, fileName } = await renderReport(dossier, format, lang);
      if (out === undefined && typeof body !== "string") throw new UsageError(`a report in ${format} is no text: give --out ${fileName}`);
      if (out === undefined) context.terminal.out(String(body));
      else await writeFile(out, body);
    });
}
