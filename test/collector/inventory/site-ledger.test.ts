import { afterAll, beforeAll, expect, it } from "vitest";
import { workingDaysOver } from "#schemas/calendar.ts";
import { Centre } from "#schemas/inventory.ts";
import { siteLedger } from "../../../collector/inventory/site-ledger.ts";
import { findSite } from "../../../collector/store/sites.ts";
import { measured } from "../../support/batches.ts";
import { calendar, plan } from "../../support/facts.ts";
import { type JudgedProvince, openJudgedProvince } from "../../support/judged-province.ts";

const vn = (local: string) => Date.parse(`${local}:00+07:00`);
const pc = (id: string, host: number) => ({ id, role: "officer-pc", address: `10.0.0.${host}` });
let province: JudgedProvince;
beforeAll(async () => {
  const centres = [Centre.parse({ code: "xa-hra", name: "Xã Hra", officers: 1, devices: [pc("pc-1", 1)] })];
  province = await openJudgedProvince({ centres, nowMs: vn("2026-10-01T08:00"), policies: [plan] });
}, 60_000);
afterAll(() => province?.db.close());

it("a PC that was met on the oldest of ten days that are over is missing in the evening, and not on the morning before it is switched on", async () => {
  const [morning, evening] = [vn("2026-11-30T07:40"), vn("2026-11-30T18:00")];
  const met = vn(`${workingDaysOver(calendar, morning, 10).at(-1)}T10:00`);
  const outcome = measured([{ metric: "device_up", value: 1, labels: { device: "pc-1", role: "officer-pc" } }]);
  await province.send("xa-hra", met, [{ probe: "office-devices", atMs: met, outcome }]);
  const site = await findSite(province.db, "xa-hra");
  if (!site) throw new Error("no such centre");
  const stateAt = async (atMs: number) => (await siteLedger(province.db, site, calendar, atMs)).map(({ state }) => state);
  expect(await stateAt(morning)).toEqual(["matched"]);
  expect(await stateAt(evening)).toEqual(["missing"]);
});
