import { afterAll, beforeAll, expect, test } from "vitest";
import { Centre } from "#schemas/inventory.ts";
import { linkEvidenceOf } from "../../../collector/report/link-evidence-desk.ts";
import { monthDesk } from "../../../collector/report/month-desk.ts";
import { newestClosed } from "../../../collector/report/period.ts";
import { trustClock } from "../../../collector/store/clock-proof.ts";
import { importCentres } from "../../../collector/store/sites.ts";
import { measured } from "../../support/batches.ts";
import { DAY, plan } from "../../support/facts.ts";
import { type JudgedProvince, openJudgedProvince } from "../../support/judged-province.ts";
import { sealedText } from "../../support/sealed-text.ts";

const vn = (local: string) => Date.parse(`${local}:00+07:00`);
const centre = (code: string) => Centre.parse({ code, name: code, officers: 2 });
const CLOSED = vn("2026-12-10T09:00");

let province: JudgedProvince;
const deskAt = (nowMs: number) => monthDesk({ db: province.db, policyAt: province.policyAt, demo: false, now: () => nowMs });

beforeAll(async () => {
  province = await openJudgedProvince({ centres: [centre("xa-hra")], nowMs: vn("2026-11-20T08:00"), policies: [plan] });
  const atMs = vn("2026-11-26T09:00");
  const outcome = measured([{ metric: "download_mbps", value: 250, labels: { server: "s1" } }]);
  await province.send("xa-hra", atMs, [{ probe: "link-bandwidth", target: "s1", atMs, outcome }]);
  await province.judge.tick(atMs);
}, 120_000);
afterAll(() => province?.db.close());

test("a month that has not begun has no report", async () => {
  expect(await deskAt(vn("2026-11-30T23:59")).dossier("2026-12")).toBeUndefined();
  expect(await deskAt(vn("2026-12-01T00:00")).dossier("2026-12")).toMatchObject({ countedTo: "2026-12-01" });
});

test("a centre whose first day lies behind the month is not in its report, though the month be still open", async () => {
  await importCentres(province.db, [centre("xa-moi")], vn("2026-12-02T09:00"));
  await importCentres(province.db, [centre("xa-tre")], vn("2026-12-02T09:00"), "2026-11-30");
  const codes = async (nowMs: number) => (await deskAt(nowMs).dossier("2026-11"))?.centres.map(({ code }) => code).sort();
  expect(await codes(vn("2026-12-02T10:00"))).toEqual(["xa-hra", "xa-tre"]);
  expect((await deskAt(vn("2026-12-02T10:00")).dossier("2026-12"))?.centres).toHaveLength(3);
});

test("a clock that is not trusted closes no month", async () => {
  await trustClock(province.db, vn("2026-11-28T09:00"), false);
  expect(await deskAt(CLOSED + 365 * DAY).dossier("2027-10")).toMatchObject({ provisional: true });
  expect(await deskAt(CLOSED).dossier("2026-11")).toMatchObject({ provisional: true });
  expect(await sealedText(province.db, "2026-11")).toBeUndefined();
});

test("the month that closed last is sealed without being asked for, and is there when its evidence has gone; what was never sealed is not", async () => {
  await trustClock(province.db, CLOSED, false);
  await deskAt(CLOSED).sealNewest();
  expect(await sealedText(province.db, "2026-11")).toContain('"provisional":false');
  const years = CLOSED + 800 * DAY;
  await trustClock(province.db, years, false);
  expect(await deskAt(years).dossier("2026-11", "xa-hra")).toMatchObject({ provisional: false, centres: [{ code: "xa-hra" }] });
  expect(await deskAt(years).dossier("2026-12")).toBeUndefined();
  expect(await sealedText(province.db, "2026-12")).toBeUndefined();
});

test("two months are compared from their reports, sealed where they are; a month without a report is named", async () => {
  const [running, sealed] = [deskAt(vn("2026-12-12T09:00")), await sealedText(province.db, "2026-11")];
  const compared = await running.comparison("2026-11", "2026-12");
  if ("missing" in compared) throw new Error("both months have a report");
  expect(JSON.stringify(compared.before)).toBe(sealed);
  expect([compared.before.provisional, compared.after.provisional]).toEqual([false, true]);
  expect(compared.rows).toHaveLength(2 * plan.requirements.length);
  expect(compared.otherCentres).toEqual([{ code: "xa-moi", name: "xa-moi", why: "added" }]);
  expect(await running.comparison("2026-11", "2027-01")).toEqual({ missing: "2027-01" });
});

test.each([
  ["2026-12-03T23:59", "2026-10"],
  ["2026-12-04T00:00", "2026-11"],
  ["2027-01-02T12:00", "2026-11"],
  ["2027-01-04T00:00", "2026-12"],
])("at %s in Vietnam the newest closed month is %s", (at, month) => {
  expect(newestClosed(vn(at))).toBe(month);
});

test("the sheet of a line says what was judged and contracted at the end of its days, whatever came later", async () => {
  const slow = (atMs: number, mbps: number, server: string) => {
    const outcome = measured([{ metric: "download_mbps", value: mbps, labels: { server } }]);
    return province.send("xa-hra", atMs, [{ probe: "link-bandwidth", target: server, atMs, outcome }]);
  };
  const sheet = async (nowMs: number) =>
    linkEvidenceOf({ db: province.db, demo: false, policyAt: province.policyAt, now: () => nowMs }, "xa-hra", "2026-12-01", "2026-12-16");
  for (const [at, day] of ["14", "15", "16"].entries()) await slow(vn(`2026-12-${day}T09:00`), 90, `s${at % 2}`);
  await province.judge.tick(vn("2026-12-16T10:00"));
  expect(await sheet(vn("2026-12-16T11:00"))).toMatchObject({ finding: { state: "fail" }, inHours: { below: 3 } });
  await slow(vn("2026-12-20T09:00"), 400, "s1");
  await importCentres(province.db, [{ ...centre("xa-hra"), contractMbps: 500 }], vn("2026-12-20T10:00"));
  await province.judge.tick(vn("2026-12-20T10:00"));
  const later = await sheet(vn("2026-12-21T09:00"));
  expect(later).toMatchObject({ finding: { state: "fail" }, inHours: { below: 3 } });
  expect(later?.centre.contractMbps).toBeUndefined();
});

test("a month in which a newer version of the policy comes into force names both from that day on, and the newer one judges its end", async () => {
  const newer = { ...plan, version: plan.version + 1, effectiveFrom: "2026-12-18" };
  province = await province.restart(vn("2026-12-17T09:00"), [plan, newer]);
  const before = await deskAt(vn("2026-12-17T23:59")).dossier("2026-12");
  expect(before).not.toHaveProperty("policies");
  expect(before?.policy.version).toBe(plan.version);
  const after = await deskAt(vn("2026-12-18T00:00")).dossier("2026-12");
  expect(after?.policies?.map(({ version, effectiveFrom }) => [version, effectiveFrom])).toEqual([
    [plan.version, plan.effectiveFrom],
    [newer.version, "2026-12-18"],
  ]);
  expect(after?.policy.version).toBe(newer.version);
  expect(await deskAt(vn("2027-01-03T09:00")).dossier("2026-12")).toMatchObject({ policies: { length: 2 }, policy: { version: newer.version } });
  expect(await deskAt(vn("2027-01-03T09:00")).dossier("2027-01")).not.toHaveProperty("policies");
  expect(await deskAt(vn("2026-12-18T09:00")).comparison("2026-11", "2026-12")).toMatchObject({ notCompared: [] });
});

test("a requirement whose rule a newer version changed is not compared with a month that the older one judged", async () => {
  const [first, ...others] = plan.requirements;
  if (first?.rule.kind !== "floor") throw new Error("the plan begins with the floor of the line");
  const stricter = {
    ...plan,
    version: plan.version + 2,
    effectiveFrom: "2026-12-20",
    requirements: [{ ...first, rule: { ...first.rule, floor: 300 } }, ...others],
  };
  province = await province.restart(vn("2026-12-20T09:00"), [plan, stricter]);
  expect(await deskAt(vn("2026-12-20T10:00")).comparison("2026-11", "2026-12")).toMatchObject({ notCompared: [{ requirement: first.id, why: "changed" }] });
});

test("a province of more centres than are read at once has each of them once, running, judged again and sealed", async () => {
  const many = Array.from({ length: 230 }, (_, place) => centre(`xa-n${String(place).padStart(3, "0")}`));
  await importCentres(province.db, many, vn("2027-01-01T09:00"));
  const codesAt = async (at: string) => (await deskAt(vn(at)).dossier("2027-01"))?.centres.map(({ code }) => code).sort();
  const running = await codesAt("2027-01-20T09:00");
  expect(running).toEqual(["xa-hra", "xa-moi", ...many.map(({ code }) => code), "xa-tre"]);
  expect(await codesAt("2027-02-01T09:00")).toEqual(running);
  const closed = "2027-02-10T09:00";
  await trustClock(province.db, vn(closed), false);
  expect(await codesAt(closed)).toEqual(running);
  expect(JSON.stringify(await deskAt(vn(closed)).dossier("2027-01"))).toBe(await sealedText(province.db, "2027-01"));
  expect(await deskAt(vn(closed)).dossier("2027-01", "xa-n229")).toMatchObject({ scope: "centre", centres: [{ code: "xa-n229" }] });
  expect(await deskAt(vn(closed)).dossier("2027-01", "xa-n999")).toBeUndefined();
}, 60_000);
