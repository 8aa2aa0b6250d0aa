import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { Command } from "commander";
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
import { createDeeds } from "../people/deeds.ts";
import { openPolicyBook } from "../policy-book.ts";
import { allSites, findSite } from "../store/sites.ts";
import { waiverPart } from "../store/waivers.ts";
import { withStore } from "./centre-commands.ts";
import { commandLine } from "./command-line.ts";
import { pageOf, sayPart, withPages } from "./list-page.ts";
import { type CommandContext, UsageError } from "./terminal.ts";

/** `waiver add | import F | list | withdraw ID`. */
export function waiverCommand(context: CommandContext): Command {
  const waiver = new Command("waiver").description("documented exceptions, never endless");
  waiver
    .command("add")
    .description("files one waiver of a requirement at a centre, with its document and its end")
    .requiredOption("--centre <code>", "centre")
    .requiredOption("--requirement <id>", "requirement such as R01")
    .requiredOption("--reason <text>", "why")
    .requiredOption("--document <number>", "number of the document that allows it")
    .requiredOption("--approver <name>", "who allowed it")
    .option("--from <date>", "first day, YYYY-MM-DD; today when absent")
    .requiredOption("--until <date>", "last day, inclusive, YYYY-MM-DD")
    .option("--proof <file>", "file of the document; its SHA-256 is kept, the file is not")
    .action(async (fields: Fields) => {
      const proven = await withProof(fields);
      await say(context, (deps) => waiverAdd(deps, proven));
    });
  importInto(context, waiver, "waivers of a CSV or JSON file", waiverImport);
  withPages(waiver.command("list"), context.lang)
    .description("waivers in force and to come, and the withdrawn ones below")
    .option("--centre <code>", "only those of one centre")
    .action((asked: { centre?: string; page: string }) => say(context, (deps) => waiverList(deps, asked.centre, pageOf(asked))));
  waiver
    .command("withdraw <id>")
    .description("takes back one that was filed by mistake, from now on; the list has its id")
    .requiredOption("--reason <text>", "why")
    .requiredOption("--by <name>", "who withdraws it")
    .action((id: string, fields: Fields) => say(context, (deps) => waiverWithdraw(deps, id, fields)));
  return waiver;
}

/** `attest add | import F`: declarations and inspections. */
export function attestCommand(context: CommandContext): Command {
  const attest = new Command("attest").description("what people declare and inspectors find");
  attest
    .command("add")
    .description("files what one person declares or an inspector found")
    .requiredOption("--centre <code>", "centre")
    .requiredOption("--requirement <id>", "requirement such as R07")
    .option("--item <code>", "item of the requirement")
    .requiredOption("--holds <yes-or-no>", "whether it holds")
    .option("--value <number>", "declared number")
    .requiredOption("--by <name>", "who says it")
    .option("--post <text>", "post")
    .option("--inspector", "said by an inspector")
    .option("--document <number>", "number of the document")
    .option("--proof <file>", "proof; its SHA-256 is kept, the file is not")
    .option("--note <text>", "note")
    .option("--at <time>", "day or instant; now when absent")
    .action(async (fields: Fields) => {
      const proven = await withProof(fields);
      await say(context, (deps) => attestAdd(deps, proven));
    });
  importInto(context, attest, "declarations and inspections of a CSV or JSON file", attestImport);
  return attest;
}

/** `duty import F`: records of periodic work that were kept on paper; on a centre's page clerks tick them. */
export function dutyCommand(context: CommandContext): Command {
  const duty = new Command("duty").description("records of the periodic work list");
  importInto(context, duty, "records of a CSV or JSON file", dutyImport);
  return duty;
}

type Fields = Readonly<Record<string, unknown>>;

/** Adds `import F`: all rows or none. */
function importInto(context: CommandContext, parent: Command, description: string, work: (deps: AttestDeps, order: ImportOrder) => Promise<CommandResult>) {
  parent
    .command("import <file>")
    .description(`${description}; with one fault in it nothing is kept`)
    .option("--dry-run", "looks at the file and keeps nothing")
    .action(async (file: string, { dryRun = false }: { dryRun?: boolean }) => {
      const body = (await bytesOf(file)).toString("utf8");
      await say(context, (deps) => work(deps, { name: file, body, dryRun }));
    });
}

/** The fields with the hash of the proof file in its place. */
async function withProof({ proof, ...fields }: Fields): Promise<Fields> {
  return typeof proof === "string"
    ? {
        ...fields,
        proofSha256: createHash("sha256")
          .update(await bytesOf(proof))
          .digest("hex"),
      }
    : fields;
}

function bytesOf(file: string): Promise<Buffer> {
  return readFile(file).catch((error: NodeJS.ErrnoException) => {
    throw new UsageError(`${file} cannot be read: ${error.code ?? error.message}`);
  });
}

async function say(context: CommandContext, work: (deps: AttestDeps) => Promise<CommandResult>): Promise<void> {
  const { lang, logLevel, policy: policyId } = context.config();
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
      deeds: createDeeds({ db, clock: Date.now }),
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
