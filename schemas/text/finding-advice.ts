import type { Finding, FindingReason } from "../finding.ts";
import type { Requirement } from "../policy.ts";
import type { RecordingReason } from "../recording-evidence.ts";
import type { Lang } from "../words.ts";
import { isTextKey, text } from "./text.ts";

/** What keeps a requirement from being judged, and whose turn it is then: what the plan's advice says is for the case that it is not met. */
const obstacles: { readonly [reason in FindingReason]?: Requirement["owner"] } = {
  access_denied: "province-it",
  clock_wrong: "vendor",
  device_offline: "commune",
  no_address: "province-it",
  no_camera: "province-it",
  no_channel: "vendor",
  no_data: "province-it",
  no_denominator: "province-it",
  no_measure_server: "province-it",
  not_asked: "province-it",
  only_excused_runs: "commune",
  pc_clock_wrong: "commune",
  rule_error: "dost",
  shared_fault: "province-it",
  site_offline: "commune",
  stale: "province-it",
  unheard: "commune",
};
/** Breaches of the depth of recordings that another hand mends than the one that the plan's single advice is for: that one speaks of disks. */
const mends: { readonly [reason in FindingReason]?: Requirement["owner"] } = {
  history_lost: "province-it",
  not_recording: "commune",
  recording_gaps: "vendor",
  retention_cap: "vendor",
};
/** Doubts about recordings, by the recorder's reason, that are not the installer's. */
const doubtOwners: { readonly [reason in RecordingReason]?: Requirement["owner"] } = {
  CHANGED_DEVICE: "province-it",
  DEVICE_BUSY: "commune",
  NO_API: "province-it",
  NO_RECORDER: "province-it",
  OLDEST_ONLY: "province-it",
  ZONE_UNKNOWN: "commune",
};
/** More of the same measurements decide, and nobody can do anything meanwhile. */
const waits: ReadonlySet<FindingReason> = new Set(["budget", "lease_used", "too_few_runs", "too_young", "unconfirmed", "wifi_unconfirmed"]);

export type Advice = { readonly words: string; readonly owner?: Requirement["owner"] };

/** What to do about a requirement that is not met or not known, and who does it; nobody where it is time alone that decides. */
export function findingAdvice(
  lang: Lang,
  { advice, owner, rule }: Pick<Requirement, "advice" | "owner" | "rule">,
  { reason, detail }: Pick<Finding, "reason" | "detail">,
): Advice {
  if (rule.kind === "reachable" && rule.probe === "vms-link") {
    // Nobody at a centre can name the province's system, and what no device tells stands in that system's own list.
    if (detail?.outcome === "no_target") return { words: text(lang, "finding.advice.vms_unnamed"), owner: "province-it" };
    if (reason === "unverifiable") return { words: text(lang, "finding.advice.vms_untold"), owner: "province-it" };
  }
  if (rule.kind === "depth" && reason === "unverifiable" && typeof detail?.doubt === "string") {
    const key = `recording.advice.${detail.doubt}`;
    if (isTextKey(key)) return { words: text(lang, key), owner: doubtOwners[detail.doubt as RecordingReason] ?? owner };
  }
  const other = obstacles[reason] ?? mends[reason];
  if (other !== undefined) return { words: text(lang, `finding.advice.${reason}` as Parameters<typeof text>[1]), owner: other };
  return waits.has(reason) ? { words: text(lang, "finding.wait") } : { words: advice[lang], owner };
}
