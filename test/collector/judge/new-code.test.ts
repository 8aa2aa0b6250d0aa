import { afterAll, beforeAll, expect, it } from "vitest";
import { isWorkingDay, vietnamDay } from "#schemas/calendar.ts";
import { Centre } from "#schemas/inventory.ts";
import { siteLedger } from "../../../collector/inventory/site-ledger.ts";
import { findingsAsOf } from "../../../collector/jobs/past-findings.ts";
import { findingsOf } from "../../../collector/store/findings.ts";
import { findSite, importCentres } from "../../../collector/store/sites.ts";
import { measured } from "../../support/batches.ts";
import { calendar, DAY, plan } from "../../support/facts.ts";
import { type JudgedProvince, openJudgedProvince } from "../../support/judged-province.ts";

const vn = (local: string) => Date.parse(`${local}:00+07:00`);
const printer = (id: string, host: number, serial?: string) => ({ id, role: "printer", address: `10.0.0.${host}`, ...(serial && { serial }) });
const centreWith = (...devices: object[]) => Centre.parse({ code: "xa-hra", name: "Xã Hra", officers: 3, devices });
const third = printer("p-3", 3);

let province: JudgedProvince;
beforeAll(async () => {
  province = await openJudgedProvince({
    centres: [centreWith(printer("p-1", 1, "X1"), printer("p-2", 2), third)],
    nowMs: vn("2026-10-01T08:00"),
    policies: [plan],
  });
}, 60_000);
afterAll(() => province?.db.close());

/** Some printers answer at ten on each working day, and a search of the network meets the second one; gives what the judge says on the last day. */
async function answerOn(from: string, until: string, devices: readonly string[], second: string) {
  let said: unknown;
  for (let atMs = vn(`${from}T10:00`); vietnamDay(atMs) <= until; atMs += DAY) {
    if (!isWorkingDay(calendar, vietnamDay(atMs))) continue;
    const up = devices.map((device) => ({ metric: "device_up" as const, value: 1, labels: { device, role: "printer" } }));
    const found = { identity: "hash 0a1b2c3d 00112233445566778899aabb", roles: ["printer"], address: "10.0.0.2", device: second };
    const search = { ...measured([{ metric: "devices_found" as const, value: 1 }]), evidence: { networks: [], found: [found], unknownComputers: 0 } };
    await province.send("xa-hra", atMs, [
      { probe: "office-devices", atMs, outcome: measured(up) },
      { probe: "device-discovery", atMs: atMs + 1, outcome: search },
    ]);
    await province.judge.tick(atMs + 2);
    const now = (await findingsOf(province.db, province.siteIdOf("xa-hra"))).find(({ requirement }) => requirement === "R11");
    said = [now?.state, now?.reason, now?.observed];
  }
  return said;
}

it("a device whose code a new list changes is one device from that day on, by its serial number or by what a search met in its place", async () => {
  expect(await answerOn("2026-11-02", "2026-11-13", ["p-1", "p-2"], "p-2")).toEqual(["fail", "not_seen", 2]);
  const renamedMs = vn("2026-11-16T08:00");
  await importCentres(province.db, [centreWith(printer("may-in-1", 11, "x1"), printer("may-in-2", 2), third)], renamedMs);
  expect(await answerOn("2026-11-16", "2026-11-18", ["may-in-1", "may-in-2"], "may-in-2")).toEqual(["fail", "not_seen", 2]);
  const [then] = await findingsAsOf(province.db, province.policyAt, { limit: 1, centre: "xa-hra", requirement: "R11" }, vn("2026-11-18T11:00"));
  expect([then?.state, then?.reason, then?.observed]).toEqual(["fail", "not_seen", 2]);
  const site = await findSite(province.db, "xa-hra");
  const ledger = site ? await siteLedger(province.db, site, calendar, vn("2026-11-18T11:00")) : [];
  expect(ledger.map(({ state, label }) => `${state} ${label}`)).toEqual(["missing p-3", "matched may-in-1", "matched may-in-2"]);
}, 60_000);

it("a device of which nothing says so is another one", async () => {
  await importCentres(province.db, [centreWith(printer("may-in-1", 11, "x1"), printer("may-in-2", 2), printer("may-in-3", 3))], vn("2026-11-19T08:00"));
  expect(await answerOn("2026-11-19", "2026-11-19", ["may-in-1", "may-in-2", "may-in-3"], "may-in-2")).toEqual(["pending", "too_young", 2]);
}, 60_000);
