import type { Facts, Run } from "../facts.ts";
import type { FindingReason } from "../finding.ts";
import type { FailureReason, ProbeKind } from "../observation.ts";
import type { Judgement } from "./judgement.ts";

/** A centre from which nothing came for this long is offline: its agent sends at least every minute or two. */
export const OFFLINE_MS = 1_800_000;

const reasonOfFailure: Partial<Record<FailureReason, FindingReason>> = {
  auth_failed: "access_denied",
  no_permission: "access_denied",
  timeout: "device_offline",
  unreachable: "device_offline",
  refused: "device_offline",
  no_route: "device_offline",
  unsupported: "unverifiable",
};

/** Ways in which a speed test never begins: what does not answer then is the province's measure server, and no device of the centre. */
const withoutServer: ReadonlySet<string> = new Set<FailureReason>(["auth_failed", "no_route", "refused", "timeout", "unreachable"]);

/** What it means for a finding that somebody could not be asked, by the word of the probe; whatever says nothing of why is unverifiable. */
export function reasonOfTrouble(trouble: unknown): FindingReason {
  const known: ReadonlyMap<unknown, FindingReason> = new Map(Object.entries(reasonOfFailure));
  return known.get(trouble) ?? "unverifiable";
}

/** Runs of one probe that measured something; newest first as the facts are. */
export function measuredRuns(runs: readonly Run[], probe: ProbeKind): readonly (Run & { outcome: Extract<Run["outcome"], { kind: "measured" }> })[] {
  return runs.filter((run): run is Run & { outcome: Extract<Run["outcome"], { kind: "measured" }> } => run.probe === probe && run.outcome.kind === "measured");
}

/** Why a rule has nothing to stand on: what the newest run that failed said, else that there is no data. */
export function noEvidence({ runs }: Pick<Facts, "runs">, probe: ProbeKind): Judgement {
  const newest = runs.find((run) => run.probe === probe);
  if (!newest || newest.outcome.kind === "measured") return { state: "unknown", reason: "no_data" };
  const { outcome, ref, atMs } = newest;
  const shown = { evidence: [ref], observedMs: atMs, detail: { outcome: outcome.reason } };
  if (outcome.kind === "skipped" && outcome.reason === "budget") return { state: "pending", reason: "budget", ...shown };
  if (outcome.reason === "lease_used") return { state: "unknown", reason: "lease_used", ...shown };
  if (probe === "link-bandwidth" && withoutServer.has(outcome.reason)) return { state: "unknown", reason: "no_measure_server", ...shown };
  return { state: "unknown", reason: (outcome.kind === "failed" && reasonOfFailure[outcome.reason]) || "no_data", ...shown };
}

/** Breaches of a moment: nobody knows of them any more once nobody looks. */
const momentary: ReadonlySet<FindingReason> = new Set(["other_page", "target_down", "wifi_down"]);

/**
 * Silence of a whole centre explains why its measured requirements are unknown, whatever each of them would say. What was down when the silence
 * began may be up by now, so that breach is unknown too; what took days to confirm stands for its own time.
 */
export function explainedBySilence(judgement: Judgement, { lastContactMs }: Pick<Facts, "lastContactMs">, nowMs: number): Judgement {
  const mayBeSilence = judgement.state === "unknown" || momentary.has(judgement.reason);
  if (!mayBeSilence || lastContactMs === undefined || nowMs - lastContactMs <= OFFLINE_MS) return judgement;
  return { ...judgement, state: "unknown", reason: "site_offline" };
}
