import { writeFile } from "node:fs/promises";
import { Command, Option } from "commander";
import { z } from "zod";
import { DEMO_KEY } from "../collector.ts";
import { openPolicyBook } from "../policy-book.ts";
import { daysUntil, spanOfDays } from "../report/link-evidence.ts";
import { linkEvidenceOf } from "../report/link-evidence-desk.ts";
import { type LinkEvidenceFormat, linkEvidenceFormats, renderLinkEvidence } from "../report/link-evidence-render.ts";
import { setting } from "../store/settings.ts";
import { withStore } from "./centre-commands.ts";
import { type CommandContext, UsageError } from "./terminal.ts";

const DAYS = 30;
const DAYS_MAX = 366;
type Options = { centre: string; link?: true; from?: string; to?: string; format: LinkEvidenceFormat; out?: string };

/** `evidence --centre C --link`: every test of a centre's line, in the form that a provider can check. */
export function evidenceCommand(context: CommandContext): Command {
  return new Command("evidence")
    .description("what a judgement stands on, for those who doubt it")
    .requiredOption("--centre <code>", "of which centre")
    .option("--link", "its line: table, plot, method")
    .option("--from <day>", `first day, such as 2026-11-01; ${DAYS} days before the last one when absent`)
    .option("--to <day>", "last day; today when absent")
    .addOption(new Option("--format <format>", "form of the sheet").choices([...linkEvidenceFormats]).default("html"))
    .option("--out <file>", "file to write; standard output when absent")
    .action(async ({ centre: code, link, from, to, format, out }: Options) => {
      if (!link) throw new UsageError("say of what: --link");
      const nowMs = Date.now();
      const lastDay = dayOf("--to", to) ?? daysUntil(nowMs, 1).lastDay;
      const firstDay = dayOf("--from", from) ?? daysUntil(Date.parse(`${lastDay}T12:00:00+07:00`), DAYS).firstDay;
      const span = spanOfDays(firstDay, lastDay);
      if (span.toMs <= span.fromMs || span.toMs - span.fromMs > DAYS_MAX * 86_400_000)
        throw new UsageError(`--from must lie before --to, by a year at most: ${firstDay} to ${lastDay}`);
      const { policy, lang } = context.config();
      const evidence = await withStore(context, async (db) => {
        const demo = (await setting(db, DEMO_KEY)) === true;
        const policyAt = await openPolicyBook(db, policy, nowMs);
        return linkEvidenceOf({ db, demo, policyAt, now: () => nowMs }, code, firstDay, lastDay);
      });
      if (!evidence) throw new UsageError(`there is no centre "${code}" ("centre list" names them), or the policy demands nothing of its line`);
      const { body, fileName } = await renderLinkEvidence(evidence, format, lang);
      if (out === undefined && typeof body !== "string") throw new UsageError(`a sheet in ${format} is no text: give --out ${fileName}`);
      if (out === undefined) context.terminal.out(String(body));
      else await writeFile(out, body);
    });
}

function dayOf(option: string, text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const parsed = z.iso.date().safeParse(text);
  if (!parsed.success) throw new UsageError(`${option} must be a day such as 2026-11-01`);
  return parsed.data;
}
