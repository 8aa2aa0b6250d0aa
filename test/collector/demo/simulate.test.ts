import { describe, expect, it } from "vitest";
import type { Calendar } from "#schemas/calendar.ts";
import { Inventory } from "#schemas/inventory.ts";
import { Observation, readingOf } from "#schemas/observation.ts";
import { RecordingEvidence, worstVerdict } from "#schemas/recording-evidence.ts";
import { demoProvince } from "../../../collector/demo/province.ts";
import { simulate } from "../../../collector/demo/simulate.ts";
import { demoStory, isAlive } from "../../../collector/demo/story.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const calendar: Calendar = {
  id: "office",
  timeZone: "Asia/Ho_Chi_Minh",
  weekdays: [1, 2, 3, 4, 5],
  sessions: [
    { from: "07:30", to: "11:30" },
    { from: "13:30", to: "17:00" },
  ],
  holidays: [],
  workedDays: [],
};
const anchorMs = Date.parse("2026-11-20T03:30:00.000Z");
const portals = ["igate", "dichvucong"];
const province = demoProvince(7);
const story = demoStory(7, anchorMs, 30, calendar, province, "igate");
const at = (index: number) => province[index] ?? fail();
const numbered = (index: number, fromMs: number, toMs: number) =>
  simulate(at(index), story, fromMs, toMs, portals).map((observation, place) => ({ ...observation, seq: place + 1 }));
function fail(): never {
  throw new Error("no such centre");
}

describe("the simulated province", () => {
  it("is an inventory that the import would take, with 135 distinct centres that say that they are simulated", () => {
    const inventory = Inventory.parse({ centres: province.map(({ centre }) => centre) });
    expect(new Set(inventory.centres.map(({ code }) => code)).size).toBe(135);
    expect(new Set(inventory.centres.map(({ name }) => name)).size).toBe(135);
    expect(inventory.centres.every(({ name }) => name.includes("(mô phỏng)"))).toBe(true);
  });

  it("has every kind of line, Wi-Fi and recorder, so that every state has an example", () => {
    const kinds = (of: (profile: (typeof province)[number]) => string) => [...new Set(province.map(of))].sort();
    expect(kinds(({ line }) => line.kind)).toEqual(["borderline", "flaky", "good", "slow"]);
    expect(kinds(({ wifi }) => wifi.kind)).toEqual(["capable", "full", "small", "unreadable"]);
    expect(kinds(({ recording }) => recording.kind)).toEqual(["denied", "full", "gapped", "short", "stopped", "young"]);
  });

  it("is the same for the same seed and another for another", () => {
    expect(demoProvince(7)).toEqual(province);
    expect(demoProvince(8)).not.toEqual(province);
  });
});

describe("simulated observations", () => {
  const day = anchorMs - 3 * DAY_MS;

  it("keep the contract of real ones, in order of time", () => {
    for (const index of [0, 20, 40, 77, 133]) {
      const observations = numbered(index, day, day + DAY_MS);
      expect(observations.length).toBeGreaterThan(25);
      for (const observation of observations) expect(Observation.parse(observation)).toEqual(observation);
      expect(observations.map(({ takenAt }) => takenAt)).toEqual(observations.map(({ takenAt }) => takenAt).sort());
    }
  });

  it("are 300 to 500 readings per centre and working day before the dense end, on average", () => {
    const readings = province.flatMap((profile) =>
      simulate(profile, story, day, day + DAY_MS, portals).map(({ outcome }) => (outcome.kind === "measured" ? outcome.readings.length : 0)),
    );
    const perCentre = readings.reduce((sum, count) => sum + count, 0) / province.length;
    expect(perCentre).toBeGreaterThan(300);
    expect(perCentre).toBeLessThan(500);
  });

  it("of two neighbouring spans are those of the whole span", () => {
    const whole = simulate(at(3), story, anchorMs - 4 * HOUR_MS, anchorMs + HOUR_MS, portals);
    const first = simulate(at(3), story, anchorMs - 4 * HOUR_MS, anchorMs, portals);
    expect([...first, ...simulate(at(3), story, anchorMs, anchorMs + HOUR_MS, portals)]).toEqual(whole);
  });

  it("show iGate down for every centre during the outage and up an hour later", () => {
    const { fromMs, toMs } = story.portalOutage;
    const answers = (span: [number, number]) =>
      [0, 1, 2, 3, 4]
        .flatMap((index) => simulate(at(index), story, ...span, portals))
        .flatMap(({ target, outcome }) => (target === "igate" && outcome.kind === "measured" ? [readingOf(outcome.readings, "portal_up")] : []));
    expect(new Set(answers([fromMs, toMs]))).toEqual(new Set([0]));
    expect(new Set(answers([toMs, toMs + 5 * HOUR_MS]))).toEqual(new Set([1]));
  });

  it("stop where an agent fell silent, where the power is cut, and where none was ever started", () => {
    const silent = [...story.silentFromMs.keys()];
    expect(silent).toHaveLength(2);
    for (const profile of province) {
      const { code, district } = profile.centre;
      const count = simulate(profile, story, anchorMs - HOUR_MS, anchorMs, portals).length;
      expect(count > 0, code).toBe(!silent.includes(code) && !story.neverStarted.has(code));
      if (district === story.powerCut.district) expect(isAlive(story, profile, story.powerCut.fromMs)).toBe(false);
    }
  });

  it("prove recordings with evidence of the contract, and every kind of recorder has its verdict", () => {
    const verdicts = new Map<string, Set<string>>();
    for (const [index, profile] of province.entries()) {
      for (const { probe, outcome } of numbered(index, day, day + DAY_MS)) {
        if (probe !== "recording-depth") continue;
        if (outcome.kind !== "measured") continue;
        const evidence = RecordingEvidence.parse(outcome.evidence);
        const kind = profile.recording.kind;
        const own = verdicts.get(kind) ?? new Set();
        verdicts.set(kind, own.add(worstVerdict(evidence.channels.map(({ verdict }) => verdict))));
        for (const { perDayMinutes, coveragePercent = 0 } of evidence.channels) {
          const minutes = perDayMinutes.reduce<number>((sum, each) => sum + (each ?? 0), 0);
          expect(minutes / (30 * 14.4) - coveragePercent, profile.centre.code).toBeGreaterThan(-5);
        }
      }
    }
    expect(Object.fromEntries([...verdicts].map(([kind, set]) => [kind, [...set]]))).toEqual({
      full: ["COMPLIANT"],
      short: ["NON_COMPLIANT"],
      gapped: ["NON_COMPLIANT"],
      young: ["TOO_YOUNG"],
      stopped: ["NON_COMPLIANT"],
    });
  });

  it("let slow lines stay below 200 Mbps and good ones above it when nobody disturbs the test", () => {
    for (const [index, profile] of province.entries()) {
      const speeds = numbered(index, day, day + DAY_MS).flatMap(({ outcome }) =>
        outcome.kind === "measured" && outcome.excuse === undefined ? (readingOf(outcome.readings, "download_mbps") ?? []) : [],
      );
      if (profile.line.kind === "slow") for (const speed of speeds) expect(speed, profile.centre.code).toBeLessThan(200);
      if (profile.line.kind === "good") for (const speed of speeds) expect(speed, profile.centre.code).toBeGreaterThan(200);
    }
  });
});
