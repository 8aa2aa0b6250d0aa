/**
 * Parses CSV (RFC 4180; comma, semicolon or tab, whichever the first line holds most of) into objects by the names of its first row.
 * An apostrophe before a formula sign, as our own reports write it, is taken off again.
 */
export function parseCsv(body: string): readonly Readonly<Record<string, string>>[] {
  const [names = [], ...rows] = csvTable(body);
  return rows
    .filter((row) => row.some((field) => field.trim() !== ""))
    .map((row) => Object.fromEntries(names.map((name, place) => [name.trim(), (row[place] ?? "").replace(/^'(?=[=+\-@])/, "").trim()])));
}

/** The same as bare rows of fields, empty rows included, so that places in it are places in the file. */
export function csvTable(body: string): readonly (readonly string[])[] {
  const firstLine = body.slice(0, body.search(/[\r\n]|$/));
  const separator = ([";", "\t"] as const).find((mark) => count(firstLine, mark) > count(firstLine, ",")) ?? ",";
  return splitRows(body, separator);
}

function count(line: string, mark: string): number {
  return line.split(mark).length - 1;
}

function splitRows(body: string, separator: string): string[][] {
  const rows: string[][] = [[]];
  let field = "";
  let quoted = false;
  const endField = () => {
    rows.at(-1)?.push(field);
    field = "";
  };
  for (let place = 0; place < body.length; place++) {
    const mark = body[place];
    if (quoted) {
      if (mark === '"' && body[place + 1] === '"') field += body[++place];
      else if (mark === '"') quoted = false;
      else field += mark;
    } else if (mark === '"' && field === "") quoted = true;
    else if (mark === separator) endField();
    else if (mark === "\n") {
      endField();
      rows.push([]);
    } else if (mark !== "\r") field += mark;
  }
  endField();
  return rows;
}
