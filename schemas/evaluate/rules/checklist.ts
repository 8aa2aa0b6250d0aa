import { vietnamDay } from "../../calendar.ts";
import type { Duty, KeptDuty } from "../../duty.ts";
import type { Facts } from "../../facts.ts";
import type { FindingPart } from "../../finding.ts";
import type { RequirementId } from "../../ids.ts";
import type { ChecklistRule } from "../../policy.ts";
import { type Judgement, worstPart } from "../judgement.ts";
import { nextTurn, type RecordedTurn, recordedTurns } from "../turns.ts";
import { judgeAttested } from "./attested.ts";

/**
 * The periodic work list, duty by duty, from the day of the centre's first record on: too many turns that were late or skipped are a breach, a
 * single one is not. Without records it is unknown. Records kept in time are the commune's own word: green only when an inspector has held
 * them against what is done (requirements.md R26), and only until the next turn runs out without one.
 */
export function judgeChecklist(rule: ChecklistRule, facts: Facts, nowMs: number, requirement: RequirementId): Judgement {
  const records = facts.duties.filter((record) => record.requirement === requirement && Date.parse(record.at) <= nowMs);
  const [newest] = records;
  const frame = { required: rule.duties.length, unit: "count" };
  if (!newest) return { state: "unknown", reason: "not_recorded", observed: 0, ...frame };

  const lists = rule.duties.map((duty) => ({ duty, turns: recordedTurns(duty, facts.calendar, records, nowMs) }));
  const kept = lists.map(({ duty, turns }) => judgeDuty(duty, turns, nowMs));
  const inspection = judgeAttested(rule.inspected, facts, nowMs, requirement);
  const parts = [...kept, ...(inspection.parts ?? []).map(confirmation)];
  const { state, reason } = worstPart(parts);
  const turns = lists.flatMap((list) => list.turns);
  const closed = turns.filter(({ closesMs }) => closesMs <= nowMs);
  const ends = [...lists.map((list) => runsOutMs(list.duty, list.turns, facts, nowMs)), inspection.validUntilMs ?? nowMs];
  const words = turns.flatMap(({ record }) => record ?? []).sort((a, b) => Date.parse(b.at) - Date.parse(a.at));
  return {
    state,
    reason,
    observed: kept.filter((part) => part.state === "pass").length,
    ...frame,
    parts,
    evidence: [...(inspection.evidence ?? []), ...words.map(({ id }) => `duty:${id}`)],
    detail: countsOf(
      closed,
      words.find((record) => record.state === "done"),
    ),
    observedMs: Date.parse(newest.at),
    ...(state === "pass" && { validUntilMs: Math.min(...ends) }),
  };
}

/** The last moment before a turn of which nothing is written yet would be late. */
function runsOutMs(duty: Duty, turns: readonly RecordedTurn[], { calendar }: Facts, nowMs: number): number {
  const due = turns.findLast(({ state }) => state === "due") ?? nextTurn(duty, calendar, nowMs);
  return due.closesMs - 1;
}

function judgeDuty({ id, breach }: Duty, turns: readonly RecordedTurn[], nowMs: number): FindingPart {
  const closed = turns.filter(({ closesMs }) => closesMs <= nowMs);
  const detail = countsOf(closed, turns.find(({ state }) => state === "done")?.record);
  const { late, skipped, done } = detail;
  const part = { subject: id, observed: done, detail };
  if (late >= breach.late || late + skipped >= breach.notDone) return { ...part, state: "fail", reason: "duties_late" };
  if (closed.length === 0) return { ...part, state: "pending", reason: "too_young" };
  // The newest turn that has ended was not even made good later; or nothing at all was done.
  if ((closed[0]?.state === "late" && !closed[0].record) || done === 0) return { ...part, state: "pending", reason: "duties_open" };
  return { ...part, state: "pass", reason: "duties_kept" };
}

/** An inspector's no is a breach; without an inspector's yes the records are a declaration. */
function confirmation(part: FindingPart): FindingPart {
  return part.state === "unknown" ? { ...part, state: "pending", reason: "declared_only" } : part;
}

function countsOf(turns: readonly RecordedTurn[], lastDone: KeptDuty | undefined) {
  const count = (asked: RecordedTurn["state"]) => turns.filter(({ state }) => state === asked).length;
  const lastDay = lastDone ? vietnamDay(Date.parse(lastDone.at)) : "–";
  return { turns: turns.length, late: count("late"), skipped: count("skipped"), done: count("done"), lastDay };
}
