import { expect, it, onTestFinished } from "vitest";
import { AgentConfig } from "#schemas/agent-config.ts";
import type { FoundDevice } from "#schemas/asset-ledger.ts";
import { isWorkingTime, vietnamDay, vietnamDayStartMs } from "#schemas/calendar.ts";
import type { DiscoveryEvidence } from "#schemas/discovery-evidence.ts";
import { evaluate } from "#schemas/evaluate/evaluate.ts";
import { needsOf } from "#schemas/evaluate/needs.ts";
import type { Finding } from "#schemas/finding.ts";
import { Centre } from "#schemas/inventory.ts";
import type { Reading } from "#schemas/observation.ts";
import { restsOnWords } from "#schemas/policy.ts";
import type { RecordingEvidence } from "#schemas/recording-evidence.ts";
import { factsOfSpool } from "../../../agent/selfcheck/facts-of-spool.ts";
import { readSpool } from "../../../agent/spool/read-spool.ts";
import { Spool } from "../../../agent/spool/spool.ts";
import { configFor } from "../../../collector/served-config.ts";
import { declaredDaysAt } from "../../../collector/store/facts.ts";
import { findingsOf } from "../../../collector/store/findings.ts";
import { findSite, importCentres } from "../../../collector/store/sites.ts";
import { measured } from "../../support/batches.ts";
import { channelEvidence } from "../../support/channel-evidence.ts";
import { calendar, DAY, HOUR, MINUTE, plan } from "../../support/facts.ts";
import { type JudgedProvince, openJudgedProvince, type Said } from "../../support/judged-province.ts";
import { observation } from "../../support/observations.ts";
import { seeded } from "../../support/seeded.ts";
import { memoryFolder } from "../../support/temporary-folder.ts";

const vn = (local: string) => Date.parse(`${local}:00+07:00`);
const STEP = 20 * MINUTE;
/** Ten working days, the nine days without work of Tết from Saturday the 14th to Sunday the 22nd, and four days after them. */
const [firstMs, lastMs] = [vn("2026-02-02T00:00"), vn("2026-02-26T23:00")];
/** From here on the two are held against each other, day and night. */
const heldFrom = "2026-02-12";
const heldAt = ["06:40", "07:20", "13:40"];

const devices = [
  { id: "nvr-1", role: "recorder", address: "10.1.0.250" },
  { id: "c1", role: "camera", address: "10.1.0.1" },
  { id: "pc-1", role: "officer-pc", address: "10.1.0.11" },
  { id: "pc-2", role: "officer-pc", address: "10.1.0.12", serial: "PC0002X" },
  { id: "pc-3", role: "officer-pc", address: "10.1.0.13" },
  { id: "p-1", role: "printer", address: "10.1.0.21" },
  { id: "p-2", role: "printer", address: "10.1.0.22", serial: "VN0002X" },
  { id: "scan-1", role: "scanner", address: "10.1.0.31" },
  { id: "scan-2", role: "scanner", address: "10.1.0.33" },
  { id: "copier", role: "copier", address: "10.1.0.32" },
  { id: "citizen-1", role: "citizen-pc", address: "10.1.0.41" },
  { id: "citizen-2", role: "citizen-pc", address: "10.1.0.42" },
  { id: "kiosk", role: "kiosk", address: "10.1.0.51" },
  { id: "display", role: "display", address: "10.1.0.52" },
];
/** The second PC has another code from here on. */
const recodedMs = vn("2026-02-12T12:00");
const centreWith = (own: readonly object[]) => Centre.parse({ code: "xa-hra", name: "Xã Hra", officers: 3, keyArea: true, devices: own });
const recoded = devices.map((device) => (device.id === "pc-2" ? { ...device, id: "pc-9" } : device));
const devicesAt = (atMs: number) => (atMs < recodedMs ? devices : recoded);

/** One of the words for as long as `ms`, by chance of a seed. */
function wordOf<Word>(words: readonly [Word, ...Word[]], atMs: number, ms: number, seed: number): Word {
  const random = seeded(Math.floor(atMs / ms) * 31 + seed);
  random();
  return words[Math.floor(random() * words.length)] ?? words[0];
}

/** What the agent measures in the twenty minutes from an instant on. */
function saidFrom(atMs: number): Said[] {
  const isOpen = isWorkingTime(calendar, atMs);
  const every = (ms: number) => (atMs - firstMs) % ms === 0;
  const day = vietnamDay(atMs);
  const isLate = atMs - vietnamDayStartMs(day) >= 15 * HOUR;
  const said: Said[] = plan.portals.map(({ id }, index) => {
    const isUp = wordOf([true, true, false], atMs, HOUR, index) && !(day === "2026-02-13" && isLate && index === 0);
    return { probe: "portal-http", target: id, atMs: atMs + MINUTE, outcome: measured([{ metric: "portal_up", value: isUp ? 1 : 0 }, status(isUp)]) };
  });
  said.push({
    probe: "wifi-clients",
    atMs: atMs + 2 * MINUTE,
    outcome: isOpen ? wifi(atMs, day === "2026-02-13" && isLate) : { kind: "failed", reason: "timeout" },
  });
  const up = (metric: "camera_up" | "vms_link_up", camera: string, value: number): Reading => ({ metric, value, labels: { camera } });
  said.push({
    probe: "camera-presence",
    atMs: atMs + 3 * MINUTE,
    outcome: measured([up("camera_up", "nvr-1", 1), up("camera_up", "c1", wordOf([1, 0], atMs, 5 * HOUR, 9))]),
  });
  if (every(4 * HOUR))
    said.push({ probe: "vms-link", atMs: atMs + 4 * MINUTE, outcome: measured([up("vms_link_up", "nvr-1", wordOf([1, 0], atMs, 2 * DAY, 11))]) });
  if (every(HOUR)) said.push({ probe: "office-devices", atMs: atMs + 5 * MINUTE, outcome: office(atMs, isOpen) });
  if (every(6 * HOUR))
    for (const [index, server] of ["m-1", "m-2"].entries()) {
      const rate = wordOf([240, 150, 90], atMs, 2 * DAY, 13) + index;
      said.push({
        probe: "link-bandwidth",
        target: server,
        atMs: atMs + (6 + index) * MINUTE,
        outcome: measured([{ metric: "download_mbps", value: rate, labels: { server } }]),
      });
    }
  if (every(DAY)) {
    const verdict = wordOf(["COMPLIANT", "NON_COMPLIANT"] as const, atMs, 3 * DAY, 17);
    const channels = [channelEvidence("1", verdict, ...(verdict === "COMPLIANT" ? [] : ["RETENTION_SHORT" as const]))];
    const window = { from: new Date(atMs - 30 * DAY).toISOString(), to: new Date(atMs).toISOString() };
    const evidence = { window, requiredDays: 30, lastDay: day, recorders: [], channels } satisfies RecordingEvidence;
    said.push({
      probe: "recording-depth",
      atMs: atMs + 10 * MINUTE,
      outcome: measured([{ metric: "recording_depth_days", value: 31, labels: { channel: "1" } }], evidence),
    });
    const met: FoundDevice = { identity: "serial VN0002X", roles: ["printer"], address: "10.1.0.77", serial: "VN0002X" };
    said.push({
      probe: "device-discovery",
      atMs: atMs + 12 * MINUTE,
      outcome: measured([{ metric: "devices_found", value: 1 }], { networks: ["10.1.0.0/24"], found: [met], unknownComputers: 0 } satisfies DiscoveryEvidence),
    });
  }
  return said;
}

const status = (isUp: boolean): Reading => ({ metric: "portal_status", value: isUp ? 200 : 503 });

function wifi(atMs: number, isDark: boolean): Said["outcome"] {
  const word = isDark ? "dark" : wordOf(["good", "good", "few", "dark"] as const, atMs, 4 * HOUR, 5);
  return measured([
    { metric: "wifi_clients", value: 20 + Math.floor((atMs / STEP) % 30) },
    { metric: "wifi_limit_clients", value: 120 },
    { metric: "wifi_radios", value: word === "few" ? 1 : 4 },
    { metric: "wifi_utilisation_percent", value: 30, labels: { ap: "ap-1", radio: "1" } },
    { metric: "dhcp_free", value: 150 },
    { metric: "dhcp_leases", value: 50 },
    { metric: "wifi_ap_up", value: word === "dark" ? 0 : 1, labels: { ap: "ap-1" } },
  ]);
}

/** All answer in working hours but for the second printer, which has moved, and the kiosk of every other day. */
function office(atMs: number, isOpen: boolean): Said["outcome"] {
  const asked = devicesAt(atMs).filter(({ role }) => role !== "camera" && role !== "recorder");
  const isUp = (id: string) => isOpen && id !== "p-2" && (id !== "kiosk" || wordOf([true, false], atMs, 2 * DAY, 19));
  const pages: Reading[] = isOpen ? [{ metric: "printer_pages", value: 5_000, labels: { device: "p-1" } }] : [];
  return measured([...asked.map(({ id, role }): Reading => ({ metric: "device_up", value: isUp(id) ? 1 : 0, labels: { device: id, role } })), ...pages]);
}

let province: JudgedProvince;
let folder: string;
let spool: Spool;
let nowMs = firstMs;

/** The same runs into the spool, where they are answered at once, and into the province. */
async function deliver(said: readonly Said[]): Promise<void> {
  for (const { atMs, ...one } of said) spool.append(observation(0, { ...one, takenAt: new Date(atMs).toISOString() }), { calendar });
  const view = { nowMs, bootId: "boot-a", uptimeMs: 0, liveMs: 1, observationsMax: 500, bytesAim: 1e6 };
  const next = () => spool.next({ ...view, lane: "backlog" }) ?? spool.next({ ...view, lane: "live" });
  for (let batch = next(); batch !== undefined; batch = next()) spool.settle(batch.id, []);
  spool.maintain({ clockTrusted: true, needs: needsOf(plan.requirements, calendar, nowMs).runs });
  await province.send("xa-hra", nowMs, said);
}

const told = ({ requirement, state, reason, observed, required }: Finding) => ({ requirement, state, reason, observed, required });

async function ofProvince(): Promise<Finding[]> {
  await province.judge.judge(province.siteIdOf("xa-hra"), "all", nowMs, false);
  return findingsOf(province.db, province.siteIdOf("xa-hra"));
}

async function ofSelfCheck(): Promise<Finding[]> {
  const site = await findSite(province.db, province.siteIdOf("xa-hra"));
  if (!site) throw new Error("the centre is gone");
  const days = (await declaredDaysAt(province.db, [site], nowMs)).get(site.siteId);
  const served = configFor(site, days, { policy: plan, calendar, measureServers: [], phones: [] }, { point: "main", points: ["main"] }, nowMs);
  const config = AgentConfig.parse(JSON.parse(JSON.stringify({ ...served, agent: "agt-0123456789abcdef" })));
  return evaluate(plan, factsOfSpool({ ...config, nowMs }, readSpool(folder), []), nowMs);
}

it("the self-check says of each requirement that is measured what the province says, before, during and after Tết", async () => {
  province = await openJudgedProvince({ centres: [centreWith(devices)], nowMs: firstMs, policies: [plan] });
  onTestFinished(() => province.db.close());
  folder = memoryFolder();
  spool = new Spool({ folder, nowMs: () => nowMs, log: () => {} });
  onTestFinished(() => spool[Symbol.dispose]());
  const measuredOnes = plan.requirements.filter(({ rule }) => !restsOnWords(rule)).map(({ id }) => id);
  const seen = new Map(measuredOnes.map((id) => [id, new Set<string>()]));
  const apart: object[] = [];
  let waiting: Said[] = [];
  for (let atMs = firstMs; atMs < lastMs; atMs += STEP) {
    nowMs = atMs + STEP - 1;
    if (atMs === recodedMs) await importCentres(province.db, [centreWith(recoded)], atMs);
    waiting.push(...saidFrom(atMs));
    const endsAt = new Date(atMs + STEP + 7 * HOUR).toISOString().slice(11, 16);
    const isHeld = vietnamDay(atMs) >= heldFrom && heldAt.includes(endsAt);
    if (!isHeld && endsAt !== "20:00") continue;
    await deliver(waiting);
    waiting = [];
    if (!isHeld) continue;
    const [here, there] = [await ofSelfCheck(), await ofProvince()];
    for (const id of measuredOnes) {
      const [own, theirs] = [here, there].map((findings) => findings.find(({ requirement }) => requirement === id));
      if (!own || !theirs) throw new Error(`no finding of ${id}`);
      seen.get(id)?.add(`${theirs.state} ${theirs.reason}`);
      if (JSON.stringify(told(own)) !== JSON.stringify(told(theirs)))
        apart.push({ at: new Date(nowMs + 7 * HOUR).toISOString().slice(0, 16), own: told(own), theirs: told(theirs) });
    }
  }
  expect(apart.slice(0, 20)).toEqual([]);
  // What never changes would prove little.
  expect(seen.get("R10")).toEqual(new Set(["pass met"]));
  expect(seen.get("R11")).toContain("unknown moved");
  for (const id of ["R01", "R02", "R03", "R04", "R05", "R15", "R16"]) expect(seen.get(id)?.size, id).toBeGreaterThan(1);
}, 600_000);
