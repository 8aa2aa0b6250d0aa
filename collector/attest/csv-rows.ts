/**
 * Parses CSV (RFC 4180; comma, semicolon or tab, whichever the first line holds most of) into objects by the names of its first row.
 * An apostrophe before a formula sign, as our own reports write it, is taken off again.
 */
export function parseCsv(body: string): readonly Readonly<Record<string, string>>[] {
  return csvRecords(body).map(({ fields }) => fields);
}

/** The same, each with the line of the file on which it begins, 1 being the one that names the columns. */
export function csvRecords(body: string): readonly { readonly line: number; readonly fields: Readonly<Record<string, string>> }[] {
  const [names, ...rows] = linesOf(body);
  return rows
    .filter(({ cells }) => cells.some((field) => field.trim() !== ""))
    .map(({ line, cells }) => {
      const named = names?.cells.map((name, place) => [name.trim(), (cells[place] ?? "").replace(/^'(?=[=+\-@])/, "").trim()] as const) ?? [];
      return { line, fields: Object.fromEntries(named.filter(([name]) => name !== "")) };
    });
}

export type CsvTable = readonly (readonly string[])[];

/**
 * The same as bare rows of fields, empty rows included, so that places in it are places in the file. Under a title the first line says nothing of the mark
 * between fields: it is then the one by which `hasHead` finds the names of the columns.
 */
export function csvTable(body: string, hasHead: (table: CsvTable) => boolean): CsvTable {
  const fieldsBy = (mark: string, part: string) => splitRows(part, mark).map(({ cells }) => cells);
  const first = separatorOf(body);
  const upper = body.slice(0, UPPER_CHARACTERS);
  const mark = [first, ...separators].find((one) => hasHead(fieldsBy(one, upper))) ?? first;
  return fieldsBy(mark, body);
}

/** Of a file these are enough to tell by which mark its heads are read. */
const UPPER_CHARACTERS = 64 * 1024;

type Line = { readonly line: number; readonly cells: string[] };

const separators = [",", ";", "\t"] as const;

function linesOf(body: string): readonly Line[] {
  return splitRows(body, separatorOf(body));
}

function separatorOf(body: string): string {
  const firstLine = body.slice(0, body.search(/[\r\n]|$/));
  return ([";", "\t"] as const).find((mark) => count(firstLine, mark) > count(firstLine, ",")) ?? ",";
}

function count(line: string, mark: string): number {
  return line.split(mark).length - 1;
}

function splitRows(body: string, separator: string): Line[] {
  const rows: Line[] = [{ line: 1, cells: [] }];
  let line = 1;
  let field = "";
  let quoted = false;
  const endField = () => {
    rows.at(-1)?.cells.push(field);
    field = "";
  };
  for (let place = 0; place < body.length; place++) {
    const mark = body[place];
    if (mark === "\n") line++;
    if (quoted) {
      if (mark === '"' && body[place + 1] === '"') field += body[++place];
      else if (mark === '"') quoted = false;
      else field += mark;
    } else if (mark === '"' && field === "") quoted = true;
    else if (mark === separator) endField();
    else if (mark === "\n") {
      endField();
      rows.push({ line, cells: [] });
    } else if (mark !== "\r") field += mark;
  }
  endField();
  return rows;
}
