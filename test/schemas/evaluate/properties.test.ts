import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { workingDaysBefore } from "#schemas/calendar.ts";
import { evaluate } from "#schemas/evaluate/evaluate.ts";
import type { Facts, Run } from "#schemas/facts.ts";
import { Finding, findingStates } from "#schemas/finding.ts";
import { deviceRoles } from "#schemas/inventory.ts";
import { metricNames } from "#schemas/metrics.ts";
import { probeKinds, type Reading } from "#schemas/observation.ts";
import { tally } from "../../../collector/web/standing.ts";
import { calendar, DAY, facts, HOUR, MINUTE, measured, NOW, plan, requirement, said, seen, speed } from "../../support/facts.ts";

const days = workingDaysBefore(calendar, NOW, 10);
/** `HCC_PROPERTY_RUNS=5000` for a long search; the suite looks at a few hundred. */
const RUNS = { numRuns: Number(process.env.HCC_PROPERTY_RUNS ?? 200) };

/** Evidence as single pieces, each of which the verdict needs. */
type Piece = Partial<Pick<Facts, "runs" | "presence" | "attestations">>;
type Case = { readonly id: string; readonly centre?: Partial<Facts["centre"]>; readonly pieces: readonly Piece[] };

const devices = (role: Parameters<typeof seen>[1], count: number): Piece[] =>
  Array.from({ length: count }, (_, at) => days.slice(0, 3).map((day) => ({ presence: seen(`${role}-${at}`, role, [day]) }))).flat();
const inspected = (id: string, items: readonly string[]): Piece[] => items.map((item) => ({ attestations: [said(id, item, { inspector: true })] }));
const asked = (target: string, ago: number): Piece => {
  const labels = { portal: target };
  return {
    runs: [
      measured(
        "portal-http",
        ago * MINUTE,
        [
          { metric: "portal_up", value: 1, labels },
          { metric: "portal_status", value: 200, labels },
        ],
        { target },
      ),
    ],
  };
};
const camera = (ago: number): Piece => ({ runs: [measured("camera-presence", ago * MINUTE, [{ metric: "camera_up", value: 1, labels: { camera: "c1" } }])] });
const wifi: readonly Reading[] = [
  { metric: "wifi_limit_clients", value: 120 },
  { metric: "wifi_radios", value: 2 },
  { metric: "wifi_utilisation_percent", value: 40 },
  { metric: "dhcp_free", value: 100 },
];

/** For each requirement just enough evidence to pass: there is no piece too many. */
const cases: readonly Case[] = [
  { id: "R01", pieces: [{ runs: [speed(230, 1)] }] },
  { id: "R02", pieces: [{ runs: [measured("wifi-clients", HOUR, wifi)] }] },
  { id: "R03", pieces: [camera(5), camera(35)] },
  { id: "R04", pieces: [{ runs: [measured("vms-link", HOUR, [{ metric: "vms_link_up", value: 1 }])] }] },
  { id: "R07", pieces: inspected("R07", ["zone-reception", "zone-online", "zone-priority", "zone-waiting"]) },
  { id: "R10", centre: { officers: 2 }, pieces: devices("officer-pc", 2) },
  { id: "R11", centre: { officers: 2 }, pieces: devices("printer", 2) },
  { id: "R12", centre: { officers: 3 }, pieces: devices("scanner", 2) },
  { id: "R13", pieces: devices("copier", 1) },
  { id: "R14", pieces: devices("citizen-pc", 2) },
  { id: "R15", centre: { keyArea: true }, pieces: [...devices("kiosk", 1), ...devices("display", 1)] },
  { id: "R16", pieces: ["vnpt-igate", "dvc-quoc-gia"].flatMap((portal) => [5, 10, 15].map((ago) => asked(portal, ago))) },
  { id: "R20", pieces: inspected("R20", ["house-rules", "assignments"]) },
];

const factsOf = ({ centre }: Case, pieces: readonly Piece[]) =>
  facts({
    ...(centre && { centre }),
    runs: pieces.flatMap(({ runs = [] }) => runs),
    presence: pieces.flatMap(({ presence = [] }) => presence),
    attestations: pieces.flatMap(({ attestations = [] }) => attestations),
  });
const stateOf = (one: Case, pieces: readonly Piece[], nowMs = NOW) => evaluate(plan, factsOf(one, pieces), nowMs, [requirement(one.id)])[0]?.state;

/** What can befall a piece of evidence: it is missing, it failed, it is as old as the hills, its readings are gone one by one. */
const harms = [
  () => ({}),
  ({ runs }: Piece): Piece => ({ ...(runs && { runs: runs.map((run): Run => ({ ...run, outcome: { kind: "failed", reason: "timeout" } })) }) }),
  ({ runs }: Piece): Piece => ({ ...(runs && { runs: runs.map((run): Run => ({ ...run, outcome: { kind: "skipped", reason: "line_busy" } })) }) }),
  ({ runs, attestations }: Piece): Piece => ({
    ...(runs && { runs: runs.map((run): Run => ({ ...run, atMs: run.atMs - 900 * DAY })) }),
    ...(attestations && { attestations: attestations.map((one) => ({ ...one, at: "2020-01-01T00:00:00.000Z" })) }),
  }),
];

const TIMEOUT_MS = 600_000;

describe("with any hole in the evidence no finding passes", () => {
  it.each(cases.map((one) => [one.id, one] as const))("%s passes on what it needs", (_, one) => expect(stateOf(one, one.pieces)).toBe("pass"));

  it(
    "and not on less, whatever the holes are",
    () => {
      const holed = fc.constantFrom(...cases).chain((one) =>
        fc.record({
          one: fc.constant(one),
          holes: fc.array(fc.option(fc.constantFrom(...harms), { freq: 3 }), { minLength: one.pieces.length, maxLength: one.pieces.length }),
          sure: fc.nat({ max: one.pieces.length - 1 }),
          harm: fc.constantFrom(...harms),
        }),
      );
      fc.assert(
        fc.property(holed, ({ one, holes, sure, harm }) => {
          const left = one.pieces.map((piece, at) => (at === sure ? harm(piece) : (holes[at]?.(piece) ?? piece)));
          expect(stateOf(one, left), one.id).not.toBe("pass");
        }),
        RUNS,
      );
    },
    TIMEOUT_MS,
  );

  it(
    "nor with a reading missing from the one run that it stands on",
    () => {
      const [base] = cases.filter(({ id }) => id === "R02");
      fc.assert(
        fc.property(fc.subarray([...wifi], { maxLength: wifi.length - 1 }), (readings) => {
          const runs = readings.length === 0 ? [] : [measured("wifi-clients", HOUR, readings)];
          expect(base && stateOf(base, [{ runs }])).not.toBe("pass");
        }),
        RUNS,
      );
    },
    TIMEOUT_MS,
  );

  it(
    "nor after the evidence has run out",
    () => {
      fc.assert(
        fc.property(fc.constantFrom(...cases), fc.integer({ min: 740, max: 800 }), (one, later) => {
          expect(stateOf(one, one.pieces, NOW + later * DAY)).not.toBe("pass");
        }),
        RUNS,
      );
    },
    TIMEOUT_MS,
  );
});

const anyReading = fc.record({
  metric: fc.constantFrom(...metricNames),
  value: fc.oneof(fc.constantFrom(0, 1, 50, 200), fc.double({ min: 0, max: 1_000, noNaN: true })),
  labels: fc.option(fc.constantFrom({ portal: "vnpt-igate" }, { camera: "c1" }, { ap: "ap-1" }, { server: "s1" }), { nil: undefined }),
});
const anyRun = fc
  .record({
    probe: fc.constantFrom(...probeKinds),
    target: fc.constantFrom(undefined, "vnpt-igate", "dvc-quoc-gia", "nvr-1"),
    // Few different instants, so that many are equal.
    agoMs: fc.constantFrom(0, MINUTE, 5 * MINUTE, HOUR, DAY, 6 * DAY, 40 * DAY, -HOUR),
    ref: fc.nat({ max: 1e6 }),
    readings: fc.array(anyReading, { maxLength: 4 }),
    excuse: fc.constantFrom(undefined, "line_busy" as const),
  })
  .map(
    ({ probe, target, agoMs, ref, readings, excuse }): Run => ({
      ref: `0123456789abcdef:${ref + 1}`,
      probe,
      ...(target !== undefined && { target }),
      atMs: NOW - agoMs,
      outcome:
        readings.length === 0
          ? { kind: "failed", reason: "timeout" }
          : { kind: "measured", readings: readings.map(({ labels, ...rest }) => ({ ...rest, ...(labels && { labels }) })), ...(excuse && { excuse }) },
    }),
  );
const anyWord = fc
  .record({
    place: fc.constantFrom(["R20", "house-rules"], ["R20", "assignments"], ["R01", "contract-rate"], ["R24", "inspection"]),
    daysAgo: fc.constantFrom(0, 1, 30, 400),
    inspector: fc.boolean(),
    holds: fc.boolean(),
  })
  .map(({ place: [id = "", item = ""], ...more }) => said(id, item, more));
const anyWaiver = fc
  .record({ id: fc.nat({ max: 999 }), requirement: fc.constantFrom("R01", "R16"), until: fc.constantFrom("2026-11-26", "2026-11-27", "2027-01-31") })
  .map(({ id, ...rest }) => ({ id: `w${id}`, centre: "ia-grai", reason: "x", document: "1", approver: "A", from: "2026-11-01", ...rest }));
const anyFacts = fc
  .record({
    officers: fc.option(fc.nat({ max: 9 }), { nil: undefined }),
    keyArea: fc.boolean(),
    runs: fc.uniqueArray(anyRun, { maxLength: 25, selector: ({ ref }) => ref }),
    presence: fc.array(
      fc.record({
        device: fc.constantFrom("a", "b", "c"),
        role: fc.constantFrom(...deviceRoles),
        day: fc.constantFrom(...days),
      }),
      { maxLength: 30 },
    ),
    peaks: fc.array(fc.record({ metric: fc.constant("wifi_clients" as const), day: fc.constantFrom(...days), value: fc.nat({ max: 99 }) }), { maxLength: 3 }),
    pages: fc.array(fc.record({ device: fc.constantFrom("a", "b", "c"), day: fc.constantFrom(...days), pages: fc.nat({ max: 9 }) }), { maxLength: 12 }),
    attestations: fc.array(anyWord, { maxLength: 8 }),
    waivers: fc.uniqueArray(anyWaiver, { maxLength: 4, selector: ({ id }) => id }),
    lastContactMs: fc.constantFrom(NOW, NOW - 2 * HOUR),
    sharedFaults: fc.array(
      fc.record({ target: fc.constantFrom("vnpt-igate", "dvc-quoc-gia"), fromMs: fc.constantFrom(NOW - HOUR, NOW), toMs: fc.constant(NOW + HOUR) }),
      { maxLength: 3 },
    ),
  })
  .map(({ officers, keyArea, ...rest }) => facts({ centre: { keyArea, officers }, ...rest }));

describe("whatever is known", () => {
  it(
    "there is one valid finding per requirement, the states sum to the policy, and a pass has an end that lies ahead",
    () => {
      fc.assert(
        fc.property(anyFacts, (known) => {
          const findings = evaluate(plan, known, NOW);
          expect(findings.map(({ requirement: id }) => id)).toEqual(plan.requirements.map(({ id }) => id));
          const counts = tally(findings);
          expect(counts.total).toBe(plan.requirements.length);
          expect(findingStates.reduce((sum, state) => sum + counts[state], 0)).toBe(plan.requirements.length);
          for (const finding of findings) {
            expect(Finding.safeParse(finding).error).toBeUndefined();
            expect(finding.reason).not.toBe("rule_error");
            if (finding.state === "pass") expect(Date.parse(finding.validUntil ?? "")).toBeGreaterThanOrEqual(NOW);
          }
        }),
        RUNS,
      );
    },
    TIMEOUT_MS,
  );

  it(
    "the order in which it arrived changes nothing, not even among equals",
    () => {
      const shuffled = anyFacts.chain((known) => {
        const all = <T>(list: readonly T[]) => fc.shuffledSubarray([...list], { minLength: list.length });
        return fc.record({
          known: fc.constant(known),
          other: fc.record({
            runs: all(known.runs),
            presence: all(known.presence),
            peaks: all(known.peaks),
            pages: all(known.pages),
            attestations: all(known.attestations),
            waivers: all(known.waivers),
            sharedFaults: all(known.sharedFaults),
          }),
        });
      });
      fc.assert(
        fc.property(shuffled, ({ known, other }) => {
          expect(evaluate(plan, { ...known, ...other }, NOW)).toEqual(evaluate(plan, known, NOW));
        }),
        RUNS,
      );
    },
    TIMEOUT_MS,
  );
});
