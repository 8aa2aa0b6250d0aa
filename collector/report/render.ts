import { text } from "#schemas/text/text.ts";
import type { Lang } from "#schemas/words.ts";
import type { Comparison } from "./comparison.ts";
import { comparisonPrint } from "./comparison-print.ts";
import { comparisonSheets } from "./comparison-rows.ts";
import { csv } from "./csv.ts";
import type { Dossier } from "./dossier.ts";
import { printView } from "./print-view.ts";
import { reportHtml } from "./report-html.ts";
import { closedRows, excuseRows, methodRows, requirementRows, type Sheet, waiverRows } from "./rows.ts";
import { dossierText, sealOf } from "./seal.ts";
import { typeset } from "./typeset.ts";
import { XLSX_TYPE, type XlsxSheet, xlsx } from "./xlsx.ts";

export const reportFormats = ["html", "pdf", "xlsx", "csv", "json"] as const;
export type ReportFormat = (typeof reportFormats)[number];

/** A report as bytes, with its media type and a file name. Same dossier, language and format: same bytes. */
export type RenderedReport = { readonly body: string | Buffer; readonly type: string; readonly fileName: string };

/** Writes a dossier in one format. */
export async function renderReport(dossier: Dossier, format: ReportFormat, lang: Lang): Promise<RenderedReport> {
  const name = `${dossier.scope === "centre" ? (dossier.centres[0]?.code ?? "centre") : "province"}-${dossier.month}.${format}`;
  const seal = await sealOf(dossier);
  switch (format) {
    case "html":
      return { body: await reportHtml(dossier, seal, lang), type: "text/html; charset=utf-8", fileName: name };
    case "pdf":
      return { body: await typeset(printView(dossier, seal, lang), dossier.closesAt), type: "application/pdf", fileName: name };
    case "csv":
      return { body: csvOf(sheetsOf(dossier, seal, lang), lang), type: "text/csv; charset=utf-8", fileName: name };
    case "xlsx": {
      return {
        body: xlsxOf(sheetsOf(dossier, seal, lang), lang),
        type: XLSX_TYPE,
        fileName: name,
      };
    }
    case "json":
      return { body: `{"sha256":"${seal}","dossier":${await dossierText(dossier)}}\n`, type: "application/json", fileName: name };
  }
}

export const comparisonFormats = ["pdf", "xlsx", "csv"] as const;
export type ComparisonFormat = (typeof comparisonFormats)[number];

/** Writes two months side by side in one format: for paper the changes of each kind up to a number, else every row. Same months, language and format: same bytes. */
export async function renderComparison(comparison: Comparison, format: ComparisonFormat, lang: Lang): Promise<RenderedReport> {
  const fileName = `province-${comparison.before.month}-${comparison.after.month}.${format}`;
  const seals = { before: await sealOf(comparison.before), after: await sealOf(comparison.after) };
  switch (format) {
    case "pdf":
      return { body: await typeset(comparisonPrint(comparison, seals, lang), comparison.after.closesAt), type: "application/pdf", fileName };
    case "csv":
      return { body: csvOf(comparisonSheets(comparison, seals, lang), lang), type: "text/csv; charset=utf-8", fileName };
    case "xlsx":
      return { body: xlsxOf(comparisonSheets(comparison, seals, lang), lang), type: XLSX_TYPE, fileName };
  }
}

/** One table that every spreadsheet reads; the others stand below it, each after an empty line and with its title. */
function csvOf([first, ...others]: readonly [Sheet, ...Sheet[]], lang: Lang): string {
  const words = (head: Sheet["head"]) => head.map((key) => text(lang, key));
  return csv([words(first.head), ...first.rows, ...others.flatMap(({ key, head, rows }) => [[], [text(lang, key)], words(head), ...rows])]);
}

/** All that a report holds, as tables; the first has a row for each centre and requirement. */
function sheetsOf(dossier: Dossier, seal: string, lang: Lang): readonly [Sheet, ...Sheet[]] {
  const closed = dossier.closedCentres ? [closedRows(dossier, lang)] : [];
  return [requirementRows(dossier, lang), ...closed, waiverRows(dossier, lang), excuseRows(dossier, lang), methodRows(dossier, seal, lang)];
}

function xlsxOf(sheets: readonly Sheet[], lang: Lang): Buffer {
  return xlsx(sheets.map((sheet) => xlsxSheet(sheet, lang)));
}

const WIDE = new Set(["report.column.requirement", "report.column.why", "report.column.value", "report.column.reason", "report.column.clause"]);

function xlsxSheet({ key, head, rows }: Sheet, lang: Lang): XlsxSheet {
  return { name: text(lang, key), head: head.map((column) => text(lang, column)), widths: head.map((column) => (WIDE.has(column) ? 46 : 15)), rows };
}
