import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { en } from "#schemas/text/en.ts";
import { findingSentence } from "#schemas/text/finding-sentence.ts";
import { numberWord } from "#schemas/text/number-word.ts";
import { type TextKey, text } from "#schemas/text/text.ts";
import { vi } from "#schemas/text/vi.ts";
import { projectFiles, projectRoot, sourceFiles } from "../support/source-files.ts";

const keys = Object.keys(vi) as TextKey[];
const places = (sentence: string) => [...sentence.matchAll(/\{(\w+)\}/g)].map((match) => match[1]).sort();

describe("the catalogue", () => {
  it("has the same keys in both languages", () => {
    expect(keys.length).toBeGreaterThan(50);
    expect(Object.keys(en).sort()).toEqual([...keys].sort());
  });

  it("has the same places to fill in both languages", () => {
    expect(keys.filter((key) => places(vi[key]).join() !== places(en[key]).join())).toEqual([]);
  });

  it("has no empty sentence", () => {
    expect(keys.filter((key) => vi[key].trim() === "" || en[key].trim() === "")).toEqual([]);
  });

  it("has no sentence that nobody reads", () => {
    const code = sourceFiles()
      .filter(({ path }) => !path.startsWith("schemas/text/vi") && !path.startsWith("schemas/text/en") && !path.startsWith("test/"))
      .map((file) => file.text)
      .join("\n");
    // A key is used as it stands, or built from a code: `finding.reason.${reason}` uses all that begin so.
    const built = [...code.matchAll(/[`"]([a-z][\w-]*\.(?:[\w-]+\.)*)\$\{/g)].map((match) => match[1] ?? "");
    expect(keys.filter((key) => !code.includes(`"${key}"`) && !built.some((head) => key.startsWith(head)))).toEqual([]);
  });
});

describe("Vietnamese words", () => {
  const files = projectFiles().filter((path) => /^(docs\/vi\/.*\.md|schemas\/policies\/.*\.json|deploy\/(linux|windows)\/.*)$/.test(path));
  const sentences = [
    ...keys.map((key): [string, string] => [key, vi[key]]),
    ...files.flatMap((path) =>
      readFileSync(join(projectRoot, path), "utf8")
        .split("\n")
        .map((line, at): [string, string] => [`${path}:${at + 1}`, line]),
    ),
  ];
  const saying = (wrong: RegExp) => sentences.flatMap(([place, words]) => (wrong.test(words) ? [`${place}: ${words.trim()}`] : []));

  it("are looked for in the guide, the policies and the installers as well", () => {
    for (const name of ["docs/vi/huong-dan.md", "schemas/policies/gia-lai-890.json", "deploy/linux/install-agent.sh", "deploy/windows/install-agent.ps1"])
      expect(files).toContain(name);
  });

  // The dictionary's place of the mark in an open syllable, which is also that of a closed one: khoá, khoán.
  it("have their tone marks in one place: khoá, xoá, uỷ", () => {
    expect(saying(/([òóỏõọ][ae]|[ùúủũụ]y)(?!\p{L})/iu)).toEqual([]);
  });

  it("are written as one sign with their marks", () => {
    expect(sentences.filter(([, words]) => words !== words.normalize("NFC"))).toEqual([]);
  });

  it.each<[string, string, RegExp]>([
    ["the agent", "chương trình giám sát", /[Tt]ác tử|(?<![\w-])Agent(?![\w-])|chương trình đo|phần mềm giám sát/u],
    ["the PC that it runs on", "máy tính cổng", /máy trạm|(?<!\p{L})máy đo/iu],
    ["the collector", "máy chủ của tỉnh", /máy chủ (thu thập|trung tâm|của hệ thống)|bộ thu thập/iu],
    ["the recorder", "đầu ghi", /đầu thu|máy ghi hình|thiết bị ghi hình|(?<!\p{L})NVR(?!\p{L})/iu],
    ["the province's IT", "CNTT tỉnh", /tin học (của )?tỉnh|CNTT của tỉnh|bộ phận CNTT/iu],
    ["an incident", "sự cố", /biến cố|trục trặc/iu],
    ["a policy", "bộ tiêu chí", /bộ quy tắc/iu],
    ["the list of devices", "danh sách thiết bị", /danh mục thiết bị/iu],
    ["a portal", "cổng dịch vụ công", /cổng dịch vụ(?! công)/iu],
    ["when something was last heard", "liên lạc gần nhất", /tin gần nhất|liên lạc cuối/iu],
    ["a portal that cannot be reached", "không vào được", /nghe được/iu],
    ["what a run has brought", "kết quả đo", /quan sát/iu],
  ])("have one word for %s: %s", (_, _word, others) => {
    expect(saying(others)).toEqual([]);
  });
});

describe("a number", () => {
  it.each<[string, number, number | undefined, string, string]>([
    ["has one decimal", 1_168.25, undefined, "1.168,3", "1,168.3"],
    ["has one beside a number that it is not taken for", 168.27, 200, "168,3", "168.3"],
    ["that misses what is demanded is not written as that", 199.97, 200, "199,97", "199.97"],
    ["nor one that misses it by next to nothing", 199.9996, 200, "199,9996", "199.9996"],
    ["that is what is demanded needs no more", 200, 200, "200", "200"],
  ])("%s", (_, value, beside, vietnamese, english) => {
    expect([numberWord("vi", value, beside), numberWord("en", value, beside)]).toEqual([vietnamese, english]);
  });

  it.each([
    [98.5, 60, "%", "Đạt ở 98,5 % số lần hỏi, yêu cầu từ 60 % trở lên."],
    [7, 7, "devices", "Thấy 7 thiết bị hoạt động, cần 7."],
    [32.8, 30, "d", "Lưu được 32,8 ngày, yêu cầu 30 ngày."],
    [254.9, 200, "Mbps", "Đo được 254,9 Mbps, yêu cầu 200 Mbps."],
  ])("of what is met says of what it is one: %s of %s %s", (observed, required, unit, words) => {
    expect(findingSentence("vi", { reason: "met", observed, required, unit })).toBe(words);
  });

  it("in the reason of a finding is told from the one that it misses", () => {
    const told = { reason: "below_floor", observed: 199.97, required: 200, unit: "Mbps" } as const;
    expect(findingSentence("vi", told)).toContain("199,97 Mbps");
  });
});

describe("text", () => {
  it("writes numbers as the language does", () => {
    const params = { observed: 1_168.25, required: 200, unit: "Mbps" };
    expect(text("vi", "start.numbers", params)).toBe("(1.168,3/200 Mbps)");
    expect(text("en", "start.numbers", params)).toBe("(1,168.3/200 Mbps)");
  });

  it("leaves an unfilled place visible instead of hiding it", () => {
    expect(text("en", "start.failed")).toBe("Could not start: {error}");
  });
});
