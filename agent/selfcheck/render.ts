import { cleanText } from "#schemas/clean-text.ts";
import type { PolicyProfile } from "#schemas/policy.ts";
import { moment } from "#schemas/text/moment-word.ts";
import { text } from "#schemas/text/text.ts";
import type { Lang } from "#schemas/words.ts";
import { type CheckResult, type CheckState, checkGroups, exitCodeOf, type Phrase, phrase, say } from "./result.ts";

/** All that a report says besides its lines. */
export type Report = {
  readonly results: readonly CheckResult[];
  readonly centre: string | undefined;
  /** Who this PC is could not be read: it may be enrolled. */
  readonly isClosed?: boolean;
  readonly agent: string | undefined;
  readonly version: string;
  readonly policy: PolicyProfile;
  readonly startedMs: number;
  readonly offline: boolean;
};

const marks: Record<CheckState, string> = { ok: "✓", warn: "!", fail: "✗", unknown: "?", not_applicable: "–", not_tested: "?", elsewhere: "–" };
/** The signs of marks and sentences that a console may have no picture of, as ASCII writes them. */
const asciiSigns = new Map(Object.entries({ "✓": "+", "✗": "x", "→": "->", "–": "-", "“": '"', "”": '"', "…": "..." }));
const signs = new RegExp(`[${[...asciiSigns.keys()].join("")}]`, "g");
const colours: Record<CheckState, number> = { ok: 32, warn: 33, fail: 31, unknown: 36, not_applicable: 90, not_tested: 36, elsewhere: 90 };
const LINE_MAX = 400;
const TITLE_WIDTH = 34;
const DAY_S = 86_400;
const HOUR_S = 3_600;

/** What the terminal can show. Without colour, and with ASCII beside the letters of the language, the words say the same. */
export type Look = { readonly colour: boolean; readonly asciiOnly: boolean };

export const plainLook: Look = { colour: false, asciiOnly: false };

/** The report for people: one line per check, its state in words, below it what to do and who does it. */
export function renderText(report: Report, lang: Lang, look: Look): string {
  const at = moment(lang, report.startedMs);
  const { centre, results, isClosed } = report;
  const nobody = isClosed ? "selfcheck.heading.closed" : "selfcheck.heading.nobody";
  const heading = centre === undefined ? text(lang, nobody, { at }) : text(lang, "selfcheck.heading", { centre, at });
  const groups = checkGroups.flatMap((group) => {
    const lines = results.filter((result) => result.group === group).flatMap((result) => resultLines(result, lang, look.colour));
    const { id, version } = report.policy;
    return lines.length === 0 ? [] : ["", text(lang, `selfcheck.group.${group}`, { policy: `${id}@${version}` }), ...lines];
  });
  const said = `${[heading, ...groups, "", summary(results, lang)].join("\n")}\n`;
  return look.asciiOnly ? said.replace(signs, (sign) => asciiSigns.get(sign) ?? sign) : said;
}

function resultLines(result: CheckResult, lang: Lang, colour: boolean): string[] {
  const word = `[${marks[result.state]} ${text(lang, `selfcheck.state.${result.state}`)}]`.padEnd(18);
  const name = safe(lang, result.title);
  // A name that leaves no room would run into what is said of it.
  const title = name.length > TITLE_WIDTH ? `${name}:` : name.padEnd(TITLE_WIDTH);
  const age = result.ageS === undefined ? "" : ` (${ageText(lang, result.ageS)})`;
  const detail = result.detail === undefined ? "" : safe(lang, result.detail);
  const rule = result.rule === undefined ? "" : `  ${result.rule}`;
  const line = `  ${colour ? `\u001b[${colours[result.state]}m${word}\u001b[0m` : word} ${title} ${detail}${age}${rule}`.trimEnd();
  const { owner, phone, technical } = result;
  const grey = (words: string) => (colour ? `\u001b[90m${words}\u001b[0m` : words);
  const behind = technical === undefined ? [] : [grey(`      ${text(lang, "technical.detail", { words: cleanText(technical, LINE_MAX) })}`)];
  if (result.hint === undefined) return [line, ...behind];
  const who = owner !== undefined && phone !== undefined ? phrase("phone.of", { who: owner, number: phone }) : owner;
  const hint = who === undefined ? result.hint : phrase("selfcheck.owner", { hint: result.hint, owner: who });
  return [line, `      → ${safe(lang, hint)}`, ...behind];
}

/** Names of devices stand in these sentences: nothing that steers a terminal gets through. */
function safe(lang: Lang, words: Phrase): string {
  return cleanText(say(lang, words), LINE_MAX);
}

function ageText(lang: Lang, ageS: number): string {
  if (ageS < 60) return text(lang, "web.age.now");
  if (ageS < HOUR_S) return text(lang, "selfcheck.age.minutes", { n: Math.round(ageS / 60) });
  return ageS < 2 * DAY_S
    ? text(lang, "selfcheck.age.hours", { n: Math.round(ageS / HOUR_S) })
    : text(lang, "selfcheck.age.days", { n: Math.round(ageS / DAY_S) });
}

function summary(results: readonly CheckResult[], lang: Lang): string {
  const count = (...states: CheckState[]) => results.filter(({ state }) => states.includes(state)).length;
  return text(lang, "selfcheck.summary", {
    fail: count("fail"),
    warn: count("warn"),
    unknown: count("unknown", "not_tested"),
    ok: count("ok"),
    other: count("not_applicable", "elsewhere"),
    code: exitCodeOf(results),
  });
}

/** The report for machines; `schema` changes when a field changes its meaning or goes. */
export function renderJson(report: Report): string {
  return JSON.stringify({ ...headOf(report), exitCode: exitCodeOf(report.results), checks: report.results.map(checkOf) });
}

/** The same as one line per check, each complete by itself, for a log that grows. */
export function renderJsonLines(report: Report): string {
  const head = headOf(report);
  return report.results.map((result) => `${JSON.stringify({ ...head, ...checkOf(result) })}\n`).join("");
}

function headOf({ agent, centre, version, policy, startedMs, offline }: Report) {
  return {
    schema: "self-check/1",
    agent: { version, id: agent ?? null, centre: centre ?? null },
    policy: `${policy.id}@${policy.version}`,
    started: new Date(startedMs).toISOString(),
    offline,
  };
}

function checkOf({ title, detail, hint, owner, ...plain }: CheckResult) {
  const { id, group, state, measured, required, unit, rule, phone, technical, ageS } = plain;
  const both = (words: Phrase | undefined) => words && { vi: safe("vi", words), en: safe("en", words) };
  return {
    id,
    group,
    state,
    title: both(title),
    detail: both(detail),
    measured,
    required,
    unit,
    rule,
    hint: both(hint),
    owner: both(owner),
    phone,
    technical,
    ageS,
  };
}

const nagiosWords = ["OK", "WARNING", "CRITICAL", "UNKNOWN"] as const;

/** One line as Nagios plugins print it, with performance data behind the bar. */
export function renderNagios({ results }: Report, lang: Lang): string {
  const word = nagiosWords[exitCodeOf(results)] ?? "UNKNOWN";
  const bad = results.filter(({ state }) => state === "fail" || state === "warn").map((result) => safe(lang, result.title));
  const numbers = results.filter(({ measured }) => measured !== undefined).map(({ id, measured, unit }) => `'${id}'=${measured}${nagiosUnit(unit)}`);
  // A bar inside a title would end the sentence.
  const head = `HCC ${word} - ${summary(results, lang)}${bad.length > 0 ? `: ${bad.join("; ")}` : ""}`.replaceAll("|", "/");
  return `${head} | ${numbers.join(" ")}\n`;
}

/** Nagios knows few units; a number without one is just a number. */
function nagiosUnit(unit: string | undefined): string {
  return unit === "ms" || unit === "s" || unit === "%" || unit === "B" ? unit : "";
}
