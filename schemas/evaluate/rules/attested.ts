import { type Attestation, FORGOTTEN_DAYS, lastDayOf } from "../../attestation.ts";
import { endOfDayMs, vietnamDay } from "../../calendar.ts";
import type { Facts } from "../../facts.ts";
import type { FindingPart, FindingReason, FindingState } from "../../finding.ts";
import type { RequirementId } from "../../ids.ts";
import type { AttestedRule } from "../../policy.ts";
import { type Judgement, worstPart } from "../judgement.ts";

/**
 * What people said, item by item, while it is valid. An inspector's word beats the commune's. A declaration alone is never green
 * (requirements.md R26): it is pending until an inspector has confirmed it.
 */
export function judgeAttested(rule: AttestedRule, facts: Facts, nowMs: number, requirement: RequirementId): Judgement {
  const words = rule.items.map(({ id }) => ({ id, word: standing(facts.attestations, requirement, id, rule, nowMs) }));
  const parts = words.map(({ id, word }): FindingPart => ({ subject: id, ...judgeItem(word, rule, nowMs) }));
  const { state, reason } = worstPart(parts);
  const said = words.flatMap(({ word }) => (word ? [word] : []));
  const ends = said.map(({ at }) => endOfDayMs(lastDayOf(at, rule.validDays)));
  return {
    state,
    reason,
    observed: parts.filter((part) => part.state === "pass").length,
    required: parts.length,
    unit: "count",
    parts,
    evidence: said.map(({ id }) => `attestation:${id}`),
    // Those of which the sentence speaks: what is declared and waits for an inspector is neither denied nor missing.
    detail: { items: parts.length, open: state === "pass" ? 0 : parts.filter((part) => part.reason === reason).length },
    inspected: said.length > 0 && said.every(({ inspector }) => inspector),
    ...(said.length > 0 && { observedMs: Math.max(...said.map(({ at }) => Date.parse(at))) }),
    ...(state === "pass" && { validUntilMs: Math.min(...ends) }),
  };
}

/** Whether a word still holds: to the end of its last day in Viet Nam. */
export function isValid({ at }: Attestation, validDays: number, nowMs: number): boolean {
  return vietnamDay(nowMs) <= lastDayOf(at, validDays);
}

/** The word that counts: the newest valid one of an inspector, else the newest of the commune, else the newest expired one that is not forgotten. */
function standing(
  attestations: readonly Attestation[],
  requirement: RequirementId,
  item: string,
  { validDays }: AttestedRule,
  nowMs: number,
): Attestation | undefined {
  const own = attestations.filter((one) => one.requirement === requirement && one.item === item && Date.parse(one.at) <= nowMs);
  const valid = own.filter((word) => isValid(word, validDays, nowMs));
  return valid.find(({ inspector }) => inspector) ?? valid[0] ?? own.find((word) => isValid(word, validDays + FORGOTTEN_DAYS, nowMs));
}

function judgeItem(word: Attestation | undefined, { validDays }: AttestedRule, nowMs: number): { state: FindingState; reason: FindingReason } {
  if (!word) return { state: "unknown", reason: "not_attested" };
  if (!isValid(word, validDays, nowMs)) return { state: "unknown", reason: "attestation_expired" };
  if (!word.holds) return { state: "fail", reason: "denied" };
  return word.inspector ? { state: "pass", reason: "inspected" } : { state: "pending", reason: "declared_only" };
}
