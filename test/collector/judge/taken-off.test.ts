import { afterAll, beforeAll, expect, it } from "vitest";
import { dayAfter, isWorkingDay } from "#schemas/calendar.ts";
import { Centre } from "#schemas/inventory.ts";
import { siteLedger } from "../../../collector/inventory/site-ledger.ts";
import { findingsAsOf } from "../../../collector/jobs/past-findings.ts";
import { findingsOf } from "../../../collector/store/findings.ts";
import { findSite, importCentres } from "../../../collector/store/sites.ts";
import { measured } from "../../support/batches.ts";
import { calendar, MINUTE, plan } from "../../support/facts.ts";
import { type JudgedProvince, openJudgedProvince } from "../../support/judged-province.ts";

const vn = (local: string) => Date.parse(`${local}:00+07:00`);
const centreWith = (...ids: string[]) => {
  const devices = ids.map((id, at) => ({ id, role: "printer", address: `10.0.0.${at + 1}` }));
  return Centre.parse({ code: "xa-hra", name: "Xã Hra", officers: 3, devices });
};

let province: JudgedProvince;
beforeAll(async () => {
  province = await openJudgedProvince({ centres: [centreWith("p-1", "p-2", "p-3")], nowMs: vn("2026-10-01T08:00"), policies: [plan] });
}, 60_000);
afterAll(() => province?.db.close());

/** What the judge says of the printers after those that are named answered at ten on each working day. */
async function answerOn(from: string, until: string, devices: readonly string[]) {
  for (let day = from; day <= until; day = dayAfter(day)) {
    if (!isWorkingDay(calendar, day)) continue;
    const atMs = vn(`${day}T10:00`);
    const up = devices.map((device) => ({ metric: "device_up" as const, value: 1, labels: { device, role: "printer" } }));
    await province.send("xa-hra", atMs, [{ probe: "office-devices", atMs, outcome: measured(up) }]);
    await province.judge.tick(atMs + MINUTE);
  }
  const now = (await findingsOf(province.db, province.siteIdOf("xa-hra"))).find(({ requirement }) => requirement === "R11");
  return [now?.state, now?.reason, now?.observed];
}
const asOf = async (atMs: number) => {
  const [then] = await findingsAsOf(province.db, province.policyAt, { limit: 1, centre: "xa-hra", requirement: "R11" }, atMs);
  return [then?.state, then?.reason, then?.observed];
};

it("a device that is taken off the list counts no more from that day on, and did until then", async () => {
  expect(await answerOn("2026-11-02", "2026-11-13", ["p-1", "p-2", "p-3"])).toEqual(["pass", "met", 3]);
  await importCentres(province.db, [centreWith("p-1", "p-2")], vn("2026-11-16T08:00"));
  expect(await answerOn("2026-11-16", "2026-11-16", ["p-1", "p-2"])).toEqual(["fail", "declared_short", 2]);
  expect(await asOf(vn("2026-11-13T17:00"))).toEqual(["pass", "met", 3]);
  const site = await findSite(province.db, "xa-hra");
  const ledger = site ? await siteLedger(province.db, site, calendar, vn("2026-11-16T11:00")) : [];
  expect(ledger.map(({ state, label }) => `${state} ${label}`)).toEqual(["matched p-1", "matched p-2"]);
});

it("one that is on it again has its days again", async () => {
  await importCentres(province.db, [centreWith("p-1", "p-2", "p-3")], vn("2026-11-17T08:00"));
  expect(await answerOn("2026-11-17", "2026-11-17", ["p-1", "p-2", "p-3"])).toEqual(["pass", "met", 3]);
});

it("a list of other codes of which nothing says what they were is a new one: nothing of it is missing yet, and nothing counts twice", async () => {
  await importCentres(province.db, [centreWith("may-1", "may-2", "may-3")], vn("2026-11-18T08:00"));
  expect(await answerOn("2026-11-18", "2026-11-18", ["may-1", "may-2", "may-3"])).toEqual(["pending", "too_young", 0]);
  expect(await answerOn("2026-11-19", "2026-11-20", ["may-1", "may-2", "may-3"])).toEqual(["pass", "met", 3]);
});

it("a queue of the spooler that has the code of a device that was taken off counts from the day after on, as it answers", async () => {
  await importCentres(province.db, [centreWith("may-1", "may-2")], vn("2026-11-23T08:00"));
  expect(await answerOn("2026-11-23", "2026-11-25", ["may-1", "may-2", "may-3"])).toEqual(["fail", "declared_short", 2]);
  expect(await answerOn("2026-11-26", "2026-11-26", ["may-1", "may-2", "may-3"])).toEqual(["pass", "met", 3]);
});
