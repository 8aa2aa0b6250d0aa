import { XMLParser, XMLValidator } from "fast-xml-parser";
import { expect, test } from "vitest";
import { type XlsxSheet, xlsx } from "../../../collector/report/xlsx.ts";
import { hostileName } from "../../support/sample-province.ts";
import { turnsWhile } from "../../support/turns-while.ts";
import { zipParts } from "../../support/zip-parts.ts";

const bookOf = async (sheets: readonly XlsxSheet[]) => Buffer.concat(await xlsx(sheets));
const book = () =>
  bookOf([
    {
      name: "Bảng [1]: a/b",
      head: ["Tên", "Số"],
      widths: [20, 10],
      rows: [[hostileName, 168.5], ["x\u0000\ud800y", undefined], ...Array.from({ length: 2 }, () => ["a", 1])],
    },
  ]);

test("is a package whose parts are well-formed and whose sums agree", async () => {
  const files = zipParts(await book());
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

test("hostile text is a string cell and never a formula; numbers are numbers", async () => {
  const sheet = zipParts(await book()).get("xl/worksheets/sheet1.xml") ?? "";
  expect(sheet).not.toContain("<f>");
  const rows = new XMLParser({ ignoreAttributes: false, isArray: (name) => name === "c" }).parse(sheet).worksheet.sheetData.row;
  expect(rows[1].c[0]).toMatchObject({ "@_t": "inlineStr" });
  expect(rows[1].c[0].is.t["#text"]).toContain("<script>alert(1)</script>");
  expect(rows[1].c[1].v).toBe(168.5);
  expect(rows[2].c[0].is.t["#text"]).toBe("x\ufffdy");
});

test("times are Vietnam's, as numbers that a spreadsheet shows as times, sorts and reckons with", async () => {
  const files = zipParts(await bookOf([{ name: "a", head: ["x", "y"], widths: [9, 9], rows: [[{ at: "2026-11-30T16:59:59.000Z" }, { day: "2026-12-01" }]] }]));
  const sheet = files.get("xl/worksheets/sheet1.xml") ?? "";
  expect(sheet).toContain(`<c r="A2" s="2"><v>${46356 + 1_439 / 1_440}</v></c><c r="B2" s="3"><v>46357</v></c>`);
  const styles = new XMLParser({ ignoreAttributes: false }).parse(files.get("xl/styles.xml") ?? "").styleSheet;
  const formats = new Map(styles.numFmts.numFmt.map((format: Record<string, string>) => [format["@_numFmtId"], format["@_formatCode"]]));
  expect(styles.cellXfs.xf.slice(2).map((style: Record<string, string>) => formats.get(style["@_numFmtId"]))).toEqual([
    "yyyy\\-mm\\-dd\\ hh:mm",
    "yyyy\\-mm\\-dd",
  ]);
});

test("sheet names lose what Excel refuses", async () => {
  expect(zipParts(await book()).get("xl/workbook.xml")).toContain('name="Bảng  1   a b"');
});

test("the same sheets give the same bytes", async () => {
  expect((await book()).equals(await book())).toBe(true);
});

test("rows are asked for as their turn comes, and what waits has its own between two groups of them", async () => {
  let made = 0;
  const rows = function* () {
    for (; made < 2_600; made++) yield ["a", made];
  };
  const turns = await turnsWhile(() => bookOf([{ name: "a", head: ["x", "y"], widths: [9, 9], rows: rows() }]));
  expect([made, turns > 4]).toEqual([2_600, true]);
});

test("words that a cell cannot hold as they stand are told from those that it can", async () => {
  const written: readonly (readonly [string, string])[] = [
    ["Xã Ia Grai\t1\n2", "Xã Ia Grai\t1\n2"],
    ["a & b", "a &amp; b"],
    ["<b>", "&lt;b&gt;"],
    ['"', "&quot;"],
    ["\u0007x\uffff", "x"],
    ["\udc00x", "\ufffdx"],
    ["\u{1f3e2}", "\u{1f3e2}"],
    ["x".repeat(40_000), "x".repeat(32_767)],
  ];
  const files = zipParts(await bookOf([{ name: "a", head: ["x"], widths: [9], rows: written.map(([words]) => [words]) }]));
  const texts = [...(files.get("xl/worksheets/sheet1.xml") ?? "").matchAll(/preserve">([^<]*)</g)].slice(1).map(([, words]) => words);
  expect(texts).toEqual(written.map(([, words]) => words));
});
