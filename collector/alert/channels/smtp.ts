import { createTransport } from "nodemailer";
import type { NotifyConfig } from "#schemas/alert.ts";
import { mailOf } from "./message-text.ts";
import { type Send, SendError } from "./send.ts";

/**
 * Mail, in one thread per problem. A letter has the same Message-ID each time it is sent, so that a server that took it once and could not say so
 * does not show it twice; the beginning of a problem is the thread's root.
 */
export function smtpChannel({ url, from }: NonNullable<NotifyConfig["smtp"]>, waitMs: number): Send {
  const waits = { connectionTimeout: waitMs, greetingTimeout: waitMs, socketTimeout: waitMs, dnsTimeout: waitMs };
  const transport = createTransport({ url, ...waits } as Parameters<typeof createTransport>[0]);
  const password = decodeURIComponent(new URL(url).password);
  const domain = /@([A-Za-z0-9.-]+)>?\s*$/.exec(from)?.[1] ?? new URL(url).hostname;
  return async ({ to, message, dedupKey }) => {
    const { subject, body } = mailOf(message);
    const root = message.thread === undefined ? undefined : `<${idPart(message.thread)}@${domain}>`;
    const isRoot = message.kind === "opened" || (message.kind === "storm" && dedupKey === `${message.thread}-smtp ${to}`);
    const messageId = root !== undefined && isRoot ? root : `<${idPart(dedupKey)}@${domain}>`;
    await transport
      .sendMail({ from, to, subject, text: body, messageId, headers, ...(root !== undefined && !isRoot && { references: root, inReplyTo: root }) })
      .catch((error: Error & { code?: string; responseCode?: number }) => {
        // A server may say whatever it was told, the password too, and errors are kept and logged: of a refused login only the number is.
        if (error.code === "EAUTH") throw new SendError(`the mail server refused the login (${error.responseCode ?? "no number"})`);
        const isRefused = (error.responseCode ?? 0) >= 500 && (error.code === "EENVELOPE" || error.code === "EMESSAGE") && !ofTheServer.test(error.message);
        throw new SendError(password === "" ? error.message : error.message.replaceAll(password, "…"), { final: isRefused });
      });
  };
}

/** Refusals for the sake of the server, not of the letter (RFC 3463: mailbox full, routing or quota of the sender, policy such as relaying): somebody puts them right. */
const ofTheServer = /\b5\.(2\.2|3|4|7)\b/;

/** No answer of an absent reader comes back to a machine. */
const headers = { "Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All" } as const;

function idPart(key: string): string {
  return key.replace(/[^a-zA-Z0-9.-]/g, "_");
}
