import { partAt } from "../evaluate/points.ts";
import type { Finding, FindingPart } from "../finding.ts";
import { RecordingProjection } from "../recording-evidence.ts";
import type { Lang } from "../words.ts";
import { numberWord } from "./number-word.ts";
import { pointWord } from "./point-word.ts";
import { projectionSentence } from "./projection-sentence.ts";
import { isTextKey, type TextKey, text } from "./text.ts";

type Told = Pick<Finding, "reason" | "detail" | "observed" | "required" | "unit">;

/**
 * Why a finding has its state, as one sentence with its numbers; a second one says where the fault lies, that most of the newest runs lie below what one has
 * reached, how long the tests were, that the contract asks for less than the plan, or what a disk will hold, where known. Of several reception points the sentence names the one that it is about.
 */
export function findingSentence(lang: Lang, { reason, detail, observed, required, unit }: Told): string {
  const said = Object.fromEntries(
    Object.entries(detail ?? {}).map(([name, value]) => [name, typeof value === "boolean" ? String(value) : wordOf(lang, name, value)]),
  );
  const numbers = {
    ...(observed !== undefined && { observed: numberWord(lang, observed, required) }),
    ...(required !== undefined && { required }),
    unit: unit ? unitWord(lang, unit) : "",
  };
  const where = detail?.segment === "portal" ? text(lang, "finding.segment.portal") : [];
  const lower =
    typeof detail?.median === "number" ? text(lang, "finding.met.median", { ...numbers, ...said, median: numberWord(lang, detail.median, required) }) : [];
  const length = detail?.fullLength === undefined ? [] : text(lang, "finding.fullLength", said);
  const doubtKey = `recording.reason.${detail?.doubt}`;
  const doubt = isTextKey(doubtKey) ? text(lang, "finding.doubt", { why: text(lang, doubtKey) }) : [];
  const isLow = reason === "below_floor" || reason === "unconfirmed";
  const contract = isLow && detail?.contractShort === true ? text(lang, "finding.contract.short", { ...numbers, ...said }) : [];
  const sentence = atPoint(lang, reason, detail, text(lang, sentenceKey(reason, unit), { ...numbers, ...said }));
  return [sentence, doubt, where, lower, length, contract, projectionSentence(lang, projectionOf(detail)) ?? []].flat().join(" ");
}

/** What is met says of what its number is a number, where the unit alone does not: a share of the times that somebody asked, devices, days kept. */
function sentenceKey(reason: Told["reason"], unit: Told["unit"]): TextKey {
  const own = `finding.met.${unit === "%" ? "share" : unit}`;
  return reason === "met" && isTextKey(own) ? own : `finding.reason.${reason}`;
}

/** The sentence with the reception point that it is about, where a centre has several. */
function atPoint(lang: Lang, reason: Told["reason"], detail: Told["detail"], sentence: string): string {
  if (typeof detail?.point !== "string") return sentence;
  const place = pointWord(lang, detail.point);
  return reason === "site_offline" ? text(lang, "finding.point_offline", { place }) : text(lang, "finding.at_point", { place, sentence });
}

/** The same of one of the reception points of which a finding speaks, whichever is the worst. */
export function sentenceAt(lang: Lang, finding: Told & Pick<Finding, "parts">, point: string): string {
  const part = finding.detail?.point === point ? undefined : partAt(finding, point);
  if (!part) return findingSentence(lang, finding);
  const { subject, reason } = part;
  const isWhole = subject === point;
  const sentence = partSentence(lang, finding, { ...part, detail: { ...(!isWhole && { subject, channel: subject }), ...part.detail, point } });
  const short = text(lang, `finding.short.${reason}`);
  return sentence === short ? text(lang, "finding.at_point", { place: pointWord(lang, point), sentence: isWhole ? short : `${subject}: ${short}` }) : sentence;
}

/** The estimate of a depth finding: its fields lie flat in the detail. */
export function projectionOf(detail: Told["detail"]): RecordingProjection | undefined {
  return detail?.outlook === undefined ? undefined : RecordingProjection.strip().safeParse(detail).data;
}

/** The same for one part of a finding; what is required and in which unit stands with the whole. A part that has no numbers of its own has short words. */
export function partSentence(lang: Lang, { required, unit }: Pick<Finding, "required" | "unit">, part: FindingPart): string {
  const sentence = findingSentence(lang, { ...part, ...(required !== undefined && { required }), ...(unit && { unit }) });
  return /\{\w+\}/.test(sentence) ? text(lang, `finding.short.${part.reason}`) : sentence;
}

/** The unit as it is written behind a number: counted things have a word of the language. */
export function unitWord(lang: Lang, unit: string): string {
  const key = `unit.${unit}`;
  return isTextKey(key) ? text(lang, key) : unit;
}

/** Codes inside of a detail are spoken, days are written as people write them; device text and numbers stay. */
function wordOf(lang: Lang, name: string, value: string | number): string | number {
  if (name === "lastDay") return String(value).split("-").reverse().join("/");
  const key = name === "excuse" || name === "outcome" ? `outcome.${value}` : name === "short" ? `capacity.${value}` : "";
  return isTextKey(key) ? text(lang, key) : value;
}
