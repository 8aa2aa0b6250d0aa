import type { z } from "zod";
import { isTextKey, type TextKey, type TextParams, text } from "#schemas/text/text.ts";

/** What is wrong with one field, as a sentence of the catalogue. */
export type FieldError = { readonly field: string; readonly key: TextKey; readonly params?: TextParams };
/** A parsed form or file row: the value, or what is wrong at which field. */
export type Parsed<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly errors: readonly FieldError[] };

/** What a field of yes or no takes, as a file writes it in either language. */
const YES_NO = (["vi", "en"] as const).flatMap((lang) => [firstWord(text(lang, "form.words.yes")), firstWord(text(lang, "form.words.no"))]).join(", ");

/** The issues of a failed parse as field errors. A custom issue's message is a key of the catalogue, with its numbers in `params`. */
export function fieldErrors(error: z.ZodError): readonly FieldError[] {
  const errors = error.issues.slice(0, 20).map((issue): FieldError => {
    // A list is one field to whoever types it.
    const field = issue.path.filter((part) => typeof part !== "number").join(".");
    if (issue.code === "custom" && isTextKey(issue.message)) return { field, key: issue.message, ...(issue.params && { params: issue.params as TextParams }) };
    const isNumber = "origin" in issue && (issue.origin === "number" || issue.origin === "int");
    if (issue.code === "too_small" && !isNumber) return { field, key: "form.error.empty" };
    if (issue.code === "too_big" && !isNumber) return { field, key: "form.error.length", params: { max: Number(issue.maximum) } };
    if (issue.code === "invalid_format" && issue.format === "date") return { field, key: "form.error.date" };
    if (issue.code === "invalid_format" && field === "proofSha256") return { field, key: "form.error.hash" };
    if (issue.code === "invalid_type" && issue.expected === "boolean") return { field, key: "form.error.choice", params: { choices: YES_NO } };
    if (issue.code === "invalid_value") return { field, key: "form.error.choice", params: { choices: issue.values.map(String).join(", ") } };
    const isMissing = issue.code === "invalid_type" && issue.expected !== "number" && issue.expected !== "int";
    return { field, key: isMissing ? "form.error.empty" : "form.error.value" };
  });
  return [...new Map(errors.map((one) => [`${one.field} ${one.key}`, one])).values()];
}

function firstWord(list: string): string {
  return list.split(",")[0] ?? "";
}

/** A hash as people paste it; nothing is no hash. */
export function hashOf(said: unknown): unknown {
  return typeof said === "string" ? said.trim().toLowerCase() || undefined : said;
}
