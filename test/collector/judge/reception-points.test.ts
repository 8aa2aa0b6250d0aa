import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { AgentConfig } from "#schemas/agent-config.ts";
import type { DiscoveryEvidence } from "#schemas/discovery-evidence.ts";
import { evaluate } from "#schemas/evaluate/evaluate.ts";
import type { Finding } from "#schemas/finding.ts";
import { Centre } from "#schemas/inventory.ts";
import { deriveAssignments } from "../../../agent/assignments.ts";
import { factsOfSpool } from "../../../agent/selfcheck/facts-of-spool.ts";
import { siteLedger } from "../../../collector/inventory/site-ledger.ts";
import { findingsAsOf } from "../../../collector/jobs/past-findings.ts";
import { configFor } from "../../../collector/served-config.ts";
import { addEnrolCode, enrolWithCode, findAgent, listAgents, setAgentState } from "../../../collector/store/agents.ts";
import { findingsOf, sitesToJudge } from "../../../collector/store/findings.ts";
import { pointContacts, pointNames } from "../../../collector/store/points.ts";
import { findSite, importCentres } from "../../../collector/store/sites.ts";
import { measured } from "../../support/batches.ts";
import { calendar, DAY, HOUR, MINUTE, plan } from "../../support/facts.ts";
import { type JudgedProvince, type OtherAgent, openJudgedProvince, type Said } from "../../support/judged-province.ts";
import { observation } from "../../support/observations.ts";

/** A Tuesday at ten in Viet Nam. */
const NOW = Date.parse("2026-11-24T10:00:00+07:00");
/** The same addresses in both LANs. */
const devices = [
  { id: "p-1", role: "printer", address: "192.168.1.50" },
  { id: "p-2", role: "printer", address: "192.168.1.50", point: "ia-ly" },
  { id: "c-2", role: "camera", address: "192.168.1.60", point: "ia-ly" },
] as const;
const centre = Centre.parse({ code: "xa-hra", name: "Xã Hra", officers: 2, contractMbps: 150, isp: "VNPT", devices: [...devices] });
const one = Centre.parse({ code: "xa-one", name: "Xã Một", officers: 2 });
const phones = [{ owner: "isp", isp: "VNPT", number: "1800 1166" }] as const;
const main: OtherAgent = { agentId: "agt-00000000000000aa", stream: "00000000000000aa", point: "main" };
const iaLy: OtherAgent = { agentId: "agt-fffffffffffffffb", stream: "fffffffffffffffb", point: "ia-ly" };

let province: JudgedProvince;
beforeAll(async () => {
  province = await openJudgedProvince({ centres: [centre, one], nowMs: NOW - 30 * DAY, policies: [plan] });
  for (const { agentId, point } of [main, iaLy]) await enrol(agentId, point);
}, 180_000);
afterAll(async () => {
  await province?.db.close();
});

async function enrol(agentId: string, point: string): Promise<void> {
  const [code, atMs] = [`code ${agentId}`, NOW - 20 * DAY];
  expect(await addEnrolCode(province.db, "xa-hra", code, atMs, atMs + HOUR, point)).toBe(true);
  expect(await enrolWithCode(province.db, code, { agentId, publicKey: agentId, hostName: `pc-${point}`, version: "1.0.0" }, atMs)).toEqual({
    agentId,
    centre: "xa-hra",
    point,
  });
}

const speed = (atMs: number, mbps: number, server = "s1"): Said => ({
  probe: "link-bandwidth",
  target: server,
  atMs,
  outcome: measured([{ metric: "download_mbps", value: mbps, labels: { server } }]),
});
const portals = (atMs: number, isUp: boolean): Said[] =>
  plan.portals.map(({ id }) => ({
    probe: "portal-http",
    target: id,
    atMs,
    outcome: measured([
      { metric: "portal_up", value: isUp ? 1 : 0 },
      { metric: "portal_status", value: isUp ? 200 : 503 },
    ]),
  }));
const hour = (isUp: boolean, endMs = NOW): Said[] => Array.from({ length: 10 }, (_, place) => portals(endMs - (9 - place) * 5 * MINUTE - MINUTE, isUp)).flat();
const slowDays = [4, 3, 2, 1].flatMap((days) => [speed(NOW - days * DAY, 80, "s1"), speed(NOW - days * DAY + HOUR, 80, "s2")]);
const fastDays = [4, 3, 2, 1].flatMap((days) => [speed(NOW - days * DAY, 300, "s1"), speed(NOW - days * DAY + HOUR, 300, "s2")]);
const met: DiscoveryEvidence["found"][number] = { identity: "hash s1 m1", roles: ["printer"], address: "192.168.1.77" };
const search = (found: DiscoveryEvidence["found"]): Said => ({
  probe: "device-discovery",
  atMs: NOW - HOUR,
  outcome: measured([{ metric: "devices_found", value: found.length }], {
    networks: ["192.168.1.0/24"],
    found,
    unknownComputers: 0,
  } satisfies DiscoveryEvidence),
});

const ofMain = [...fastDays, ...hour(true), search([met])];
const ofIaLy = [
  ...slowDays,
  ...hour(true, NOW - 5 * MINUTE).slice(0, -2 * plan.portals.length),
  ...portals(NOW - 4 * MINUTE, true),
  search([{ ...met, identity: "hash s2 m2" }]),
];

async function judged(nowMs = NOW, code = "xa-hra"): Promise<Finding[]> {
  await province.judge.judge(province.siteIdOf(code), "all", nowMs, false);
  return findingsOf(province.db, province.siteIdOf(code));
}
const of = (findings: readonly Finding[], id: string) => findings.find(({ requirement }) => requirement === id);
const partsAt = (finding: Finding | undefined, at: string) => (finding?.parts ?? []).flatMap(({ point, ...part }) => (point === at ? [part] : []));

async function site() {
  const found = await findSite(province.db, "xa-hra");
  if (!found) throw new Error("the centre is gone");
  return found;
}
async function configAt(point: string): Promise<AgentConfig> {
  const own = await site();
  const points = (await pointNames(province.db, [own])).get(own.siteId) ?? [];
  const served = configFor(own, undefined, { policy: plan, calendar, measureServers: [], phones }, { point, points }, NOW);
  return AgentConfig.parse(JSON.parse(JSON.stringify({ ...served, agent: main.agentId })));
}

describe("two gateway PCs at two reception points", () => {
  it("stand where their codes said", async () => {
    expect((await findAgent(province.db, iaLy.agentId))?.point).toBe("ia-ly");
    expect((await listAgents(province.db, "xa-hra")).map(({ point }) => point)).toEqual(["main", "ia-ly"]);
    const own = await site();
    expect((await pointNames(province.db, [own])).get(own.siteId)).toEqual(["main", "ia-ly"]);
  });

  it("are given the devices of their own LAN alone, in a form that older agents read", async () => {
    const [here, there] = [await configAt("main"), await configAt("ia-ly")];
    expect([here.centre.devices.map(({ id }) => id), here.point, here.otherPoints]).toEqual([["p-1"], undefined, ["ia-ly"]]);
    expect([there.centre.devices.map(({ id }) => id), there.point, there.otherPoints]).toEqual([["p-2", "c-2"], "ia-ly", ["main"]]);
    expect([here.centre.contractMbps, there.centre.contractMbps]).toEqual([150, undefined]);
    expect([here.centre.isp, here.phones, there.centre.isp, there.phones]).toEqual(["VNPT", { isp: "1800 1166" }, undefined, {}]);
    for (const { centre: told } of [here, there]) for (const device of told.devices) expect(device).not.toHaveProperty("point");
    const { assignments } = deriveAssignments({
      ...{ policy: plan, devices: there.centre.devices, measureServers: [], collectorUrl: "http://c", dataDir: "d", networks: [] },
      ...{ local: { credentials: {}, targets: [], probes: {} } as never, allows: () => true },
    });
    const asked = assignments.flatMap(({ options: { targets = [] } }) => (targets as { id: string }[]).map(({ id }) => id));
    expect(new Set(asked)).toEqual(new Set(["p-2", "c-2"]));
  });

  it("are judged each by what it measured, however much more the other one sends", async () => {
    await province.send("xa-hra", NOW, ofMain, "live", main);
    // Far more runs than any rule looks at.
    await province.send(
      "xa-hra",
      NOW,
      Array.from({ length: 120 }, (_, place) => speed(NOW - place * MINUTE, 300)),
      "live",
      main,
    );
    await province.send("xa-hra", NOW, ofIaLy, "live", iaLy);
    const findings = await judged();
    expect(of(findings, "R01")).toMatchObject({ state: "fail", reason: "below_floor", observed: 80, detail: { point: "ia-ly", below: 5 } });
    expect(of(findings, "R01")?.evidence[0]).toMatch(/^f{15}b:/);
    expect(of(findings, "R01")?.parts?.map(({ subject, state }) => `${subject} ${state}`)).toEqual(["main pass", "ia-ly fail"]);
    expect(of(findings, "R16")?.parts).toHaveLength(2 * plan.portals.length);
    expect(partsAt(of(findings, "R16"), "ia-ly").map(({ detail }) => detail?.runs)).toEqual(plan.portals.map(() => 9));
  });

  it("the past says the same of the points as the present did", async () => {
    const past = await findingsAsOf(province.db, province.policyAt, { limit: 1_000, centre: "xa-hra" }, NOW + 1);
    for (const id of ["R01", "R16"]) {
      const [was, is] = [past.find(({ requirement }) => requirement === id), of(await findingsOf(province.db, province.siteIdOf("xa-hra")), id)];
      expect(was).toMatchObject({ state: is?.state, parts: is?.parts, evidence: is?.evidence });
    }
  });

  it.each([
    ["main", ofMain],
    ["ia-ly", ofIaLy],
  ])("the self-check at %s says what the province says of that point", async (point, said) => {
    const { config, province: theirs } = { config: await configAt(point), province: await judged() };
    const fresh = said.map(({ atMs, ...own }, place) => ({ seq: place + 1, ...observation(place, { ...own, takenAt: new Date(atMs).toISOString() }) }));
    const own = evaluate(plan, factsOfSpool({ ...config, nowMs: NOW }, undefined, fresh), NOW);
    const [line, part] = [of(own, "R01"), partsAt(of(theirs, "R01"), point)[0]];
    if (point === "ia-ly") expect([line?.state, line?.reason, line?.observed, line?.detail]).toEqual([part?.state, part?.reason, part?.observed, part?.detail]);
    else expect([line?.state, part?.state]).toEqual(["pass", "pass"]);
    expect(of(own, "R16")?.parts).toEqual(partsAt(of(theirs, "R16"), point));
  });

  it("what searches met in one LAN is nothing of the other", async () => {
    const rows = await siteLedger(province.db, await site(), calendar, NOW);
    const extra = rows.flatMap(({ state, found }) => (state === "extra" && found ? [`${found.address} ${found.point}`] : []));
    expect(extra.sort()).toEqual(["192.168.1.77 ia-ly", "192.168.1.77 undefined"]);
    expect(rows.filter(({ state }) => state === "duplicate")).toEqual([]);
  });

  it("one that falls silent is unknown, is looked at in time, and is not hidden by the one that talks", async () => {
    const laterMs = NOW + 40 * MINUTE;
    await province.send("xa-hra", laterMs - 1, hour(true, laterMs), "live", main);
    expect(await sitesToJudge(province.db, laterMs, 30 * MINUTE, 100)).toContain(province.siteIdOf("xa-hra"));
    const findings = await judged(laterMs);
    expect(of(findings, "R16")).toMatchObject({ state: "unknown", reason: "site_offline", detail: { point: "ia-ly" } });
    expect(partsAt(of(findings, "R16"), "main").map(({ state }) => state)).toEqual(plan.portals.map(() => "pass"));
    // It has been looked at: the clock does not ask again and again.
    expect(await sitesToJudge(province.db, laterMs + MINUTE, 30 * MINUTE, 100)).not.toContain(province.siteIdOf("xa-hra"));
    expect((await findingsAsOf(province.db, province.policyAt, { limit: 10, centre: "xa-hra", requirement: "R16" }, laterMs + 1))[0]).toMatchObject({
      reason: "site_offline",
      detail: { point: "ia-ly" },
    });
  });

  it("what only a silent point's own settings named is unknown for as long as it is silent, and was so in the past", async () => {
    const wifi = (atMs: number): Said => ({ probe: "wifi-clients", target: "ap", atMs, outcome: measured([{ metric: "wifi_clients", value: 10 }]) });
    await province.send("xa-hra", NOW, [wifi(NOW - DAY)], "live", iaLy);
    const laterMs = NOW + 2 * DAY;
    await province.send("xa-hra", laterMs, [wifi(laterMs - MINUTE)], "live", main);
    expect(partsAt(of(await judged(laterMs), "R02"), "ia-ly")).toMatchObject([{ state: "unknown", reason: "site_offline" }]);
    const [past] = await findingsAsOf(province.db, province.policyAt, { limit: 10, centre: "xa-hra", requirement: "R02" }, laterMs + 1);
    expect(partsAt(past, "ia-ly")).toMatchObject([{ state: "unknown", reason: "site_offline" }]);
    // What none of its agents ever asked is nothing of its.
    expect(of(await judged(laterMs), "R05")?.parts?.map(({ point }) => point)).not.toContain("main");
  });

  it("a point whose PC is refused for good is still one as long as devices are declared there", async () => {
    const watched = async () => (await pointContacts(province.db)).map(({ point }) => point);
    const withoutDevices = () => importCentres(province.db, [{ ...centre, devices: [] }], NOW + 2 * HOUR);
    expect(await watched()).toEqual(["main", "ia-ly"]);
    await setAgentState(province.db, iaLy.agentId, "revoked", { nowMs: NOW + HOUR, reason: "lost" });
    const own = await site();
    expect((await pointNames(province.db, [own])).get(own.siteId)).toEqual(["main", "ia-ly"]);
    expect(await watched()).toEqual(["main", "ia-ly"]);
    await withoutDevices();
    expect((await pointNames(province.db, [await site()])).get(own.siteId)).toEqual(["main"]);
    // Its silence is nobody's any more.
    expect(await watched()).toEqual(["main"]);
  });
});

it("a centre of one point has no points in its findings", async () => {
  await province.send("xa-one", NOW, [...fastDays, ...hour(true)]);
  const findings = await judged(NOW, "xa-one");
  expect(of(findings, "R01")).toMatchObject({ state: "pass", observed: 300 });
  expect(of(findings, "R01")).not.toHaveProperty("parts");
  expect(JSON.stringify(findings)).not.toContain('"point"');
});
