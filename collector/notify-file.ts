import { readFileSync } from "node:fs";
import { z } from "zod";
import { NotifyConfig } from "#schemas/alert.ts";
import { ConfigError } from "./config.ts";

/** Reads channels and recipients; without a file nobody is told. @throws ConfigError that names the file and the field. */
export function readNotifyFile(file: string | undefined): NotifyConfig {
  if (file === undefined) return NotifyConfig.parse({});
  let raw: unknown;
  try {
    raw = JSON.parse(readFileSync(file, "utf8"));
  } catch (error) {
    throw new ConfigError(`HCC_NOTIFY: ${file} cannot be read as JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
  const parsed = NotifyConfig.safeParse(raw);
  if (!parsed.success) throw new ConfigError(`HCC_NOTIFY: ${file}: ${z.prettifyError(parsed.error)}`);
  const missing = parsed.data.recipients.find(({ channel, to }) =>
    channel === "smtp" ? parsed.data.smtp === undefined : !parsed.data.webhooks.some(({ name }) => name === to),
  );
  if (missing)
    throw new ConfigError(`HCC_NOTIFY: ${file}: the recipient ${missing.to} needs ${missing.channel === "smtp" ? "smtp" : "a webhook of that name"}`);
  return parsed.data;
}
