import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isWorkingDay, vietnamDay } from "#schemas/calendar.ts";
import type { Duty, DutyRecord } from "#schemas/duty.ts";
import { evaluate } from "#schemas/evaluate/evaluate.ts";
import { recordedTurn, turnsOf } from "#schemas/evaluate/turns.ts";
import { Finding } from "#schemas/finding.ts";
import type { ChecklistRule, Requirement } from "#schemas/policy.ts";
import { calendar, DAY, facts, NOW, plan, requirement, said } from "../../support/facts.ts";

const words = { vi: "việc", en: "work" };
const duty = (more: Partial<Duty>): Duty => ({
  id: "round",
  title: words,
  who: words,
  rhythm: { every: "day" },
  graceDays: 0,
  proof: false,
  from: "2026-01-01",
  breach: { late: 3, notDone: 4, of: 5 },
  ...more,
});
const daily = duty({});
const weekly = duty({ id: "cameras", rhythm: { every: "week", by: 5 }, graceDays: 1, breach: { late: 2, notDone: 2, of: 2 } });
const monthly = duty({ id: "report", rhythm: { every: "month", by: 25 }, graceDays: 1, breach: { late: 2, notDone: 2, of: 2 } });
const ruleOf = (duties: Duty[]): ChecklistRule => ({
  kind: "checklist",
  duties,
  inspected: { kind: "attested", items: [{ id: "records-checked", title: words }], validDays: 365 },
});
const asked = (duties: Duty[]): Requirement => ({ ...requirement("R21"), rule: ruleOf(duties) });
const inspected = said("R21", "records-checked", { inspector: true, daysAgo: 2 });
const at = (local: string) => Date.parse(`${local}+07:00`);

let count = 0;
const record = (turn: string, more: Partial<DutyRecord> & { local?: string } = {}): DutyRecord => {
  const { local = `${turn}T10:00:00`, ...rest } = more;
  return {
    id: `d${++count}`,
    centre: "ia-grai",
    requirement: "R21",
    duty: "round",
    turn,
    state: "done",
    by: "Cán bộ A",
    at: new Date(at(local)).toISOString(),
    ...(rest.state === "skipped" && { reason: "mất điện" }),
    ...rest,
  };
};
const judge = (duties: readonly DutyRecord[], rule = [daily], nowMs = NOW, attestations = [inspected]) =>
  evaluate(plan, facts({ duties, attestations }), nowMs, [asked(rule)])[0] as Finding;

describe("turns of a duty", () => {
  const shown = (one: Duty, local: string, closedMax: number, since = "2026-01-01") =>
    turnsOf(one, calendar, since, at(`${local}:00`), closedMax).map(({ first, dueDay, closesMs }) => `${first} due ${dueDay} to ${vietnamDay(closesMs - 1)}`);

  it.each([
    [
      "a day, the one that runs and those that ended",
      daily,
      "2026-11-27T10:00",
      2,
      ["2026-11-27 due 2026-11-27 to 2026-11-27", "2026-11-26 due 2026-11-26 to 2026-11-26", "2026-11-25 due 2026-11-25 to 2026-11-25"],
    ],
    ["no day off is a turn", daily, "2026-11-30T10:00", 1, ["2026-11-30 due 2026-11-30 to 2026-11-30", "2026-11-27 due 2026-11-27 to 2026-11-27"]],
    ["Tết has no turns", daily, "2026-02-23T08:00", 1, ["2026-02-23 due 2026-02-23 to 2026-02-23", "2026-02-13 due 2026-02-13 to 2026-02-13"]],
    [
      "a week without work is no turn",
      weekly,
      "2026-02-23T08:00",
      1,
      ["2026-02-23 due 2026-02-27 to 2026-03-02", "2026-02-09 due 2026-02-13 to 2026-02-23", "2026-02-02 due 2026-02-06 to 2026-02-09"],
    ],
    [
      "a due day off moves to the next working day",
      weekly,
      "2026-05-04T08:00",
      1,
      ["2026-05-04 due 2026-05-08 to 2026-05-11", "2026-04-27 due 2026-05-04 to 2026-05-05", "2026-04-20 due 2026-04-24 to 2026-04-28"],
    ],
    ["a month is due by its day, moved off a weekend", monthly, "2026-11-30T08:00", 1, ["2026-11-01 due 2026-11-25 to 2026-11-26"]],
    [
      "a short month ends on its last day",
      duty({ rhythm: { every: "month", by: 31 } }),
      "2026-03-02T08:00",
      1,
      ["2026-03-01 due 2026-03-31 to 2026-03-31", "2026-02-01 due 2026-03-02 to 2026-03-02", "2026-01-01 due 2026-02-02 to 2026-02-02"],
    ],
  ] as const)("%s", (_, one, local, closedMax, expected) => expect(shown(one, local, closedMax)).toEqual(expected));

  it("what was due before the first record, or before the duty began, is not asked for", () => {
    expect(shown(daily, "2026-11-27T10:00", 9, "2026-11-26")).toHaveLength(2);
    expect(shown(duty({ from: "2026-11-27" }), "2026-11-27T10:00", 9)).toHaveLength(1);
  });
});

describe("what was written of a turn", () => {
  const [turn] = turnsOf(daily, calendar, "2026-01-01", at("2026-11-26T12:00:00"), 1);
  if (!turn) throw new Error("there is a turn on a Thursday");
  const thursday = "2026-11-26";
  const lateNight = "2026-11-26T23:59:59.999";
  const midnight = "2026-11-27T00:00:00";
  it.each([
    ["nothing, while it runs", [], lateNight, "due"],
    ["nothing, when it is over", [], midnight, "late"],
    ["done in the last millisecond", [record(thursday, { local: lateNight })], midnight, "done"],
    ["done a millisecond later", [record(thursday, { local: midnight })], midnight, "late"],
    ["a record of the future is not known yet", [record(thursday, { local: midnight })], lateNight, "due"],
    ["skipped", [record(thursday, { state: "skipped" })], midnight, "skipped"],
    ["skipped at first, done after all", [record(thursday, { local: `${thursday}T16:00:00` }), record(thursday, { state: "skipped" })], midnight, "done"],
    ["withdrawn", [record(thursday, { state: "withdrawn", local: `${thursday}T11:00:00` }), record(thursday)], midnight, "late"],
    [
      "withdrawn and done again in time",
      [record(thursday, { local: `${thursday}T12:00:00` }), record(thursday, { state: "withdrawn", local: `${thursday}T11:00:00` }), record(thursday)],
      midnight,
      "done",
    ],
    ["done in time, and once more too late", [record(thursday, { local: midnight }), record(thursday)], "2026-11-28T09:00:00", "done"],
    ["a record of another day", [record("2026-11-25")], midnight, "late"],
  ] as const)("%s", (_, records, local, state) => expect(recordedTurn(turn, daily, records, at(local)).state).toBe(state));

  it("what needs a proof is done with a file's hash or a document's number, and not without", () => {
    const proven = duty({ proof: true });
    const state = (more: Partial<DutyRecord>) => recordedTurn(turn, proven, [record(thursday, more)], at(midnight)).state;
    expect([state({}), state({ proofSha256: "a".repeat(64) }), state({ document: "12/BC" }), state({ state: "skipped" })]).toEqual([
      "late",
      "done",
      "done",
      "skipped",
    ]);
  });
});

describe("the finding", () => {
  const [mon, tue, wed, thu, fri] = ["2026-11-23", "2026-11-24", "2026-11-25", "2026-11-26", "2026-11-27"] as const;
  const week = [mon, tue, wed, thu].map((day) => record(day));
  it.each([
    ["nobody ever wrote anything", [], "unknown", "not_recorded"],
    ["the first day is not over", [record(fri, { local: `${fri}T08:00:00` })], "pending", "too_young"],
    ["every day was done", week, "pass", "duties_kept"],
    ["one day was left out: not yet a breach", week.filter(({ turn }) => turn !== tue), "pass", "duties_kept"],
    ["the newest day was left out", week.slice(0, 3), "pending", "duties_open"],
    ["and made good later", [...week.slice(0, 3), record(thu, { local: `${fri}T08:00:00` })], "pass", "duties_kept"],
    ["three of the last five were late", [week[0] as DutyRecord, record(fri, { local: `${fri}T08:00:00` })], "fail", "duties_late"],
    [
      "everything was skipped",
      [mon, tue, wed].map((day) => record(day, { state: "skipped" })).concat(record(thu, { state: "skipped" })),
      "fail",
      "duties_late",
    ],
    ["a few were skipped and nothing was done", [record(wed, { state: "skipped" }), record(thu, { state: "skipped" })], "pending", "duties_open"],
    ["records of another requirement", week.map((one) => ({ ...one, requirement: "R20" })), "unknown", "not_recorded"],
  ] as const)("%s", (_, records, state, reason) => expect(judge(records)).toMatchObject({ state, reason }));

  it("records alone are a declaration: an inspector's yes makes them green, an old one no longer does, a no is a breach", () => {
    const state = (...attestations: ReturnType<typeof said>[]) => {
      const { state, reason, evidenceClass } = judge(week, [daily], NOW, attestations);
      return `${state} ${reason} ${evidenceClass}`;
    };
    expect(state()).toBe("pending declared_only declared");
    expect(state(said("R21", "records-checked"))).toBe("pending declared_only declared");
    expect(state(inspected)).toBe("pass duties_kept declared");
    expect(state(said("R21", "records-checked", { inspector: true, daysAgo: 367 }))).toBe("pending declared_only declared");
    expect(state(said("R21", "records-checked", { inspector: true, holds: false }))).toBe("fail denied declared");
    expect(judge([], [daily], NOW, [inspected]).state).toBe("unknown");
  });

  it("says which duty was late, when each was last done, and stands on records", () => {
    const cameras = record(mon, { duty: "cameras", local: `${mon}T09:00:00` });
    const { state, parts, observed, required, evidence, observedAt } = judge(
      [...week.slice(0, 1), cameras, record(fri, { local: `${fri}T08:00:00` })],
      [daily, weekly],
    );
    expect({ state, observed, required }).toEqual({ state: "fail", observed: 0, required: 2 });
    expect(parts?.map(({ subject, state, reason, detail }) => [subject, state, reason, detail?.late, detail?.lastDay])).toEqual([
      ["round", "fail", "duties_late", 3, "2026-11-27"],
      ["cameras", "pending", "duties_open", 1, "2026-11-23"],
      ["records-checked", "pass", "inspected", undefined, undefined],
    ]);
    expect(evidence).toEqual(
      [`attestation:${inspected.id}`, expect.stringMatching(/^duty:d/), `duty:${week[0]?.id}`, `duty:${cameras.id}`].sort((a) =>
        a === `attestation:${inspected.id}` ? -1 : 0,
      ),
    );
    expect(observedAt).toBe(new Date(at(`${fri}T08:00:00`)).toISOString());
  });

  it("a pass ends with the next turn of which nothing is written", () => {
    const until = (records: readonly DutyRecord[], nowMs = NOW) => judge(records, [daily], nowMs).validUntil;
    expect(until(week)).toBe(new Date(at("2026-11-27T23:59:59.999")).toISOString());
    // With Friday done, Monday is next.
    const all = [...week, record(fri, { local: `${fri}T09:00:00` })];
    expect(until(all)).toBe(new Date(at("2026-11-30T23:59:59.999")).toISOString());
    expect(judge(all, [daily], at("2026-11-30T23:59:59.999")).state).toBe("pass");
    expect(judge(all, [daily], at("2026-12-01T00:00:00")).state).toBe("pending");
  });

  it("Tết makes nobody late", () => {
    const before = ["2026-02-11", "2026-02-12", "2026-02-13"].map((day) => record(day));
    const attestations = [said("R21", "records-checked", { inspector: true, daysAgo: 300 })];
    const state = (local: string) => judge(before, [daily], at(local), attestations).state;
    expect([state("2026-02-16T10:00:00"), state("2026-02-22T23:00:00"), state("2026-02-23T23:00:00"), state("2026-02-24T00:00:00")]).toEqual([
      "pass",
      "pass",
      "pass",
      "pending",
    ]);
  });
});

/** `HCC_PROPERTY_RUNS=5000` for a long search; the suite looks at a few hundred. */
const RUNS = { numRuns: Number(process.env.HCC_PROPERTY_RUNS ?? 100) };
const TIMEOUT_MS = 600_000;
const all = [daily, weekly, monthly];
const confirmed = [said("R21", "records-checked", { inspector: true, daysAgo: 120 })];
/** A little over three months back: every duty has more turns than it looks at. */
const SINCE = "2026-08-10";
const turnsUntil = (one: Duty, nowMs: number) => turnsOf(one, calendar, SINCE, nowMs, 100);
/** What a clerk wrote: nearly always done and in time, else one of everything that can happen. */
const anyWord = fc.oneof({ weight: 8, arbitrary: fc.constant("done") }, fc.constantFrom("none", "skipped", "withdrawn", "late", "twice"));
const written = all.flatMap((one) => turnsUntil(one, NOW).map((turn) => ({ one, turn })));
const anyRecords = fc.array(anyWord, { minLength: written.length, maxLength: written.length }).map((said) =>
  written.flatMap(({ one, turn }, place) => {
    const on = (dayMs: number, more: Partial<DutyRecord> = {}) => record(turn.first, { duty: one.id, at: new Date(dayMs).toISOString(), ...more });
    const inTimeMs = Math.min(turn.closesMs - 9 * 3_600_000, NOW - 1);
    const word = said[place];
    if (word === "none") return [];
    if (word === "skipped") return [on(inTimeMs, { state: "skipped", reason: "mất điện" })];
    if (word === "withdrawn") return [on(inTimeMs), on(inTimeMs + 1, { state: "withdrawn" })];
    if (word === "late") return [on(turn.closesMs + DAY)];
    return word === "twice" ? [on(inTimeMs), on(turn.closesMs + DAY)] : [on(inTimeMs)];
  }),
);
const anyNow = fc.integer({ min: -20, max: 40 }).map((days) => NOW + days * DAY);
const without = (records: readonly DutyRecord[], one: Duty, turn?: string) =>
  records.filter((r) => r.duty !== one.id || (turn !== undefined && r.turn !== turn));
const stateOf = (records: readonly DutyRecord[], nowMs: number) => judge(records, all, nowMs, confirmed);

describe("whatever is written", () => {
  it(
    "passes often enough for the properties below to be about something",
    () => {
      const passed = fc.sample(anyRecords, 100).filter((records) => stateOf(records, NOW).state === "pass");
      expect(passed.length).toBeGreaterThan(5);
    },
    TIMEOUT_MS,
  );

  it(
    "a pass is lost with the records of a duty's newest ended turn, with all of a duty's, and with the inspector's word; and it ends",
    () => {
      fc.assert(
        fc.property(anyRecords, fc.constantFrom(...all), (records, one) => {
          const passed = stateOf(records, NOW);
          fc.pre(passed.state === "pass");
          const newest = turnsUntil(one, NOW).find(({ closesMs }) => closesMs <= NOW);
          expect(stateOf(without(records, one, newest?.first), NOW).state).not.toBe("pass");
          expect(stateOf(without(records, one), NOW).state).not.toBe("pass");
          expect(judge(records, all, NOW, []).state).not.toBe("pass");
          const endMs = Date.parse(passed.validUntil ?? "");
          expect(endMs).toBeGreaterThan(NOW);
          expect(stateOf(records, endMs + 1).state).not.toBe("pass");
        }),
        RUNS,
      );
    },
    TIMEOUT_MS,
  );

  it(
    "late data changes no earlier judgement, and the order in which it comes changes none at all",
    () => {
      const shuffled = anyRecords.chain((records) =>
        fc.tuple(fc.constant(records), fc.shuffledSubarray(records, { minLength: records.length, maxLength: records.length })),
      );
      fc.assert(
        fc.property(shuffled, anyNow, ([records, other], nowMs) => {
          const judged = stateOf(records, nowMs);
          expect(stateOf(other, nowMs)).toEqual(judged);
          expect(
            stateOf(
              records.filter((one) => Date.parse(one.at) <= nowMs),
              nowMs,
            ),
          ).toEqual(judged);
          expect(Finding.safeParse(judged).error).toBeUndefined();
        }),
        RUNS,
      );
    },
    TIMEOUT_MS,
  );

  it(
    "no turn is due on a day off, and a turn of days off alone is none, whatever the holidays are",
    () => {
      const holidays = fc.array(fc.record({ fromDay: fc.nat({ max: 200 }), days: fc.integer({ min: 0, max: 12 }) }), { maxLength: 5 });
      const dayOf = (place: number) => vietnamDay(NOW - (200 - place) * DAY);
      fc.assert(
        fc.property(holidays, fc.constantFrom(...all), anyNow, (spans, one, nowMs) => {
          const own = { ...calendar, holidays: spans.map(({ fromDay, days }) => ({ from: dayOf(fromDay), to: dayOf(fromDay + days), name: "nghỉ" })) };
          const turns = turnsOf(one, own, "2026-05-01", nowMs, 50);
          for (const { first, last, dueDay, closesMs } of turns) {
            expect(isWorkingDay(own, dueDay)).toBe(true);
            expect(closesMs).toBeGreaterThan(at(`${dueDay}T12:00:00`));
            const days = Array.from({ length: 31 }, (_, ahead) => vietnamDay(at(`${first}T12:00:00`) + ahead * DAY)).filter((day) => day <= last);
            expect(days.some((day) => isWorkingDay(own, day))).toBe(true);
          }
          expect(new Set(turns.map(({ first }) => first)).size).toBe(turns.length);
        }),
        RUNS,
      );
    },
    TIMEOUT_MS,
  );
});
