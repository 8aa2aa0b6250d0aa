import { html } from "hono/html";
import type { FindingState } from "#schemas/finding.ts";
import type { FrameEvidence, RecordingProjection, RecordingVerdict } from "#schemas/recording-evidence.ts";
import { moment } from "#schemas/text/moment-word.ts";
import { numberWord } from "#schemas/text/number-word.ts";
import { projectionSentence } from "#schemas/text/projection-sentence.ts";
import { type TextKey, text } from "#schemas/text/text.ts";
import type { Lang } from "#schemas/words.ts";
import { coverageStrip } from "./coverage-strip.ts";
import { badge, type Html } from "./markup.ts";
import type { ChannelRecordings } from "./recordings-view.ts";

const states: Record<RecordingVerdict, FindingState> = { COMPLIANT: "pass", NON_COMPLIANT: "fail", TOO_YOUNG: "pending", UNVERIFIABLE: "unknown" };
const GAPS_SHOWN = 10;
const columns = [
  "web.cameras.channel",
  "web.cameras.days",
  "web.cameras.depth",
  "web.cameras.coverage",
  "web.cameras.longestGap",
  "web.cameras.now",
  "web.cameras.projected",
] as const;

/** Every camera's recordings: the verdict with its reasons, 31 days with their gaps, the oldest picture that was fetched, and what the disk will hold. */
export function camerasTable(lang: Lang, channels: readonly ChannelRecordings[]): Html {
  const newest = channels
    .map(({ takenAt }) => takenAt)
    .sort()
    .at(-1);
  if (newest === undefined) return html`<p class="note">${text(lang, "web.cameras.none")}</p>`;
  const sentences = new Set(channels.flatMap(({ projection }) => projectionSentence(lang, projection) ?? []));
  return html`<table class="cameras stack" role="table"><thead role="rowgroup"><tr role="row">${columns.map((key) => html`<th scope="col" role="columnheader">${text(lang, key)}</th>`)}</tr></thead>
<tbody role="rowgroup">${channels.map((channel) => row(lang, channel))}</tbody></table>
${[...sentences].map((sentence) => html`<p>${sentence}</p>`)}<p class="note">${text(lang, "web.cameras.readAt", { at: moment(lang, newest) })}. ${text(lang, "web.cameras.legend")}</p>`;
}

function row(lang: Lang, channel: ChannelRecordings): Html {
  const { name, verdict, reasons, depthDays, coveragePercent, longestGapMinutes, recordingNow, projection } = channel;
  const why = reasons.map((reason) => text(lang, `recording.reason.${reason}`)).join("; ");
  const cell = <V>(key: TextKey, value: V | undefined, words: (value: V) => string) =>
    html`<td role="cell" data-label="${text(lang, key)}" class="num">${value === undefined ? "–" : words(value)}</td>`;
  return html`<tr role="row"><th scope="row" role="rowheader">${name}${verdict ? html` ${badge(lang, states[verdict])}` : ""}${why ? html`<span class="sub">${why}</span>` : ""}</th><td role="cell">${days(lang, channel)}</td>
${cell("web.cameras.depth", depthDays, (value) => text(lang, "web.cameras.depthDays", { days: Math.floor(value * 10) / 10 }))}${cell("web.cameras.coverage", coveragePercent, (value) => `${numberWord(lang, Math.floor(value * 10) / 10)} %`)}${cell("web.cameras.longestGap", longestGapMinutes, (value) => text(lang, "web.cameras.gapMinutes", { minutes: Math.ceil(value) }))}${cell("web.cameras.now", recordingNow, (value) => text(lang, value ? "web.cameras.yes" : "web.cameras.no"))}${cell("web.cameras.projected", rangeOf(projection), ([from, to]) => text(lang, "projection.range", { from, to }))}</tr>`;
}

function rangeOf(projection: RecordingProjection | undefined): readonly [number, number] | undefined {
  const { daysMin, daysMax } = projection ?? {};
  return daysMin === undefined || daysMax === undefined ? undefined : [Math.floor(daysMin), Math.round(daysMax)];
}

function days(lang: Lang, { name, days, gaps, gapsTotal, oldestFrame, watched }: ChannelRecordings): Html {
  const strip = days.length > 0 ? coverageStrip(lang, name, days) : "–";
  return html`${strip}<span class="sub">${watched ? `${text(lang, "web.cameras.watched")}. ` : ""}${frameWords(lang, oldestFrame)}</span>${gapList(lang, gaps, gapsTotal)}`;
}

function frameWords(lang: Lang, frame: FrameEvidence | undefined): string {
  if (frame === undefined) return text(lang, "web.cameras.noFrame");
  return frame.frame === undefined
    ? text(lang, "web.cameras.oldestFrame.implied", { at: moment(lang, frame.target) })
    : text(lang, "web.cameras.oldestFrame", { at: moment(lang, frame.frame) });
}

function gapList(lang: Lang, gaps: ChannelRecordings["gaps"], total: number): Html | string {
  if (gaps.length === 0) return "";
  const minutes = ({ from, to }: (typeof gaps)[number]) => Math.round((Date.parse(to) - Date.parse(from)) / 60_000);
  const longest = gaps.toSorted((a, b) => minutes(b) - minutes(a)).slice(0, GAPS_SHOWN);
  const shown = longest.toSorted((a, b) => a.from.localeCompare(b.from));
  const title = text(lang, total > shown.length ? "web.cameras.gaps.longest" : "web.cameras.gaps", { count: total, shown: shown.length });
  return html`<details><summary>${title}</summary><ul>${shown.map((gap) => html`<li>${text(lang, "web.cameras.gap", { from: moment(lang, gap.from), to: moment(lang, gap.to), minutes: minutes(gap) })}</li>`)}</ul></details>`;
}
