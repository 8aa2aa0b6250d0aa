import { isUtf8 } from "node:buffer";
import { createHash } from "node:crypto";
import { Command } from "commander";
import { type TextKey, text } from "#schemas/text/text.ts";
import type { Lang } from "#schemas/words.ts";
import {
  type AttestDeps,
  attestAdd,
  attestImport,
  type CommandResult,
  dutyImport,
  type ImportOrder,
  waiverAdd,
  waiverImport,
  waiverList,
  waiverWithdraw,
} from "../attest/commands.ts";
import { createJudge } from "../jobs/judge.ts";
import { createLog } from "../log.ts";
import { openPolicyBook } from "../policy-book.ts";
import { allSites, findSite } from "../store/sites.ts";
import { waiverPart } from "../store/waivers.ts";
import { withStore } from "./centre-commands.ts";
import { commandLine, deedsOn } from "./command-line.ts";
import { pageOf, sayPart, withPages } from "./list-page.ts";
import { readNamed } from "./named-files.ts";
import { type CommandContext, UsageError } from "./terminal.ts";

/** `waiver add | import F | list | withdraw ID`. */
export function waiverCommand(context: CommandContext): Command {
  const { lang } = context;
  const waiver = new Command("waiver").description(text(lang, "collector.waiver.about"));
  waiver
    .command("add")
    .description(text(lang, "collector.waiver.add.about"))
    .requiredOption("--centre <code>", text(lang, "collector.option.centre"))
    .requiredOption("--requirement <id>", text(lang, "collector.option.requirement"))
    .requiredOption("--reason <text>", text(lang, "collector.option.reason"))
    .requiredOption("--document <number>", text(lang, "collector.waiver.add.document"))
    .requiredOption("--approver <name>", text(lang, "collector.waiver.add.approver"))
    .option("--from <date>", text(lang, "collector.waiver.add.from"))
    .requiredOption("--until <date>", text(lang, "collector.option.until"))
    .option("--proof <file>", text(lang, "collector.waiver.add.proof"))
    .action(async (fields: Fields) => {
      const proven = await withProof(fields, lang);
      await say(context, (deps) => waiverAdd(deps, proven));
    });
  importInto(context, waiver, "collector.waiver.import.about", waiverImport);
  withPages(waiver.command("list"), context.lang)
    .description(text(lang, "collector.waiver.list.about"))
    .option("--centre <code>", text(lang, "collector.only.centre"))
    .action((asked: { centre?: string; page: string }) => say(context, (deps) => waiverList(deps, asked.centre, pageOf(asked, lang))));
  waiver
    .command("withdraw <id>")
    .description(text(lang, "collector.waiver.withdraw.about"))
    .requiredOption("--reason <text>", text(lang, "collector.option.reason"))
    .requiredOption("--by <name>", text(lang, "collector.waiver.withdraw.by"))
    .action((id: string, fields: Fields) => say(context, (deps) => waiverWithdraw(deps, id, fields)));
  return waiver;
}

/** `attest add | import F`: declarations and inspections. */
export function attestCommand(context: CommandContext): Command {
  const { lang } = context;
  const attest = new Command("attest").description(text(lang, "collector.attest.about"));
  attest
    .command("add")
    .description(text(lang, "collector.attest.add.about"))
    .requiredOption("--centre <code>", text(lang, "collector.option.centre"))
    .requiredOption("--requirement <id>", text(lang, "collector.option.requirement"))
    .option("--item <code>", text(lang, "collector.attest.add.item"))
    .requiredOption("--holds <yes-or-no>", text(lang, "collector.attest.add.holds"))
    .option("--value <number>", text(lang, "collector.attest.add.value"))
    .requiredOption("--by <name>", text(lang, "collector.attest.add.by"))
    .option("--post <text>", text(lang, "collector.attest.add.post"))
    .option("--inspector", text(lang, "collector.attest.add.inspector"))
    .option("--document <number>", text(lang, "collector.attest.add.document"))
    .option("--proof <file>", text(lang, "collector.attest.add.proof"))
    .option("--note <text>", text(lang, "collector.attest.add.note"))
    .option("--at <time>", text(lang, "collector.attest.add.at"))
    .action(async (fields: Fields) => {
      const proven = await withProof(fields, lang);
      await say(context, (deps) => attestAdd(deps, proven));
    });
  importInto(context, attest, "collector.attest.import.about", attestImport);
  return attest;
}

/** `duty import F`: records of periodic work that were kept on paper; on a centre's page clerks tick them. */
export function dutyCommand(context: CommandContext): Command {
  const duty = new Command("duty").description(text(context.lang, "collector.duty.about"));
  importInto(context, duty, "collector.duty.import.about", dutyImport);
  return duty;
}

type Fields = Readonly<Record<string, unknown>>;

/** Adds `import F`: all rows or none. */
function importInto(context: CommandContext, parent: Command, about: TextKey, work: (deps: AttestDeps, order: ImportOrder) => Promise<CommandResult>) {
  const { lang } = context;
  parent
    .command("import <file>")
    .description(text(lang, about))
    .option("--dry-run", text(lang, "collector.option.import.dry"))
    .action(async (file: string, { dryRun = false }: { dryRun?: boolean }) => {
      const bytes = await readNamed(lang, file);
      if (!isUtf8(bytes)) throw new UsageError(text(lang, "inventory.fault.utf8", { file }));
      const body = bytes.toString("utf8");
      await say(context, (deps) => work(deps, { name: file, body, dryRun }));
    });
}

/** The fields with the hash of the proof file in its place. */
async function withProof({ proof, ...fields }: Fields, lang: Lang): Promise<Fields> {
  return typeof proof === "string"
    ? {
        ...fields,
        proofSha256: createHash("sha256")
          .update(await readNamed(lang, proof))
          .digest("hex"),
      }
    : fields;
}

async function say(context: CommandContext, work: (deps: AttestDeps) => Promise<CommandResult>): Promise<void> {
  const { lang } = context;
  const { logLevel, policy: policyId } = context.config();
  const { ok, lines, part } = await withStore(context, async (db) => {
    const policyAt = await openPolicyBook(db, policyId, Date.now());
    const judge = createJudge({ db, policyAt, log: createLog(logLevel) });
    return work({
      store: {
        waiverPart: (day, centre, page) => waiverPart(db, day, centre, page),
        centreCodes: async () => new Set((await allSites(db)).map(({ centre }) => centre.code)),
      },
      ...policyAt(Date.now()),
      lang,
      now: Date.now,
      deeds: deedsOn(db),
      doer: commandLine(),
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
  if (part) sayPart(context, part);
}
