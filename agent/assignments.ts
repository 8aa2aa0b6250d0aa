import type { AgentConfig, Assignment, MeasureServer } from "#schemas/agent-config.ts";
import type { DeviceRole } from "#schemas/inventory.ts";
import type { ProbeKind } from "#schemas/observation.ts";
import type { DepthRule, FloorRule, PolicyProfile, Rule } from "#schemas/policy.ts";
import { rolesAsked } from "#schemas/target.ts";
import type { LocalConfig } from "./config.ts";
import { endOf } from "./url-end.ts";

export type AssignmentSources = {
  readonly policy: PolicyProfile;
  readonly devices: AgentConfig["centre"]["devices"];
  readonly measureServers: readonly MeasureServer[];
  readonly local: LocalConfig;
  readonly collectorUrl: string;
  /** PEM of the province's own authority. */
  readonly ca?: string | undefined;
  readonly dataDir: string;
  /** Whether the agent's run before this one had ended in order; undefined when nothing tells, as at its first run. */
  readonly endedWell?: boolean | undefined;
  /** Whether the commune lets this agent ask an address. */
  readonly allows: (address: string) => boolean;
  /** The networks that may be searched for devices. */
  readonly networks: readonly string[];
};

export type Assignments = {
  readonly assignments: readonly Assignment[];
  /** Devices that are not asked since their address lies outside of the allowed networks. */
  readonly refused: readonly { readonly id: string; readonly address: string }[];
};

/** A target as the probes take it; `snmp`, `http` and `onvif` are names of credentials until just before a run. */
type AskedDevice = {
  id: string;
  role: DeviceRole;
  address: string;
  name?: string;
  serial?: string;
  serviced?: string[];
  snmp?: string;
  http?: string;
  onvif?: string;
};
type LanPlan = {
  readonly probe: ProbeKind;
  readonly roles: readonly DeviceRole[];
  /** Asked instead at a centre that has none of `roles`, not even one that cannot be asked: a camera's own card and its own way to the province count only where there is no recorder. */
  readonly without?: readonly DeviceRole[];
  readonly everyS: number;
  readonly window?: NonNullable<Assignment["window"]>;
  readonly options?: Assignment["options"];
};

const HOST_EVERY_S = 60;
const LINK_EVERY_S = 60;
const DISCOVERY_EVERY_S = 86_400;
/** Time between two speed tests of one server, s. */
export const BANDWIDTH_EVERY_S = 6 * 3_600;

/** Probes of devices: whom they ask and how often (fields/devices.md E.5, fields/cameras.md §11). */
const lanPlans: readonly LanPlan[] = [
  { probe: "wifi-clients", roles: ["access-point", "router"], everyS: 300 },
  { probe: "office-devices", roles: ["citizen-pc", "copier", "display", "kiosk", "officer-pc", "printer", "scanner"], everyS: 600, options: { spooler: true } },
  { probe: "camera-presence", roles: rolesAsked["camera-presence"] ?? [], everyS: 300 },
  { probe: "camera-stream", roles: ["camera", "recorder"], everyS: 3_600 },
  { probe: "vms-link", roles: rolesAsked["vms-link"] ?? [], without: ["camera"], everyS: 900 },
  // A recorder that plays back has less left for recording: at night nobody waits for it.
  { probe: "recording-depth", roles: ["recorder"], without: ["camera"], everyS: 86_400, window: { from: "00:30", to: "04:30" } },
  { probe: "recording-watch", roles: ["recorder"], without: ["camera"], everyS: 3_600 },
];

/** What this PC has to measure, from the policy, the centre's inventory and the commune's own file. Pure. */
export function deriveAssignments(sources: AssignmentSources): Assignments {
  const { devices, refused } = askedDevices(sources);
  const assignments = [
    hostAssignment(sources),
    linkAssignment(sources),
    ...portalAssignments(sources),
    ...bandwidthAssignments(sources),
    ...lanAssignments(sources, devices),
    ...discoveryAssignments(sources, devices),
  ];
  return { assignments: assignments.map((assignment) => withLocalOptions(assignment, sources.local)), refused };
}

function assignment(probe: ProbeKind, everyS: number, options: Assignment["options"], more: Partial<Assignment> = {}): Assignment {
  return { id: probe, probe, everyS, lease: false, options, ...more };
}

function hostAssignment({ dataDir, policy, endedWell }: AssignmentSources): Assignment {
  return assignment("host", HOST_EVERY_S, {
    path: dataDir,
    ...namesToLookUp(policy),
    ...(endedWell !== undefined && { endedWell }),
  });
}

/** What the probe `host` asks the resolver for: two portals of different owners, the second where the first has no address. */
export function namesToLookUp({ portals }: Pick<PolicyProfile, "portals">): { name?: string; otherName?: string } {
  const [name, otherName] = portals.map(({ url }) => new URL(url).hostname);
  return { ...(name !== undefined && { name }), ...(otherName !== undefined && otherName !== name && { otherName }) };
}

/**
 * The gateway and our own servers: the way out is seen hop by hop without burdening anyone else. Portals are knocked at only where all of those keep
 * silent.
 */
function linkAssignment(sources: AssignmentSources): Assignment {
  const hops = ownServers(sources).map(({ id, host, port }) => ({ hop: id, address: host, tcpPort: port }));
  const unique = hops.filter((hop, index) => hops.findIndex(({ address }) => address === hop.address) === index);
  const references = sources.policy.portals.map(({ url }) => endOf(url));
  return assignment("link-quality", LINK_EVERY_S, { hops: unique.slice(0, 8), isp: true, references: references.slice(0, 8) });
}

/** A portal that says nothing is held against the others and our own servers: where nobody answers, it is the line. */
function portalAssignments(sources: AssignmentSources): Assignment[] {
  const own = ownServers(sources).map(({ host, port }) => ({ host, port }));
  const { portals } = sources.policy;
  return portals.map(({ id, url, everyMinutes, expectText }) => {
    const others = portals.filter((other) => other.id !== id).map((other) => endOf(other.url));
    const references = [...own, ...others].filter(({ host }) => host !== endOf(url).host).slice(0, 8);
    const options = { url, portal: id, ...(expectText !== undefined && { expectText }), references };
    return assignment("portal-http", everyMinutes * 60, options, { id: `portal-http-${id}`.slice(0, 64), target: id });
  });
}

function ownServers({ measureServers, collectorUrl }: AssignmentSources): { id: string; host: string; port: number }[] {
  return [{ id: "collector", url: collectorUrl }, ...measureServers].map(({ id, url }) => ({ id, ...endOf(url) }));
}

/** What a speed test has to know of the plan's rule: the floor, and which directions have to reach it. */
export function floorOptions({ floor, metrics }: FloorRule): { floorMbps: number; floorDirections: string[] } {
  return { floorMbps: floor, floorDirections: ["download", "upload"].filter((direction) => metrics.some((metric) => metric === `${direction}_mbps`)) };
}

function bandwidthAssignments({ policy, measureServers, ca }: AssignmentSources): Assignment[] {
  const rule = rulesOf(policy).find((candidate): candidate is FloorRule => candidate.kind === "floor" && candidate.probe === "link-bandwidth");
  if (rule === undefined) return [];
  const options = { ...floorOptions(rule), ...(ca !== undefined && { ca }) };
  // The server's address is the configuration's, not the lease's: where that is signed, no collector can send the test elsewhere.
  return measureServers.map((server) =>
    assignment("link-bandwidth", BANDWIDTH_EVERY_S, { ...options, server }, { id: `link-bandwidth-${server.id}`.slice(0, 64), target: server.id, lease: true }),
  );
}

function lanAssignments({ policy, devices: declared, local }: AssignmentSources, devices: readonly AskedDevice[]): Assignment[] {
  const rules = rulesOf(policy);
  return lanPlans.flatMap(({ probe, roles, without = [], everyS, window, options }) => {
    const hasFirst = [...declared, ...local.targets].some(({ role }) => roles.includes(role));
    const targets = devices.filter(({ role }) => (hasFirst ? roles : without).includes(role)).map((device) => ({ ...device }));
    const depth = rules.find((rule): rule is DepthRule => rule.kind === "depth" && rule.probe === probe);
    if (targets.length === 0) return [];
    const more = {
      ...(depth !== undefined && { policy: depthOptions(depth) }),
      ...(probe === "recording-watch" && watchOptions(rules)),
      ...(probe === "vms-link" && { vmsHosts: [...(policy.vmsHosts ?? [])] }),
    };
    return [assignment(probe, everyS, { targets, ...options, ...more }, { ...(window && { window }) })];
  });
}

/** Once a day while the counters are open: what is switched off is not found. Only this PC's own side says which networks are searched. */
function discoveryAssignments({ networks }: AssignmentSources, devices: readonly AskedDevice[]): Assignment[] {
  if (networks.length === 0) return [];
  const targets = devices.map(({ id, address }) => ({ id, address }));
  return [assignment("device-discovery", DISCOVERY_EVERY_S, { networks: networks.slice(0, 16), targets }, { window: { from: "08:00", to: "10:30" } })];
}

/** What of the rule for recordings an hourly look needs. */
function watchOptions(rules: readonly Rule[]): Assignment["options"] {
  const depth = rules.find((rule): rule is DepthRule => rule.kind === "depth");
  if (depth === undefined) return {};
  const { freshMinutes, clockSkewWarnSeconds, clockSkewSecondsMax } = depth;
  return { policy: { freshMinutes, clockSkewWarnSeconds, clockSkewSecondsMax } };
}

/** The numbers of a depth rule by which the probe judges each channel. */
function depthOptions({ kind: _kind, probe: _probe, maxAgeHours: _maxAge, ...numbers }: DepthRule): Assignment["options"] {
  return JSON.parse(JSON.stringify(numbers)) as Assignment["options"];
}

function rulesOf(policy: PolicyProfile): Rule[] {
  return policy.requirements.map(({ rule }) => rule);
}

function askedDevices({ devices, local, allows }: AssignmentSources): { devices: AskedDevice[]; refused: { id: string; address: string }[] } {
  const inventory = devices.flatMap(({ id, role, address, name, serial, serviced }) =>
    address === undefined ? [] : [{ id, role, address, name, serial, serviced: serviced?.map(({ on }) => on), ...local.credentials[id] }],
  );
  const own = local.targets.map(({ credentials, ...target }) => ({ ...target, ...credentials }));
  const all = [...inventory, ...own];
  return {
    devices: all.filter(({ address }) => allows(address)).map(askedDevice),
    refused: all.filter(({ address }) => !allows(address)).map(({ id, address }) => ({ id, address })),
  };
}

/** Absent fields must be absent, since options travel as JSON. */
function askedDevice({
  id,
  role,
  address,
  ...more
}: { [Field in keyof AskedDevice]: AskedDevice[Field] | undefined } & { id: string; role: DeviceRole; address: string }): AskedDevice {
  const device: AskedDevice = { id, role, address };
  for (const field of ["name", "serial", "snmp", "http", "onvif"] as const) {
    const value = more[field];
    if (value !== undefined) device[field] = value;
  }
  if (more.serviced !== undefined) device.serviced = more.serviced;
  return device;
}

/** The commune's own options lie over the derived ones; they cannot bring in targets past the check of addresses. */
function withLocalOptions(assignment: Assignment, local: LocalConfig): Assignment {
  const { targets: _, ...own } = local.probes[assignment.probe] ?? {};
  return { ...assignment, options: { ...assignment.options, ...own } };
}
