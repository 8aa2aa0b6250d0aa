import { z } from "zod";
import type { Assignment } from "#schemas/agent-config.ts";
import type { Outcome, ProbeKind } from "#schemas/observation.ts";
import type { PolicyProfile } from "#schemas/policy.ts";
import { isTextKey } from "#schemas/text/text.ts";
import { deriveAssignments } from "../assignments.ts";
import { oneAtATime } from "../jobs.ts";
import { lanGuard } from "../subnets.ts";
import { deviceLine, recordingLine, restingLine, unseenLine, withDisks } from "./device-line.ts";
import { countsForMs, keptLine } from "./kept-evidence.ts";
import { type CheckLine, type CheckResult, phrase } from "./result.ts";
import type { Check, Surroundings } from "./surroundings.ts";
import { type AskedDevice, unaskedLine } from "./unasked-line.ts";

/** Kinds that ask devices of the local network. */
const lanKinds = new Set<ProbeKind>(["wifi-clients", "office-devices", "camera-presence", "camera-stream", "recording-depth", "recording-watch", "vms-link"]);
/** Runs that take minutes, or that learn from one another, are never made fresh; the newest of the spool stands for them. */
const slowKinds = new Set<ProbeKind>(["recording-depth", "recording-watch", "camera-stream"]);
const SILENT_NAMED = 8;

/** Every device that the centre has declared with an address. */
export const deviceChecks: readonly Check[] = [{ id: "devices", group: "devices", run: checkDevices }];

async function checkDevices(surroundings: Surroundings): Promise<CheckResult[]> {
  const { config, policy, settings, collectorUrl } = surroundings;
  const { assignments, refused } = deriveAssignments({
    policy,
    devices: config?.centre.devices ?? [],
    measureServers: [],
    local: settings.local,
    collectorUrl: collectorUrl ?? "http://127.0.0.1",
    dataDir: settings.dataDir,
    allows: lanGuard(settings.local),
    networks: [],
  });
  const asked = assignments.filter(({ probe }) => lanKinds.has(probe));
  const lines = await askInTurn(asked, (assignment) => checkAssignment(assignment, surroundings));
  if (refused.length > 0) lines.push(refusedLine(refused));
  return lines.length > 0
    ? lines
    : [
        {
          id: "devices.none",
          group: "devices",
          state: "unknown",
          title: phrase("selfcheck.title.devices"),
          detail: phrase("selfcheck.detail.devices_none"),
          hint: phrase("selfcheck.hint.devices_none"),
          owner: phrase("owner.dost"),
        },
      ];
}

/** Whether a channel that rests is none that fails: where no requirement of the plan wants all hours recorded. */
function mayRest({ requirements }: PolicyProfile): boolean {
  return !requirements.some(({ rule }) => rule.kind === "depth" && rule.recordingMode === "continuous");
}

/** All at once, except that cameras and recorders are asked one thing after the other, as the agent does. Lines come in the order of `asked`. */
async function askInTurn(asked: readonly Assignment[], ask: (assignment: Assignment) => Promise<CheckResult>): Promise<CheckResult[]> {
  let before: Promise<unknown> = Promise.resolve();
  const lines = asked.map((assignment) => {
    if (!oneAtATime.has(assignment.probe)) return ask(assignment);
    const line = before.then(() => ask(assignment));
    before = line.catch(() => undefined);
    return line;
  });
  return Promise.all(lines);
}

async function checkAssignment(assignment: Assignment, { run, quick, spool, policy, nowMs }: Surroundings): Promise<CheckResult> {
  const { probe, options } = assignment;
  const key = `selfcheck.title.devices.${probe}`;
  const base = { id: `devices.${probe}`, group: "devices", title: isTextKey(key) ? phrase(key) : { vi: probe, en: probe } } as const;
  const isSlow = slowKinds.has(probe);
  if (run !== undefined && !quick && !isSlow) return { ...base, ...lineOf(assignment, await run(probe, options), policy) };
  const kept = spool?.recent(probe, 1)[0];
  if (kept === undefined) {
    const why = isSlow ? "selfcheck.scheduled_only" : run === undefined ? "selfcheck.offline" : "selfcheck.quick_skipped";
    return { ...base, state: "not_tested", detail: phrase(why) };
  }
  const hint = phrase(isSlow ? "selfcheck.hint.stale_scheduled" : "selfcheck.hint.stale");
  return { ...base, ...keptLine(lineOf(assignment, kept.outcome, policy), kept.takenAt, { countsMs: countsForMs(policy, assignment), nowMs, hint }) };
}

function lineOf(assignment: Assignment, outcome: Outcome, policy: PolicyProfile): CheckLine {
  const line = answerLine(assignment, outcome, policy);
  return assignment.probe === "recording-watch" ? withDisks(line, outcome) : line;
}

function answerLine(assignment: Assignment, outcome: Outcome, policy: PolicyProfile): CheckLine {
  const { probe } = assignment;
  if (outcome.kind === "measured" && probe === "recording-watch" && mayRest(policy)) return restingLine(devicesOf(assignment), outcome);
  if (outcome.kind === "measured")
    return probe === "recording-depth" ? recordingLine(devicesOf(assignment), outcome, policy) : deviceLine(devicesOf(assignment), outcome, policy);
  // Only the province can name its own system: no device is at fault, and nobody at the centre can do anything.
  if (probe === "vms-link" && outcome.reason === "no_target")
    return { state: "unknown", detail: phrase("selfcheck.detail.vms_unnamed"), hint: phrase("selfcheck.hint.vms_unnamed"), owner: phrase("owner.province-it") };
  const unseen = probe === "recording-watch" ? unseenLine(outcome) : undefined;
  return unseen ?? unaskedLine(devicesOf(assignment), outcome);
}

/** A target as the agent derives it: its passwords are still names. */
const NamedTarget = z.looseObject({ id: z.string(), onvif: z.string().optional(), http: z.string().optional(), snmp: z.string().optional() });

/** The devices that an assignment asks, by the names by which its readings call them. */
function devicesOf({ options: { targets } }: Assignment): AskedDevice[] {
  if (!Array.isArray(targets)) return [];
  return targets.flatMap((target) => {
    const { id, onvif, http, snmp } = NamedTarget.safeParse(target).data ?? {};
    return id === undefined ? [] : [{ id, credential: onvif ?? http ?? snmp }];
  });
}

function refusedLine(refused: readonly { id: string }[]): CheckResult {
  const ids = refused
    .slice(0, SILENT_NAMED)
    .map(({ id }) => id)
    .join(", ");
  return {
    id: "devices.refused",
    group: "devices",
    state: "warn",
    title: phrase("selfcheck.title.devices"),
    detail: phrase("selfcheck.detail.devices_refused", { count: refused.length, ids }),
    hint: phrase("selfcheck.hint.devices_refused"),
    owner: phrase("owner.province-it"),
  };
}
