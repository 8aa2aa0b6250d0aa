import { type TextKey, type TextParams, text } from "#schemas/text/text.ts";
import { ToldError } from "../told-error.ts";

/** The store cannot be used as it is. `key` names the sentence for the operator: what is wrong, where, what to do. */
export class StoreError extends ToldError {
  override readonly name = "StoreError";

  constructor(key: TextKey, params: TextParams = {}, options?: ErrorOptions) {
    super((lang) => text(lang, key, params), options);
  }
}

/** SQLSTATE classes 21, 22 and 23: a value or a row is at fault, not the server. Not so where a sequence has come to its end, though it is of class 22. */
export function isFaultOfData(error: unknown): boolean {
  const { code } = error as { code?: unknown };
  return typeof code === "string" && /^2[123][0-9A-Z]{3}$/.test(code) && code !== "2200H";
}
