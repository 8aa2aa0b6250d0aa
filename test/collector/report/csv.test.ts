import { expect, test } from "vitest";
import { parseCsv } from "../../../collector/attest/csv-rows.ts";
import { type Cell, csv } from "../../../collector/report/csv.ts";

const only = (field: Cell) => csv([[field]]).slice(1, -2);

test.each([
  ["a formula is text", "=1+1", "'=1+1"],
  ["so is one behind spaces", "  =1+1", "'  =1+1"],
  ["a plus, a minus, an at sign", "+84", "'+84"],
  ["a minus that is text", "-2", "'-2"],
  ["an at sign", "@SUM(A1)", "'@SUM(A1)"],
  ["a tab", "\tx", "'\tx"],
  ["a carriage return", "\r=1", `"'\r=1"`],
  ["full-width signs", "＝1", "'＝1"],
  ["one behind a semicolon, at which a Vietnamese spreadsheet splits", "a;=1+1;b", "a;'=1+1;b"],
  ["one behind a semicolon within quotes", 'Xã, "x"; "=cmd|x"', `"Xã, ""x""; ""'=cmd|x"""`],
  ["one behind a tab", "a\t@SUM(A1)", "a\t'@SUM(A1)"],
  ["a semicolon alone", "a; b; 5-6", "a; b; 5-6"],
  ["a negative number stays a number", -2, "-2"],
  ["quotes, commas and line ends are quoted", 'a "b", c\nd', '"a ""b"", c\nd"'],
  ["plain Vietnamese stays plain", "Xã Chư Păh", "Xã Chư Păh"],
  ["nothing is nothing", undefined, ""],
  ["an instant is Vietnam's, year first, so that no spreadsheet takes the day for the month", { at: "2026-11-04T17:30:59.000Z" }, "2026-11-05 00:30"],
  ["a day alike", { day: "2026-11-05" }, "2026-11-05"],
])("%s", (_, field, written) => {
  expect(only(field)).toBe(written);
});

test("what is written can be read again, apostrophes taken off", () => {
  const rows = [
    ["name", "note"],
    ["=x", 'a "b",\r\nc'],
    ["", "+1"],
    ["a;=1; -2", "b;'c"],
  ];
  expect(parseCsv(csv(rows).slice(1))).toEqual([
    { name: "=x", note: 'a "b",\r\nc' },
    { name: "", note: "+1" },
    { name: "a;=1; -2", note: "b;'c" },
  ]);
});

test.each([
  ["semicolons, as a Vietnamese Excel writes them", "a;b\n1,5;x", [{ a: "1,5", b: "x" }]],
  ["tabs", "a\tb\n1\t2", [{ a: "1", b: "2" }]],
  ["short rows and empty lines", "a,b\n1\n\n", [{ a: "1", b: "" }]],
  ["only a head", "a,b", []],
  ["nothing", "", []],
])("reads %s", (_, body, rows) => {
  expect(parseCsv(body)).toEqual(rows);
});
