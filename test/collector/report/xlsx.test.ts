import { XMLParser, XMLValidator } from "fast-xml-parser";
import { expect, test } from "vitest";
import { xlsx } from "../../../collector/report/xlsx.ts";
import { hostileName } from "../../support/sample-province.ts";
import { zipParts } from "../../support/zip-parts.ts";

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
  const files = zipParts(book());
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
  const sheet = zipParts(book()).get("xl/worksheets/sheet1.xml") ?? "";
  expect(sheet).not.toContain("<f>");
  const rows = new XMLParser({ ignoreAttributes: false, isArray: (name) => name === "c" }).parse(sheet).worksheet.sheetData.row;
  expect(rows[1].c[0]).toMatchObject({ "@_t": "inlineStr" });
  expect(rows[1].c[0].is.t["#text"]).toContain("<script>alert(1)</script>");
  expect(rows[1].c[1].v).toBe(168.5);
  expect(rows[2].c[0].is.t["#text"]).toBe("x\ufffdy");
});

test("times are Vietnam's, as numbers that a spreadsheet shows as times, sorts and reckons with", () => {
  const files = zipParts(xlsx([{ name: "a", head: ["x", "y"], widths: [9, 9], rows: [[{ at: "2026-11-30T16:59:59.000Z" }, { day: "2026-12-01" }]] }]));
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
  expect(zipParts(book()).get("xl/workbook.xml")).toContain('name="Bảng  1   a b"');
});

test("the same sheets give the same bytes", () => {
  expect(book().equals(book())).toBe(true);
});
