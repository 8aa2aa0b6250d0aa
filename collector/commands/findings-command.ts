import { Command } from "commander";
import { Instant } from "#schemas/ids.ts";
import { FINDINGS_MAX, FindingsQuery } from "#schemas/read-api.ts";
import { findingsAsOf, oldestPastMs } from "../jobs/past-findings.ts";
import { openPolicyBook } from "../policy-book.ts";
import { publicFinding } from "../routes/findings.ts";
import { withStore } from "./centre-commands.ts";
import { type CommandContext, UsageError } from "./terminal.ts";

type Options = { asOf?: string; centre?: string; requirement?: string; state?: string };

/** `findings [--as-of T]`: one finding per line as JSON, in order of centre and requirement; the same question gives the same bytes for ever. */
export function findingsCommand(context: CommandContext): Command {
  return new Command("findings")
    .description("the findings as they were known at an instant, one JSON object a line")
    .option("--as-of <time>", "such as 2026-11-30 (its end in Viet Nam) or 2026-11-30T17:00:00Z; now when absent")
    .option("--centre <code>", "only of one centre")
    .option("--requirement <id>", "only of one requirement")
    .option("--state <state>", "only in one state")
    .action(async ({ asOf, ...filters }: Options) => {
      const nowMs = Date.now();
      const atMs = asOf === undefined ? nowMs : instantOf(asOf);
      if (atMs > nowMs) throw new UsageError("--as-of lies in the future");
      if (atMs < oldestPastMs(nowMs))
        throw new UsageError(`--as-of: evidence is kept from ${new Date(oldestPastMs(nowMs)).toISOString()} on; of older months there are the sealed reports`);
      const query = FindingsQuery.safeParse(filters);
      if (!query.success) throw new UsageError(`--${query.error.issues[0]?.path.join(".")}: ${query.error.issues[0]?.message}`);
      await withStore(context, async (db) => {
        const policyAt = await openPolicyBook(db, context.config().policy, nowMs);
        for (let after: string | undefined, left = true; left; ) {
          const page = await findingsAsOf(db, policyAt, { ...query.data, limit: FINDINGS_MAX, ...(after !== undefined && { after }) }, atMs);
          for (const finding of page) context.terminal.out(JSON.stringify(publicFinding(finding, atMs)));
          const last = page.at(-1);
          after = last && `${last.centre}:${last.requirement}`;
          left = page.length === FINDINGS_MAX;
        }
      });
    });
}

/** An instant, or a Vietnam day that stands for its last moment. */
function instantOf(said: string): number {
  const atMs = Date.parse(/^\d{4}-\d{2}-\d{2}$/.test(said) ? `${said}T23:59:59.999+07:00` : said);
  if (Number.isNaN(atMs) || !Instant.safeParse(new Date(atMs).toISOString()).success) throw new UsageError(`--as-of: "${said}" is no time such as 2026-11-30`);
  return atMs;
}
