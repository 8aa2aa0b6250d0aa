import { describe, expect, it } from "vitest";
import { workingDaysBefore } from "#schemas/calendar.ts";
import { evaluate } from "#schemas/evaluate/evaluate.ts";
import type { Facts } from "#schemas/facts.ts";
import { findingSentence } from "#schemas/text/finding-sentence.ts";
import { calendar, DAY, facts, NOW, plan, requirement, seen } from "../../support/facts.ts";

const days = workingDaysBefore(calendar, NOW, 10);
/** Those that are over: the counter is still open at NOW. */
const over = workingDaysBefore(calendar, NOW, 11).slice(1);
const pcs = (count: number, on: readonly string[] = over) => Array.from({ length: count }, (_, at) => seen(`pc-${at}`, "officer-pc", on)).flat();
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
    ["no officers at all is a number that nobody has filled in", { presence: pcs(7), centre: { officers: 0 } }, "unknown", "no_denominator"],
    [
      "a young agent has seen enough, some of them declared nowhere",
      { presence: pcs(7, days.slice(0, 1)), firstContactMs: NOW - DAY, centre: { devices: declared(5) } },
      "pending",
      "too_young",
    ],
    ["nothing seen and nothing declared", {}, "unknown", "no_data"],
    ["off at night is no fault: three of ten days are enough", { presence: pcs(7, [days[0] ?? "", days[4] ?? "", days[9] ?? ""]) }, "pass", "met"],
    ["a printer is no PC", { presence: seen("p-1", "printer", days) }, "unknown", "no_data"],
  ])("%s", (_, more, state, reason) => {
    expect(judge("R10", more)).toMatchObject({ state, reason });
  });
});

describe("devices that answered on too few days", () => {
  const watched = (count: number) => seen("p-1", "printer", over.slice(0, count));
  it.each<[string, number, number, string]>([
    ["who knows of the days on which nobody looked", 9, 2, "pending too_young"],
    ["with all days looked at they are too few", 10, 2, "fail not_seen"],
    ["one day more than was not looked at would not be enough", 9, 1, "fail not_seen"],
    ["two would", 8, 1, "pending too_young"],
  ])("%s", (_, looked, on, expected) => {
    const presence = [...pcs(6, over.slice(0, looked)), ...seen("pc-6", "officer-pc", over.slice(0, on)), ...watched(looked)];
    const finding = judge("R10", { presence, centre: { devices: declared(7) } });
    expect(`${finding?.state} ${finding?.reason}`).toBe(expected);
  });

  describe("a day that is not over speaks against no device, and a device that is away is not hidden by it", () => {
    const [today = "", tomorrow = ""] = ["2026-11-30", "2026-12-01"];
    const before = workingDaysBefore(calendar, Date.parse("2026-11-29T12:00:00+07:00"), 10);
    const last = (...places: number[]) => places.map((place) => before[place] ?? "");
    const stateAt = (at: string, on: readonly string[]) => {
      const presence = [
        ...pcs(
          6,
          [tomorrow, today, ...before].filter((day) => day <= at.slice(0, 10)),
        ),
        ...seen("pc-6", "officer-pc", on),
      ];
      const nowMs = Date.parse(`${at}:00+07:00`);
      const [finding] = evaluate(plan, facts({ presence, centre: { devices: declared(7) }, lastContactMs: nowMs }), nowMs, [requirement("R10")]);
      return `${finding?.state} ${finding?.reason}`;
    };

    it.each<[string, string, readonly string[], string]>([
      ["Monday morning, the others are on already", `${today}T07:40`, last(9, 5, 2), "pass met"],
      ["Monday evening, it did not come", `${today}T17:30`, last(9, 5, 2), "fail not_seen"],
      ["Tuesday morning: that stands", `${tomorrow}T07:40`, last(9, 5, 2), "fail not_seen"],
      ["it came on Tuesday", `${tomorrow}T09:00`, [tomorrow, ...last(8, 5, 2)], "pass met"],
      ["it comes for the third time today", `${today}T09:00`, [today, ...last(5, 2)], "pass met"],
      ["two days of ten are too few, whatever today may bring", `${today}T07:40`, last(5, 2), "fail not_seen"],
      ["it was never there", `${today}T07:40`, [], "fail not_seen"],
      ["on a Sunday all of the ten are over", "2026-11-29T12:00", last(9, 5, 2), "pass met"],
    ])("%s", (_, at, on, expected) => {
      expect(stateAt(at, on)).toBe(expected);
    });
  });
});

describe("a list that was imported lately", () => {
  const oldest = over.at(-1) ?? "";
  const since = (sinceDay: string, ...devices: string[]) => devices.map((device) => ({ device, role: "officer-pc" as const, sinceDay }));
  it.each<[string, Parameters<typeof facts>[0], string]>([
    [
      "none of it has been seen yet",
      { newlyDeclared: since(days[0] ?? "", ...declared(7).map(({ id }) => id)), presence: seen("p", "printer", days) },
      "pending too_young",
    ],
    ["one PC is new and has not been seen yet", { newlyDeclared: since(days[0] ?? "", "pc-6"), presence: pcs(6) }, "pending too_young"],
    ["its first day is the second one of the window", { newlyDeclared: since(over.at(-2) ?? "", "pc-6"), presence: pcs(6) }, "pending too_young"],
    ["it has been declared for the whole window", { newlyDeclared: since(oldest, "pc-6"), presence: pcs(6) }, "fail not_seen"],
    ["one PC is new, and another is missing", { newlyDeclared: since(days[0] ?? "", "pc-6"), presence: pcs(5) }, "fail not_seen"],
    [
      "another kind is new under the same code",
      { newlyDeclared: [{ device: "pc-6", role: "printer", sinceDay: days[0] ?? "" }], presence: pcs(6) },
      "fail not_seen",
    ],
    ["the new one is the one that answers", { newlyDeclared: since(days[0] ?? "", "pc-0"), presence: pcs(6) }, "fail not_seen"],
  ])("%s", (_, more, expected) => {
    const finding = judge("R10", { centre: { devices: declared(7) }, ...more });
    expect(`${finding?.state} ${finding?.reason}`).toBe(expected);
  });

  it("a new one without an address will never be seen, and one too few is one too few", () => {
    const devices = declared(7).map((device, at) => (at === 6 ? { id: device.id, role: device.role } : device));
    const newlyDeclared = since(days[0] ?? "", "pc-6");
    expect(judge("R10", { centre: { devices }, presence: pcs(6), newlyDeclared })).toMatchObject({ state: "unknown", reason: "declared_only" });
    expect(judge("R10", { centre: { devices: declared(6) }, presence: pcs(5), newlyDeclared })).toMatchObject({ state: "fail", reason: "declared_short" });
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

  it("two queue machines are no display", () => {
    const finding = judge("R15", { centre: { keyArea: true }, presence: [...seen("k1", "kiosk", days), ...seen("k2", "kiosk", days)] });
    expect(finding?.state).not.toBe("pass");
    expect(finding?.parts?.map(({ subject, state }) => [subject, state])).toEqual([
      ["kiosk", "pass"],
      ["display", "unknown"],
    ]);
  });
});

describe("each count at its boundary", () => {
  /** So many declared devices of a role, each seen on the given days. */
  const office = (role: Facts["presence"][number]["role"], count: number, on: readonly string[]) => ({
    devices: Array.from({ length: count }, (_, at) => ({ id: `${role}-${at}`, role, address: `10.0.${role.length}.${at + 1}` })),
    presence: Array.from({ length: count }, (_, at) => seen(`${role}-${at}`, role, on)).flat(),
  });
  const three = [days[0] ?? "", days[4] ?? "", days[9] ?? ""];
  const two = three.slice(0, 2);
  const state = (id: string, officers: number, parts: readonly ReturnType<typeof office>[]) =>
    judge(id, {
      centre: { officers, keyArea: true, devices: parts.flatMap(({ devices }) => devices) },
      presence: parts.flatMap(({ presence }) => presence),
    })?.state;

  // The plan for n officers: n + 2 PCs in two requirements, n printers, a scanner for two, one copier.
  it.each(
    [1, 2, 3, 7, 8, 25].flatMap(
      (officers) =>
        [
          ["R10", "officer-pc", officers, officers],
          ["R14", "citizen-pc", officers, 2],
          ["R11", "printer", officers, officers],
          ["R12", "scanner", officers, Math.floor((officers + 1) / 2)],
          ["R13", "copier", officers, 1],
        ] as const,
    ),
  )("%s, %s: with %i officers %i are enough, and one less is not", (id, role, officers, enough) => {
    expect(state(id, officers, [office(role, enough, three)])).toBe("pass");
    expect(state(id, officers, [office(role, enough - 1, three)])).not.toBe("pass");
    // One that was met on two days of ten is not yet proven to be there.
    const missed = office(role, enough, three);
    const last = `${role}-${enough - 1}`;
    const presence = missed.presence.filter(({ device, day }) => device !== last || two.includes(day));
    expect(state(id, officers, [{ ...missed, presence }])).not.toBe("pass");
  });

  it("PCs of officers and citizens together are n + 2", () => {
    for (const officers of [1, 2, 7]) {
      const required = ["R10", "R14"].map((id) => judge(id, { centre: { officers }, presence: pcs(1) })?.required ?? 0);
      expect(required[0] ?? 0, String(officers)).toBe(officers);
      expect((required[0] ?? 0) + (required[1] ?? 0)).toBe(officers + 2);
    }
  });

  it("a key area needs its queue machine and its display, each", () => {
    expect(state("R15", 7, [office("kiosk", 1, three), office("display", 1, three)])).toBe("pass");
    expect(state("R15", 7, [office("kiosk", 1, three), office("display", 1, two)])).not.toBe("pass");
    expect(state("R15", 7, [office("kiosk", 1, three)])).not.toBe("pass");
    expect(state("R15", 7, [office("display", 2, three)])).not.toBe("pass");
  });
});

describe("the ledger behind the counts", () => {
  const at = (address: string, more: object) => ({ address, ...more });
  it("one machine that is declared as printer and as copier counts once as a printer, and is the copier all the same", () => {
    const devices = [at("10.0.0.9", { id: "p-1", role: "printer" }), at("10.0.0.9", { id: "c-1", role: "copier" })] as never;
    const presence = [...seen("p-1", "printer", days), ...seen("c-1", "copier", days)];
    expect(judge("R11", { centre: { officers: 2, devices }, presence })).toMatchObject({ state: "fail", observed: 1, detail: { declared: 1, duplicate: 1 } });
    expect(judge("R13", { centre: { officers: 2, devices }, presence })).toMatchObject({ state: "pass", observed: 1 });
  });

  it("an officer's PC is no citizen's PC as well", () => {
    const devices = [at("10.0.0.9", { id: "o-1", role: "officer-pc" }), at("10.0.0.9", { id: "z-1", role: "citizen-pc" })] as never;
    const presence = [...seen("o-1", "officer-pc", days), ...seen("z-1", "citizen-pc", days)];
    expect(judge("R14", { centre: { devices }, presence })).toMatchObject({ observed: 0 });
  });

  it("a PC whose kind was put right counts by what it is now, with the days on which it answered before", () => {
    const devices = [1, 2].map((host) => at(`10.0.0.${host}`, { id: `z-${host}`, role: "citizen-pc" })) as never;
    const presence = [...pcs(5), ...seen("z-1", "officer-pc", days), ...seen("z-2", "officer-pc", days)];
    expect(judge("R14", { centre: { devices }, presence })).toMatchObject({ state: "pass", observed: 2 });
    expect(judge("R10", { centre: { devices }, presence })).toMatchObject({ observed: 5 });
  });

  it.each(["-", "N/A", "không rõ", "0", "0000000000", "123456789"])("two machines with %j for a serial number are two", (serial) => {
    const devices = [1, 2].map((host) => at(`10.0.0.${host}`, { id: `p-${host}`, role: "printer", serial })) as never;
    const presence = [...seen("p-1", "printer", days), ...seen("p-2", "printer", days)];
    expect(judge("R11", { centre: { officers: 2, devices }, presence })).toMatchObject({ state: "pass", observed: 2 });
  });

  it("a machine that a search has met at another address is not gone: the list has to be put right", () => {
    const devices = [1, 2].map((host) => at(`10.0.0.${host}`, { id: `p-${host}`, role: "printer", serial: `CN00${host}` })) as never;
    const met = {
      identity: "hash aaaaaaaa 2",
      roles: ["printer" as const],
      address: "10.0.0.77",
      serial: "CN002",
      firstDay: days[4] ?? "",
      lastDay: days[0] ?? "",
    };
    const presence = seen("p-1", "printer", days);
    const finding = judge("R11", { centre: { officers: 2, devices }, presence, found: [met] });
    expect(finding).toMatchObject({ state: "unknown", reason: "moved", observed: 1, detail: { moved: 1 } });
    expect(finding && findingSentence("vi", finding)).toContain("1 thiết bị");
    // It does not hide that another one is missing.
    expect(
      judge("R11", {
        centre: { officers: 3, devices: [...(devices as never[]), at("10.0.0.3", { id: "p-3", role: "printer" })] as never },
        presence,
        found: [met],
      }),
    ).toMatchObject({
      state: "fail",
      reason: "not_seen",
    });
  });

  it("a machine is missing once it was met on none of the days that are over: the morning of another one takes none away", () => {
    const devices = [at("10.0.0.9", { id: "c-1", role: "copier" })] as never;
    const onTheOldest = judge("R13", { centre: { devices }, presence: seen("c-1", "copier", over.slice(-1)) });
    expect(onTheOldest?.detail).toMatchObject({ matched: 1 });
    expect(judge("R13", { centre: { devices }, presence: seen("c-1", "copier", workingDaysBefore(calendar, NOW, 12).slice(-1)) })?.detail).toMatchObject({
      missing: 1,
    });
  });

  it("says how many are missing, extra or replaced", () => {
    const devices = [at("10.0.0.9", { id: "c-1", role: "copier", serial: "A1" }), at("10.0.0.8", { id: "c-2", role: "copier" })] as never;
    const found = ["10.0.0.9", "10.0.0.7"].map((address) => ({
      identity: `hash aaaaaaaa ${address}`,
      roles: ["copier" as const],
      address,
      serial: "B1",
      firstDay: days[9] ?? "",
      lastDay: days[0] ?? "",
    }));
    expect(judge("R13", { centre: { devices }, found, presence: seen("c-1", "copier", days) })).toMatchObject({
      state: "pass",
      detail: { replaced: 1, missing: 1, extra: 1 },
    });
  });
});
