import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { AgentConfig } from "#schemas/agent-config.ts";
import { isWorkingDay, vietnamDay } from "#schemas/calendar.ts";
import { evaluate } from "#schemas/evaluate/evaluate.ts";
import { Centre } from "#schemas/inventory.ts";
import { factsOfSpool } from "../../../agent/selfcheck/facts-of-spool.ts";
import { findingsAsOf, pastFindings } from "../../../collector/jobs/past-findings.ts";
import { configFor } from "../../../collector/served-config.ts";
import { declaredDaysAt } from "../../../collector/store/facts.ts";
import { findingsOf } from "../../../collector/store/findings.ts";
import { findSite, importCentres } from "../../../collector/store/sites.ts";
import { measured } from "../../support/batches.ts";
import { calendar, DAY, plan } from "../../support/facts.ts";
import { type JudgedProvince, openJudgedProvince } from "../../support/judged-province.ts";
import { observation } from "../../support/observations.ts";

const vn = (local: string) => Date.parse(`${local}:00+07:00`);
const printer = (id: string, host: number, name?: string) => ({ id, role: "printer", address: `10.0.0.${host}`, ...(name && { name }) });
const centreWith = (...devices: object[]) => Centre.parse({ code: "xa-hra", name: "Xã Hra", officers: 2, devices });
const [first, second] = [printer("p-1", 1), printer("p-2", 2)];

describe("R11 of a centre that is watched for long and gets another list", () => {
  let province: JudgedProvince;
  beforeAll(async () => {
    province = await openJudgedProvince({ centres: [centreWith(first)], nowMs: vn("2026-10-01T08:00"), policies: [plan] });
  }, 60_000);
  afterAll(() => province?.db.close());

  const answered: { readonly atMs: number; readonly said: string }[] = [];
  const asOf = async (atMs: number) => {
    const [then] = await findingsAsOf(province.db, province.policyAt, { limit: 1, centre: "xa-hra", requirement: "R11" }, atMs);
    return `${then?.state} ${then?.reason}`;
  };
  /** What the self-check on the gateway PC says, from what its agent was told and has seen. */
  const selfCheckAt = async (atMs: number) => {
    const site = await findSite(province.db, province.siteIdOf("xa-hra"));
    if (!site) throw new Error("the centre is gone");
    const days = (await declaredDaysAt(province.db, [site], atMs)).get(site.siteId);
    const told = configFor(site, days, { policy: plan, calendar, measureServers: [], phones: [] }, { point: "main", points: ["main"] }, atMs);
    const config = AgentConfig.parse(JSON.parse(JSON.stringify({ ...told, agent: "agt-0123456789abcdef" })));
    const seen = answered.map((one, seq) => ({ ...observation(seq, { ...lookAt(one.atMs), takenAt: new Date(one.atMs).toISOString() }), seq }));
    const facts = factsOfSpool({ ...config, nowMs: atMs }, undefined, seen);
    const [finding] = evaluate(
      plan,
      facts,
      atMs,
      plan.requirements.filter(({ id }) => id === "R11"),
    );
    return `${finding?.state} ${finding?.reason}`;
  };
  const lookAt = (atMs: number) => ({
    probe: "office-devices" as const,
    atMs,
    outcome: measured([{ metric: "device_up" as const, value: 1, labels: { device: "p-1", role: "printer" } }]),
  });
  /** The agent asks each declared device at ten, and the first alone answers; gives what the judge says then. */
  const ask = async (day: string) => {
    const atMs = vn(`${day}T10:00`);
    await province.send("xa-hra", atMs, [lookAt(atMs)]);
    await province.judge.tick(atMs);
    const now = (await findingsOf(province.db, province.siteIdOf("xa-hra"))).find(({ requirement }) => requirement === "R11");
    const said = `${now?.state} ${now?.reason}`;
    answered.push({ atMs, said });
    expect(await selfCheckAt(atMs), new Date(atMs).toISOString()).toBe(said);
    return said;
  };
  const askOn = async (from: string, until: string, before: (day: string, atMs: number) => Promise<unknown> = async () => undefined) => {
    const said: string[] = [];
    for (let atMs = vn(`${from}T08:00`); vietnamDay(atMs) <= until; atMs += DAY) {
      if (!isWorkingDay(calendar, vietnamDay(atMs))) continue;
      await before(vietnamDay(atMs), atMs);
      said.push(await ask(vietnamDay(atMs)));
    }
    return said;
  };
  const times = (count: number, said: string) => Array.from({ length: count }, () => said);
  const declare = (atMs: number, devices: readonly object[], fromDay?: string) => importCentres(province.db, [centreWith(...devices)], atMs, fromDay);

  it("a device that the list adds is not missing before it has been declared for ten working days, however often the list is imported", async () => {
    expect(await askOn("2026-11-02", "2026-11-06")).toEqual(times(5, "fail declared_short"));
    // Renamed and moved day by day: the code is the same.
    const again = (_day: string, atMs: number) => declare(atMs, [first, printer("p-2", 2 + (atMs % 97), `Máy in ${atMs}`)]);
    expect(await askOn("2026-11-09", "2026-11-24", again)).toEqual([...times(10, "pending too_young"), ...times(2, "fail not_seen")]);
  }, 60_000);

  it("a list that was without it for an hour is no break, and one of some days is", async () => {
    await declare(vn("2026-11-25T08:00"), [first]);
    await declare(vn("2026-11-25T09:00"), [first, second]);
    expect(await askOn("2026-11-25", "2026-11-25")).toEqual(["fail not_seen"]);
    await declare(vn("2026-11-26T08:00"), [first]);
    expect(await askOn("2026-11-26", "2026-11-26")).toEqual(["fail declared_short"]);
    await declare(vn("2026-11-27T08:00"), [first, second]);
    expect(await askOn("2026-11-27", "2026-12-11")).toEqual([...times(10, "pending too_young"), "fail not_seen"]);
  }, 60_000);

  it("a list that is dated back asks nobody in the past", async () => {
    const third = printer("p-3", 3);
    await declare(vn("2026-12-14T08:00"), [first, third], "2026-10-05");
    await declare(vn("2026-12-14T08:00"), [first, third]);
    expect(await askOn("2026-12-14", "2026-12-14")).toEqual(["pending too_young"]);
    // A day of November as it is known since: the list had said so for a month, and nobody looked.
    const moment = { atMs: vn("2026-11-06T11:00"), knownMs: vn("2026-12-14T12:00") };
    const then = await pastFindings(province.db, province.policyAt(moment.atMs, moment.knownMs), moment);
    expect(then.find(({ requirement }) => requirement === "R11")).toMatchObject({ state: "pending", reason: "too_young" });
  });

  it("the past says of each day what was said on it", async () => {
    expect(answered.length).toBeGreaterThan(25);
    for (const { atMs, said } of answered) expect(await asOf(atMs), new Date(atMs).toISOString()).toBe(said);
  }, 60_000);
});
