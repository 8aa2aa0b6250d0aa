import type { Facts } from "../facts.ts";
import type { RequirementId } from "../ids.ts";
import type { Rule, RuleKind } from "../policy.ts";
import type { Judgement } from "./judgement.ts";
import { judgeAttested } from "./rules/attested.ts";
import { judgeCapacity } from "./rules/capacity.ts";
import { judgeChecklist } from "./rules/checklist.ts";
import { judgeCount } from "./rules/count.ts";
import { judgeDepth } from "./rules/depth.ts";
import { judgeFloor } from "./rules/floor.ts";
import { judgeReachable } from "./rules/reachable.ts";

type Judge<Kind extends RuleKind> = (rule: Extract<Rule, { kind: Kind }>, facts: Facts, nowMs: number, requirement: RequirementId) => Judgement;

/** One judge per kind of rule; a kind without a line is a type error. */
const judges: { readonly [Kind in RuleKind]: Judge<Kind> } = {
  attested: judgeAttested,
  capacity: judgeCapacity,
  checklist: judgeChecklist,
  count: judgeCount,
  depth: judgeDepth,
  floor: judgeFloor,
  reachable: judgeReachable,
};

/** Judges one requirement by its rule's kind. */
export function judgeRule<Kind extends RuleKind>(rule: Extract<Rule, { kind: Kind }>, facts: Facts, nowMs: number, requirement: RequirementId): Judgement {
  return (judges[rule.kind as Kind] as Judge<Kind>)(rule, facts, nowMs, requirement);
}
