import { text } from "#schemas/text/text.ts";
import type { Lang } from "#schemas/words.ts";
import type { Comparison } from "./comparison.ts";
import { comparisonPrint } from "./comparison-print.ts";
import { comparisonSheets } from "./comparison-rows.ts";
import { type Cell, csvPieces } from "./csv.ts";
import type { Dossier } from "./dossier.ts";
import { printView } from "./print-view.ts";
import { reportHtml } from "./report-html.ts";
import { closedRows, excuseRows, methodRows, requirementRows, type Sheet, waiverRows } from "./rows.ts";
import { sealedPieces, sealOf } from "./seal.ts";
import { typeset } from "./typeset.ts";
import { XLSX_TYPE, type XlsxSheet, xlsx } from "./xlsx.ts";

export const reportFormats = ["html", "pdf", "xlsx", "csv", "json"] as const;
export type ReportFormat = (typeof reportFormats)[number];

/** A report as bytes, in pieces that follow upon each other, with its media type and a file name. Same dossier, language and format: same bytes. */
export type RenderedReport = { readonly pieces: readonly Buffer[]; readonly type: string; readonly fileName: string };

/** Writes a dossier in one format. */
export async function renderReport(dossier: Dossier, format: ReportFormat, lang: Lang): Promise<RenderedReport> {
  const fileName = `${dossier.scope === "centre" ? (dossier.centres[0]?.code ?? "centre") : "province"}-${dossier.month}.${format}`;
  const made = { type: types[format], fileName };
  switch (format) {
    case "html":
      return { ...made, pieces: [Buffer.from(await reportHtml(dossier, await sealOf(dossier), lang))] };
    case "pdf":
      return { ...made, pieces: [await typeset(printView(dossier, await sealOf(dossier), lang), dossier.closesAt)] };
    case "csv":
      return { ...made, pieces: await csvOf(sheetsOf(dossier, await sealOf(dossier), lang), lang) };
    case "xlsx":
      return { ...made, pieces: await xlsxOf(sheetsOf(dossier, await sealOf(dossier), lang), lang) };
    case "json": {
      const { seal, pieces } = await sealedPieces(dossier);
      return { ...made, pieces: [Buffer.from(`{"sha256":"${seal}","dossier":`), ...pieces, Buffer.from("}\n")] };
    }
  }
}

const types: Readonly<Record<ReportFormat, string>> = {
  html: "text/html; charset=utf-8",
  pdf: "application/pdf",
  xlsx: XLSX_TYPE,
  csv: "text/csv; charset=utf-8",
  json: "application/json",
};

/** A report in one piece. */
export function bytesOf({ pieces }: Pick<RenderedReport, "pieces">): Buffer {
  return Buffer.concat(pieces);
}

/** Whether a terminal can show a format. */
export function isText(format: ReportFormat): boolean {
  return format !== "pdf" && format !== "xlsx";
}

export const comparisonFormats = ["pdf", "xlsx", "csv"] as const;
export type ComparisonFormat = (typeof comparisonFormats)[number];

/** Writes two months side by side in one format: for paper the changes of each kind up to a number, else every row. Same months, language and format: same bytes. */
export async function renderComparison(comparison: Comparison, format: ComparisonFormat, lang: Lang): Promise<RenderedReport> {
  const made = { type: types[format], fileName: `province-${comparison.before.month}-${comparison.after.month}.${format}` };
  const seals = { before: await sealOf(comparison.before), after: await sealOf(comparison.after) };
  switch (format) {
    case "pdf":
      return { ...made, pieces: [await typeset(comparisonPrint(comparison, seals, lang), comparison.after.closesAt)] };
    case "csv":
      return { ...made, pieces: await csvOf(comparisonSheets(comparison, seals, lang), lang) };
    case "xlsx":
      return { ...made, pieces: await xlsxOf(comparisonSheets(comparison, seals, lang), lang) };
  }
}

/** One table that every spreadsheet reads; the others stand below it, each after an empty line and with its title. */
function csvOf(sheets: readonly [Sheet, ...Sheet[]], lang: Lang): Promise<readonly Buffer[]> {
  return csvPieces(csvRows(sheets, lang));
}

function* csvRows(sheets: readonly [Sheet, ...Sheet[]], lang: Lang): Generator<readonly Cell[]> {
  for (const [place, { key, head, rows }] of sheets.entries()) {
    if (place > 0) yield* [[], [text(lang, key)]];
    yield head.map((column) => text(lang, column));
    yield* rows;
  }
}

/** All that a report holds, as tables; the first has a row for each centre and requirement. */
function sheetsOf(dossier: Dossier, seal: string, lang: Lang): readonly [Sheet, ...Sheet[]] {
  const closed = dossier.closedCentres ? [closedRows(dossier, lang)] : [];
  return [requirementRows(dossier, lang), ...closed, waiverRows(dossier, lang), excuseRows(dossier, lang), methodRows(dossier, seal, lang)];
}

function xlsxOf(sheets: readonly Sheet[], lang: Lang): Promise<readonly Buffer[]> {
  return xlsx(sheets.map((sheet) => xlsxSheet(sheet, lang)));
}

const WIDE = new Set([
  "report.column.requirement",
  "report.column.why",
  "report.column.value",
  "compare.column.what",
  "report.column.reason",
  "report.column.clause",
]);

function xlsxSheet({ key, head, rows }: Sheet, lang: Lang): XlsxSheet {
  return { name: text(lang, key), head: head.map((column) => text(lang, column)), widths: head.map((column) => (WIDE.has(column) ? 46 : 15)), rows };
}
