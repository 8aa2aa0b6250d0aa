import type { Attestation } from "#schemas/attestation.ts";
import { type Calendar, dayAfter, daysBetween, vietnamDay } from "#schemas/calendar.ts";
import type { FindingState, Tally } from "#schemas/finding.ts";
import { isClosedOn } from "#schemas/inventory.ts";
import type { PolicyProfile, Requirement } from "#schemas/policy.ts";
import { withFills } from "../jobs/fill-unjudged.ts";
import { type DayState, dailyStates, workedDays } from "./daily-states.ts";
import { HISTORY_DAYS } from "./history-strip.ts";
import type { CentreRows, StandingFinding, StoredRun } from "./page-store.ts";
import { asOf, tally, worstState } from "./standing.ts";

/** One row of the sheet: a requirement with all that is known of it here. `finding` is absent when it was never judged. */
export type SheetRow = {
  readonly requirement: Requirement;
  readonly state: FindingState;
  readonly finding?: StandingFinding;
  readonly days: readonly (DayState | undefined)[];
  readonly runs: readonly StoredRun[];
  readonly attestations: readonly Attestation[];
};

export type CentreView = {
  readonly rows: CentreRows;
  readonly isClosed: boolean;
  readonly sheet: readonly SheetRow[];
  readonly state: FindingState;
  readonly excused: boolean;
  /** Days of the strips on which nobody judged all of it, and of which not all is known since. */
  readonly unjudged: readonly string[];
  readonly tally: Tally;
  /** Failing rows without a waiver, most urgent first. */
  readonly todo: readonly SheetRow[];
};

/** Puts one centre's rows in the order of the plan; every requirement has a row, judged or not. Of a closed centre nothing is demanded. */
export function centreView(policy: PolicyProfile, calendar: Calendar, rows: CentreRows, nowMs: number): CentreView {
  const findings = new Map(rows.findings.map((finding) => [finding.requirement, asOf(finding, nowMs)]));
  const runs = new Map(rows.evidence.map((run) => [run.ref, run]));
  const changes = Map.groupBy(withFills(rows.history, rows.unjudged ?? []), ({ requirement }) => requirement);
  const today = vietnamDay(nowMs);
  const isClosed = isClosedOn(rows.centre.closed, today);
  const sheet = (isClosed ? [] : policy.requirements).map((requirement): SheetRow => {
    const finding = findings.get(requirement.id);
    return {
      requirement,
      state: finding?.state ?? "unknown",
      ...(finding && { finding }),
      days: dailyStates(changes.get(requirement.id) ?? [], today, HISTORY_DAYS, workedDays(requirement.rule, calendar, nowMs)),
      runs: finding?.evidence.flatMap((ref) => runs.get(ref) ?? []) ?? [],
      attestations: rows.attestations.filter((attestation) => attestation.requirement === requirement.id),
    };
  });
  const judged = sheet.map(({ state, finding }) => ({ state, waived: finding?.waiver !== undefined }));
  const failing = sheet.filter(({ state }) => state === "fail");
  const todo = failing.filter(({ finding }) => !finding?.waiver).sort((a, b) => a.requirement.impact - b.requirement.impact);
  const days = daysBetween(dayAfter(today, 1 - HISTORY_DAYS), today);
  const unjudged = days.filter((_, place) => sheet.some((row) => row.days[place] === "not_judged"));
  return { rows, isClosed, unjudged, sheet, state: worstState(judged), excused: failing.length > 0 && todo.length === 0, tally: tally(judged), todo };
}
