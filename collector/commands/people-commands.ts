import { readFile } from "node:fs/promises";
import { Command } from "commander";
import { type AttestDeps, attestImport, type CommandResult, waiverAdd, waiverList } from "../attest/commands.ts";
import { createJudge } from "../jobs/judge.ts";
import { createLog } from "../log.ts";
import { openPolicyBook } from "../policy-book.ts";
import { addAttestations } from "../store/attestations.ts";
import { findSite } from "../store/sites.ts";
import { addWaiver, waiversFrom } from "../store/waivers.ts";
import { withStore } from "./centre-commands.ts";
import { type CommandContext, UsageError } from "./terminal.ts";

/** `waiver add | list`. */
export function waiverCommand(context: CommandContext): Command {
  const waiver = new Command("waiver").description("documented exceptions, never endless");
  waiver
    .command("add")
    .requiredOption("--centre <code>", "centre")
    .requiredOption("--requirement <id>", "requirement such as R01")
    .requiredOption("--reason <text>", "why")
    .requiredOption("--document <number>", "number of the document that allows it")
    .requiredOption("--approver <name>", "who allowed it")
    .option("--from <date>", "first day, YYYY-MM-DD; today when absent")
    .requiredOption("--until <date>", "last day, inclusive, YYYY-MM-DD")
    .action((fields: Record<string, unknown>) => say(context, (deps) => waiverAdd(deps, fields)));
  waiver
    .command("list")
    .option("--centre <code>", "only those of one centre")
    .action(({ centre }: { centre?: string }) => say(context, (deps) => waiverList(deps, centre)));
  return waiver;
}

/** `attest import F`: declarations and inspections from a CSV or JSON file. */
export function attestCommand(context: CommandContext): Command {
  const attest = new Command("attest").description("what people declare and inspectors find");
  attest.command("import <file>").action(async (file: string) => {
    const body = await readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
      throw new UsageError(`${file} cannot be read: ${error.code ?? error.message}`);
    });
    await say(context, (deps) => attestImport(deps, body));
  });
  return attest;
}

async function say(context: CommandContext, work: (deps: AttestDeps) => Promise<CommandResult>): Promise<void> {
  const { lang, logLevel, policy: policyId } = context.config();
  const { ok, lines } = await withStore(context, async (db) => {
    const policyAt = await openPolicyBook(db, policyId, Date.now());
    const judge = createJudge({ db, policyAt, log: createLog(logLevel) });
    return work({
      store: {
        addWaiver: (waiver) => addWaiver(db, waiver, Date.now()),
        waiversFrom: (day, centre) => waiversFrom(db, day, centre),
        addAttestations: (attestations) => addAttestations(db, attestations, Date.now()),
      },
      policy: policyAt(Date.now()).policy,
      lang,
      now: Date.now,
      changed: async (centres) => {
        for (const code of centres) {
          const site = await findSite(db, code);
          if (site) await judge.judge(site.siteId, "all", Date.now(), false);
        }
      },
    });
  });
  if (!ok) throw new UsageError(lines.join("\n"));
  for (const line of lines) context.terminal.out(line);
}
