import type { Facts, Run } from "../facts.ts";
import type { EvidenceRef, FindingPart } from "../finding.ts";
import type { Device, DeviceRole } from "../inventory.ts";
import type { ProbeKind } from "../observation.ts";
import type { ReachableRule, Rule } from "../policy.ts";
import { RecordingEvidence } from "../recording-evidence.ts";
import { rolesAsked } from "../target.ts";
import { least } from "./judgement.ts";
import { measuredRuns } from "./silence.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** By which probe's word on recorders cameras are known that nobody asks themselves, and how old that word may be, ms. */
export type Witness = { readonly probe: ProbeKind; readonly maxAgeMs: number };

/** The witness of a rule about cameras; undefined for all other rules. */
export function witnessOf(rule: Rule): Witness | undefined {
  if (rule.kind !== "reachable" || rule.targets) return undefined;
  switch (rule.probe) {
    // It looks once an hour; one look may fall out.
    case "camera-presence":
      return { probe: "recording-watch", maxAgeMs: 3 * HOUR_MS };
    // Recorders list their channels once a night.
    case "vms-link":
      return { probe: "recording-depth", maxAgeMs: Math.max(48 * HOUR_MS, rule.maxAgeMinutes * MINUTE_MS) };
    default:
      return undefined;
  }
}

/** What is declared and was not asked. `untilMs`: until when recorders stand for cameras; `Infinity` where none is needed. */
export type Unnamed = { readonly parts: readonly FindingPart[]; readonly evidence: readonly EvidenceRef[]; readonly untilMs: number };

/**
 * The devices that a centre declares and that no run of the rule's probe has named: each is unknown, whatever the others say. Cameras are known by the recorders
 * where these show at least as many channels as cameras are declared, recording ones where the rule asks the cameras themselves. `named` are the probe's targets.
 */
export function unnamedDevices(rule: ReachableRule, facts: Facts, nowMs: number, named: ReadonlySet<string>): Unnamed {
  const { devices } = facts.centre;
  const witness = witnessOf(rule);
  const roles = rolesAsked[rule.probe];
  if (!witness || !roles) return { parts: [], evidence: [], untilMs: Number.POSITIVE_INFINITY };
  const unasked = devices.filter(({ id, role }) => roles.includes(role) && !named.has(id));
  const cameras = devices.filter(isA("camera"));
  // Who asks the recorders alone learns of cameras by these alone.
  const open = roles.includes("camera") ? unasked.filter(isA("camera")) : cameras;
  const others = unasked.filter(({ role }) => role !== "camera").map(unknownPart);
  if (open.length === 0) return { parts: others, evidence: [], untilMs: Number.POSITIVE_INFINITY };

  const runs = newestOfTargets(measuredRuns(facts.runs, witness.probe).filter(({ atMs }) => atMs + witness.maxAgeMs >= nowMs));
  const channels = new Set(runs.flatMap(channelsOf)).size;
  const evidence = runs.map(({ ref }) => ref);
  const untilMs = least(runs.map(({ atMs }) => atMs)) + witness.maxAgeMs;
  const counts = { declared: cameras.length, channels };
  if (channels >= cameras.length) {
    const proven = open
      .filter(({ role }) => roles.includes(role))
      .map(({ id }): FindingPart => ({ subject: id, state: "pass", reason: "met", detail: counts }));
    return { parts: [...others, ...proven], evidence, untilMs };
  }
  const parts = open.map((device): FindingPart => {
    const part = unknownPart(device);
    return { ...part, ...(!roles.includes("camera") && { reason: "no_channel" }), detail: counts };
  });
  return { parts: [...others, ...parts], evidence, untilMs };
}

function isA(wanted: DeviceRole): (device: Device) => boolean {
  return ({ role }) => role === wanted;
}

function unknownPart({ id, address }: Device): FindingPart {
  return { subject: id, state: "unknown", reason: address === undefined ? "no_address" : "not_asked" };
}

function newestOfTargets<R extends Run>(runs: readonly R[]): R[] {
  return [...Map.groupBy(runs, ({ target = "" }) => target).values()].flatMap(([newest]) => newest ?? []);
}

/** Names of the channels that a run of a witness tells of, each with its recorder. */
function channelsOf({ probe, target = "", outcome }: Run): string[] {
  if (outcome.kind !== "measured") return [];
  if (probe === "recording-depth")
    return RecordingEvidence.safeParse(outcome.evidence).data?.channels.map(({ device, channel }) => `${device} ${channel}`) ?? [];
  return outcome.readings.flatMap(({ metric, value, labels }) => (metric === "recording_now" && value === 1 ? `${target} ${labels?.channel ?? ""}` : []));
}
