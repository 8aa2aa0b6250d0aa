import { describe, expect, it } from "vitest";
import { parseRows, runProgram } from "../../../agent/io/run-program.ts";

describe("a program of the system", () => {
  it.skipIf(process.platform === "win32")("that reads its input finds the end of it", async () => {
    expect(await runProgram("cat", [], AbortSignal.timeout(5_000))).toBe("");
  });

  it.each([
    ["that is missing", "/no/such/program", []],
    ["that fails", "false", []],
  ])("%s is an error", async (_name, program, args) => {
    await expect(runProgram(program, args, AbortSignal.timeout(5_000))).rejects.toThrow();
  });
});

describe("what ConvertTo-Json of Windows PowerShell prints", () => {
  it.each([
    ["nothing for no row", "", []],
    ["a line end for no row", "\r\n", []],
    ["one row by itself", '{"Name":"Ethernet"}\r\n', [{ Name: "Ethernet" }]],
    ["many as a list", '[{"Name":"Ethernet"},{"Name":"Wi-Fi"}]\r\n', [{ Name: "Ethernet" }, { Name: "Wi-Fi" }]],
    ["a mark of UTF-8 first", '\uFEFF{"Name":"M\u00e1y in"}\r\n', [{ Name: "M\u00e1y in" }]],
  ])("%s", (_name, text, rows) => {
    expect(parseRows(text)).toEqual(rows);
  });
});
