import { readFileSync } from "node:fs";
import { ConfigError } from "./config.ts";

/** The JSON of a file that a setting names. @throws ConfigError that names both and the place, and never a word of the file: it may hold a password */
export function readJsonFile(setting: string, file: string): unknown {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    throw new ConfigError(`${setting}: ${file} cannot be read: ${(error as NodeJS.ErrnoException).code ?? "unknown error"}`);
  }
  try {
    return JSON.parse(text.replace(/^\uFEFF/, ""));
  } catch (error) {
    // The engine's own message quotes what stands around the fault.
    const place = /line \d+ column \d+|position \d+/.exec((error as Error).message)?.[0];
    throw new ConfigError(`${setting}: ${file} is not JSON${place ? ` (at ${place})` : ""}`);
  }
}
