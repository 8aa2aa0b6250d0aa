import type { Message, MessageItem } from "#schemas/alert.ts";
import { VIETNAM_OFFSET_MS } from "#schemas/calendar.ts";
import { cleanText } from "#schemas/clean-text.ts";
import { Owner } from "#schemas/policy.ts";
import { ownerWords } from "#schemas/text/owner-words.ts";
import { text } from "#schemas/text/text.ts";
import type { Lang } from "#schemas/words.ts";
import { causeWord } from "../cause-word.ts";

export type Mail = { readonly subject: string; readonly body: string };

/** A message as mail: Vietnamese first, English below. The subject holds our own words and codes alone, never device text. */
export function mailOf(message: Message): Mail {
  const { incident } = message;
  const number = incident === undefined ? "" : ` [#${incident}]`;
  return {
    subject: cleanText(`${subjectOf(message)}${number}`, 180),
    body: `${linesOf("vi", message).join("\n")}\n\n--\n${linesOf("en", message).join("\n")}\n`,
  };
}

/** A message as one line for a third party's servers: code, rule, number and link, Vietnamese, without names or device text. */
export function lineOf(message: Message): string {
  const { incident } = message;
  return `${subjectOf(message)}${incident === undefined ? "" : ` [#${incident}]`}`;
}

/** The same with a digest's lines and the link below, as one text of at most `max` characters: what does not fit is said to be more. */
export function chatOf(message: Message, max: number): string {
  const head = lineOf(message).slice(0, 300);
  const lines = (message.items ?? []).map(({ requirement, centre, count, incident }) =>
    ["-", requirement, centre, count === undefined ? undefined : `(${count})`, incident === undefined ? undefined : `#${incident}`].filter(Boolean).join(" "),
  );
  const { more: cut = 0, link } = message;
  const more = (left: number) => text("vi", "alert.item.more", { count: left });
  let room = max - head.length - link.length - more(lines.length + cut).length - 3;
  const fitting = lines.filter((line) => {
    room -= line.length + 1;
    return room >= 0;
  });
  const left = lines.length - fitting.length + cut;
  return [head, ...fitting, ...(left > 0 ? [more(left)] : []), link].join("\n").slice(0, max);
}

function subjectOf({ kind, requirement = "", centre, count = 0, title }: Message): string {
  return text("vi", `alert.subject.${kind}`, { requirement, centre: centre ?? text("vi", "alert.province"), count, title: title?.vi ?? "" });
}

function linesOf(lang: Lang, message: Message): string[] {
  const { kind, centreName, centre, requirement = "", title, why, effect, advice, since, until, count = 0, dead, link, incident } = message;
  const place = centreName ?? centre ?? text(lang, "alert.province");
  const owner = Owner.safeParse(message.owner);
  const rows: [keyof typeof labels, string | undefined][] = [
    ["why", why?.[lang]],
    ["since", since && vietnamTime(since)],
    ["area", message.area],
    ["isp", message.line?.isp ?? message.providers?.map((one) => text(lang, "alert.isp", one)).join(", ")],
    ["contract", message.line?.contractNumber],
    ["until", until && vietnamTime(until)],
    ["lasted", since && until && lasted(lang, Date.parse(until) - Date.parse(since))],
    ["cause", causeOf(lang, message)],
    ["effect", effect?.[lang]],
    ["next", advice?.[lang]],
    ["who", owner.success ? ownerWords(lang, owner.data, message.phone) : undefined],
    ["incident", incident === undefined ? undefined : String(incident)],
    ["link", link],
  ];
  return [
    text(lang, `alert.head.${kind}`, { centre: place, requirement, title: title?.[lang] ?? "", count }),
    ...itemLines(lang, message),
    ...(dead === undefined ? [] : ["", text(lang, "alert.dead", { count: dead })]),
    ...rows.flatMap(([name, value]) => (value ? [`${text(lang, labels[name])}: ${value}`] : [])),
  ];
}

/** The cause with the number of centres of a storm that tell it. */
function causeOf(lang: Lang, { cause }: Message): string | undefined {
  const word = causeWord(lang, cause?.code);
  return word === undefined || cause?.centres === undefined ? word : text(lang, "alert.cause.many", { cause: word, centres: cause.centres });
}

/** The lines of a digest, kind by kind. */
function itemLines(lang: Lang, { items = [], more }: Message): string[] {
  const groups = [...Map.groupBy(items, (item) => item.kind)];
  const lines = groups.flatMap(([group, own]) => ["", `${text(lang, `alert.group.${group}`)}:`, ...own.map((item) => `- ${itemLine(lang, item)}`)]);
  return lines.length === 0 ? [] : [...lines, ...(more === undefined ? [] : ["", text(lang, "alert.item.more", { count: more })]), ""];
}

function itemLine(lang: Lang, { kind, incident, centre, centreName, requirement, title, since, until, count = 0 }: MessageItem): string {
  const words = { place: centreName ?? centre ?? text(lang, "alert.province"), title: title?.[lang] ?? requirement, requirement, count };
  if (kind === "waiver_ends" || kind === "attestation_ends")
    return text(lang, centre === undefined ? "alert.item.expire" : "alert.item.expires", { ...words, until: vietnamTime(until ?? "").slice(6) });
  if (kind === "unheard" && centre !== undefined) return text(lang, "alert.item.since", { ...words, since: vietnamTime(since ?? "") });
  if (incident === undefined) return text(lang, "alert.item.count", words);
  const end = until === undefined ? "" : text(lang, "alert.item.until", { until: vietnamTime(until) });
  return text(lang, "alert.item.incident", { ...words, since: vietnamTime(since ?? ""), until: end, incident: String(incident) });
}

const labels = {
  why: "alert.label.why",
  area: "alert.label.area",
  isp: "web.filter.isp",
  contract: "alert.label.contract",
  cause: "alert.label.cause",
  since: "alert.label.since",
  until: "alert.label.until",
  lasted: "alert.label.lasted",
  effect: "alert.label.effect",
  next: "alert.label.next",
  who: "alert.label.who",
  incident: "alert.label.incident",
  link: "alert.label.link",
} as const;

function lasted(lang: Lang, ms: number): string {
  const minutes = Math.max(0, Math.round(ms / 60_000));
  const hours = Math.floor(minutes / 60);
  if (hours < 1) return text(lang, "alert.lasted.minutes", { minutes });
  if (hours < 48) return text(lang, "alert.lasted.hours", { hours, minutes: minutes % 60 });
  return text(lang, "alert.lasted.days", { days: Math.floor(hours / 24), hours: hours % 24 });
}

/** An instant by the clock on the wall in Viet Nam. */
function vietnamTime(instant: string): string {
  const atMs = Date.parse(instant);
  if (Number.isNaN(atMs)) return "";
  const local = new Date(atMs + VIETNAM_OFFSET_MS).toISOString();
  return `${local.slice(11, 16)} ${local.slice(8, 10)}/${local.slice(5, 7)}/${local.slice(0, 4)}`;
}
