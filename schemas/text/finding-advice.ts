import type { Finding, FindingReason } from "../finding.ts";
import { type Requirement, restsOnWords } from "../policy.ts";
import type { RecordingReason } from "../recording-evidence.ts";
import type { Lang } from "../words.ts";
import { isTextKey, text } from "./text.ts";

/**
 * What keeps a requirement from being judged, and what it fails of where the plan's advice would not mend that; and whose turn it is then. What the plan
 * advises is for the usual case of a requirement that is not met.
 */
const obstacles: { readonly [reason in FindingReason]?: Requirement["owner"] | "owner" } = {
  access_denied: "province-it",
  clock_wrong: "vendor",
  declared_only: "province-it",
  declared_short: "commune",
  denied: "owner",
  device_offline: "commune",
  history_lost: "province-it",
  moved: "province-it",
  no_address: "province-it",
  no_camera: "province-it",
  no_channel: "vendor",
  no_data: "province-it",
  no_denominator: "province-it",
  no_measure_server: "province-it",
  not_asked: "province-it",
  not_recording: "commune",
  only_excused_runs: "commune",
  pc_clock_wrong: "commune",
  recording_gaps: "vendor",
  retention_cap: "vendor",
  rule_error: "dost",
  shared_fault: "province-it",
  site_offline: "commune",
  stale: "province-it",
  unheard: "commune",
  wifi_down: "commune",
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
  // What was declared is not declared again: it waits for an inspector, and the centre has nothing more to do.
  if (reason === "declared_only" && restsOnWords(rule)) return { words: text(lang, "finding.advice.await_inspection"), owner: "province-office" };
  if (rule.kind === "depth" && (reason === "unverifiable" || reason === "contradiction")) {
    const key = `recording.advice.${detail?.doubt}`;
    return isTextKey(key)
      ? { words: text(lang, key), owner: doubtOwners[detail?.doubt as RecordingReason] ?? owner }
      : { words: text(lang, "finding.advice.recordings_untold"), owner };
  }
  const other = obstacles[reason];
  if (other !== undefined) return { words: text(lang, `finding.advice.${reason}` as Parameters<typeof text>[1]), owner: other === "owner" ? owner : other };
  return waits.has(reason) ? { words: text(lang, "finding.wait") } : { words: advice[lang], owner };
}
