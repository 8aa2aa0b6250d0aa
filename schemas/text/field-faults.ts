import type { z } from "zod";
import { cleanText } from "../clean-text.ts";
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
  const field = issue.path.join(".") || text(lang, "agent.field.whole");
  if (issue.code === "unrecognized_keys") return strangerFault(lang, issue, known);
  if (isMissing(issue)) return text(lang, "agent.field.missing", { field });
  if (issue.code === "custom" && isTextKey(issue.message)) return `"${field}": ${text(lang, issue.message, issue.params as TextParams)}`;
  if (issue.code === "invalid_format" && issue.format === "date") return `"${field}": ${text(lang, "form.error.date")}`;
  if (issue.code === "invalid_value") return text(lang, "agent.field.choice", { field, values: issue.values.map(String).join(", ") });
  const form = forms.find(({ formats }) => formatsOf(issue).some((format) => formats.includes(format)));
  if (form !== undefined) return text(lang, form.key, { field });
  return text(lang, "agent.field.wrong", { field, error: cleanText(issue.message) });
}

function strangerFault(lang: Lang, { path, keys }: z.core.$ZodIssueUnrecognizedKeys, known: readonly string[]): string {
  const names = keys.map((key) => `"${cleanText([...path, key].join("."))}"`).join(", ");
  return path.length === 0 && known.length > 0
    ? text(lang, "agent.field.unknown_of", { names, known: known.join(", ") })
    : text(lang, "agent.field.unknown", { names });
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
];

/** The forms that a value had to have, of which one would have been enough. */
function formatsOf(issue: Issue): string[] {
  if (issue.code === "invalid_union") return issue.errors.flatMap((inner) => inner.flatMap(formatsOf));
  return issue.code === "invalid_format" ? [issue.format] : [];
}
