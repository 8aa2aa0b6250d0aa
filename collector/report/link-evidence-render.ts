import { pointWord } from "#schemas/text/point-word.ts";
import type { Lang } from "#schemas/words.ts";
import { type LinkEvidence, spanOfDays } from "./link-evidence.ts";
import { linkEvidenceCsv } from "./link-evidence-csv.ts";
import { linkEvidenceHtml } from "./link-evidence-html.ts";
import { linkEvidencePrint } from "./link-evidence-print.ts";
import { evidenceSeal, evidenceText } from "./link-evidence-words.ts";
import type { RenderedReport } from "./render.ts";
import { typeset } from "./typeset.ts";

export const linkEvidenceFormats = ["html", "pdf", "csv", "json"] as const;
export type LinkEvidenceFormat = (typeof linkEvidenceFormats)[number];

/** Writes the line's evidence in one format. Same tests, language and format: same bytes. */
export async function renderLinkEvidence(evidence: LinkEvidence, format: LinkEvidenceFormat, lang: Lang): Promise<RenderedReport> {
  const { centre, point, firstDay, lastDay } = evidence;
  const fileName = `${centre.code}${point === undefined ? "" : `-${point}`}-${lastDay}.${format}`;
  const named = point === undefined ? evidence : { ...evidence, centre: { ...centre, name: `${centre.name} – ${pointWord(lang, point)}` } };
  switch (format) {
    case "html":
      return { pieces: [Buffer.from(linkEvidenceHtml(named, lang))], type: "text/html; charset=utf-8", fileName };
    case "csv":
      return { pieces: [Buffer.from(linkEvidenceCsv(named, lang))], type: "text/csv; charset=utf-8", fileName };
    case "json":
      return {
        pieces: [Buffer.from(`{"sha256":"${evidenceSeal(evidence)}","evidence":${evidenceText(evidence)}}\n`)],
        type: "application/json",
        fileName,
      };
    case "pdf": {
      const dated = new Date(spanOfDays(firstDay, lastDay).toMs).toISOString();
      return { pieces: [await typeset(linkEvidencePrint(named, lang), dated)], type: "application/pdf", fileName };
    }
  }
}
