import { afterAll, beforeAll, expect, it } from "vitest";
import { Centre } from "#schemas/inventory.ts";
import { createDayCounts } from "../../../collector/report/day-counts.ts";
import { type Dossier, everyCentre } from "../../../collector/report/dossier.ts";
import { monthDesk } from "../../../collector/report/month-desk.ts";
import { trustClock } from "../../../collector/store/clock-proof.ts";
import { closeSite } from "../../../collector/store/closings.ts";
import { measured } from "../../support/batches.ts";
import { calendar, DAY, HOUR, MINUTE, plan } from "../../support/facts.ts";
import { type JudgedProvince, openJudgedProvince, type Said } from "../../support/judged-province.ts";

const vn = (local: string) => Date.parse(`2026-11-${local}:00+07:00`);
/** The calendar knows no holiday of November: the last Friday is made one. */
const withHoliday = { ...calendar, holidays: [...calendar.holidays, { from: "2026-11-27", to: "2026-11-27", name: "test" }] };
/** From Monday the 16th on cameras are judged in working time alone, and one requirement is there no more. */
const newer = {
  ...plan,
  version: plan.version + 1,
  effectiveFrom: "2026-11-16",
  requirements: plan.requirements
    .filter(({ id }) => id !== "R05")
    .map((one) => (one.id === "R03" && one.rule.kind === "reachable" ? { ...one, rule: { ...one.rule, workingHoursOnly: true } } : one)),
};

let province: JudgedProvince;
const portals = (atMs: number, down: boolean): Said[] =>
  ["vnpt-igate", "dvc-quoc-gia"].map((portal, index) => {
    const value = down && index === 0 ? 0 : 1;
    const status = { metric: "portal_status", value: value === 1 ? 200 : 503, labels: { portal } } as const;
    return { probe: "portal-http", target: portal, atMs, outcome: measured([{ metric: "portal_up", value, labels: { portal } }, status]) };
  });
const camera = (atMs: number, up: number): Said => ({
  probe: "camera-presence",
  atMs,
  outcome: measured([{ metric: "camera_up", value: up, labels: { camera: "c1" } }]),
});
/** Answers of an hour, five minutes apart. */
const hour = (code: string, endMs: number, down: boolean) =>
  province.send(
    code,
    endMs,
    Array.from({ length: 12 }, (_, place) => endMs - (11 - place) * 5 * MINUTE).flatMap((atMs) => [...portals(atMs, down), camera(atMs, down ? 0 : 1)]),
  );

type Row = { readonly centre: string; readonly requirement: string; readonly state: string; readonly n: number };
const stored = () =>
  province.db.query<Row>(
    "SELECT centre, requirement, state, count(*)::int AS n FROM grafana.finding_day WHERE time >= '2026-11-01T00:00+07:00' AND time < '2026-12-01T00:00+07:00' GROUP BY 1, 2, 3 ORDER BY 1, 2, 3",
  );
const deskAt = (nowMs: number) => monthDesk({ db: province.db, policyAt: province.policyAt, demo: false, now: () => nowMs });
const count = (nowMs: number) => createDayCounts({ db: province.db, policyAt: province.policyAt, now: () => nowMs })();

/** What a report says of its days, in the form of the view. */
function reported(dossier: Dossier | undefined): Row[] {
  if (!dossier) throw new Error("there is no dossier");
  const rows = everyCentre(dossier).flatMap(({ code, rows: own }) =>
    own.flatMap(({ requirement, days: { none: _, ...days }, notCounted = 0 }) =>
      Object.entries({ ...days, not_counted: notCounted }).map(([state, n]) => ({ centre: code, requirement, state, n })),
    ),
  );
  const keyOf = ({ centre, requirement, state }: Row) => `${centre} ${requirement} ${state}`;
  return rows.filter(({ n }) => n > 0).sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
}
/** Counts, and holds the view against the report of the same moment; gives both. */
async function agreed(nowMs: number) {
  await count(nowMs);
  const rows = await stored();
  expect(rows).toEqual(reported(await deskAt(nowMs).dossier("2026-11")));
  return (centre: string, requirement: string) =>
    Object.fromEntries(rows.filter((row) => row.centre === centre && row.requirement === requirement).map(({ state, n }) => [state, n]));
}

beforeAll(async () => {
  const centres = ["xa-a", "xa-b", "xa-c"].map((code, place) => Centre.parse({ code, name: code, officers: 2, district: place < 2 ? "Ia Grai" : "Chư Sê" }));
  province = await openJudgedProvince({ centres, nowMs: vn("04T07:00"), policies: [plan] });
  province = await province.restart(vn("04T07:00"), [plan], withHoliday);
  await province.judge.tick(vn("04T07:30"));
  for (const day of ["04", "05", "06"])
    for (const code of ["xa-a", "xa-b", "xa-c"]) {
      await hour(code, vn(`${day}T09:00`), false);
      await hour(code, vn(`${day}T16:55`), code === "xa-b" && day === "06");
    }
  await province.judge.tick(vn("06T17:00"));
  // Saturday and Sunday; from Monday the 9th until the morning of Thursday no collector runs.
  for (const day of ["07T00:01", "08T00:01"]) await province.judge.tick(vn(day));
}, 180_000);
afterAll(() => province?.db.close());

it("a running month: days off are not counted of what is judged in working time alone, nor are days that are too young", async () => {
  const of = await agreed(vn("08T10:00"));
  expect(of("xa-b", "R16")).toMatchObject({ not_counted: 2, fail: 1 });
  expect(of("xa-b", "R03")).not.toHaveProperty("not_counted");
});

it("days on which no collector judged, and what came late of them", { timeout: 60_000 }, async () => {
  await province.judge.tick(vn("12T08:00"));
  expect((await agreed(vn("12T08:05")))("xa-a", "R01")).toEqual({ unknown: 9 });
  const missed = (await agreed(vn("12T08:05")))("xa-a", "R03");
  const night = Array.from({ length: 47 }, (_, place) => camera(vn("10T00:00") + (place + 1) * 30 * MINUTE, 0));
  await province.send("xa-a", vn("12T09:00"), night, "backlog");
  expect((await agreed(vn("12T09:30")))("xa-a", "R03")).not.toEqual(missed);
});

it("a newer version of the policy, a holiday, and a centre that closes", { timeout: 60_000 }, async () => {
  for (const day of ["13", "14", "15"]) await province.judge.tick(vn(`${day}T00:01`));
  province = await province.restart(vn("15T12:00"), [plan, newer], withHoliday);
  expect(await stored()).toEqual(expect.arrayContaining([expect.objectContaining({ requirement: "R05" })]));
  for (const day of ["16", "17", "18"]) {
    await province.judge.tick(vn(`${day}T00:01`));
    for (const code of ["xa-a", "xa-b", "xa-c"]) await hour(code, vn(`${day}T16:00`), code === "xa-c");
  }
  await closeSite(province.db, province.siteIdOf("xa-c"), { on: "2026-11-19", into: "xa-a" }, { reason: "NQ 1", nowMs: vn("18T17:00") });
  for (let day = 19; day <= 30; day++) await province.judge.tick(vn(`${day}T00:01`));
  const of = await agreed(vn("30T18:00"));
  // Two days of the first weekend, four of the others until the holiday, that one, and the Saturday and Sunday after it.
  expect(of("xa-a", "R16").not_counted).toBe(9);
  expect(of("xa-a", "R03").not_counted).toBe(9);
  expect(Object.values(of("xa-c", "R03")).reduce((sum, n) => sum + n, 0)).toBe(15);
  expect(of("xa-a", "R05")).toEqual({});
});

it("the province's days are the sums of these, by district, every state on every day", async () => {
  const sums = (view: string, n: string) =>
    province.db.query(`SELECT time, district, state, ${n} AS n FROM grafana.${view} GROUP BY 1, 2, 3 HAVING ${n} > 0 ORDER BY 1, 2, 3`);
  expect(await sums("state_day", "sum(findings)::int")).toEqual(await sums("finding_day", "count(*)::int"));
  expect(await sums("finding_day", "count(*)::int")).not.toEqual([]);
  const [rows] = await province.db.query("SELECT count(*)::int AS n, count(DISTINCT time)::int AS days FROM grafana.state_day WHERE district = 'Ia Grai'");
  expect(rows).toEqual({ n: 27 * 7, days: 27 });
});

it("a month that is closed is counted once more, by what was known then, and never again", { timeout: 60_000 }, async () => {
  const closedMs = vn("30T23:59") + 4 * DAY;
  await trustClock(province.db, closedMs, false);
  await province.send(
    "xa-a",
    closedMs,
    Array.from({ length: 47 }, (_, place) => camera(vn("11T00:00") + (place + 1) * 30 * MINUTE, 0)),
    "backlog",
  );
  await agreed(closedMs + HOUR);
  // Whoever counted it again would write over this.
  await province.db.query("UPDATE finding_day SET states = translate(states, '0123456789', '----------') WHERE is_final");
  const rows = await stored();
  await count(closedMs + 2 * HOUR);
  expect(await stored()).toEqual(rows);
  expect(rows.filter(({ requirement }) => requirement === "R03").map(({ state }) => state)).toEqual(["not_counted", "not_counted", "not_counted"]);
});

it("a count that is young is left alone", async () => {
  let steadyMs = 0;
  const nowMs = vn("30T23:59") + 5 * DAY;
  const counted = createDayCounts({ db: province.db, policyAt: province.policyAt, now: () => nowMs, steadyMs: () => steadyMs });
  const isCounted = async () => {
    await province.db.query("DELETE FROM finding_day WHERE NOT is_final");
    await counted();
    return (await province.db.query("SELECT 1 FROM finding_day WHERE NOT is_final LIMIT 1")).length > 0;
  };
  const seen: boolean[] = [];
  for (const minutes of [0, 9, 10]) {
    steadyMs = minutes * MINUTE;
    seen.push(await isCounted());
  }
  expect(seen).toEqual([true, false, true]);
});
