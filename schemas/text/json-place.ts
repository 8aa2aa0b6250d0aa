import type { Lang } from "../words.ts";
import { text } from "./text.ts";

/** Where a text stops being JSON, from what the engine threw, and never a word of the text: the engine quotes it, and it may hold a password. Pure. */
export function jsonPlace(lang: Lang, error: unknown): string {
  const { message } = error as Error;
  const [, line, column] = /line (\d+) column (\d+)/.exec(message) ?? [];
  if (line !== undefined && column !== undefined) return text(lang, "json.place", { line, column });
  if (message.startsWith("Unexpected end")) return text(lang, "json.end");
  const [, token] = /^Unexpected token '(.)'/u.exec(message) ?? [];
  return token === undefined ? text(lang, "json.anywhere") : text(lang, "json.token", { token });
}
