import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Centre } from "#schemas/inventory.ts";
import type { PolicyProfile } from "#schemas/policy.ts";
import type { FindingsQuery } from "#schemas/read-api.ts";
import { findingsAsOf } from "../../../collector/jobs/past-findings.ts";
import { monthDesk } from "../../../collector/report/month-desk.ts";
import { bytesOf, renderReport } from "../../../collector/report/render.ts";
import { addAttestations } from "../../../collector/store/attestations.ts";
import { findingsOf } from "../../../collector/store/findings.ts";
import { importCentres } from "../../../collector/store/sites.ts";
import { addWaivers } from "../../../collector/store/waivers.ts";
import { asOf } from "../../../collector/web/standing.ts";
import { measured } from "../../support/batches.ts";
import { calendar, DAY, HOUR, MINUTE, plan } from "../../support/facts.ts";
import { type JudgedProvince, openJudgedProvince, type Said } from "../../support/judged-province.ts";

const vn = (local: string) => Date.parse(`${local}:00+07:00`);
const hra = Centre.parse({ code: "xa-hra", name: "Xã Hra", district: "Mang Yang", officers: 2 });
const ayun = Centre.parse({ code: "xa-ayun", name: "Xã Ayun", officers: 2 });
const MONTH_END = vn("2026-12-01T00:00");
const CLOSED = vn("2026-12-04T08:00");
/** The plan with one threshold changed and one requirement less, from December on. */
const nextPlan: PolicyProfile = {
  ...plan,
  version: plan.version + 1,
  effectiveFrom: "2026-12-01",
  requirements: plan.requirements
    .filter(({ id }) => id !== "R24")
    .map((one) => (one.rule.kind === "floor" ? { ...one, rule: { ...one.rule, floor: 100 } } : one)),
};

let province: JudgedProvince;

const speed = (atMs: number, mbps: number, server = "s1"): Said => ({
  probe: "link-bandwidth",
  target: server,
  atMs,
  outcome: measured([{ metric: "download_mbps", value: mbps, labels: { server } }]),
});
const pcs = (atMs: number, count: number): Said => ({
  probe: "office-devices",
  atMs,
  outcome: measured(Array.from({ length: count }, (_, at) => ({ metric: "device_up" as const, value: 1, labels: { device: `pc-${at}`, role: "officer-pc" } }))),
});
const wifi = (atMs: number, clients: number): Said => ({ probe: "wifi-clients", atMs, outcome: measured([{ metric: "wifi_clients", value: clients }]) });

/** Everything that was known at an instant, as the command prints it. */
async function bytesAsOf(atMs: number, query: Partial<FindingsQuery> = {}): Promise<string> {
  const found = await findingsAsOf(province.db, province.policyAt, { limit: 1_000, ...query }, atMs);
  return found.map((finding) => JSON.stringify(asOf(finding, atMs))).join("\n");
}
const stateAt = async (atMs: number, requirement: string) => {
  const [found] = await findingsAsOf(province.db, province.policyAt, { limit: 10, centre: "xa-hra", requirement }, atMs);
  return found && `${found.state} ${found.reason}`;
};
/** The report of November as it is made at `nowMs`, without the help of its seal. */
async function november(nowMs: number): Promise<string> {
  await province.db.query("DELETE FROM dossier");
  const dossier = await monthDesk({ db: province.db, policyAt: province.policyAt, demo: false, now: () => nowMs }).dossier("2026-11");
  if (!dossier) throw new Error("there is no dossier");
  return String(bytesOf(await renderReport(dossier, "json", "vi")));
}

/** Where two texts differ, with what surrounds it; undefined when they are the same to the byte. */
function firstDifference(now: string, before: string): [string, string] | undefined {
  if (now === before) return undefined;
  const at = [...now].findIndex((mark, place) => mark !== before[place]);
  return [now.slice(at - 80, at + 80), before.slice(at - 80, at + 80)];
}

beforeAll(async () => {
  province = await openJudgedProvince({ centres: [hra, ayun], nowMs: vn("2026-11-20T08:00"), policies: [plan] });
  for (const day of ["20", "23", "24", "25", "26", "27", "30"]) {
    const atMs = vn(`2026-11-${day}T09:00`);
    await province.send("xa-hra", atMs, [speed(atMs, 150, Number(day) % 2 ? "s1" : "s2"), pcs(atMs, 2), wifi(atMs, 20)]);
    await province.send("xa-ayun", atMs, [speed(atMs, 300), pcs(atMs, 1)]);
    await province.judge.tick(atMs);
  }
  await province.judge.tick(vn("2026-11-30T23:59"));
}, 180_000);
afterAll(() => province?.db.close());

describe("what was known at an instant", () => {
  it.each([
    ["before anything was heard", "2026-11-20T08:59", "unknown no_data"],
    ["after the first low run", "2026-11-20T12:00", "pending unconfirmed"],
    ["after three days and two servers", "2026-11-24T12:00", "fail below_floor"],
  ])("%s", async (_, at, expected) => expect(await stateAt(vn(at), "R01")).toBe(expected));

  it("a pass whose evidence had run out was none, even where nobody came by", async () => {
    expect(await stateAt(vn("2026-11-30T12:00"), "R10")).toBe("pass met");
    expect(await stateAt(vn("2026-12-20T12:00"), "R10")).toBe("unknown site_offline");
  });
});

describe("the past stays what it was, whatever comes later", () => {
  const then = vn("2026-11-26T12:00");
  let findings: string;
  let report: string;
  beforeAll(async () => {
    findings = await bytesAsOf(then);
    report = await november(CLOSED);
    expect(JSON.parse(report)).toMatchObject({ dossier: { provisional: false } });
  });
  const unchanged = async () => {
    expect(firstDifference(await bytesAsOf(then), findings)).toBeUndefined();
    expect(firstDifference(await november(CLOSED + 250 * DAY), report)).toBeUndefined();
  };

  it("late evidence", async () => {
    const lateMs = CLOSED + HOUR;
    const old = vn("2026-11-25T10:00");
    await province.send("xa-hra", lateMs, [speed(old, 900), pcs(old, 9), wifi(old, 80)], "backlog");
    await unchanged();
  });

  it("another inventory, of today and of a day in the past, and a centre that is new", async () => {
    const nowMs = CLOSED + 2 * HOUR;
    await importCentres(province.db, [{ ...hra, name: "Xã Hra mới", officers: 9 }], nowMs);
    await importCentres(province.db, [{ ...ayun, officers: 1 }], nowMs, "2026-11-22");
    await importCentres(province.db, [Centre.parse({ code: "xa-moi", name: "Xã mới" })], nowMs, "2026-11-01");
    await province.judge.tick(nowMs);
    await unchanged();
  });

  it("words and waivers that are written back", async () => {
    const nowMs = CLOSED + 3 * HOUR;
    const said = { centre: "xa-hra", requirement: "R20", holds: true, by: "A", inspector: true, at: "2026-11-10T02:00:00.000Z" };
    await addAttestations(
      province.db,
      ["house-rules", "assignments"].map((item) => ({ ...said, id: `late-${item}`, item })),
      nowMs,
    );
    const waiver = { id: "w", centre: "xa-hra", requirement: "R01", reason: "x", document: "1", approver: "A", from: "2026-11-01", until: "2026-12-31" };
    await addWaivers(province.db, [waiver], nowMs);
    await province.judge.judge(province.siteIdOf("xa-hra"), "all", nowMs, false);
    await unchanged();
  });

  it("a newer policy that is said to have held all along, and a corrected calendar", async () => {
    const holidays = [...calendar.holidays, { from: "2026-11-23", to: "2026-11-27", name: "nghỉ bù" }];
    const backdated = { ...nextPlan, version: nextPlan.version + 1, effectiveFrom: "2026-01-01" };
    province = await province.restart(CLOSED + 4 * HOUR, [backdated, nextPlan, plan], { ...calendar, holidays });
    await province.judge.tick(CLOSED + DAY);
    await unchanged();
    // Of the present the newest version speaks.
    expect(await stateAt(CLOSED + DAY, "R24")).toBeUndefined();
    expect((await province.db.query("SELECT 1 FROM finding WHERE requirement = 'R24'")).length).toBe(0);
  });
});

describe("what has a first day counts from its first moment and not before", () => {
  it("a change of staff", async () => {
    const nowMs = vn("2027-01-04T08:00");
    expect(await importCentres(province.db, [{ ...hra, officers: 3 }], nowMs, "2027-01-06")).toEqual({ added: 0, changed: 1 });
    const required = async (atMs: number) => {
      await province.judge.tick(atMs);
      const [live] = (await findingsOf(province.db, province.siteIdOf("xa-hra"))).filter(({ requirement }) => requirement === "R10");
      const [then] = await findingsAsOf(province.db, province.policyAt, { limit: 1, centre: "xa-hra", requirement: "R10" }, atMs);
      return [live?.required, then?.required];
    };
    expect(await required(nowMs)).toEqual([9, 9]);
    expect(await required(vn("2027-01-05T23:59"))).toEqual([9, 9]);
    expect(await required(vn("2027-01-06T00:00") + MINUTE)).toEqual([3, 3]);
  });

  it("a version of the policy, at midnight in Viet Nam, without a restart", async () => {
    const inForce = (atMs: number) => province.policyAt(atMs, CLOSED).policy.version;
    expect([inForce(MONTH_END - 1), inForce(MONTH_END)]).toEqual([plan.version, plan.version]);
    const known = CLOSED + 5 * HOUR;
    expect([province.policyAt(MONTH_END - 1, known).policy.version, province.policyAt(MONTH_END, known).policy.version]).toEqual([
      nextPlan.version + 1,
      nextPlan.version + 1,
    ]);
  });
});
