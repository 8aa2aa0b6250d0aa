import { type TextKey, text } from "#schemas/text/text.ts";
import type { Lang } from "#schemas/words.ts";
import { csv } from "./csv.ts";
import type { LinkEvidence } from "./link-evidence.ts";
import { foot, hashLine, hours, method, note, parties, title, unjudgedWords } from "./link-evidence-words.ts";

const csvHead: readonly TextKey[] = [
  "linkEvidence.column.when",
  "linkEvidence.column.hours",
  "linkEvidence.column.server",
  "linkEvidence.column.down",
  "linkEvidence.column.low",
  "linkEvidence.column.high",
  "linkEvidence.column.up",
  "linkEvidence.column.idle",
  "linkEvidence.column.loaded",
  "linkEvidence.column.loss",
  "linkEvidence.column.foreign",
  "linkEvidence.column.streams",
  "linkEvidence.column.megabytes",
  "linkEvidence.column.medium",
  "linkEvidence.column.nicMbps",
  "linkEvidence.column.note",
  "linkEvidence.column.ref",
];

/** Each test as one row that a spreadsheet reads; method and hash stand below, after an empty line. */
export function linkEvidenceCsv(evidence: LinkEvidence, lang: Lang): string {
  const rows = evidence.tests.map((test) => [
    { at: new Date(test.atMs).toISOString() },
    hours(test, lang),
    test.server,
    test.downMbps,
    test.lowMbps,
    test.highMbps,
    test.upMbps,
    test.idleRttMs,
    test.loadedRttMs,
    test.lossPercent,
    test.foreignMbps,
    test.streams,
    test.megabytes,
    test.medium,
    test.nicMbps,
    note(test, lang),
    test.ref,
  ]);
  const below = [
    title(evidence, lang),
    parties(evidence, lang),
    ...(evidence.demo ? [text(lang, "report.demo")] : []),
    ...unjudgedWords(evidence, lang),
    ...method(evidence, lang),
    foot(evidence, lang),
    hashLine(evidence, lang),
  ];
  return csv([csvHead.map((key) => text(lang, key)), ...rows, [], ...below.map((sentence) => [sentence])]);
}
