import { moment } from "#schemas/text/moment-word.ts";
import { type TextKey, type TextParams, text } from "#schemas/text/text.ts";
import type { Lang, Words } from "#schemas/words.ts";
import { exitCodes } from "../terminal.ts";

/** How one line of the self-check stands. `elsewhere`: decided in the province's system, from papers or from what several PCs see, not on this PC. */
export const checkStates = ["ok", "warn", "fail", "unknown", "not_applicable", "not_tested", "elsewhere"] as const;
export type CheckState = (typeof checkStates)[number];

export const checkGroups = ["self", "lan", "wan", "devices", "plan"] as const;
export type CheckGroup = (typeof checkGroups)[number];

/** A sentence of the catalogue with its values, or words of the policy's data. Parameters may be phrases themselves. */
export type Phrase = { readonly key: TextKey; readonly params?: Readonly<Record<string, string | number | Phrase>> } | Words;

export type CheckResult = {
  /** Stable: group, then subject. */
  readonly id: string;
  readonly group: CheckGroup;
  readonly state: CheckState;
  readonly title: Phrase;
  readonly detail?: Phrase;
  readonly measured?: number;
  readonly required?: number;
  readonly unit?: string;
  /** Requirement and policy version that decide. */
  readonly rule?: string;
  /** One next action, and who does it. */
  readonly hint?: Phrase;
  readonly owner?: Phrase;
  /** The number to call, where the province has given one. */
  readonly phone?: string;
  /** What the program or a device said in words of its own, for the technician: cleaned, in no language of the catalogue. */
  readonly technical?: string;
  /** Age of the evidence, s; absent when it is of now. */
  readonly ageS?: number;
};

/** What a line says, without its name and place. */
export type CheckLine = Omit<CheckResult, "id" | "group" | "title">;

/** Vietnam's local time of an instant, whatever zone the PC is set to; `-` for none. */
export function localTime(at: string | undefined): Phrase {
  return at === undefined ? { vi: "-", en: "-" } : { vi: moment("vi", at), en: moment("en", at) };
}

export function phrase(key: TextKey, params?: Readonly<Record<string, string | number | Phrase>>): Phrase {
  return params === undefined ? { key } : { key, params };
}

/** Most things that a line names, and the longest name. */
const NAMED_MAX = 8;
export const NAME_MAX = 40;

/** The first of a list, and a sign that there are more. */
export function listed(items: readonly Phrase[]): Phrase {
  return joined([...items.slice(0, NAMED_MAX), ...(items.length > NAMED_MAX ? [{ vi: "...", en: "..." }] : [])], ", ");
}

export function joined(parts: readonly Phrase[], sign: string): Phrase {
  return { vi: parts.map((part) => say("vi", part)).join(sign), en: parts.map((part) => say("en", part)).join(sign) };
}

/** The sentence in one language. */
export function say(lang: Lang, words: Phrase): string {
  if (!("key" in words)) return words[lang];
  const params: TextParams = Object.fromEntries(
    Object.entries(words.params ?? {}).map(([name, value]) => [name, typeof value === "object" ? say(lang, value) : value]),
  );
  return text(lang, words.key, params);
}

/** The lines that somebody at the centre can act on: `--local` lets the province's and the providers' matters fail nobody. */
export function localOnly(results: readonly CheckResult[]): readonly CheckResult[] {
  return results.filter(({ owner }) => owner === undefined || ("key" in owner && owner.key === "owner.commune"));
}

/** The exit code: a failure first, then a warning to act on, then what nobody knows. What was not tested is not known. */
export function exitCodeOf(results: readonly CheckResult[]): number {
  const has = (...states: CheckState[]) => results.some(({ state }) => states.includes(state));
  if (has("fail")) return exitCodes.fail;
  if (has("warn")) return exitCodes.warning;
  return has("unknown", "not_tested") || results.length === 0 ? exitCodes.unknown : exitCodes.ok;
}
