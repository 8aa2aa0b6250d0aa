import { crc32 } from "node:zlib";
import { XMLParser, XMLValidator } from "fast-xml-parser";
import { expect, test } from "vitest";
import { xlsx } from "../../../collector/report/xlsx.ts";
import { hostileName } from "../../support/sample-province.ts";

/** Reads a stored ZIP by its central directory, as a spreadsheet does, and checks each sum. */
function unzip(bytes: Buffer): ReadonlyMap<string, string> {
  const end = bytes.lastIndexOf("PK\x05\x06", undefined, "latin1");
  const files = new Map<string, string>();
  let at = bytes.readUInt32LE(end + 16);
  for (let file = 0; file < bytes.readUInt16LE(end + 10); file++) {
    const [sum, size, nameSize, local] = [bytes.readUInt32LE(at + 16), bytes.readUInt32LE(at + 24), bytes.readUInt16LE(at + 28), bytes.readUInt32LE(at + 42)];
    const name = bytes.toString("utf8", at + 46, at + 46 + nameSize);
    const start = local + 30 + bytes.readUInt16LE(local + 26) + bytes.readUInt16LE(local + 28);
    const body = bytes.subarray(start, start + size);
    expect(crc32(body), name).toBe(sum);
    files.set(name, body.toString("utf8"));
    at += 46 + nameSize;
  }
  return files;
}

const book = () =>
  xlsx([
    {
      name: "Bảng [1]: a/b",
      head: ["Tên", "Số"],
      widths: [20, 10],
      rows: [[hostileName, 168.5], ["x\u0000\ud800y", undefined], ...Array.from({ length: 2 }, () => ["a", 1])],
    },
  ]);

test("is a package whose parts are well-formed and whose sums agree", () => {
  const files = unzip(book());
  expect([...files.keys()]).toEqual([
    "[Content_Types].xml",
    "_rels/.rels",
    "xl/workbook.xml",
    "xl/_rels/workbook.xml.rels",
    "xl/styles.xml",
    "xl/worksheets/sheet1.xml",
  ]);
  for (const [name, body] of files) expect(XMLValidator.validate(body), name).toBe(true);
});

test("hostile text is a string cell and never a formula; numbers are numbers", () => {
  const sheet = unzip(book()).get("xl/worksheets/sheet1.xml") ?? "";
  expect(sheet).not.toContain("<f>");
  const rows = new XMLParser({ ignoreAttributes: false, isArray: (name) => name === "c" }).parse(sheet).worksheet.sheetData.row;
  expect(rows[1].c[0]).toMatchObject({ "@_t": "inlineStr" });
  expect(rows[1].c[0].is.t["#text"]).toContain("<script>alert(1)</script>");
  expect(rows[1].c[1].v).toBe(168.5);
  expect(rows[2].c[0].is.t["#text"]).toBe("x\ufffdy");
});

test("times are Vietnam's, as numbers that a spreadsheet shows as times, sorts and reckons with", () => {
  const files = unzip(xlsx([{ name: "a", head: ["x", "y"], widths: [9, 9], rows: [[{ at: "2026-11-30T16:59:59.000Z" }, { day: "2026-12-01" }]] }]));
  const sheet = files.get("xl/worksheets/sheet1.xml") ?? "";
  expect(sheet).toContain(`<c r="A2" s="2"><v>${46356 + 1_439 / 1_440}</v></c><c r="B2" s="3"><v>46357</v></c>`);
  const styles = new XMLParser({ ignoreAttributes: false }).parse(files.get("xl/styles.xml") ?? "").styleSheet;
  const formats = new Map(styles.numFmts.numFmt.map((format: Record<string, string>) => [format["@_numFmtId"], format["@_formatCode"]]));
  expect(styles.cellXfs.xf.slice(2).map((style: Record<string, string>) => formats.get(style["@_numFmtId"]))).toEqual([
    "yyyy\\-mm\\-dd\\ hh:mm",
    "yyyy\\-mm\\-dd",
  ]);
});

test("sheet names lose what Excel refuses", () => {
  expect(unzip(book()).get("xl/workbook.xml")).toContain('name="Bảng  1   a b"');
});

test("the same sheets give the same bytes", () => {
  expect(book().equals(book())).toBe(true);
});
