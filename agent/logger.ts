import { pino } from "pino";
import { cleanText } from "#schemas/clean-text.ts";
import type { LogLevel } from "./config.ts";

export type LogFields = Record<string, string | number | boolean>;
export type Logger = Record<"error" | "warn" | "info" | "debug", (message: string, fields?: LogFields) => void>;

const STDERR = 2;
const FIELD_MAX = 300;
/** What stderr does not take is kept up to here, characters. */
const UNWRITTEN_MAX = 16_384;

/**
 * One JSON line per event on stderr and in `file`; every text is cleaned, since much of it comes from devices. Never throws: stderr may be a file on a
 * full disk.
 */
export function createLogger(level: LogLevel, file?: { readonly write: (line: string) => void }): Logger {
  const stderr = pino.destination({ fd: STDERR, sync: true, maxLength: UNWRITTEN_MAX });
  stderr.on("error", () => {});
  const both = {
    write(line: string) {
      stderr.write(line);
      file?.write(line);
    },
  };
  const output = pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, both);
  const at =
    (name: keyof Logger) =>
    (message: string, fields: LogFields = {}) =>
      output[name](cleanFields(fields), cleanText(message, FIELD_MAX));
  return { error: at("error"), warn: at("warn"), info: at("info"), debug: at("debug") };
}

function cleanFields(fields: LogFields): LogFields {
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, typeof value === "string" ? cleanText(value, FIELD_MAX) : value]));
}
