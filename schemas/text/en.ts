import { states } from "./en/states.ts";
import { findings } from "./en/findings.ts";
import type { TextKey } from "./text.ts";

/** The catalogue in English; the type makes a missing or surplus key an error. */
export const en: Readonly<Record<TextKey, string>> = { ...states, ...findings };
