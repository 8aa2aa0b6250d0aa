import { createHmac } from "node:crypto";
import { createTransport } from "nodemailer";
import type { NotifyConfig } from "#schemas/alert.ts";
import type { Letter } from "../store/outbox.ts";
import { chatOf, mailOf } from "./message-text.ts";

/** Sends one letter. Resolves when the other side has taken it. @throws SendError */
export type Send = (letter: Letter, nowMs: number) => Promise<void>;

/** A letter was not taken. `final`: it never will be, as it is. */
export class SendError extends Error {
  override readonly name = "SendError";
  readonly final: boolean;
  readonly retryAfterS: number | undefined;
  constructor(message: string, { final, retryAfterS }: { final: boolean; retryAfterS?: number | undefined }) {
    super(message);
    this.final = final;
    this.retryAfterS = retryAfterS;
  }
}

const SEND_MS = 15_000;

/** One way out per channel that the settings name. */
export function channelsOf({ smtp, webhooks, zalo }: NotifyConfig): Readonly<Record<Letter["channel"], Send>> {
  const none: Send = async ({ channel }) => {
    throw new SendError(`no ${channel} is set up in the file of HCC_NOTIFY`, { final: true });
  };
  return { smtp: smtp ? smtpChannel(smtp) : none, webhook: webhookChannel(webhooks), zalo: zalo ? zaloChannel(zalo) : none };
}

function smtpChannel({ url, from }: NonNullable<NotifyConfig["smtp"]>): Send {
  const { hostname } = new URL(url);
  const transport = createTransport({ url, connectionTimeout: SEND_MS, greetingTimeout: SEND_MS, socketTimeout: SEND_MS } as Parameters<
    typeof createTransport
  >[0]);
  return async ({ to, message, dedupKey }) => {
    const { subject, body } = mailOf(message);
    // Opening and recovery of one problem stand in one thread.
    const thread = message.incident === undefined ? undefined : `<incident-${message.incident}@${hostname}>`;
    const messageId = message.kind === "opened" && thread ? thread : `<${dedupKey.replace(/[^a-zA-Z0-9.-]/g, "_")}@${hostname}>`;
    await transport
      .sendMail({ from, to, subject, text: body, messageId, ...(thread && message.kind !== "opened" && { references: thread, inReplyTo: thread }) })
      .catch((error: Error & { responseCode?: number }) => {
        throw new SendError(error.message, { final: (error.responseCode ?? 0) >= 500 });
      });
  };
}

function webhookChannel(webhooks: NotifyConfig["webhooks"]): Send {
  return async ({ to, message, dedupKey }, nowMs) => {
    const hook = webhooks.find(({ name }) => name === to);
    if (!hook) throw new SendError(`there is no webhook "${to}" in the file of HCC_NOTIFY`, { final: true });
    // Others get the code, the rule and the link: no sentence with device text, no name.
    const { why: _, centreName: __, advice: ___, ...told } = message;
    const body = JSON.stringify({ id: dedupKey, ...told });
    const timestamp = String(Math.floor(nowMs / 1000));
    const signature = createHmac("sha256", hook.secret).update(`${timestamp}.${body}`).digest("hex");
    const headers = { "content-type": "application/json", "idempotency-key": dedupKey, "hcc-timestamp": timestamp, "hcc-signature": `sha256=${signature}` };
    await post(hook.url, headers, body);
  };
}

/** Zalo Bot API: sendMessage takes 1 to 2,000 characters. */
function zaloChannel({ baseUrl, token }: NonNullable<NotifyConfig["zalo"]>): Send {
  return async ({ to, message }) => {
    const body = JSON.stringify({ chat_id: to, text: chatOf(message) });
    await post(`${baseUrl.replace(/\/$/, "")}/bot${token}/sendMessage`, { "content-type": "application/json" }, body);
  };
}

/** Posts and waits for a yes. The address stays out of errors: it may hold a token. @throws SendError */
async function post(url: string, headers: Record<string, string>, body: string): Promise<void> {
  const reply = await fetch(url, { method: "POST", headers, body, redirect: "manual", signal: AbortSignal.timeout(SEND_MS) }).catch((error: unknown) => {
    throw new SendError(error instanceof Error ? error.message : String(error), { final: false });
  });
  await reply.body?.cancel();
  if (reply.ok) return;
  const retryAfter = Number(reply.headers.get("retry-after"));
  const isTemporary = reply.status >= 500 || [408, 425, 429].includes(reply.status);
  throw new SendError(`answered ${reply.status}`, {
    final: !isTemporary,
    retryAfterS: Number.isFinite(retryAfter) && retryAfter > 0 ? retryAfter : undefined,
  });
}
