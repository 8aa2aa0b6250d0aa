import { z } from "zod";
import { cleanText } from "#schemas/clean-text.ts";
import { judgedOf } from "#schemas/evaluate/rules/depth.ts";
import { isGood, type MetricName, metricNames } from "#schemas/metrics.ts";
import type { FailureReason, Outcome, Reading, SkipReason } from "#schemas/observation.ts";
import type { PolicyProfile } from "#schemas/policy.ts";
import { type ChannelEvidence, RecordingEvidence, type RecordingReason, type RecordingVerdict, worstVerdict } from "#schemas/recording-evidence.ts";
import { isTextKey } from "#schemas/text/text.ts";
import { remedyOf } from "./remedy-of.ts";
import { type CheckLine, type CheckState, joined, listed, NAME_MAX, type Phrase, phrase } from "./result.ts";
import { type AskedDevice, openDevices, remedy, technical, troublesOf } from "./unasked-line.ts";

type Measured = Extract<Outcome, { kind: "measured" }>;
type Judged = Pick<CheckLine, "state" | "detail" | "hint" | "owner" | "technical">;

/** The line of a run over these devices: ok only when each of them told how it is, and all are as they should be. */
export function deviceLine(targets: readonly AskedDevice[], outcome: Measured, policy: PolicyProfile): Judged {
  const readings = outcome.readings.filter(({ metric, value, labels }) => isGood(metric, value) !== undefined && Object.keys(labels ?? {}).length > 0);
  if (readings.length === 0)
    return { state: "unknown", detail: phrase("selfcheck.detail.stateless", { count: outcome.readings.length }), ...remedy(undefined, undefined) };
  const tallies = talliesOf(readings);
  const said = tallies.map(({ metric, up, all, bad }) => {
    const key = `selfcheck.count.${metric}`;
    const words = phrase(isTextKey(key) ? key : "selfcheck.count.devices", { up, all });
    return bad.length === 0 ? words : phrase("selfcheck.count.bad", { said: words, bad: named(bad) });
  });
  const troubles = troublesOf(outcome.evidence);
  const silent = targets.filter(({ id }) => !readings.some((reading) => isAbout(reading, id, targets.length)));
  const isWhole = silent.length === 0 && !lacksStreams(outcome);
  // Of a device whose other streams play, the one that could not be asked for tells why.
  const open = openDevices(silent.length > 0 ? silent : targets.filter(({ id }) => troubles.has(id)), troubles);
  const openWords = silent.length > 0 ? open.detail : phrase("selfcheck.detail.unasked_streams");
  const detail = joined([...said, ...(isWhole ? [] : [openWords])], "; ");
  const broken = tallies.find(({ bad }) => bad.length > 0);
  if (broken !== undefined) return { state: "warn", detail, ...blameOf(broken.metric, policy) };
  return isWhole ? { state: "ok", detail } : { ...open, state: "unknown", detail };
}

/** A stream that could not be asked for leaves no reading; the total then stands only where another one failed. */
function lacksStreams({ readings }: Measured): boolean {
  const streams = readings.filter(({ metric }) => metric === "camera_stream_up");
  return streams.length > 0 && streams.every(({ labels, value }) => labels !== undefined && value === 1);
}

type Tally = { readonly metric: MetricName; readonly up: number; readonly all: number; readonly bad: readonly string[] };

/** How many are well by each metric. Of a device that is silent nothing else is told: that follows from its silence. */
function talliesOf(readings: readonly Reading[]): Tally[] {
  const silent = new Set<string>();
  return metricNames.flatMap((metric) => {
    const own = readings.filter((reading) => reading.metric === metric && !silent.has(nameOf(reading)));
    const bad = own.filter(({ value }) => isGood(metric, value) === false).map(nameOf);
    for (const name of bad) silent.add(name);
    return own.length === 0 ? [] : [{ metric, up: own.length - bad.length, all: own.length, bad }];
  });
}

/** A device's own name is hostile text until it is cleaned. */
function nameOf({ labels }: Reading): string {
  const { device, camera, ap, ssid, channel } = labels ?? {};
  const parts = [device ?? camera ?? ap, ssid, channel].filter((part) => part !== undefined);
  return cleanText(parts.join(" "), NAME_MAX);
}

/** Channels of one recorder carry its name only where several recorders were asked. */
function isAbout({ labels }: Reading, id: string, targets: number): boolean {
  const { device, camera, ap, channel } = labels ?? {};
  const of = device ?? camera ?? ap;
  return of === undefined ? targets === 1 || channel?.startsWith(`${id}/`) === true : of === id;
}

/** What to do and who does it, as the rule that looks at the metric says; else what the catalogue says of the metric. */
function blameOf(metric: MetricName, { requirements }: PolicyProfile): Pick<Judged, "hint" | "owner"> {
  const judged = requirements.find(({ rule }) => rule.kind === "reachable" && rule.metric === metric);
  if (judged !== undefined) return { hint: judged.advice, owner: phrase(`owner.${judged.owner}`) };
  const key = `selfcheck.hint.bad.${metric}`;
  return { hint: phrase(isTextKey(key) ? key : "selfcheck.hint.devices_down"), owner: phrase("owner.commune") };
}

const verdictStates: Record<RecordingVerdict, CheckState> = { NON_COMPLIANT: "warn", UNVERIFIABLE: "unknown", TOO_YOUNG: "unknown", COMPLIANT: "ok" };

/** The line of recordings: the probe has judged each channel by the policy's own numbers, and the worst verdict is the line's. */
export function recordingLine(targets: readonly AskedDevice[], { evidence, readings }: Measured, { requirements }: PolicyProfile): Judged {
  const { channels, recorders } = RecordingEvidence.safeParse(evidence).data ?? { channels: [], recorders: [] };
  if (channels.length === 0)
    return { state: "unknown", detail: phrase("selfcheck.detail.stateless", { count: readings.length }), ...remedy(undefined, undefined) };
  const withVerdict = (...verdicts: RecordingVerdict[]) =>
    channels
      .filter(({ verdict }) => verdicts.includes(verdict))
      .map(({ device, name, verdict, reasons }) => {
        const without = phrase(verdict === "TOO_YOUNG" ? "finding.short.too_young" : "finding.short.unverifiable");
        const why =
          reasons.length > 0
            ? joined(
                reasons.map((reason) => phrase(`recording.reason.${reason}`)),
                ", ",
              )
            : without;
        return phrase("selfcheck.detail.channel", { name: cleanText(name === "*" ? device : `${device} ${name}`, NAME_MAX), why });
      });
  const [bad, open] = [withVerdict("NON_COMPLIANT"), withVerdict("UNVERIFIABLE", "TOO_YOUNG")];
  const unasked = targets.filter(({ id }) => !channels.some(({ device }) => device === id)).map(({ id }) => id);
  const up = channels.length - bad.length - open.length;
  const detail = joined(
    [
      phrase("selfcheck.count.channels", { up, all: channels.length }),
      ...(bad.length > 0 ? [phrase("selfcheck.detail.breached", { names: listed(bad) })] : []),
      ...(open.length > 0 ? [phrase("selfcheck.detail.undecided", { names: listed(open) })] : []),
      ...(unasked.length > 0 ? [phrase("selfcheck.detail.unasked", { names: named(unasked) })] : []),
    ],
    "; ",
  );
  const worst = worstVerdict([...channels.map(({ verdict }) => verdict), ...unasked.map(() => "UNVERIFIABLE" as const)]);
  const state = verdictStates[worst];
  if (worst === "UNVERIFIABLE")
    return { state, detail, ...unverifiableBlame(targets, channels, requirements), ...technical(recorders.map(({ trouble }) => trouble)) };
  if (state !== "warn") return { state, detail };
  const requirement = requirements.find(({ rule }) => rule.kind === "depth");
  const breached = channels.find(({ verdict }) => verdict === "NON_COMPLIANT");
  return { state, detail, ...(requirement && breached && remedyOf(requirement, judgedOf(breached.verdict, breached.reasons))) };
}

/** The line of a look at recorders whose channels may rest: how many record, and which recorders did not tell. */
export function restingLine(targets: readonly AskedDevice[], { evidence, readings }: Measured): Judged {
  const channels = readings.filter(({ metric }) => metric === "recording_now");
  const said = phrase("selfcheck.detail.may_rest", { up: channels.filter(({ value }) => value === 1).length, all: channels.length });
  const silent = targets.filter(({ id }) => !channels.some((reading) => isAbout(reading, id, targets.length)));
  if (silent.length === 0) return { state: "ok", detail: said };
  const open = openDevices(silent, troublesOf(evidence));
  return { ...open, state: "unknown", detail: joined([said, open.detail], "; ") };
}

const SeenDisks = z.object({
  recorders: z.array(
    z.looseObject({
      device: z.string(),
      disks: z.array(z.looseObject({ disk: z.string(), state: z.string(), healthy: z.boolean().optional() })).optional(),
    }),
  ),
});

/** A line about recorders with what they themselves say of their disks: one that is broken loses the recordings of tomorrow, whatever is recorded today. */
export function withDisks(line: CheckLine, { evidence }: Outcome): CheckLine {
  const told = (SeenDisks.safeParse(evidence).data?.recorders ?? []).flatMap(({ device, disks }) => (disks === undefined ? [] : [{ device, disks }]));
  const broken = told.flatMap(({ device, disks }) => [
    ...(disks.length === 0 ? [phrase("selfcheck.detail.channel", { name: cleanText(device, NAME_MAX), why: phrase("selfcheck.detail.no_disk") })] : []),
    ...disks.filter(({ healthy }) => healthy === false).map(({ disk, state }) => diskOf(device, disk, state)),
  ]);
  if (broken.length === 0) return line;
  const words = phrase("selfcheck.detail.disk_broken", { names: listed(broken) });
  const detail = line.detail === undefined ? words : joined([line.detail, words], "; ");
  return { ...line, state: "warn", detail, hint: phrase("selfcheck.hint.recorder_disk"), owner: phrase("owner.vendor") };
}

function diskOf(device: string, disk: string, state: string): Phrase {
  return phrase("selfcheck.detail.channel", { name: cleanText(`${device} ${disk}`, NAME_MAX), why: cleanText(state, NAME_MAX) });
}

const Looks = z.object({
  recorders: z.array(
    z.looseObject({ device: z.string(), clock: z.enum(["ok", "warn", "wrong", "zone_mislabelled", "unknown"]), trouble: z.undefined().optional() }),
  ),
});

/**
 * The line of a look that reached the recorders and saw no recording: a clock that is wrong dates none, a recorder without a disk has none.
 * Undefined where a recorder could not be asked, which is told as of any device.
 */
export function unseenLine({ evidence }: Outcome): Judged | undefined {
  const looks = Looks.safeParse(evidence).data?.recorders ?? [];
  const [first] = looks;
  if (first === undefined) return undefined;
  const whys = { wrong: "recording.reason.CLOCK_WRONG", unknown: "recording.reason.CLOCK_UNKNOWN" } as const;
  const whyOf = (clock: typeof first.clock) => (clock === "wrong" || clock === "unknown" ? whys[clock] : "selfcheck.detail.nothing_recorded");
  const names = listed(looks.map(({ device, clock }) => phrase("selfcheck.detail.channel", { name: cleanText(device, NAME_MAX), why: phrase(whyOf(clock)) })));
  const isClock = whyOf(first.clock) !== "selfcheck.detail.nothing_recorded";
  const hint = phrase(isClock ? "selfcheck.hint.recorder_clock" : "selfcheck.hint.bad.recording_now");
  return { state: "unknown", detail: phrase("selfcheck.detail.undecided", { names }), hint, owner: phrase("owner.commune") };
}

/** Who mends it that a recorder's channels cannot be judged, by the first reason that anybody can mend. */
function unverifiableBlame(
  targets: readonly AskedDevice[],
  channels: readonly ChannelEvidence[],
  requirements: PolicyProfile["requirements"],
): Pick<Judged, "hint" | "owner"> {
  const open = channels.filter(({ verdict }) => verdict === "UNVERIFIABLE");
  const [first] = open.flatMap(({ device, reasons }) => reasons.map((reason) => ({ device, reason })));
  if (first?.reason === "CLOCK_WRONG" || first?.reason === "CLOCK_UNKNOWN")
    return { hint: phrase("selfcheck.hint.recorder_clock"), owner: phrase("owner.commune") };
  const requirement = requirements.find(({ rule }) => rule.kind === "depth");
  if (first && requirement && isTextKey(`recording.advice.${first.reason}`))
    return remedyOf(requirement, { reason: "unverifiable", detail: { doubt: first.reason } });
  return remedy(first && askedReasons[first.reason], targets.find(({ id }) => id === first?.device)?.credential);
}

/** Reasons of a verdict that say why the recorder could not be asked. */
const askedReasons: Partial<Record<RecordingReason, FailureReason | SkipReason>> = {
  AUTH_FAILED: "auth_failed",
  DEVICE_BUSY: "device_busy",
  NO_PERMISSION: "no_permission",
  OFFLINE: "unreachable",
};

function named(names: readonly string[]): Phrase {
  return listed(names.map((name) => ({ vi: name, en: name })));
}
