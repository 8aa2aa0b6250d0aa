import { expect, it } from "vitest";
import type { Message } from "#schemas/alert.ts";
import { mailOf } from "../../../collector/alert/channels/message-text.ts";

const over: Message = { kind: "storm_over", requirement: "agent", title: { vi: "Mất liên lạc", en: "Silent" }, count: 9, link: "http://hcc/incidents" };

it.each([
  [
    "a power cut of an area",
    { area: "Khu vực 7", cause: { code: "power", centres: 9 } },
    ["Khu vực: Khu vực 7", "Nguyên nhân có thể: mất điện (máy tính cổng bị tắt đột ngột) (9 trung tâm)"],
  ],
  [
    "a PC that was off, nobody knows why",
    { kind: "recovered", centre: "ia-grai", cause: { code: "dark" } },
    ["Nguyên nhân có thể: máy tính cổng đã tắt nguồn (tắt máy hoặc mất điện)", "Probable cause: the PC was off (shut down, or a power cut)"],
  ],
  [
    "a cut line",
    { kind: "recovered", centre: "ia-grai", cause: { code: "line" } },
    ["Nguyên nhân có thể: đường truyền (bộ định tuyến – nhà mạng)", "Probable cause: line (router to provider)"],
  ],
] satisfies [string, Partial<Message>, string[]][])("a mail of the end names %s", (_name, more, lines) => {
  const { body } = mailOf({ ...over, ...more });
  for (const line of lines) expect(body.split("\n")).toContain(line);
});

it("a cause that is not known, or not in our words, is no line", () => {
  expect(mailOf(over).body).not.toContain("Nguyên nhân");
  expect(mailOf({ ...over, cause: { code: "aliens" } }).body).not.toContain("Nguyên nhân");
});
