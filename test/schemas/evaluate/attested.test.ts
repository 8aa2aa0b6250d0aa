import { describe, expect, it } from "vitest";
import { evaluate } from "#schemas/evaluate/evaluate.ts";
import { findingSentence } from "#schemas/text/finding-sentence.ts";
import { DAY, facts, NOW, plan, requirement, said, speed } from "../../support/facts.ts";

const rules = ["house-rules", "assignments"];
const judge = (attestations: ReturnType<typeof said>[], id = "R20") => evaluate(plan, facts({ attestations }), NOW, [requirement(id)])[0];

describe("declared requirements", () => {
  it.each([
    ["nobody said anything", [], "unknown", "not_attested"],
    ["one item is still open", [said("R20", "house-rules")], "unknown", "not_attested"],
    ["a declaration alone is never green", rules.map((item) => said("R20", item)), "pending", "declared_only"],
    ["an inspection is", rules.map((item) => said("R20", item, { inspector: true })), "pass", "inspected"],
    ["the commune itself says no", [said("R20", "house-rules", { holds: false }), said("R20", "assignments")], "fail", "denied"],
    [
      "an inspector's no beats a newer declaration",
      [said("R20", "house-rules", { inspector: true, holds: false, daysAgo: 9 }), ...rules.map((item) => said("R20", item))],
      "fail",
      "denied",
    ],
    ["an old word has expired", rules.map((item) => said("R20", item, { inspector: true, daysAgo: 500 })), "unknown", "attestation_expired"],
    ["to the last day of a year after its end", rules.map((item) => said("R20", item, { daysAgo: 730 })), "unknown", "attestation_expired"],
    ["from then on it is as if never said", rules.map((item) => said("R20", item, { daysAgo: 731 })), "unknown", "not_attested"],
    ["a word about another requirement does not count", rules.map((item) => said("R19", item, { inspector: true })), "unknown", "not_attested"],
  ] as const)("%s", (_, attestations, state, reason) => {
    expect(judge([...attestations])).toMatchObject({ state, reason });
  });

  it("the class says whose word it is", () => {
    expect(judge(rules.map((item) => said("R20", item)))?.evidenceClass).toBe("declared");
    expect(judge(rules.map((item) => said("R20", item, { inspector: true })))?.evidenceClass).toBe("inspected");
  });
});

describe("how many items are open", () => {
  const zones = (...words: ReturnType<typeof said>[]) => {
    const finding = judge(words, "R07");
    return finding && findingSentence("vi", finding);
  };
  const own = (item: string) => said("R07", item);
  it.each([
    ["none of those that wait for an inspector is missing", [own("zone-online"), own("zone-waiting"), own("zone-priority")], "Chưa khai báo: còn 1 mục."],
    ["nor is an expired one", [own("zone-online"), said("R07", "zone-waiting", { daysAgo: 500 }), own("zone-priority")], "Chưa khai báo: còn 1 mục."],
    [
      "nor denied",
      [own("zone-online"), own("zone-waiting"), own("zone-priority"), said("R07", "zone-reception", { holds: false })],
      "Trung tâm hoặc đoàn kiểm tra cho biết chưa có đủ: còn 1 mục.",
    ],
  ])("%s", (_, words, sentence) => expect(zones(...words)).toBe(sentence));
});

describe("what is declared beside a measurement", () => {
  it("is shown and never folded in", () => {
    const [finding] = evaluate(plan, facts({ runs: [speed(168, 1)], attestations: [said("R01", "contract-rate", { value: 200, by: "Giám đốc" })] }), NOW, [
      requirement("R01"),
    ]);
    expect(finding).toMatchObject({ state: "pending", observed: 168, evidenceClass: "measured", declared: { value: 200, inspected: false } });
  });
});

describe("waivers", () => {
  const waiver = {
    id: "w1",
    centre: "ia-grai",
    requirement: "R01",
    reason: "chờ kéo cáp",
    document: "12/UBND",
    approver: "Sở KH&CN",
    from: "2026-11-01",
    until: "2026-11-27",
  };
  const at = (nowMs: number) => evaluate(plan, facts({ runs: [speed(150, 1)], waivers: [waiver] }), nowMs, [requirement("R01")])[0];

  it("lie over the state and do not replace it", () => {
    expect(at(NOW)).toMatchObject({ state: "pending", reason: "unconfirmed", waiver: { id: "w1", until: "2026-11-27" } });
  });

  it("hold to the last minute of their last day in Viet Nam", () => {
    const midnight = Date.parse("2026-11-28T00:00:00+07:00");
    expect(at(midnight - 1)?.waiver).toBeDefined();
    expect(at(midnight)?.waiver).toBeUndefined();
    expect(at(midnight + DAY)?.waiver).toBeUndefined();
  });
});
