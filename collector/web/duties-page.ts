import { html } from "hono/html";
import { vietnamDay } from "#schemas/calendar.ts";
import type { Duty, Rhythm } from "#schemas/duty.ts";
import type { RecordedTurn } from "#schemas/evaluate/turns.ts";
import type { Requirement } from "#schemas/policy.ts";
import { day, moment } from "#schemas/text/moment-word.ts";
import { isTextKey, type TextKey, text } from "#schemas/text/text.ts";
import type { Lang } from "#schemas/words.ts";
import { errorList, type FormState, inputField, proofField, signatureField } from "./form-fields.ts";
import { TOKEN_FIELD } from "./form-token.ts";
import { layout, type PageFrame } from "./layout.ts";
import { type Html, mark } from "./markup.ts";

/** A duty with its turns that count now, newest first. */
export type DutyTurns = { readonly duty: Duty; readonly turns: readonly RecordedTurn[] };
/** What a form says of one turn. */
export const turnFields = ["state", "reason", "document", "proofSha256"] as const;
type TurnField = (typeof turnFields)[number];

const marks = { due: "pending", done: "pass", skipped: "not_applicable", late: "fail" } as const;

/** Name of a field of one turn in the form. */
export function turnField(field: TurnField, duty: string, first: string): string {
  return `${field}-${duty}-${first}`;
}

/** The turns that a person can write something of: those that run, and those that ended with nothing written. */
export function writableTurns(turns: readonly RecordedTurn[], nowMs: number): readonly RecordedTurn[] {
  return turns.filter(({ closesMs, record }) => closesMs > nowMs || !record);
}

/** The periodic work of one centre: duty by duty what is to be ticked now, and how the last turns went. Without a token it is for reading. */
export function dutiesPage(
  frame: PageFrame,
  centre: { code: string; name: string },
  requirement: Requirement,
  lists: readonly DutyTurns[],
  state: FormState,
  token: string | undefined,
): Html {
  const { lang, url } = frame;
  const title = text(lang, "duties.title");
  const body = lists.map((list) => dutySection(frame, list, state, token !== undefined));
  return layout(
    frame,
    `${title} · ${centre.name}`,
    html`<p class="crumb"><a href="/centres/${centre.code}#${requirement.id}">← ${centre.name}</a></p>
<section class="card" aria-labelledby="page-title"><h1 id="page-title">${title}: ${requirement.id} ${requirement.title[lang]}</h1><p class="note">${text(lang, "duties.intro")}</p>
${url.searchParams.has("done") ? html`<p class="done" role="status">${text(lang, "duties.saved")}</p>` : ""}${errorList(lang, state, labelsOf(lists))}
${
  token === undefined
    ? html`<div class="form">${body}</div>`
    : html`<form class="form" method="post" action="${url.pathname}"><input type="hidden" name="${TOKEN_FIELD}" value="${token}">${body}
${signatureField(frame, state, "by", "duties.by")}<p><button type="submit">${text(lang, "duties.save")}</button></p></form>`
}</section>`,
  );
}

const fieldLabels: Record<TurnField, TextKey> = {
  state: "duties.title",
  reason: "duties.reason",
  document: "form.attest.document",
  proofSha256: "form.proof.sha256",
};

function labelsOf(lists: readonly DutyTurns[]): Record<string, TextKey> {
  const each = lists.flatMap(({ duty, turns }) =>
    turns.flatMap(({ first }) => turnFields.map((field) => [turnField(field, duty.id, first), fieldLabels[field]] as const)),
  );
  return { by: "duties.by", ...Object.fromEntries(each) };
}

function dutySection({ lang, nowMs }: PageFrame, { duty, turns }: DutyTurns, state: FormState, writes: boolean): Html {
  const open = writableTurns(turns, nowMs);
  return html`<section class="duty" aria-labelledby="duty-${duty.id}"><h2 id="duty-${duty.id}">${duty.title[lang]}</h2>
<p class="note">${rhythmWords(lang, duty.rhythm)} · ${text(lang, "duties.who")}: ${duty.who[lang]}. ${historyWords(lang, turns, nowMs)}</p>
${open.length === 0 ? html`<p class="note">${text(lang, "duties.nothing")}</p>` : open.map((turn) => turnRow(lang, duty, turn, state, writes))}</section>`;
}

function turnRow(lang: Lang, duty: Duty, turn: RecordedTurn, state: FormState, writes: boolean): Html {
  const { record } = turn;
  const heading = html`<p><b>${turnWords(lang, duty.rhythm, turn)}</b> ${mark(marks[turn.state], text(lang, turn.state === "late" && record ? "duties.late.recorded" : `duties.state.${turn.state}`))}
<span class="note">${record ? text(lang, "duties.recorded", { at: moment(lang, record.at) }) : text(lang, "duties.closes", { day: day(lang, lastDayOf(turn)) })}${record?.reason ? html`: ${record.reason}` : ""}</span></p>`;
  if (!writes) return html`<div class="turn">${heading}</div>`;
  const name = (field: TurnField) => turnField(field, duty.id, turn.first);
  const choices = record ? (["none", "withdrawn"] as const) : (["done", "skipped", "none"] as const);
  const chosen = state.values[name("state")] ?? "";
  const field = (of: "reason" | "document", max: number) => inputField(lang, state, { name: name(of), label: fieldLabels[of], required: false, max });
  return html`<div class="turn" id="f-${name("state")}" tabindex="-1" role="group" aria-label="${duty.title[lang]}, ${turnWords(lang, duty.rhythm, turn)}">${heading}
<div class="choices">${choices.map((choice) => {
    const value = choice === "none" ? "" : choice;
    return html`<label class="choice"><input type="radio" name="${name("state")}" value="${value}"${value === chosen ? html` checked` : ""}> ${text(lang, `duties.choice.${choice}`)}</label>`;
  })}</div>
${record ? "" : html`<div class="pair">${field("reason", 300)}${duty.proof ? field("document", 128) : ""}</div>${duty.proof ? proofField(lang, state, name("proofSha256")) : ""}`}</div>`;
}

function historyWords(lang: Lang, turns: readonly RecordedTurn[], nowMs: number): string {
  const closed = turns.filter(({ closesMs }) => closesMs <= nowMs);
  const count = (asked: RecordedTurn["state"]) => closed.filter(({ state }) => state === asked).length;
  const last = turns.find(({ state }) => state === "done")?.record;
  const lastWords = last ? text(lang, "duties.last", { day: moment(lang, last.at).slice(0, 10) }) : text(lang, "duties.last.none");
  if (closed.length === 0) return lastWords;
  return `${lastWords} ${text(lang, "duties.counts", { turns: closed.length, done: count("done"), late: count("late"), skipped: count("skipped") })}`;
}

/** How often, and by when. */
export function rhythmWords(lang: Lang, rhythm: Rhythm): string {
  if (rhythm.every === "day") return text(lang, "duties.every.day");
  const weekday = `form.weekday.${rhythm.by}`;
  return text(lang, `duties.every.${rhythm.every}`, { by: rhythm.every === "week" && isTextKey(weekday) ? text(lang, weekday) : String(rhythm.by) });
}

/** Which day, week or month a turn is. */
export function turnWords(lang: Lang, { every }: Rhythm, { first, last }: Pick<RecordedTurn, "first" | "last">): string {
  const month = day(lang, first)
    .slice(lang === "vi" ? 3 : 0)
    .slice(0, 7);
  return text(lang, `duties.turn.${every}`, { first: day(lang, first), last: day(lang, last), month });
}

/** The last day on which a record is in time. */
export function lastDayOf({ closesMs }: Pick<RecordedTurn, "closesMs">): string {
  return vietnamDay(closesMs - 1);
}
