import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { workingDaysBefore } from "#schemas/calendar.ts";
import { compare, isRevision } from "#schemas/evaluate/compare.ts";
import { evaluate } from "#schemas/evaluate/evaluate.ts";
import type { Facts } from "#schemas/facts.ts";
import { Finding, findingReasons } from "#schemas/finding.ts";
import { findingSentence } from "#schemas/text/finding-sentence.ts";
import { calendar, facts, MINUTE, measured, NOW, plan, said, seen, speed } from "../../support/facts.ts";

const days = workingDaysBefore(calendar, NOW, 10);

/** A centre with evidence for whatever can be measured without a recorder. */
const full = facts({
  centre: { keyArea: true, officers: 2 },
  runs: [
    speed(230, 1),
    speed(150, 2, "second"),
    measured("wifi-clients", MINUTE, [
      { metric: "wifi_clients", value: 20 },
      { metric: "wifi_limit_clients", value: 120 },
      { metric: "wifi_radios", value: 2 },
    ]),
    ...["vnpt-igate", "dvc-quoc-gia"].flatMap((target) =>
      [0, 5, 10, 15].map((ago) => measured("portal-http", ago * MINUTE, [{ metric: "portal_up", value: 1, labels: { portal: target } }], { target })),
    ),
    ...[0, 30].map((ago) => measured("camera-presence", ago * MINUTE, [{ metric: "camera_up", value: 1, labels: { camera: "c1" } }])),
  ],
  presence: (["officer-pc", "printer", "scanner", "copier", "citizen-pc", "kiosk", "display"] as const).flatMap((role) => [
    ...seen(`${role}-1`, role, days),
    ...seen(`${role}-2`, role, days),
  ]),
  attestations: ["house-rules", "assignments"].map((item) => said("R20", item, { inspector: true })),
});

/** The same facts with some of them gone. */
const withHoles = fc
  .record({ runs: fc.subarray([...full.runs]), presence: fc.subarray([...full.presence]), attestations: fc.subarray([...full.attestations]) })
  .map((rest): Facts => ({ ...full, ...rest }));

describe("evaluate", () => {
  it("gives exactly one valid finding per requirement, whatever is missing", () => {
    fc.assert(
      fc.property(withHoles, (holed) => {
        const findings = evaluate(plan, holed, NOW);
        expect(findings.map(({ requirement }) => requirement)).toEqual(plan.requirements.map(({ id }) => id));
        for (const finding of findings) expect(Finding.safeParse(finding).error).toBeUndefined();
      }),
      { numRuns: 60 },
    );
  });

  it("never passes on less than what passed before: a hole makes no green", () => {
    const whole = new Map(evaluate(plan, full, NOW).map(({ requirement, state }) => [requirement, state]));
    expect([...whole.values()].filter((state) => state === "pass").length).toBeGreaterThan(8);
    fc.assert(
      fc.property(withHoles, (holed) => {
        for (const { requirement, state } of evaluate(plan, holed, NOW)) if (whole.get(requirement) !== "pass") expect(state).not.toBe("pass");
      }),
      { numRuns: 60 },
    );
  });

  it("every pass has an end, and without new evidence none outlives it", () => {
    const passes = evaluate(plan, full, NOW).filter(({ state }) => state === "pass");
    for (const { requirement, validUntil } of passes) {
      expect(Date.parse(validUntil ?? ""), requirement).toBeGreaterThan(NOW);
      const later = Date.parse(validUntil ?? "") + MINUTE;
      expect(evaluate(plan, { ...full, lastContactMs: later }, later).find((finding) => finding.requirement === requirement)?.state, requirement).not.toBe(
        "pass",
      );
    }
  });

  it("does not depend on the order in which the evidence arrived", () => {
    fc.assert(
      fc.property(
        fc.shuffledSubarray([...full.runs], { minLength: full.runs.length }),
        fc.shuffledSubarray([...full.presence], { minLength: full.presence.length }),
        (runs, presence) => {
          expect(evaluate(plan, { ...full, runs, presence }, NOW)).toEqual(evaluate(plan, full, NOW));
        },
      ),
      { numRuns: 30 },
    );
  });

  it("a rule that fails takes no other finding with it", () => {
    const broken = { ...full, presence: [{ device: "x", role: "officer-pc", day: undefined as unknown as string }, ...full.presence] } as Facts;
    const hostile = new Proxy(broken, {
      get: (target, name) =>
        name === "peaks"
          ? {
              filter: () => {
                throw new Error("peaks are broken");
              },
            }
          : Reflect.get(target, name),
    });
    const findings = evaluate(plan, { ...full, peaks: (hostile as Facts).peaks }, NOW);
    expect(findings.find(({ requirement }) => requirement === "R02")).toMatchObject({ state: "error", reason: "rule_error" });
    expect(findings.find(({ requirement }) => requirement === "R01")?.state).toBe("pass");
  });
});

describe("compare", () => {
  it("tells changes of state alone, and the beginning", () => {
    const before = evaluate(plan, facts(), NOW);
    const after = evaluate(plan, facts({ runs: [speed(230, 1)] }), NOW + MINUTE);
    expect(compare(before, after, NOW + MINUTE)).toEqual([
      { centre: "ia-grai", requirement: "R01", from: "unknown", to: "pass", reason: "met", at: new Date(NOW + MINUTE).toISOString() },
    ]);
    expect(compare([], after, NOW)).toHaveLength(plan.requirements.length);
  });

  it("a later judgement that says the same is no revision", () => {
    const [before] = evaluate(plan, facts(), NOW);
    const [after] = evaluate(plan, facts(), NOW + MINUTE);
    expect(after && isRevision(before, after)).toBe(false);
    expect(after && isRevision(undefined, after)).toBe(true);
  });
});

describe("sentences", () => {
  it.each(findingReasons)("%s has a sentence in both languages", (reason) => {
    for (const lang of ["vi", "en"] as const) expect(findingSentence(lang, { reason }).length).toBeGreaterThan(5);
  });

  it("no place stays unfilled for what the rules really say", () => {
    const judged = [
      ...evaluate(plan, full, NOW),
      ...evaluate(plan, facts(), NOW),
      ...evaluate(plan, facts({ runs: [speed(150, 1)], lastContactMs: NOW - 1e8 }), NOW),
    ];
    for (const finding of judged) expect(findingSentence("vi", finding), `${finding.requirement} ${finding.reason}`).not.toMatch(/\{\w+\}/);
  });
});
