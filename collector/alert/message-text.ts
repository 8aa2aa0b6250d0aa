import type { Message } from "#schemas/alert.ts";
import { VIETNAM_OFFSET_MS } from "#schemas/calendar.ts";
import { cleanText } from "#schemas/clean-text.ts";
import { text } from "#schemas/text/text.ts";
import type { Lang } from "#schemas/words.ts";

export type Mail = { readonly subject: string; readonly body: string };

/** A message as mail: Vietnamese first, English below. The subject holds our own words and codes alone, never device text. */
export function mailOf(message: Message): Mail {
  const { kind, requirement = "", incident, centre = "", count } = message;
  const subject = text("vi", `alert.subject.${kind}`, { requirement, centre, count: count ?? 0, title: message.title?.vi ?? "" });
  const number = incident === undefined ? "" : ` [#${incident}]`;
  return { subject: cleanText(`${subject}${number}`, 180), body: `${linesOf("vi", message).join("\n")}\n\n--\n${linesOf("en", message).join("\n")}\n` };
}

/** Most characters of one chat message (Zalo Bot API). */
const CHAT_MAX = 2_000;

/** A message as a chat line for a third party's servers: code, rule, number and link, Vietnamese, without names or device text. */
export function chatOf({ kind, requirement = "", incident, centre = "", count = 0, title, link }: Message): string {
  const subject = text("vi", `alert.subject.${kind}`, { requirement, centre, count, title: title?.vi ?? "" });
  return [`${subject}${incident === undefined ? "" : ` [#${incident}]`}`, link].join("\n").slice(0, CHAT_MAX);
}

function linesOf(lang: Lang, message: Message): string[] {
  const { kind, centreName, centre, requirement, title, why, advice, owner, since, until, count, link, incident } = message;
  const params = { centre: centreName ?? centre ?? "", requirement: requirement ?? "", title: title?.[lang] ?? "", count: count ?? 0 };
  const rows: [keyof typeof labels, string | undefined][] = [
    ["why", kind === "opened" ? why?.[lang] : undefined],
    ["since", since && vietnamTime(since)],
    ["until", until && vietnamTime(until)],
    ["next", kind === "opened" ? advice?.[lang] : undefined],
    ["who", owner && text(lang, `owner.${owner}` as Parameters<typeof text>[1])],
    ["incident", incident === undefined ? undefined : String(incident)],
    ["link", link],
  ];
  return [text(lang, `alert.head.${kind}`, params), ...rows.flatMap(([name, value]) => (value ? [`${text(lang, labels[name])}: ${value}`] : []))];
}

const labels = {
  why: "alert.label.why",
  since: "alert.label.since",
  until: "alert.label.until",
  next: "alert.label.next",
  who: "alert.label.who",
  incident: "alert.label.incident",
  link: "alert.label.link",
} as const;

/** An instant by the clock on the wall in Viet Nam. */
function vietnamTime(instant: string): string {
  const local = new Date(Date.parse(instant) + VIETNAM_OFFSET_MS).toISOString();
  return `${local.slice(11, 16)} ${local.slice(8, 10)}/${local.slice(5, 7)}/${local.slice(0, 4)}`;
}
