import type { NotifyConfig } from "#schemas/alert.ts";
import type { Letter } from "../../store/outbox.ts";
import { type Send, SendError } from "./send.ts";
import { smtpChannel } from "./smtp.ts";
import { webhookChannel } from "./webhook.ts";
import { zaloChannel } from "./zalo.ts";

export type Channels = Readonly<Record<Letter["channel"], Send>>;

/** One way out per channel that the settings name. */
export function channelsOf({ smtp, webhooks, zalo }: NotifyConfig): Channels {
  // Not final: the file is put right, the collector starts again, and the letter goes.
  const none: Send = async ({ channel }) => {
    throw new SendError(`no ${channel} is set up in the file of HCC_NOTIFY`);
  };
  return { smtp: smtp ? smtpChannel(smtp) : none, webhook: webhookChannel(webhooks), zalo: zalo ? zaloChannel(zalo) : none };
}
