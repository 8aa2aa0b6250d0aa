import { Command, Option } from "commander";
import { FindingState } from "#schemas/finding.ts";
import { askedMs, FINDINGS_MAX, FindingsQuery } from "#schemas/read-api.ts";
import { text } from "#schemas/text/text.ts";
import type { Lang } from "#schemas/words.ts";
import { findingsAsOf, oldestPastMs } from "../jobs/past-findings.ts";
import { openPolicyBook } from "../policy-book.ts";
import { asOf } from "../web/standing.ts";
import { withStore } from "./centre-commands.ts";
import { type CommandContext, UsageError } from "./terminal.ts";

type Options = { asOf?: string; centre?: string; requirement?: string; state?: string };

/** `findings [--as-of T]`: one finding per line as JSON, in order of centre and requirement; the same question gives the same bytes for ever. */
export function findingsCommand(context: CommandContext): Command {
  const { lang } = context;
  const states = FindingState.options;
  return new Command("findings")
    .description(text(lang, "collector.findings.about"))
    .option("--as-of <time>", text(lang, "collector.findings.as-of"))
    .option("--centre <code>", text(lang, "collector.only.centre"))
    .option("--requirement <id>", text(lang, "collector.only.requirement"))
    .addOption(new Option("--state <state>", text(lang, "collector.findings.state")).choices(states))
    .action(async ({ asOf: asked, ...filters }: Options) => {
      const nowMs = Date.now();
      const atMs = asked === undefined ? nowMs : instantOf(asked, lang);
      if (atMs > nowMs) throw new UsageError(`--as-of: ${text(lang, "form.error.future")}`);
      if (atMs < oldestPastMs(nowMs)) throw new UsageError(text(lang, "collector.findings.too-old", { from: new Date(oldestPastMs(nowMs)).toISOString() }));
      const query = FindingsQuery.safeParse(filters);
      if (!query.success) throw new UsageError(filterFault(lang, filters, query.error.issues[0]?.path[0] === "centre"));
      await withStore(context, async (db) => {
        const policyAt = await openPolicyBook(db, context.config().policy, nowMs);
        for (let after: string | undefined, left = true; left; ) {
          const page = await findingsAsOf(db, policyAt, { ...query.data, limit: FINDINGS_MAX, ...(after !== undefined && { after }) }, atMs);
          for (const finding of page) context.terminal.out(JSON.stringify(asOf(finding, atMs)));
          const last = page.at(-1);
          after = last && `${last.centre}:${last.requirement}`;
          left = page.length === FINDINGS_MAX;
        }
      });
    });
}

/** What is wrong with a code by which the findings are chosen. */
function filterFault(lang: Lang, { centre = "", requirement = "" }: Options, isCentre: boolean): string {
  return isCentre
    ? `--centre: ${text(lang, "inventory.fault.id", { value: centre })}`
    : `--requirement: ${text(lang, "collector.fault.requirement", { value: requirement })}`;
}

/** An instant, or a Vietnam day that stands for its last moment. */
function instantOf(said: string, lang: Lang): number {
  const atMs = askedMs(said);
  if (Number.isNaN(atMs)) throw new UsageError(text(lang, "collector.findings.no-time", { given: said }));
  return atMs;
}
