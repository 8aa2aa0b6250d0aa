import { NotifyConfig } from "#schemas/alert.ts";
import { fieldFaults } from "#schemas/text/field-faults.ts";
import { text } from "#schemas/text/text.ts";
import type { Lang } from "#schemas/words.ts";
import { ConfigError } from "./config.ts";
import { readJsonFile } from "./read-json-file.ts";

/** Reads channels and recipients; without a file nobody is told. @throws ConfigError that names the file and the field. */
export function readNotifyFile(file: string | undefined): NotifyConfig {
  if (file === undefined) return NotifyConfig.parse({});
  const parsed = NotifyConfig.safeParse(readJsonFile("HCC_NOTIFY", file));
  const place = `HCC_NOTIFY: ${file}`;
  if (!parsed.success) throw new ConfigError((lang) => fieldFaults(lang, parsed.error, place, Object.keys(NotifyConfig.shape)));
  const fault = faultOf(parsed.data);
  if (fault !== undefined) throw new ConfigError((lang) => `${place}: ${fault(lang)}`);
  return parsed.data;
}

/** What each part alone cannot know: whether the ways that recipients name are there. */
function faultOf({ recipients, smtp, zalo, webhooks }: NotifyConfig): ((lang: Lang) => string) | undefined {
  for (const { channel, to } of recipients) {
    if ((channel === "smtp" && !smtp) || (channel === "zalo" && !zalo)) return (lang) => text(lang, "setting.notify.no_way", { to, channel });
    if (channel === "webhook" && !webhooks.some(({ name }) => name === to)) return (lang) => text(lang, "setting.notify.no_webhook", { to });
  }
  for (const { name, success } of webhooks) {
    try {
      new RegExp(success ?? "", "u");
    } catch {
      return (lang) => text(lang, "setting.notify.no_pattern", { name });
    }
  }
  return undefined;
}
