import type { Attestation } from "#schemas/attestation.ts";
import { vietnamDay } from "#schemas/calendar.ts";
import type { FindingState, Tally } from "#schemas/finding.ts";
import { isClosedOn } from "#schemas/inventory.ts";
import type { PolicyProfile, Requirement } from "#schemas/policy.ts";
import { dailyStates } from "./daily-states.ts";
import { HISTORY_DAYS } from "./history-strip.ts";
import type { CentreRows, StandingFinding, StoredRun } from "./page-store.ts";
import { asOf, tally, worstState } from "./standing.ts";

/** One row of the sheet: a requirement with all that is known of it here. `finding` is absent when it was never judged. */
export type SheetRow = {
  readonly requirement: Requirement;
  readonly state: FindingState;
  readonly finding?: StandingFinding;
  readonly days: readonly (FindingState | undefined)[];
  readonly runs: readonly StoredRun[];
  readonly attestations: readonly Attestation[];
};

export type CentreView = {
  readonly rows: CentreRows;
  readonly isClosed: boolean;
  readonly sheet: readonly SheetRow[];
  readonly state: FindingState;
  readonly excused: boolean;
  readonly tally: Tally;
  /** Failing rows without a waiver, most urgent first. */
  readonly todo: readonly SheetRow[];
};

/** Puts one centre's rows in the order of the plan; every requirement has a row, judged or not. Of a closed centre nothing is demanded. */
export function centreView(policy: PolicyProfile, rows: CentreRows, nowMs: number): CentreView {
  const findings = new Map(rows.findings.map((finding) => [finding.requirement, asOf(finding, nowMs)]));
  const runs = new Map(rows.evidence.map((run) => [run.ref, run]));
  const isClosed = isClosedOn(rows.centre.closed, vietnamDay(nowMs));
  const sheet = (isClosed ? [] : policy.requirements).map((requirement): SheetRow => {
    const finding = findings.get(requirement.id);
    return {
      requirement,
      state: finding?.state ?? "unknown",
      ...(finding && { finding }),
      days: dailyStates(
        rows.history.filter((change) => change.requirement === requirement.id),
        vietnamDay(nowMs),
        HISTORY_DAYS,
      ),
      runs: finding?.evidence.flatMap((ref) => runs.get(ref) ?? []) ?? [],
      attestations: rows.attestations.filter((attestation) => attestation.requirement === requirement.id),
    };
  });
  const judged = sheet.map(({ state, finding }) => ({ state, waived: finding?.waiver !== undefined }));
  const failing = sheet.filter(({ state }) => state === "fail");
  const todo = failing.filter(({ finding }) => !finding?.waiver).sort((a, b) => a.requirement.impact - b.requirement.impact);
  return { rows, isClosed, sheet, state: worstState(judged), excused: failing.length > 0 && todo.length === 0, tally: tally(judged), todo };
}
