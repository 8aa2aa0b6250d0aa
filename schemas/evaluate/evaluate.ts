import { isWithdrawnAt, type Waiver } from "../attestation.ts";
import { vietnamDay } from "../calendar.ts";
import type { Facts } from "../facts.ts";
import { type Declared, type Finding, PARTS_MAX } from "../finding.ts";
import { type PolicyProfile, type Requirement, restsOnWords } from "../policy.ts";
import type { Judgement } from "./judgement.ts";
import { judgeByPoint } from "./points.ts";
import { judgeRule } from "./registry.ts";
import { isValid } from "./rules/attested.ts";
import { explainedBySilence } from "./silence.ts";

/** Most evidence references that a finding names. */
const EVIDENCE_MAX = 50;

/**
 * Judges requirements of a policy by the facts of one centre at one instant: exactly one finding for each, whatever is missing.
 * Pure: the same arguments give the same findings, in whatever order the facts arrived.
 */
export function evaluate(policy: PolicyProfile, facts: Facts, nowMs: number, requirements: readonly Requirement[] = policy.requirements): Finding[] {
  const ordered = inOrder(facts);
  return requirements.map((requirement) => findingOf(policy, requirement, ordered, nowMs));
}

/** Newest first, and of equal age always the same one first. Of waivers the one that lasts longest. */
function inOrder(facts: Facts): Facts {
  return {
    ...facts,
    runs: [...facts.runs].sort((a, b) => b.atMs - a.atMs || compareText(a.ref, b.ref)),
    presence: [...facts.presence].sort((a, b) => compareText(b.day, a.day) || compareText(a.device, b.device) || compareText(a.role, b.role)),
    found: [...facts.found].sort((a, b) => compareText(b.lastDay, a.lastDay) || compareText(a.identity, b.identity)),
    attestations: [...facts.attestations].sort((a, b) => compareText(b.at, a.at) || compareText(a.id, b.id)),
    duties: [...facts.duties].sort((a, b) => compareText(b.at, a.at) || compareText(a.id, b.id)),
    waivers: [...facts.waivers].sort((a, b) => compareText(b.until, a.until) || compareText(a.id, b.id)),
  };
}

/** By code units: the same on every machine, unlike the order of a language. */
function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function findingOf(policy: PolicyProfile, requirement: Requirement, facts: Facts, nowMs: number): Finding {
  const { state, reason, observed, required, unit, detail, parts, evidence = [], observedMs, validUntilMs, inspected } = judge(requirement, facts, nowMs);
  const declared = declaredBeside(requirement, facts, nowMs);
  const waiver = waiverOn(requirement, facts.waivers, nowMs);
  return {
    centre: facts.centre.code,
    requirement: requirement.id,
    state,
    reason,
    ...(observed !== undefined && { observed }),
    ...(required !== undefined && { required }),
    ...(unit !== undefined && { unit }),
    evidenceClass: inspected ? "inspected" : restsOnWords(requirement.rule) ? "declared" : "measured",
    ...(detail && { detail }),
    ...(declared && { declared }),
    ...(parts && { parts: parts.slice(0, PARTS_MAX) }),
    evidence: evidence.slice(0, EVIDENCE_MAX),
    ...(observedMs !== undefined && { observedAt: instant(observedMs) }),
    evaluatedAt: instant(nowMs),
    ...(validUntilMs !== undefined && { validUntil: instant(validUntilMs) }),
    policy: `${policy.id}@${policy.version}`,
    ...(waiver && { waiver }),
  };
}

/** The order of decision of design §3: not applicable, our own fault, then what the rule says, then whether silence explains it. */
function judge(requirement: Requirement, facts: Facts, nowMs: number): Judgement {
  if (requirement.applies === "key_area" && !facts.centre.keyArea) return { state: "not_applicable", reason: "not_key_area" };
  try {
    const { id, rule } = requirement;
    if (restsOnWords(rule)) return judgeRule(rule, facts, nowMs, id);
    return judgeByPoint({ ...requirement, rule }, facts, (own) => explainedBySilence(judgeRule(rule, own, nowMs, id), own, nowMs));
  } catch {
    // A fault of a rule must not take the centre's other findings with it.
    return { state: "error", reason: "rule_error" };
  }
}

function declaredBeside({ id, declared: rule }: Requirement, { attestations }: Facts, nowMs: number): Declared | undefined {
  const valid = attestations.filter((word) => rule && word.requirement === id && Date.parse(word.at) <= nowMs && isValid(word, rule.validDays, nowMs));
  const word = valid.find(({ inspector }) => inspector) ?? valid[0];
  if (!word) return undefined;
  return {
    ...(word.value !== undefined && { value: word.value }),
    ...(word.note !== undefined && { text: word.note.slice(0, 200) }),
    at: word.at,
    inspected: word.inspector,
  };
}

function waiverOn({ id }: Requirement, waivers: readonly Waiver[], nowMs: number): Finding["waiver"] {
  const today = vietnamDay(nowMs);
  const waiver = waivers.find((one) => one.requirement === id && one.from <= today && today <= one.until && !isWithdrawnAt(one, nowMs));
  return waiver && { id: waiver.id, reason: waiver.reason, document: waiver.document, until: waiver.until };
}

function instant(atMs: number): string {
  return new Date(Math.round(atMs)).toISOString();
}
