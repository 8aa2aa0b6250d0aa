import type { NotifyConfig } from "#schemas/alert.ts";
import type { Letter } from "../../store/outbox.ts";
import { SEND_MS, type Send, SendError } from "./send.ts";
import { smtpChannel } from "./smtp.ts";
import { webhookChannel } from "./webhook.ts";
import { zaloChannel } from "./zalo.ts";

export type Channels = Readonly<Record<Letter["channel"], Send>>;

/** One way out per channel that the settings name; `waitMs` is the longest wait for an answer. */
export function channelsOf({ smtp, webhooks, zalo }: NotifyConfig, waitMs = SEND_MS): Channels {
  // Not final: the file is put right, the collector starts again, and the letter goes.
  const none: Send = async ({ channel }) => {
    throw new SendError(`no ${channel} is set up in the file of HCC_NOTIFY`);
  };
  return { smtp: smtp ? smtpChannel(smtp, waitMs) : none, webhook: webhookChannel(webhooks, waitMs), zalo: zalo ? zaloChannel(zalo, waitMs) : none };
}
