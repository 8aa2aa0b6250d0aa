import { readFileSync } from "node:fs";
import { jsonPlace } from "#schemas/text/json-place.ts";
import { text } from "#schemas/text/text.ts";
import { ConfigError } from "./config.ts";

/** The JSON of a file that a setting names. @throws ConfigError that names both and the place, and never a word of the file: it may hold a password */
export function readJsonFile(setting: string, file: string): unknown {
  let body: string;
  try {
    body = readFileSync(file, "utf8");
  } catch (error) {
    const { code = "" } = error as NodeJS.ErrnoException;
    throw new ConfigError((lang) => text(lang, "setting.file.unread", { setting, file, error: code }));
  }
  try {
    return JSON.parse(body.replace(/^\uFEFF/, ""));
  } catch (error) {
    throw new ConfigError((lang) => text(lang, "setting.file.not_json", { setting, file, place: jsonPlace(lang, error) }));
  }
}
