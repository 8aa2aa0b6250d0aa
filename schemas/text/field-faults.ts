import type { z } from "zod";
import { cleanText } from "../clean-text.ts";
import { codePattern } from "../ids.ts";
import { phonePattern } from "../phones.ts";
import type { Lang } from "../words.ts";
import { isTextKey, type TextKey, type TextParams, text } from "./text.ts";

type Issue = z.core.$ZodIssue;

/** Most faults that are told at once. */
const FAULTS_MAX = 8;

/** The wrong fields of what somebody wrote by hand, a line each that begins with its place. `known` are the fields that the place may have. Pure. */
export function fieldFaults(lang: Lang, { issues }: z.ZodError, place: string, known: readonly string[] = []): string {
  return issues
    .slice(0, FAULTS_MAX)
    .map((issue) => `${place}: ${fieldFault(lang, issue, known)}`)
    .join("\n");
}

function fieldFault(lang: Lang, issue: Issue, known: readonly string[]): string {
  const field = cleanText(issue.path.join(".")) || text(lang, "agent.field.whole");
  if (issue.code === "unrecognized_keys") return strangerFault(lang, issue, known);
  if (isMissing(issue)) return text(lang, "agent.field.missing", { field });
  if (issue.code === "custom")
    return isTextKey(issue.message)
      ? `"${field}": ${text(lang, issue.message, issue.params as TextParams)}`
      : text(lang, "agent.field.wrong", { field, error: cleanText(issue.message) });
  if (issue.code === "invalid_format" && issue.format === "date") return `"${field}": ${text(lang, "form.error.date")}`;
  if (issue.code === "invalid_value") return text(lang, "agent.field.choice", { field, values: issue.values.map(String).join(", ") });
  if (issue.code === "invalid_type") return typeFault(lang, field, issue.expected);
  const [below, above] = [issue.code === "too_small" ? issue : undefined, issue.code === "too_big" ? issue : undefined];
  if (below) return text(lang, sizeKey("least", below), { field, size: String(below.minimum) });
  if (above) return text(lang, sizeKey("most", above), { field, size: String(above.maximum) });
  const form = forms.find(({ formats }) => formatsOf(issue).some((format) => formats.includes(format)));
  if (form !== undefined) return text(lang, form.key, { field });
  if (issue.code === "invalid_format" && issue.pattern !== undefined) return text(lang, "agent.field.pattern", { field, pattern: issue.pattern });
  return innerFault(lang, issue, known) ?? text(lang, "agent.field.other", { field });
}

function strangerFault(lang: Lang, { path, keys }: z.core.$ZodIssueUnrecognizedKeys, known: readonly string[]): string {
  const names = keys.map((key) => `"${cleanText([...path, key].join("."))}"`).join(", ");
  return path.length === 0 && known.length > 0
    ? text(lang, "agent.field.unknown_of", { names, known: known.join(", ") })
    : text(lang, "agent.field.unknown", { names });
}

function typeFault(lang: Lang, field: string, expected: string): string {
  const key = `agent.field.type.${expected}`;
  return isTextKey(key) ? text(lang, key, { field }) : text(lang, "agent.field.other", { field });
}

/** Of a text its signs are counted, of a list its entries; of a number it is its own size. */
function sizeKey(end: "least" | "most", { origin, inclusive }: z.core.$ZodIssueTooSmall | z.core.$ZodIssueTooBig): TextKey {
  if (origin === "string") return `agent.field.signs.${end}`;
  if (["array", "set", "map", "object"].includes(origin)) return `agent.field.entries.${end}`;
  return inclusive === false ? `agent.field.number.beyond_${end}` : `agent.field.number.${end}`;
}

/** Of a key, an entry or one of several forms: what is wrong there, where the fault itself tells it. */
function innerFault(lang: Lang, issue: Issue, known: readonly string[]): string | undefined {
  const within = issue.code === "invalid_union" ? issue.errors.find((inner) => inner.some(({ path }) => path.length > 0)) : "issues" in issue && issue.issues;
  const [inner] = within || [];
  return inner && fieldFault(lang, { ...inner, path: [...issue.path, ...inner.path] }, known);
}

/** Zod keeps no value of what was given; only of a field that is not there it says this. */
function isMissing(issue: Issue): boolean {
  if (issue.code === "invalid_union") return issue.errors.length > 0 && issue.errors.every((inner) => inner.some(isMissing));
  return (issue.code === "invalid_type" || issue.code === "invalid_format") && issue.message.endsWith("received undefined");
}

/** What is written in a form that an example shows best. */
const forms: readonly { readonly formats: readonly string[]; readonly key: TextKey }[] = [
  { formats: ["cidrv4", "cidrv6"], key: "agent.field.network" },
  { formats: ["ipv4", "ipv6"], key: "agent.field.address" },
  { formats: ["url"], key: "agent.field.url" },
  { formats: ["datetime"], key: "agent.field.instant" },
  { formats: [String(codePattern)], key: "agent.field.code" },
  { formats: [String(phonePattern)], key: "agent.field.phone" },
];

/** The forms that a value had to have, of which one would have been enough: their names, or the patterns of those without. */
function formatsOf(issue: Issue): string[] {
  if (issue.code === "invalid_union") return issue.errors.flatMap((inner) => inner.flatMap(formatsOf));
  return issue.code === "invalid_format" ? [issue.format, issue.pattern ?? ""] : [];
}
