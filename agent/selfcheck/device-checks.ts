import type { Assignment } from "#schemas/agent-config.ts";
import { cleanText } from "#schemas/clean-text.ts";
import type { MetricName } from "#schemas/metrics.ts";
import type { Outcome, Reading } from "#schemas/observation.ts";
import { isTextKey } from "#schemas/text/text.ts";
import { deriveAssignments } from "../assignments.ts";
import { lanGuard } from "../subnets.ts";
import { unasked } from "./network-checks.ts";
import { type CheckResult, phrase } from "./result.ts";
import type { Check, Surroundings } from "./surroundings.ts";

/** Kinds that ask devices of the local network. */
const lanKinds = new Set(["wifi-clients", "office-devices", "camera-presence", "camera-stream", "recording-depth", "vms-link"]);
/** Runs that take minutes are never made fresh; the newest of the spool stands for them. */
const slowKinds = new Set(["recording-depth", "camera-stream"]);
const upMetrics = new Set<MetricName>(["device_up", "camera_up", "camera_stream_up", "wifi_ap_up"]);
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
  const lines = await Promise.all(asked.map((assignment) => checkAssignment(assignment, surroundings)));
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

async function checkAssignment({ probe, options }: Assignment, { run, quick, spool, nowMs }: Surroundings): Promise<CheckResult> {
  const key = `selfcheck.title.devices.${probe}`;
  const base = { id: `devices.${probe}`, group: "devices", title: isTextKey(key) ? phrase(key) : { vi: probe, en: probe } } as const;
  if (run !== undefined && !quick && !slowKinds.has(probe)) return { ...base, ...lineOf(await run(probe, options)) };
  const kept = spool?.recent(probe, 1)[0];
  if (kept === undefined)
    return {
      ...base,
      state: "not_tested",
      detail: phrase(run === undefined ? "selfcheck.offline" : slowKinds.has(probe) ? "selfcheck.scheduled_only" : "selfcheck.quick_skipped"),
    };
  return { ...base, ...lineOf(kept.outcome), ageS: Math.max(0, Math.round((nowMs - Date.parse(kept.takenAt)) / 1_000)) };
}

function lineOf(outcome: Outcome): Pick<CheckResult, "state" | "detail" | "hint" | "owner"> {
  if (outcome.kind !== "measured") return { ...unasked(outcome), hint: phrase("selfcheck.hint.device_failed"), owner: phrase("owner.dost") };
  const answers = outcome.readings.filter(({ metric }) => upMetrics.has(metric));
  const silent = answers.filter(({ value }) => value === 0).map(nameOf);
  const all = answers.length;
  if (all === 0) return { state: "ok", detail: phrase("selfcheck.detail.measured", { count: outcome.readings.length }) };
  const up = all - silent.length;
  if (silent.length === 0) return { state: "ok", detail: phrase("selfcheck.detail.devices_up", { up, all }) };
  const down = silent.slice(0, SILENT_NAMED).join(", ") + (silent.length > SILENT_NAMED ? ", ..." : "");
  return {
    state: "warn",
    detail: phrase("selfcheck.detail.devices_down", { up, all, down }),
    hint: phrase("selfcheck.hint.devices_down"),
    owner: phrase("owner.commune"),
  };
}

/** A device's own name is hostile text until it is cleaned. */
function nameOf({ labels }: Reading): string {
  return cleanText(labels?.device ?? labels?.camera ?? labels?.ap ?? "?", 40);
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
