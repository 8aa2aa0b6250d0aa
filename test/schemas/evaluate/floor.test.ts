import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { evaluate } from "#schemas/evaluate/evaluate.ts";
import type { Run } from "#schemas/facts.ts";
import { findingSentence } from "#schemas/text/finding-sentence.ts";
import { DAY, facts, NOW, plan, requirement, speed } from "../../support/facts.ts";

const judge = (runs: readonly Run[], nowMs = NOW) => evaluate(plan, facts({ runs }), nowMs, [requirement("R01")])[0];
const lowWeek = [speed(150, 0.1), speed(150, 1, "second"), speed(150, 2), speed(210, 3), speed(150, 4)];

describe("R01: the line against its floor", () => {
  it.each([
    ["silence is unknown", [], "unknown", "no_data"],
    ["one good run passes", [speed(230, 1)], "pass", "met"],
    ["the floor itself passes", [speed(200, 1)], "pass", "met"],
    ["one bad run is no breach", [speed(150, 1)], "pending", "unconfirmed"],
    ["one bad run after a good one leaves the pass", [speed(150, 0.1), speed(230, 2)], "pass", "met"],
    ["three bad runs on one day are no breach", [speed(150, 0.1), speed(150, 0.11, "second"), speed(150, 0.12)], "pending", "unconfirmed"],
    ["three days against one server are no breach", [speed(150, 0.1), speed(150, 1), speed(150, 2)], "pending", "unconfirmed"],
    ["three days and a second server are one, even with a good run between", lowWeek, "fail", "below_floor"],
    ["two of five below are none", [speed(210, 0), speed(150, 1), speed(220, 2), speed(150, 3, "second"), speed(230, 4)], "pass", "met"],
    ["runs that something else limited are no breach", [0, 1, 2, 3, 4].map((day) => speed(90, day, `s${day}`, "nic_limited")), "unknown", "only_excused_runs"],
    ["such a run still shows that the floor is reached", [speed(205, 0, "province", "line_busy")], "pass", "met"],
    ["what others used beside it shows neither", [speed(205, 0, "province", "contended")], "unknown", "only_excused_runs"],
    ["a pass ends with its evidence", [speed(230, 8)], "unknown", "stale"],
  ] as const)("%s", (_, runs, state, reason) => {
    expect(judge(runs)).toMatchObject({ state, reason, required: 200, unit: "Mbps" });
  });

  it("shows the median of the runs that it stands on, and names them", () => {
    const finding = judge(lowWeek);
    expect(finding).toMatchObject({
      observed: 150,
      evidence: lowWeek.map(({ ref }) => ref),
      detail: { runs: 5, below: 4, belowInHours: 4, days: 4, servers: 2 },
    });
  });

  it("a pass shows the run that it rests on where most of the newest lie below, and says that they do", () => {
    const runs = [speed(150, 0), speed(150, 0.1), speed(160, 1), speed(250, 3), speed(240, 4)];
    const finding = judge(runs);
    expect(finding).toMatchObject({ state: "pass", observed: 250, observedAt: new Date(NOW - 3 * DAY).toISOString(), detail: { below: 3, median: 160 } });
    expect(finding?.evidence[0]).toBe(runs[3]?.ref);
    expect([...(finding?.evidence ?? [])].sort()).toEqual(runs.map(({ ref }) => ref).sort());
    expect(finding && findingSentence("vi", finding)).toBe(
      "Đo được 250 Mbps, yêu cầu 200 Mbps. Trung vị 5 lần đo gần nhất là 160 Mbps: 3 lần thấp trong 2 ngày, chưa đủ số lần, số ngày hoặc máy chủ để kết luận không đạt.",
    );
    expect(judge([speed(150, 0), speed(210, 1), speed(220, 2)])?.detail).not.toHaveProperty("median");
  });

  it("what is low now is told by its own numbers, not by those of runs that pass no longer", () => {
    const finding = judge([speed(150, 0), speed(160, 1), speed(250, 8), speed(250, 9), speed(250, 10)]);
    expect(finding).toMatchObject({ state: "pending", reason: "unconfirmed", observed: 155 });
    expect(finding && findingSentence("vi", finding)).toMatch(/^Đo được 155 Mbps, thấp hơn 200 Mbps/);
  });

  it("whatever was measured, the number shown lies on the side of the floor that the state says, and is that of runs which are named", () => {
    const anyRun = fc.record({
      mbps: fc.constantFrom(90, 150, 199.97, 200, 230, 400),
      day: fc.double({ min: 0, max: 14, noNaN: true }),
      server: fc.constantFrom("a", "b"),
      excuse: fc.constantFrom(undefined, undefined, "contended" as const, "nic_limited" as const),
    });
    fc.assert(
      fc.property(fc.array(anyRun, { maxLength: 12 }), (history) => {
        const runs = history.map(({ mbps, day, server, excuse }) => speed(mbps, day, server, excuse));
        const finding = judge(runs);
        if (finding?.state === "pass") expect(finding.observed).toBeGreaterThanOrEqual(200);
        if (finding?.state === "fail" || finding?.state === "pending") expect(finding.observed).toBeLessThan(200);
        for (const ref of finding?.evidence ?? []) expect(runs.map((run) => run.ref)).toContain(ref);
      }),
      { numRuns: 1_000 },
    );
  });

  it("tells how many of the low tests were full-length ones and how long the longest carried, and nothing of it where it passes", () => {
    const long = (run: Run, carriedMs: number): Run => {
      if (run.outcome.kind !== "measured") throw new Error("not measured");
      return { ...run, outcome: { ...run.outcome, evidence: { download: { passMs: 8_000, carriedMs } } } };
    };
    const week = lowWeek.map((run, place) => (place === 0 ? long(run, 6_040) : place === 3 ? long(run, 8_000) : place === 4 ? long(run, 7_012) : run));
    const failed = judge(week);
    expect(failed?.detail).toMatchObject({ below: 4, fullLength: 2, carriedS: 7 });
    expect(failed && findingSentence("vi", failed)).toMatch(/4 lần thấp .*Trong các lần thấp có 2 lần đo dài \(lâu nhất tải liên tục 7 giây\)/);
    expect(judge([long(speed(150, 1), 6_040)])?.detail).toMatchObject({ fullLength: 1, carriedS: 6 });
    for (const runs of [lowWeek, [long(speed(150, 0.1), 6_040), speed(230, 2)]]) expect(judge(runs)?.detail).not.toHaveProperty("fullLength");
  });

  it("a policy may ask for working hours only: what a line does at night is shown and not counted", () => {
    const { rule, ...rest } = requirement("R01");
    if (rule.kind !== "floor") throw new Error("R01 has no floor");
    const nights = [0.5, 1.5, 2.5].map((day) => speed(150, day, `s${day}`));
    const judged = (hours: "any" | "working") => evaluate(plan, facts({ runs: nights }), NOW, [{ ...rest, rule: { ...rule, hours } }])[0]?.state;
    expect([judged("any"), judged("working")]).toEqual(["fail", "unknown"]);
  });

  it("a pass says until when, and is none a moment later", () => {
    const runs = [speed(230, 1)];
    const until = Date.parse(judge(runs)?.validUntil ?? "");
    expect(until).toBe(NOW + 6 * DAY);
    expect(judge(runs, until)?.state).toBe("pass");
    expect(judge(runs, until + 1)?.state).toBe("unknown");
  });

  it("shows the contract beside the measurement", () => {
    const [finding] = evaluate(plan, facts({ runs: [speed(168, 1)], centre: { contractMbps: 200 } }), NOW, [requirement("R01")]);
    expect(finding?.detail).toMatchObject({ contract: 200 });
    expect(finding?.detail).not.toHaveProperty("contractShort");
  });

  it.each([
    [150, lowWeek, "Hợp đồng chỉ ghi 150 Mbps, thấp hơn mức kế hoạch yêu cầu"],
    [150, [speed(150, 1)], "Hợp đồng chỉ ghi 150 Mbps, thấp hơn mức kế hoạch yêu cầu"],
    [200, lowWeek, undefined],
    [undefined, lowWeek, undefined],
    [150, [speed(230, 1)], undefined],
  ])("a contract for %s Mbps: what is low is laid to the contract before the provider where it asks for less than the plan", (contractMbps, runs, words) => {
    const [finding] = evaluate(plan, facts({ runs, centre: { ...(contractMbps !== undefined && { contractMbps }) } }), NOW, [requirement("R01")]);
    const sentence = finding ? findingSentence("vi", finding) : "";
    if (words === undefined) expect(sentence).not.toContain("Hợp đồng");
    else expect(sentence).toContain(words);
  });

  it("silence of the whole centre explains what is unknown", () => {
    const [finding] = evaluate(plan, facts({ runs: [speed(230, 9)], lastContactMs: NOW - DAY }), NOW, [requirement("R01")]);
    expect(finding).toMatchObject({ state: "unknown", reason: "site_offline" });
  });
});
