import { zipParts } from "./zip-parts.ts";

/** The sheets of a workbook of collector/report/xlsx.ts as rows of cells: text as it stands in the file, numbers as text; a formula would be "=…". */
export function xlsxRows(book: Buffer): string[][][] {
  const sheets = [...zipParts(book)].flatMap(([name, body]) => (name.startsWith("xl/worksheets/") ? [body] : []));
  return sheets.map((rows) =>
    [...rows.matchAll(/<row [^>]*>(.*?)<\/row>/gs)].map(([, cells = ""]) => {
      const row: string[] = [];
      for (const [, column = "", inner = ""] of cells.matchAll(/<c r="([A-Z]+)\d+"[^>]*>(.*?)<\/c>/gs)) row[placeOf(column)] = wordsOf(inner);
      return Array.from(row, (cell) => cell ?? "");
    }),
  );
}

function placeOf(letters: string): number {
  return [...letters].reduce((sum, letter) => sum * 26 + letter.charCodeAt(0) - 64, 0) - 1;
}

function wordsOf(inner: string): string {
  const formula = /<f>(.*?)<\/f>/s.exec(inner)?.[1];
  if (formula !== undefined) return `=${formula}`;
  const words = /<t [^>]*>(.*?)<\/t>/s.exec(inner)?.[1] ?? /<v>(.*?)<\/v>/.exec(inner)?.[1] ?? "";
  return words.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&quot;", '"').replaceAll("&amp;", "&");
}
