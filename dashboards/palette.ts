import { MappingType, type ValueMap } from "@grafana/grafana-foundation-sdk/dashboard";
import { findingStates } from "#schemas/finding.ts";
import { isTextKey, type TextKey, textKeys } from "#schemas/text/text.ts";
import type { Say } from "./page.ts";

/** The few colours of all dashboards; each stands beside a sign or a word, never alone. */
export const colours = {
  good: "#2b8a3e",
  bad: "#c92a2a",
  warn: "#e8890c",
  calm: "#1c7ed6",
  odd: "#9c36b5",
  mute: "#868e96",
  faint: "#ced4da",
  blank: "#f1f3f5",
} as const;
export type Colour = (typeof colours)[keyof typeof colours];

/** How each state looks; `severity` is its number in the views, the worst highest. */
export const stateLooks = {
  fail: { severity: 5, colour: colours.bad, sign: "✖" },
  error: { severity: 4, colour: colours.odd, sign: "!" },
  unknown: { severity: 3, colour: colours.mute, sign: "?" },
  pending: { severity: 2, colour: colours.calm, sign: "…" },
  pass: { severity: 1, colour: colours.good, sign: "✔" },
  not_applicable: { severity: 0, colour: colours.faint, sign: "–" },
} as const satisfies Record<(typeof findingStates)[number], { severity: number; colour: Colour; sign: string }>;

/** How what a day counts as looks: a state, or nothing where it has no working time and the requirement is judged in working time alone. */
export const dayLooks = { ...stateLooks, not_counted: { severity: 0, colour: colours.blank, sign: "·" } } as const;

/** Colours by severity number, for maps and strips. */
export const severitySteps = [colours.faint, [1, colours.good], [2, colours.calm], [3, colours.mute], [4, colours.odd], [5, colours.bad]] as const;

/** Turns state codes into sign and word in their colour. */
export function stateMapping(say: Say): ValueMap {
  return valueMap(findingStates.map((state) => [state, `${stateLooks[state].sign} ${say(`state.${state}`)}`, stateLooks[state].colour]));
}

/** The same for columns that hold the severity number. */
export function severityMapping(say: Say): ValueMap {
  return valueMap(
    findingStates.map((state) => [String(stateLooks[state].severity), `${stateLooks[state].sign} ${say(`state.${state}`)}`, stateLooks[state].colour]),
  );
}

/** Turns 1 and 0 into words in their colour. */
export function flagMapping(yes: string, no: string): ValueMap {
  return valueMap([
    ["1", `✔ ${yes}`, colours.good],
    ["0", `✖ ${no}`, colours.bad],
  ]);
}

/** Words for the codes of a list, found in the catalogue under `prefix`; a code without words stays as it is. */
export function codeMapping(say: Say, prefix: string, codes: readonly string[], colourOf?: (code: string) => Colour): ValueMap {
  const known = codes.flatMap((code): [string, TextKey][] => {
    const key = `${prefix}${code}`;
    return isTextKey(key) ? [[code, key]] : [];
  });
  return valueMap(known.map(([code, key]) => [code, say(key), colourOf?.(code)]));
}

/** The codes that the catalogue has words for under a prefix. */
export function codesUnder(prefix: string): readonly string[] {
  return textKeys.filter((key) => key.startsWith(prefix)).map((key) => key.slice(prefix.length));
}

export function valueMap(rows: readonly (readonly [value: string, text: string, colour?: Colour | undefined])[]): ValueMap {
  return {
    type: MappingType.ValueToText,
    options: Object.fromEntries(rows.map(([value, text, color], index) => [value, { text, index, ...(color === undefined ? {} : { color }) }])),
  };
}
