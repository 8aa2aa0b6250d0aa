import { describe, expect, test } from "vitest";
import { escapeXml, parseXml } from "../../../agent/io/xml.ts";

describe("parseXml", () => {
  test("keeps every value as text, drops prefixes, lists what may repeat", () => {
    const root = parseXml('<a:r xmlns:a="u"><a:v k="007">001</a:v><v> 5.10 </v><n>12345678901234567890</n><t>true</t><e/></a:r>', "cam");
    expect(root.children("v").map(({ text }) => text)).toEqual(["001", "5.10"]);
    expect(root.find("v")?.attribute("k")).toBe("007");
    expect(root.value("n")).toBe("12345678901234567890");
    expect([root.value("t"), root.value("e"), root.value("none"), root.children("none")]).toEqual(["true", "", undefined, []]);
  });

  test("decodes references and CDATA, once", () => {
    expect(parseXml("<a>&lt;&#65;&#x42;&amp;amp; <![CDATA[<b>]]></a>", "cam").text).toContain("<AB&amp;");
  });

  test.each([
    ["a document type", "<!DOCTYPE a><a/>"],
    ["a document type in other letters", "<!doctype a [<!ENTITY b 'c'>]><a>&b;</a>"],
    ["65 levels", `${"<a>".repeat(66)}${"</a>".repeat(66)}`],
    ["20,000 open tags", "<a>".repeat(20_000)],
    ["a name that pollutes", "<a><__proto__><x>1</x></__proto__></a>"],
    ["nothing", ""],
    ["no XML", "Bad Request"],
    ["a cut tag", "<a><b"],
  ])("refuses %s", (_, text) => {
    expect(() => parseXml(text, "cam-1")).toThrow(/cam-1 sent XML that is refused/);
  });

  test.each([
    ["a page of a router", '<!DOCTYPE html>\n<html lang="vi"><body>Login</body></html>'],
    ["a page without a document type", "<html><head><title>Login</title></head></html>"],
  ])("%s is told as a web page, not as bad XML", (_, text) => {
    expect(() => parseXml(text, "cam-1")).toThrow(/cam-1 answered with a web page/);
  });

  test("150 KB of namespaces do not block", () => {
    const startedMs = performance.now();
    parseXml(`<a ${Array.from({ length: 8_000 }, (_, index) => `xmlns:n${index}="u"`).join(" ")}/>`, "cam");
    expect(performance.now() - startedMs).toBeLessThan(2_000);
  });

  test("attributes of the prototype are not attributes", () => {
    expect(parseXml("<a/>", "cam").attribute("constructor")).toBeUndefined();
  });
});

test("escapeXml makes any text safe inside an element", () => {
  const text = `<&>"'\u0000x`;
  expect(parseXml(`<a b="${escapeXml(text)}">${escapeXml(text)}</a>`, "cam").text).toBe(`<&>"'x`);
});
