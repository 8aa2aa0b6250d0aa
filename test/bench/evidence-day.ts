import { deriveAssignments } from "../../agent/assignments.ts";
import { LocalConfig } from "../../agent/config.ts";
import { intervalMs } from "../../agent/schedule.ts";
import type { CentreProfile } from "../../collector/demo/profile.ts";
import { demoProvince } from "../../collector/demo/province.ts";
import { between, chance, type Key, whole } from "../../collector/demo/seeded.ts";
import { simulateDiscovery } from "../../collector/demo/simulate-discovery.ts";
import { simulateRecordings } from "../../collector/demo/simulate-recordings.ts";
import { demoStory, type Story } from "../../collector/demo/story.ts";
import { loadPolicy } from "../../collector/policy-files.ts";
import type { Device } from "../../schemas/inventory.ts";
import type { Evidence, ProbeKind } from "../../schemas/observation.ts";

const DAY_MS = 86_400_000;
const SEED = 890;

/** A run that tells evidence. */
export type ToldRun = { readonly probe: ProbeKind; readonly takenMs: number; readonly evidence: Evidence };

/**
 * What centres of the demo's province tell beside their numbers, in the rhythm that the agent derives from policy and inventory and in the words of its
 * probes: most runs the same again, some with a count or a time of their own, nightly lists and speed tests never twice.
 */
export function evidenceOfCentres(count: number, startMs: number, days: number): ReadonlyMap<string, Iterable<ToldRun>> {
  const { policy, calendar } = loadPolicy("gia-lai-890", startMs);
  const province = demoProvince(SEED).slice(0, count);
  const story = demoStory(SEED, startMs + days * DAY_MS, days, calendar, province, policy.portals[0]?.id ?? "");
  return new Map(
    province.map((profile) => {
      const { assignments } = deriveAssignments({
        policy,
        devices: profile.centre.devices,
        measureServers: ["first", "second"].map((id) => ({ id, url: `https://${id}.example.vn` })),
        local: LocalConfig.parse({}),
        collectorUrl: "https://hcc.example.vn",
        dataDir: "/var/lib/hcc-watch",
        allows: () => true,
        networks: ["10.7.0.0/24"],
      });
      return [profile.centre.code, runs(assignments, profile, story, startMs, days)];
    }),
  );
}

type Rhythm = Parameters<typeof intervalMs>[0];

function* runs(assignments: readonly Rhythm[], profile: CentreProfile, story: Story, startMs: number, days: number): Iterable<ToldRun> {
  for (let dayMs = startMs; dayMs < startMs + days * DAY_MS; dayMs += DAY_MS)
    for (const [place, assignment] of assignments.entries())
      for (let takenMs = dayMs + place * 1_000; takenMs < dayMs + DAY_MS; takenMs += intervalMs(assignment)) {
        const { probe } = assignment;
        const evidence = evidenceOf(probe, place, { profile, story, takenMs });
        if (evidence) yield { probe, takenMs, evidence };
      }
}

type Scene = { readonly profile: CentreProfile; readonly story: Story; readonly takenMs: number };

function evidenceOf(probe: ProbeKind, place: number, scene: Scene): Evidence | undefined {
  const { profile, story, takenMs } = scene;
  const keys: Key[] = [profile.centre.code, probe, place, takenMs];
  const due = { probe, atMs: takenMs };
  switch (probe) {
    case "link-quality":
      return Object.fromEntries(
        ["gateway", "isp", "collector", "first", "second"].map((hop, index) => [
          hop,
          // A burst in thirty loses a packet.
          { address: `203.113.0.${index + 1}`, method: "icmp", sent: 10, received: chance(1 / 30, hop, ...keys) ? 9 : 10 },
        ]),
      );
    case "host":
      return { os: "Microsoft Windows 10 Pro 10.0.19045", cpu: "Intel Core i5-8500", cores: 6 };
    case "portal-http":
      return { host: "dichvucong.gov.vn", address: "113.160.0.9" };
    case "wifi-clients":
      return wifi(scene, keys);
    case "office-devices":
      return { devices: devicesOf(scene, (role) => !/camera|recorder|access-point|router/.test(role)).map((device) => office(device, takenMs, keys)) };
    case "camera-presence":
      return { cameras: devicesOf(scene, isCamera).map(({ id }) => presence(id)) };
    case "camera-stream":
      return { streams: channelsOf(scene).map((channel) => stream(channel, keys)) };
    case "vms-link":
      return { links: [{ camera: "recorder-1", state: "REGISTERED_AND_PULLING", protocol: "isapi", registrations: [registration], pulling: true }] };
    case "recording-watch":
      return { recorders: [watch(scene, keys)] };
    case "recording-depth":
      return simulateRecordings({ profile, story, due }).evidence;
    case "device-discovery":
      return simulateDiscovery({ profile, story, due }).evidence;
    case "link-bandwidth":
      return bandwidth(profile, keys);
    default:
      return undefined;
  }
}

const isCamera = (role: string): boolean => /camera|recorder/.test(role);

function devicesOf({ profile }: Scene, wants: (role: string) => boolean): Device[] {
  return profile.centre.devices.filter(({ role }) => wants(role));
}

function channelsOf({ profile }: Scene): readonly string[] {
  return profile.recording.channels;
}

/** Nobody is there at night, the count follows the hour. */
function wifi({ profile, takenMs }: Scene, keys: readonly Key[]): Evidence {
  const { accessPoints, peakClients } = profile.wifi;
  const hour = (Math.floor(takenMs / 3_600_000) + 7) % 24;
  const share = hour >= 7 && hour < 17 ? 1 : 0.05;
  const counts = accessPoints.map((ap) => Math.round(((share * peakClients) / accessPoints.length) * between(0.4, 1, ap, ...keys)));
  return {
    method: "snmp:ruckus-standalone",
    targets: accessPoints.map((target, at) => ({ target, state: "answered", method: "snmp:ruckus-standalone", wifi_clients: counts[at] ?? 0, wifi_radios: 2 })),
    leases: Math.round(1.6 * counts.reduce((sum, n) => sum + n, 0)),
    leaseS: 86_400,
  };
}

/** PCs are off at night and a few are off at noon; a printer warns for hours. */
function office({ id, role }: Device, takenMs: number, keys: readonly Key[]): Evidence {
  const hour = (Math.floor(takenMs / 3_600_000) + 7) % 24;
  const isOn = /pc/.test(role) ? hour >= 7 && hour < 17 && !chance(0.05, id, ...keys) : true;
  if (!isOn) return { device: id, role, up: false, reason: "timeout", message: "no answer" };
  const warnings = chance(0.2, id, Math.floor(takenMs / DAY_MS)) ? ["lowToner"] : [];
  return { device: id, role, up: true, method: "icmp", ...(/printer|copier/.test(role) && { faults: [], consumables: [], warnings }) };
}

function presence(camera: string): Evidence {
  const identity = { manufacturer: "Hikvision", model: "DS-2CD1043G0-I", firmware: "V5.7.3 build 220112", serial: `DS-2CD1043G0-I20220112AAWR${camera}` };
  return { camera, ...identity, clock: "ok", clockSource: "utc", zone: "CST-7:00:00", clockKind: "NTP", daylightSavings: false, recordingService: true };
}

function stream(channel: string, keys: readonly Key[]): Evidence {
  const [packets, firstPacketMs] = [whole(50, 62, channel, ...keys), whole(60, 900, channel, "first", ...keys)];
  return { camera: "recorder-1", channel, packets, rtspStatus: 200, codec: "H265", firstPacketMs, up: true };
}

const registration = { kind: "gb28181", official: true, enabled: true, registered: "true" };

function watch(scene: Scene, keys: readonly Key[]): Evidence {
  const channels = channelsOf(scene).map((channel) => ({
    channel,
    newest: new Date(scene.takenMs - whole(1, 60, channel, ...keys) * 1_000).toISOString(),
    recording: true,
  }));
  return { device: "recorder-1", clock: "ok", disks: [{ disk: "hdd1", state: "ok", healthy: true }], channels };
}

/** Ten seconds each way, a sample each tenth of a second. */
function bandwidth({ line }: CentreProfile, keys: readonly Key[]): Evidence {
  const numbers = (count: number, low: number, high: number, name: string) =>
    Array.from({ length: count }, (_, at) => Math.round(100 * between(low, high, at, name, ...keys)) / 100);
  const direction = (name: string, mbps: number) => ({
    verdict: "pass",
    leans: "pass",
    isLowerBound: false,
    lowMbps: Math.round(mbps * 97) / 100,
    highMbps: Math.round(mbps * 103) / 100,
    warmupSamples: 12,
    samplesUsed: 88,
    samplesMbps: numbers(100, mbps * 0.9, mbps * 1.1, name),
    samplesMs: numbers(100, 98, 103, `${name} ms`).map(Math.round),
    endedBy: "cap",
    streams: 4,
    elapsedMs: 10_012,
    bytes: Math.round((mbps * 1e7) / 8),
    loadedRttsMs: numbers(25, line.rttMs, line.rttMs * 3, `${name} rtt`),
    lossPercent: numbers(1, 0, 0.2, `${name} loss`)[0] ?? 0,
  });
  return {
    server: { id: "first", address: "203.113.0.4" },
    floorMbps: 200,
    nic: { medium: "wired", speedMbps: 1_000 },
    load: { loop: 0.12, host: 0.21, delayMs: 1.5 },
    idle: { rttsMs: numbers(10, line.rttMs, line.rttMs * 1.2, "idle"), foreignMbps: 0.4 },
    download: direction("download", line.downMbps),
    upload: direction("upload", line.upMbps),
  };
}
