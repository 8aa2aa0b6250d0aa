import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cleanText, DEVICE_TEXT_MAX } from "#schemas/clean-text.ts";

describe("cleanText", () => {
  it.each([
    ["a plain name stays", "Máy in tầng 1", "Máy in tầng 1"],
    ["colour codes vanish whole", "\u001b[31mAP-1\u001b[0m", "AP-1"],
    ["a title-setting sequence vanishes whole", "\u001b]0;owned\u0007AP-1", "AP-1"],
    ["a bidi override vanishes", "AP\u202e1-GPJ.exe", "AP 1-GPJ.exe"],
    ["NUL, newline and tab become one space", "a\u0000\n\tb", "a b"],
    ["zero-width marks do not hide a difference", "ad\u200bmin", "ad min"],
    ["decomposed letters are composed", "Ma\u0301y", "Máy"],
    ["half of a surrogate pair does not survive", "a\ud800b", "a b"],
    ["HTML is text like any other: escaping is the printer's duty", "<script>", "<script>"],
  ])("%s", (_, raw, clean) => {
    expect(cleanText(raw)).toBe(clean);
  });

  it("whatever comes in, what goes out is short, well-formed, free of controls and stays as it is when cleaned again", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 600 }), (raw) => {
        const clean = cleanText(raw);
        expect(clean.length).toBeLessThanOrEqual(DEVICE_TEXT_MAX);
        expect(clean.isWellFormed()).toBe(true);
        expect(clean).not.toMatch(/\p{Cc}|[\u202a-\u202e\u2066-\u2069]/u);
        expect(cleanText(clean)).toBe(clean);
      }),
    );
  });

  it("a text of 10 MB costs no more than its head", () => {
    expect(cleanText("x".repeat(10_000_000))).toHaveLength(DEVICE_TEXT_MAX);
  });
});
