import { carriedWords } from "#schemas/text/carried-words.ts";
import { day, daySpans, moment } from "#schemas/text/moment-word.ts";
import { numberWord } from "#schemas/text/number-word.ts";
import { outcomeWord } from "#schemas/text/outcome-word.ts";
import { text } from "#schemas/text/text.ts";
import type { Lang } from "#schemas/words.ts";
import type { ChartTest, LinkChart } from "../web/link-chart.ts";
import type { LinkEvidence, LinkTest } from "./link-evidence.ts";
import { sealOfText } from "./seal.ts";

const DAY_MS = 86_400_000;

/** How the tests were made and judged, one sentence each. */
export function method({ rule, tests }: LinkEvidence, lang: Lang): string[] {
  const { floor, breach, passValidDays } = rule;
  return [
    text(lang, "linkEvidence.method.1"),
    text(lang, "linkEvidence.method.2"),
    ...(tests.some(({ carriedS }) => carriedS !== undefined) ? [text(lang, "linkEvidence.method.fullLength")] : []),
    text(lang, "linkEvidence.method.3"),
    text(lang, "linkEvidence.method.4", { ...breach, floor, validDays: passValidDays }),
  ];
}

/** Which policy asked, by which document. */
export function foot({ policy }: LinkEvidence, lang: Lang): string {
  return text(lang, "linkEvidence.foot", {
    policy: `${policy.id}@${policy.version}`,
    document: policy.source.document,
    date: day(lang, policy.source.date),
  });
}

/** Tests that gave no number: each reason with its count. */
export function reasonList(counts: LinkEvidence["notMeasured"], lang: Lang): string {
  return Object.entries(counts)
    .map(([reason, count]) => `${outcomeWord(lang, reason)} (${count})`)
    .join("; ");
}

/** On which days nobody judged the line; nothing when all were. */
export function unjudgedWords({ notJudged }: LinkEvidence, lang: Lang): string[] {
  return notJudged ? [text(lang, "linkEvidence.notJudged", { days: daySpans(lang, notJudged) })] : [];
}

/** Whether a test counts, and why not; of a full-length one also how long it carried. */
export function note({ excuse, carriedS, fell }: LinkTest, lang: Lang): string {
  return [
    excuse === undefined ? text(lang, "linkEvidence.counted") : outcomeWord(lang, excuse),
    ...(carriedS === undefined ? [] : carriedWords(lang, { carriedS, fell })),
  ].join("; ");
}

/** Whether a test was made in working hours. */
export function hours({ inHours }: LinkTest, lang: Lang): string {
  return text(lang, inHours ? "linkEvidence.inHours" : "linkEvidence.outOfHours");
}

/** A number, or a dash where there is none. */
export function cell(lang: Lang, value: number | undefined): string {
  return value === undefined ? "–" : numberWord(lang, value);
}

/** Two numbers that belong together. */
export function pair(lang: Lang, a: number | undefined, b: number | undefined): string {
  return a === undefined && b === undefined ? "–" : `${cell(lang, a)} / ${cell(lang, b)}`;
}

/** A test's network port: its speed, else its medium. */
export function port({ nicMbps, medium }: LinkTest, lang: Lang): string {
  return nicMbps === undefined ? (medium ?? "–") : text(lang, "linkEvidence.mbps", { mbps: nicMbps });
}

/** Who sold the line, by which number he knows it where that is declared, what was contracted and what the plan demands. */
export function parties({ centre, rule }: LinkEvidence, lang: Lang): string {
  const unknown = text(lang, "linkEvidence.unknown");
  const contract = centre.contractMbps === undefined ? unknown : text(lang, "linkEvidence.mbps", { mbps: centre.contractMbps });
  const number = centre.contractNumber === undefined ? [] : [text(lang, "linkEvidence.contractNumber", { number: centre.contractNumber })];
  return [...number, text(lang, "linkEvidence.parties", { isp: centre.isp ?? unknown, contract, floor: rule.floor })].join(" ");
}

export function title({ centre }: LinkEvidence, lang: Lang): string {
  return text(lang, "linkEvidence.title", { name: centre.name });
}

export function period({ firstDay, lastDay }: LinkEvidence, lang: Lang): string {
  return text(lang, "linkEvidence.period", { from: day(lang, firstDay), to: day(lang, lastDay) });
}

/** The columns of a printed table, in order. */
export const columns = ["when", "hours", "down", "interval", "up", "server", "rtt", "loss", "nic", "note"] as const;

/** One test as the words of a printed table's columns. */
export function cells(test: LinkTest, lang: Lang): string[] {
  return [
    moment(lang, test.atMs),
    hours(test, lang),
    cell(lang, test.downMbps),
    pair(lang, test.lowMbps, test.highMbps),
    cell(lang, test.upMbps),
    test.server,
    pair(lang, test.idleRttMs, test.loadedRttMs),
    cell(lang, test.lossPercent),
    port(test, lang),
    note(test, lang),
  ];
}

/** The chart of the tests, over the days that they were asked for. */
export function chart({ centre, rule, firstDay, lastDay, tests }: LinkEvidence, lang: Lang): LinkChart {
  const endMs = Date.parse(`${lastDay}T12:00:00+07:00`);
  const days = Math.round((endMs - Date.parse(`${firstDay}T12:00:00+07:00`)) / DAY_MS) + 1;
  const marks = tests.map(({ atMs, downMbps, upMbps, excuse }): ChartTest => ({ atMs, down: downMbps, up: upMbps, excused: excuse !== undefined }));
  return { lang, tests: marks, required: rule.floor, contract: centre.contractMbps, nowMs: endMs, days };
}

/** What the sheet says as the one text that its hash is taken of. */
export function evidenceText(evidence: LinkEvidence): string {
  return JSON.stringify(evidence);
}

/** SHA-256 of what the sheet says, the same in each format and language. */
export function evidenceSeal(evidence: LinkEvidence): string {
  return sealOfText(evidenceText(evidence));
}

/** The hash with its name, as it stands at the foot. */
export function hashLine(evidence: LinkEvidence, lang: Lang): string {
  return `${text(lang, "report.hash")}: ${evidenceSeal(evidence)}`;
}
