import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { Calendar } from "#schemas/calendar.ts";
import { PolicyProfile } from "#schemas/policy.ts";
import { projectRoot } from "../support/source-files.ts";

const read = (folder: string) =>
  readdirSync(join(projectRoot, "schemas", folder))
    .filter((name) => name.endsWith(".json"))
    .map((name) => [name, JSON.parse(readFileSync(join(projectRoot, "schemas", folder, name), "utf8")) as unknown] as const);

const policies = read("policies");
const calendars = read("calendars");

describe("policy files", () => {
  it.each(policies)("%s is a valid policy", (_, body) => {
    const parsed = PolicyProfile.safeParse(body);
    expect(parsed.error?.issues).toBeUndefined();
  });

  it.each(policies)("%s names each requirement once, with words of its own", (_, body) => {
    const { requirements } = PolicyProfile.parse(body);
    expect(new Set(requirements.map(({ id }) => id)).size).toBe(requirements.length);
    expect(new Set(requirements.map(({ quote }) => quote)).size).toBe(requirements.length);
    expect(new Set(requirements.map(({ advice }) => advice.vi)).size).toBe(requirements.length);
  });

  it.each(policies)("%s advises in words that hold in a terminal and in a letter, too", (_, body) => {
    const { requirements } = PolicyProfile.parse(body);
    expect(requirements.filter(({ advice }) => /trang này|this page/.test(`${advice.vi} ${advice.en}`)).map(({ id }) => id)).toEqual([]);
  });

  it.each(policies)("%s judges only portals that its centres ask, and by a calendar that exists", (_, body) => {
    const { requirements, portals, calendar } = PolicyProfile.parse(body);
    const asked = portals.map(({ id }) => id);
    const judged = requirements.flatMap(({ rule }) => (rule.kind === "reachable" ? (rule.targets ?? []) : []));
    expect(judged.length).toBeGreaterThan(0);
    expect(judged.filter((target) => !asked.includes(target))).toEqual([]);
    expect(calendars.map(([, file]) => Calendar.parse(file).id)).toContain(calendar);
  });

  it("the plan of Gia Lai has every requirement that can be measured or declared", () => {
    const plan = policies.map(([, body]) => PolicyProfile.parse(body)).find(({ id }) => id === "gia-lai-890");
    // requirements.md §1: class A, A+D and D. R08 is measured only where a queue system exports its waits.
    const expected = ["R01", "R02", "R03", "R04", "R05", "R06", "R07", "R10", "R11", "R12", "R13", "R14", "R15", "R16", "R19", "R20", "R21", "R24"];
    expect(plan?.requirements.map(({ id }) => id)).toEqual(expected);
  });
});

describe("calendar files", () => {
  it.each(calendars)("%s is valid, with holidays in order and sessions that do not overlap", (_, body) => {
    const { holidays, sessions } = Calendar.parse(body);
    expect(holidays.every(({ from, to }, at) => from <= to && (at === 0 || (holidays[at - 1]?.to ?? "") < from))).toBe(true);
    expect(sessions.every(({ from, to }, at) => from < to && (at === 0 || (sessions[at - 1]?.to ?? "") <= from))).toBe(true);
  });
});
