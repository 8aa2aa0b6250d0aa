import { describe, expect, it } from "vitest";
import { workingDaysBefore } from "#schemas/calendar.ts";
import { evaluate } from "#schemas/evaluate/evaluate.ts";
import type { Facts } from "#schemas/facts.ts";
import { calendar, DAY, facts, NOW, plan, requirement, seen } from "../../support/facts.ts";

const days = workingDaysBefore(calendar, NOW, 10);
const pcs = (count: number, on = days.slice(0, 5)) => Array.from({ length: count }, (_, at) => seen(`pc-${at}`, "officer-pc", on)).flat();
const declared = (count: number, address = true) =>
  Array.from({ length: count }, (_, at) => ({ id: `pc-${at}`, role: "officer-pc" as const, ...(address && { address: `10.0.0.${at + 1}` }) }));
const judge = (id: string, more: Parameters<typeof facts>[0]) => evaluate(plan, facts(more), NOW, [requirement(id)])[0];

describe("R10: a PC per officer", () => {
  it.each<[string, Parameters<typeof facts>[0], string, string]>([
    ["seven officers and seven PCs", { presence: pcs(7) }, "pass", "met"],
    ["one PC is missing and was declared with its address", { presence: pcs(6), centre: { devices: declared(7) } }, "fail", "not_seen"],
    ["fewer are declared than needed", { presence: pcs(5), centre: { devices: declared(5) } }, "fail", "declared_short"],
    [
      "a PC that cannot be seen is only declared",
      { presence: pcs(6), centre: { devices: [...declared(6), { id: "pc-x", role: "officer-pc" }] } },
      "unknown",
      "declared_only",
    ],
    ["seen on two days alone does not count yet", { presence: pcs(7, days.slice(0, 2)) }, "pending", "too_young"],
    [
      "a young agent has not seen enough days",
      { presence: pcs(2, days.slice(0, 1)), firstContactMs: NOW - DAY, centre: { devices: declared(7) } },
      "pending",
      "too_young",
    ],
    ["nobody said how many officers there are", { presence: pcs(7), centre: { officers: undefined } as never }, "unknown", "no_denominator"],
    ["nothing seen and nothing declared", {}, "unknown", "no_data"],
    ["off at night is no fault: three of ten days are enough", { presence: pcs(7, [days[0] ?? "", days[4] ?? "", days[9] ?? ""]) }, "pass", "met"],
    ["a printer is no PC", { presence: seen("p-1", "printer", days) }, "unknown", "no_data"],
  ])("%s", (_, more, state, reason) => {
    expect(judge("R10", more)).toMatchObject({ state, reason });
  });
});

describe("denominators", () => {
  it.each([
    ["R10", 7, 7],
    ["R11", 7, 7],
    ["R12", 7, 4],
    ["R12", 6, 3],
    ["R12", 1, 1],
    ["R13", 7, 1],
    ["R14", 7, 2],
  ])("%s with %i officers needs %i", (id, officers, required) => {
    expect(judge(id, { centre: { officers }, presence: pcs(1) })?.required).toBe(required);
  });

  it("queue machine and display are demanded in key areas alone", () => {
    expect(judge("R15", {})).toMatchObject({ state: "not_applicable", reason: "not_key_area" });
    expect(judge("R15", { centre: { keyArea: true } })?.state).toBe("unknown");
    const both: Facts["presence"] = [...seen("k", "kiosk", days), ...seen("d", "display", days)];
    expect(judge("R15", { centre: { keyArea: true }, presence: both })?.state).toBe("pass");
  });
});
