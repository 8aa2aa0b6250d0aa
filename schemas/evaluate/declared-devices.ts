import { z } from "zod";
import type { Facts, Run } from "../facts.ts";
import type { EvidenceRef, FindingPart } from "../finding.ts";
import type { Device, DeviceRole } from "../inventory.ts";
import type { ProbeKind } from "../observation.ts";
import type { ReachableRule, Rule } from "../policy.ts";
import { type ChannelEvidence, RecordingEvidence } from "../recording-evidence.ts";
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
 * where these show a channel for each of them, a recording one where the rule asks the cameras themselves, and so is it that there are any, where recorders
 * alone are declared. `named` are the probe's targets.
 */
export function unnamedDevices(rule: ReachableRule, facts: Facts, nowMs: number, named: ReadonlySet<string>): Unnamed {
  const { devices } = facts.centre;
  const witness = witnessOf(rule);
  const roles = rolesAsked[rule.probe];
  if (!witness || !roles) return { parts: [], evidence: [], untilMs: Number.POSITIVE_INFINITY };
  const unasked = devices.filter(({ id, role }) => roles.includes(role) && !named.has(id));
  const cameras = devices.filter(isA("camera"));
  const open = cameras.filter(({ id }) => !named.has(id));
  const others = unasked.filter(({ role }) => role !== "camera").map(unknownPart);
  const recorders = new Set(devices.filter(isA("recorder")).map(({ id }) => id));
  const isBlind = roles.includes("camera") && cameras.length === 0 && recorders.size > 0 && [...named].every((target) => recorders.has(target));
  if (open.length === 0 && !isBlind) return { parts: others, evidence: [], untilMs: Number.POSITIVE_INFINITY };

  const runs = newestOfTargets(measuredRuns(facts.runs, witness.probe).filter(({ atMs }) => atMs + witness.maxAgeMs >= nowMs));
  const channels = [...new Map(runs.flatMap(channelsOf).map((channel) => [channel.key, channel])).values()];
  const alone = cameras.filter((camera) => !open.includes(camera));
  const evidence = runs.map(({ ref }) => ref);
  const untilMs = least(runs.map(({ atMs }) => atMs)) + witness.maxAgeMs;
  if (isBlind) return { parts: channels.length > 0 ? others : [...others, { subject: "camera", state: "unknown", reason: "no_camera" }], evidence, untilMs };
  const counts = { declared: cameras.length, channels: channels.length };
  if (channelsOfOthers(channels, alone, devices) >= open.length) {
    const proven = open
      .filter(({ role }) => roles.includes(role))
      .map(({ id }): FindingPart => ({ subject: id, state: "pass", reason: "met", detail: counts }));
    return { parts: [...others, ...proven], evidence, untilMs };
  }
  const parts = open.map((device): FindingPart => {
    const part = unknownPart(device);
    // Who asks recorders, where there are any, learns of cameras by these alone.
    return { ...part, ...(!roles.includes("camera") && recorders.size > 0 && { reason: "no_channel" }), detail: counts };
  });
  return { parts: [...others, ...parts], evidence, untilMs };
}

/**
 * The declared recorders that lists of recordings do not come from, and the cameras for which these lists have no channel: nobody knows what they keep.
 * `channels` are all that was listed; a camera whose own card was asked stands for itself.
 */
export function devicesUnlisted(
  { centre: { devices } }: Pick<Facts, "centre">,
  channels: readonly Pick<ChannelEvidence, "device" | "channel">[],
): FindingPart[] {
  const listed = new Set(channels.map(({ device }) => device));
  const unlisted = devices.filter(({ id }) => !listed.has(id));
  const [recorders, open] = [unlisted.filter(isA("recorder")).map(unknownPart), unlisted.filter(isA("camera"))];
  const cameras = devices.filter(isA("camera"));
  const alone = cameras.filter(({ id }) => listed.has(id));
  const own = listedChannels(channels);
  if (channelsOfOthers(own, alone, devices) >= open.length) return recorders;
  const detail = { declared: cameras.length, channels: own.length };
  return [...recorders, ...open.map(({ id }): FindingPart => ({ subject: id, state: "unknown", reason: "no_channel", detail }))];
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

/** A channel that a recorder tells of. `device`: what was asked, a recorder or a camera with a card; `source`: where its picture comes from, where that is told. */
type Channel = { readonly key: string; readonly device?: string; readonly source?: string | undefined };

/**
 * At how many channels none of the cameras `alone` can hang, which are asked themselves: each of them may be any channel whose source is not told, and one
 * that is reached through its recorder any channel at all.
 */
function channelsOfOthers(channels: readonly Channel[], alone: readonly Device[], devices: readonly Device[]): number {
  const isOf = ({ device, source }: Channel, { id, address }: Device) => device === id || (address !== undefined && source === address);
  const others = channels.filter((channel) => !alone.some((camera) => isOf(channel, camera)));
  const unmatched = alone.filter((camera) => !channels.some((channel) => isOf(channel, camera)));
  const doors = new Set(devices.filter(isA("recorder")).flatMap(({ address }) => address ?? []));
  const anywhere = unmatched.filter(({ address }) => address === undefined || doors.has(address)).length;
  const untold = others.filter(({ source }) => source === undefined).length;
  return others.length - anywhere - Math.min(untold, unmatched.length - anywhere);
}

/** The channels of recording-depth; `*` stands for a device of which none could be learnt. */
function listedChannels(channels: readonly Pick<ChannelEvidence, "device" | "channel">[]): Channel[] {
  return channels.filter(({ channel }) => channel !== "*").map(({ device, channel }) => ({ key: `${device} ${channel}`, device }));
}

/** The channels that a run of a witness tells of. */
function channelsOf({ probe, target = "", outcome }: Run): Channel[] {
  if (outcome.kind !== "measured") return [];
  if (probe === "recording-depth") return listedChannels(RecordingEvidence.safeParse(outcome.evidence).data?.channels ?? []);
  const recorders = Looks.safeParse(outcome.evidence).data?.recorders ?? [];
  const told = new Map(
    recorders.flatMap(({ device, channels }) =>
      channels.map(({ channel, source }) => [recorders.length > 1 ? `${device}/${channel}` : channel, { device, source }] as const),
    ),
  );
  return outcome.readings.flatMap(({ metric, value, labels: { channel = "" } = {} }) =>
    metric === "recording_now" && value === 1 ? { key: `${target} ${channel}`, ...told.get(channel) } : [],
  );
}

/** What recording-watch tells of each channel, as far as it is looked at here. */
const Looks = z.object({
  recorders: z.array(z.object({ device: z.string(), channels: z.array(z.object({ channel: z.string(), source: z.string().optional() })) })),
});
