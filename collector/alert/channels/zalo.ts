import { z } from "zod";
import type { NotifyConfig } from "#schemas/alert.ts";
import { chatOf } from "./message-text.ts";
import { post, type Send, SendError } from "./send.ts";

/** Most characters of one message. */
const TEXT_MAX = 2_000;
const MINUTE_MS = 60_000;

/** The API says what it thinks of a message in the body, whatever the status is. */
const Answer = z.object({ ok: z.boolean(), error_code: z.number().optional(), description: z.string().max(500).optional() });

/** Zalo Bot API: `sendMessage` takes 1 to 2,000 characters, and only so many per minute. */
export function zaloChannel({ baseUrl, token, perMinute }: NonNullable<NotifyConfig["zalo"]>, waitMs: number): Send {
  const url = `${baseUrl.replace(/\/$/, "")}/bot${token}/sendMessage`;
  let sentMs: number[] = [];
  return async ({ to, message }, nowMs) => {
    sentMs = sentMs.filter((atMs) => Math.abs(nowMs - atMs) < MINUTE_MS);
    const [first] = sentMs;
    if (first !== undefined && sentMs.length >= perMinute)
      throw new SendError("enough messages for this minute", { calm: true, retryAfterS: Math.ceil((first + MINUTE_MS - nowMs) / 1000) });
    sentMs.push(nowMs);
    const reply = await post(url, { "content-type": "application/json" }, JSON.stringify({ chat_id: to, text: chatOf(message, TEXT_MAX) }), waitMs);
    const answer = Answer.safeParse(parsed(reply));
    if (answer.success && !answer.data.ok) {
      const { error_code: code = 0, description = "" } = answer.data;
      throw new SendError(`refused: ${code} ${description.replaceAll(token, "…").slice(0, 200)}`, { final: code === 400 });
    }
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
