import { Command } from "commander";
import { Code } from "#schemas/ids.ts";
import { day, moment } from "#schemas/text/moment-word.ts";
import { text } from "#schemas/text/text.ts";
import type { Lang } from "#schemas/words.ts";
import { CODE_MS } from "../auth/enrol-code.ts";
import { lineName } from "../lease/slots.ts";
import { isOwnName } from "../own-name.ts";
import { CodeRefused, type CodeWish, codesCsv } from "../people/enrol-codes.ts";
import { OPEN_CODES_MAX } from "../store/agents.ts";
import type { Db } from "../store/db.ts";
import { withStore } from "./centre-commands.ts";
import { commandLine, deedsOn } from "./command-line.ts";
import { type CommandContext, UsageError } from "./terminal.ts";

type Wishes = { readonly all?: true; readonly anew?: true; readonly point?: string };

/** `enrol-code CENTRE [--point CODE] | --all [--anew]`: prints a one-time code for the gateway PC of a centre or of one of its reception points, or one for each point that has neither a PC nor a code. */
export function enrolCodeCommand(context: CommandContext): Command {
  const { lang } = context;
  return new Command("enrol-code")
    .description(text(lang, "collector.enrol-code.about", { hours: CODE_MS / 3_600_000 }))
    .argument("[centre]", text(lang, "collector.enrol-code.centre"))
    .option("--point <code>", text(lang, "collector.enrol-code.point"))
    .option("--all", text(lang, "collector.enrol-code.all"))
    .option("--anew", text(lang, "collector.enrol-code.anew"))
    .action(async (centre: string | undefined, { all, anew, point }: Wishes) => {
      if ((centre === undefined) !== (all === true)) throw new UsageError(text(lang, "collector.enrol-code.one_or_all"));
      if (point !== undefined) requirePoint(lang, centre === undefined ? "" : point);
      const isAnew = anew === true;
      await withStore(context, (db) => (centre === undefined ? codesForAll(db, isAnew, context) : codeFor(db, { centre, point, isAnew }, context)));
    });
}

/** @throws UsageError for what is no code of a reception point */
export function requirePoint(lang: Lang, point: string): void {
  if (!Code.safeParse(point).success) throw new UsageError(text(lang, "inventory.fault.id", { value: point }));
}

async function codeFor(db: Db, wish: CodeWish, context: CommandContext): Promise<void> {
  const { lang, terminal } = context;
  const made = await orSaid(lang, deedsOn(db).makeEnrolCode(commandLine(), wish));
  if (!made) throw new UsageError(text(lang, "inventory.fault.centre", { value: wish.centre }));
  terminal.out(made.code);
  if (made.isNewPoint) terminal.err(text(lang, "enrol.point.new", { point: made.point }));
  sayNext(context, "collector.enrol-code.next", made.untilMs);
}

async function codesForAll(db: Db, isAnew: boolean, context: CommandContext): Promise<void> {
  const { lang, terminal } = context;
  const { made, waiting } = await orSaid(lang, deedsOn(db).makeEnrolCodes(commandLine(), isAnew));
  terminal.out(codesCsv(lang, made).trimEnd());
  const [first] = made;
  if (first) sayNext(context, "collector.enrol-code.next_all", first.untilMs);
  if (waiting > 0) terminal.err(text(lang, "collector.enrol-code.waiting", { count: waiting }));
}

/** What to type where, on the error output: the code alone is what a program takes, and nothing that a person knows what to do with. */
function sayNext(
  { config, lang, terminal: { err } }: CommandContext,
  key: "collector.enrol-code.next" | "collector.enrol-code.next_all",
  untilMs: number,
): void {
  const { publicUrl: url } = config();
  err(text(lang, key, { url, until: moment(lang, untilMs) }));
  if (isOwnName(new URL(url).hostname)) err(text(lang, "enrol.address.own", { url }));
}

/** @throws UsageError that says why a centre gets no code, and what helps */
async function orSaid<T>(lang: Lang, making: Promise<T>): Promise<T> {
  try {
    return await making;
  } catch (error) {
    if (!(error instanceof CodeRefused)) throw error;
    const { centre, point, closedOn } = error;
    if (closedOn === undefined) throw new UsageError(text(lang, "collector.enrol-code.full", { place: lineName(centre, point), max: OPEN_CODES_MAX }));
    throw new UsageError(text(lang, "collector.enrol-code.closed", { centre, on: day(lang, closedOn) }));
  }
}
