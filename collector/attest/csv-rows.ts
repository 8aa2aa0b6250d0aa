/** Something of a CSV file that cannot be read as it was meant, with the line of the file, 1 being the first: a quotation mark that nothing closes, a row with more cells than columns, a column that is named twice. */
export type CsvFault = { readonly line: number } & (
  | { readonly kind: "quote" }
  | { readonly kind: "cells"; readonly words: string }
  | { readonly kind: "twice"; readonly words: string }
);

/** A row of a CSV file by the names of its first one, with the line on which it begins. */
export type CsvRecord = { readonly line: number; readonly fields: Readonly<Record<string, string>> };

/**
 * Parses CSV (RFC 4180; comma, semicolon or tab, whichever the first line holds most of) into objects by the names of its first row.
 * An apostrophe before a formula sign, as our own reports write it, is taken off again.
 */
export function parseCsv(body: string): readonly Readonly<Record<string, string>>[] {
  return csvRecords(body).records.map(({ fields }) => fields);
}

/** The same, each with its line, and what is wrong with the file: where anything is, rows may be missing or stand in the wrong columns. */
export function csvRecords(body: string): { readonly records: readonly CsvRecord[]; readonly faults: readonly CsvFault[] } {
  const { rows, openLine } = splitRows(body, separatorOf(body));
  const names = rows[0]?.cells.map((name) => name.trim()) ?? [];
  const filled = rows.slice(1).filter(({ cells }) => cells.some((field) => field.trim() !== ""));
  const twice = names.filter((name, place) => name !== "" && names.indexOf(name) !== place);
  const wide = filled.flatMap(({ line, cells }): CsvFault[] => {
    const words = cells.find((field, place) => field.trim() !== "" && (names[place] ?? "") === "");
    return words === undefined ? [] : [{ kind: "cells", line, words: words.trim() }];
  });
  const records = filled.map(({ line, cells }) => {
    const named = names.map((name, place) => [name, unguarded(cells[place] ?? "").trim()] as const);
    return { line, fields: Object.fromEntries(named.filter(([name]) => name !== "")) };
  });
  const open: CsvFault[] = openLine === undefined ? [] : [{ kind: "quote", line: openLine }];
  return { records, faults: [...open, ...twice.map((words): CsvFault => ({ kind: "twice", line: 1, words })), ...wide] };
}

/** A cell without the apostrophes that our own tables write: before a formula sign at its beginning, and behind a semicolon or tab. */
export function unguarded(cell: string): string {
  return cell.replace(/(^|[;\t]["\s]*)'(?=[=+\-@])/g, "$1");
}

/** Bare rows of fields, empty rows included, so that places in it are places in the file. */
export type CsvTable = readonly (readonly string[])[];

/**
 * The same as bare rows, and the line of a quotation mark that nothing closes, which has swallowed the rows below it. Under a title the first line says nothing of
 * the mark between fields: it is then the one by which `hasHead` finds the names of the columns.
 */
export function csvTable(body: string, hasHead: (table: CsvTable) => boolean): { readonly table: CsvTable; readonly openLine: number | undefined } {
  const first = separatorOf(body);
  const upper = body.slice(0, UPPER_CHARACTERS);
  const mark = [first, ...separators].find((one) => hasHead(splitRows(upper, one).rows.map(({ cells }) => cells))) ?? first;
  const { rows, openLine } = splitRows(body, mark);
  return { table: rows.map(({ cells }) => cells), openLine };
}

/** Of a file these are enough to tell by which mark its heads are read. */
const UPPER_CHARACTERS = 64 * 1024;

type Line = { readonly line: number; readonly cells: string[] };

const separators = [",", ";", "\t"] as const;

function separatorOf(body: string): string {
  const firstLine = body.slice(0, body.search(/[\r\n]|$/));
  return ([";", "\t"] as const).find((mark) => count(firstLine, mark) > count(firstLine, ",")) ?? ",";
}

function count(line: string, mark: string): number {
  return line.split(mark).length - 1;
}

/** The rows of a file, whose lines may end in CR LF, LF or CR alone. `openLine`: where a quotation mark begins that nothing closes. */
function splitRows(body: string, separator: string): { readonly rows: readonly Line[]; readonly openLine: number | undefined } {
  const rows: Line[] = [{ line: 1, cells: [] }];
  let line = 1;
  let field = "";
  let openLine: number | undefined;
  const endField = () => {
    rows.at(-1)?.cells.push(field);
    field = "";
  };
  for (let place = 0; place < body.length; place++) {
    const mark = body[place];
    const endsLine = mark === "\n" || (mark === "\r" && body[place + 1] !== "\n");
    if (endsLine) line++;
    if (openLine !== undefined) {
      if (mark === '"' && body[place + 1] === '"') field += body[++place];
      else if (mark === '"') openLine = undefined;
      else field += mark;
    } else if (mark === '"' && field === "") openLine = line;
    else if (mark === separator) endField();
    else if (endsLine) {
      endField();
      rows.push({ line, cells: [] });
    } else if (mark !== "\r") field += mark;
  }
  endField();
  return { rows, openLine };
}
