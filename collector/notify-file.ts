import { z } from "zod";
import { NotifyConfig } from "#schemas/alert.ts";
import { ConfigError } from "./config.ts";
import { readJsonFile } from "./read-json-file.ts";

/** Reads channels and recipients; without a file nobody is told. @throws ConfigError that names the file and the field. */
export function readNotifyFile(file: string | undefined): NotifyConfig {
  if (file === undefined) return NotifyConfig.parse({});
  const parsed = NotifyConfig.safeParse(readJsonFile("HCC_NOTIFY", file));
  if (!parsed.success) throw new ConfigError(`HCC_NOTIFY: ${file}: ${z.prettifyError(parsed.error)}`);
  const fault = faultOf(parsed.data);
  if (fault !== undefined) throw new ConfigError(`HCC_NOTIFY: ${file}: ${fault}`);
  return parsed.data;
}

/** What each part alone cannot know: whether the ways that recipients name are there. */
function faultOf({ recipients, smtp, zalo, webhooks }: NotifyConfig): string | undefined {
  for (const { channel, to } of recipients) {
    if (channel === "smtp" && !smtp) return `the recipient ${to} needs "smtp"`;
    if (channel === "zalo" && !zalo) return `the recipient ${to} needs "zalo"`;
    if (channel === "webhook" && !webhooks.some(({ name }) => name === to)) return `the recipient ${to} needs a webhook of that name`;
  }
  for (const { name, success } of webhooks) {
    try {
      new RegExp(success ?? "", "u");
    } catch {
      return `webhook ${name}: "success" is no regular expression`;
    }
  }
  return undefined;
}
