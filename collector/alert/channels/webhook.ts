import { createHmac } from "node:crypto";
import type { Message, NotifyConfig, Webhook } from "#schemas/alert.ts";
import { lineOf } from "./message-text.ts";
import { post, type Send, SendError } from "./send.ts";

/** HTTP to whoever is named in the settings. Each body is signed, timed and has a key by which the other side knows it again. */
export function webhookChannel(webhooks: NotifyConfig["webhooks"], waitMs: number): Send {
  return async ({ to, message, dedupKey }, nowMs) => {
    const hook = webhooks.find(({ name }) => name === to);
    if (!hook) throw new SendError(`there is no webhook "${to}" in the file of HCC_NOTIFY`);
    const body = bodyOf(hook, dedupKey, message);
    const timestamp = String(Math.floor(nowMs / 1000));
    const signature = createHmac("sha256", hook.secret).update(`${timestamp}.${body}`).digest("hex");
    const answer = await post(
      hook.url,
      {
        ...hook.headers,
        "content-type": hook.contentType,
        "idempotency-key": headerOf(dedupKey),
        "hcc-timestamp": timestamp,
        "hcc-signature": `sha256=${signature}`,
      },
      body,
      waitMs,
    );
    if (hook.success !== undefined && !new RegExp(hook.success, "u").test(answer)) throw new SendError("the answer does not say that it was taken");
  };
}

/** Others get the code, the rule, the number and the link: no sentence with device text, no name of a place. */
function bodyOf({ template, contentType }: Webhook, id: string, message: Message): string {
  const { kind, incident, centre, requirement, title, since, until, count, more, link } = message;
  if (template === undefined) {
    const items = message.items?.map(({ centreName: _, ...item }) => item);
    return JSON.stringify({ id, kind, incident, centre, requirement, title, since, until, count, items, more, link });
  }
  const values: Record<string, string> = {
    id,
    kind,
    text: lineOf(message),
    code: centre ?? "",
    rule: requirement ?? "",
    incident: incident === undefined ? "" : String(incident),
    link,
  };
  return template.replace(/\{(\w+)\}/g, (place, name: string) => (Object.hasOwn(values, name) ? escapeFor(contentType, values[name] ?? "") : place));
}

/** A text as a header takes it: the name of a webhook may be in Vietnamese. */
function headerOf(text: string): string {
  return text.toWellFormed().replace(/[^\x20-\x7e]/gu, encodeURIComponent);
}

/** A value as the body's format takes it inside a string. */
function escapeFor(contentType: string, value: string): string {
  if (contentType.includes("json")) return JSON.stringify(value).slice(1, -1);
  if (contentType.includes("x-www-form-urlencoded")) return encodeURIComponent(value);
  return contentType.includes("xml") ? value.replace(/[&<>"']/g, (found) => `&#${found.charCodeAt(0)};`) : value;
}
