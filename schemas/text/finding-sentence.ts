import type { Finding } from "../finding.ts";
import type { Lang } from "../words.ts";
import { isTextKey, text } from "./text.ts";

type Told = Pick<Finding, "reason" | "detail" | "observed" | "required" | "unit">;

/** Why a finding has its state, as one sentence with its numbers. */
export function findingSentence(lang: Lang, { reason, detail, observed, required, unit }: Told): string {
  const said = Object.fromEntries(
    Object.entries(detail ?? {}).map(([name, value]) => [name, typeof value === "boolean" ? String(value) : wordOf(lang, name, value)]),
  );
  const numbers = { ...(observed !== undefined && { observed }), ...(required !== undefined && { required }), unit: unit ? unitWord(lang, unit) : "" };
  return text(lang, `finding.reason.${reason}`, { ...numbers, ...said });
}

/** The unit as it is written behind a number: counted things have a word of the language. */
export function unitWord(lang: Lang, unit: string): string {
  const key = `unit.${unit}`;
  return isTextKey(key) ? text(lang, key) : unit;
}

/** Codes inside of a detail are spoken, device text and numbers stay. */
function wordOf(lang: Lang, name: string, value: string | number): string | number {
  const key = name === "excuse" || name === "outcome" ? `outcome.${value}` : name === "short" ? `capacity.${value}` : "";
  return isTextKey(key) ? text(lang, key) : value;
}
