import { Command, Option } from "commander";
import { text } from "#schemas/text/text.ts";
import { DEMO_KEY } from "../collector.ts";
import { openPolicyBook } from "../policy-book.ts";
import { daysUntil, spanOfDays } from "../report/link-evidence.ts";
import { linkEvidenceOf } from "../report/link-evidence-desk.ts";
import { type LinkEvidenceFormat, linkEvidenceFormats, renderLinkEvidence } from "../report/link-evidence-render.ts";
import { bytesOf, isText } from "../report/render.ts";
import { setting } from "../store/settings.ts";
import { withStore } from "./centre-commands.ts";
import { requirePoint } from "./enrol-code-command.ts";
import { writeNamed } from "./named-files.ts";
import { requireDay } from "./require-day.ts";
import { type CommandContext, UsageError } from "./terminal.ts";

const DAYS = 30;
const DAYS_MAX = 366;
type Options = { centre: string; link?: true; point?: string; from?: string; to?: string; format: LinkEvidenceFormat; out?: string };

/** `evidence --centre C --link`: every test of a centre's line, in the form that a provider can check. */
export function evidenceCommand(context: CommandContext): Command {
  const { lang } = context;
  return new Command("evidence")
    .description(text(lang, "collector.evidence.about"))
    .requiredOption("--centre <code>", text(lang, "collector.option.centre"))
    .option("--link", text(lang, "collector.evidence.link"))
    .option("--point <code>", text(lang, "collector.evidence.point"))
    .option("--from <day>", text(lang, "collector.evidence.from", { days: DAYS }))
    .option("--to <day>", text(lang, "collector.evidence.to"))
    .addOption(new Option("--format <format>", text(lang, "collector.option.format")).choices(linkEvidenceFormats).default("html"))
    .option("--out <file>", text(lang, "collector.option.out"))
    .action(async ({ centre: code, link, point, from, to, format, out }: Options) => {
      if (!link) throw new UsageError(text(lang, "collector.evidence.of-what"));
      if (point !== undefined) requirePoint(lang, point);
      const nowMs = Date.now();
      if (to !== undefined) requireDay(lang, "--to", to);
      if (from !== undefined) requireDay(lang, "--from", from);
      const lastDay = to ?? daysUntil(nowMs, 1).lastDay;
      const firstDay = from ?? daysUntil(Date.parse(`${lastDay}T12:00:00+07:00`), DAYS).firstDay;
      const span = spanOfDays(firstDay, lastDay);
      if (span.toMs <= span.fromMs || span.toMs - span.fromMs > DAYS_MAX * 86_400_000)
        throw new UsageError(text(lang, "collector.evidence.span", { days: DAYS_MAX, from: firstDay, to: lastDay }));
      const { policy } = context.config();
      const evidence = await withStore(context, async (db) => {
        const demo = (await setting(db, DEMO_KEY)) === true;
        const policyAt = await openPolicyBook(db, policy, nowMs);
        return linkEvidenceOf({ db, demo, policyAt, now: () => nowMs }, code, firstDay, lastDay, point);
      });
      if (!evidence) throw new UsageError(text(lang, "collector.evidence.none", { centre: code, to: lastDay }));
      const made = await renderLinkEvidence(evidence, format, lang);
      if (out === undefined && !isText(format)) throw new UsageError(text(lang, "collector.fault.format", { format, file: made.fileName }));
      if (out === undefined) context.terminal.out(bytesOf(made).toString());
      else await writeNamed(lang, out, bytesOf(made));
    });
}
