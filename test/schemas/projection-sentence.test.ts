import { expect, test } from "vitest";
import type { RecordingProjection } from "#schemas/recording-evidence.ts";
import { findingSentence } from "#schemas/text/finding-sentence.ts";
import { projectionSentence } from "#schemas/text/projection-sentence.ts";

const short = { outlook: "short", daysMin: 9.7, daysMax: 11.9, basis: "segment_sizes", missingTb: 1.8, fittingKbps: 717 } as const;

test.each<[string, RecordingProjection | undefined, string | undefined]>([
  [
    "too small: what is missing, or what would fit",
    short,
    "Ổ cứng của đầu ghi chỉ chứa được khoảng 9 đến 12 ngày: cần thêm khoảng 1,8 TB, hoặc đặt mỗi kênh không quá 717 kbit/s.",
  ],
  ["large enough", { outlook: "ok", daysMin: 33.2, daysMax: 40.6, basis: "growth" }, "Ổ cứng của đầu ghi đủ chứa khoảng 33 đến 41 ngày."],
  ["a range of one day", { outlook: "ok", daysMin: 33.2, daysMax: 33.3, basis: "growth" }, "Ổ cứng của đầu ghi đủ chứa khoảng 33 ngày."],
  [
    "near the limit",
    { ...short, outlook: "unknown", daysMin: 27, daysMax: 33, missingTb: 0.3, fittingKbps: 1_900 },
    "Ổ cứng của đầu ghi chứa được khoảng 27 đến 33 ngày, chưa chắc đủ: để yên tâm, thêm khoảng 0,3 TB hoặc đặt mỗi kênh không quá 1.900 kbit/s.",
  ],
  ["nobody could estimate", { outlook: "unknown", basis: "none" }, undefined],
  ["nothing was told", undefined, undefined],
])("what the disk will hold: %s", (_, projection, sentence) => {
  expect(projectionSentence("vi", projection)).toBe(sentence);
});

test("the clerk reads it behind the reason of the finding", () => {
  const told = { reason: "retention_short", observed: 11, required: 30, unit: "d", detail: { channel: "Quầy 1", ...short } } as const;
  expect(findingSentence("vi", told)).toBe(
    "Kênh Quầy 1 chỉ giữ được 11 ngày, cần 30 ngày; dữ liệu cũ hơn đã bị ghi đè hoặc chưa từng có. " +
      "Ổ cứng của đầu ghi chỉ chứa được khoảng 9 đến 12 ngày: cần thêm khoảng 1,8 TB, hoặc đặt mỗi kênh không quá 717 kbit/s.",
  );
});
