import type { Finding } from "#schemas/finding.ts";
import { MAIN_POINT } from "#schemas/inventory.ts";
import { type Requirement, restsOnWords } from "#schemas/policy.ts";
import { projectionOf } from "#schemas/text/finding-sentence.ts";
import { projectionSentence } from "#schemas/text/projection-sentence.ts";
import { isTextKey } from "#schemas/text/text.ts";
import { remedyOf } from "./remedy-of.ts";
import { type CheckResult, type CheckState, type Phrase, phrase } from "./result.ts";

const states: Record<Finding["state"], CheckState> = {
  pass: "ok",
  fail: "fail",
  pending: "unknown",
  unknown: "unknown",
  error: "unknown",
  not_applicable: "not_applicable",
};

/** The reception point at which this PC stands. `isPart`: the centre has others, too. `isEnrolled`: the province has told this PC what the centre has. */
type Place = { readonly point: string; readonly isPart: boolean; readonly isEnrolled: boolean };

/** What keeps a requirement open and stands in no other line of the self-check: in the province's lists, or between them and what a recorder shows. */
const untoldElsewhere: ReadonlySet<Finding["reason"]> = new Set([
  "declared_only",
  "moved",
  "no_address",
  "no_camera",
  "no_channel",
  "no_denominator",
  "rule_error",
]);

/** One line per requirement of the plan, from the same rules as in the province. What is not for this point to say it must not call missing. */
export function planLines(requirements: readonly Requirement[], findings: readonly Finding[], nowMs: number, place: Place): CheckResult[] {
  return requirements.map((requirement) => {
    const found = findings.find((finding) => finding.requirement === requirement.id);
    const line = planLine(requirement, found, nowMs, place);
    const elsewhere = elsewhereOf(requirement, place);
    if (elsewhere === undefined || found?.state === "not_applicable") return line;
    const { id, group, title, rule } = line;
    return { id, group, title, ...(rule !== undefined && { rule }), state: "elsewhere", detail: phrase(elsewhere) };
  });
}

/** Why a requirement is not judged at a point: what is counted over all points, whose devices this PC does not know, and what the main office alone must have. */
function elsewhereOf({ rule, points }: Requirement, { point, isPart }: Place) {
  if (restsOnWords(rule)) return undefined;
  if (rule.kind === "count") return isPart ? "selfcheck.detail.counted_elsewhere" : undefined;
  return points === "main" && point !== MAIN_POINT ? "selfcheck.detail.main_office" : undefined;
}

function planLine(requirement: Requirement, finding: Finding | undefined, nowMs: number, { isEnrolled }: Place): CheckResult {
  const { id, title, rule } = requirement;
  const base = { id: `plan.${id}`, group: "plan", title, rule: id } as const;
  // Papers and inspections are known to the province alone: this PC must not say that they are missing.
  if (restsOnWords(rule))
    return { ...base, state: finding?.state === "not_applicable" ? "not_applicable" : "elsewhere", detail: phrase("selfcheck.detail.declared_elsewhere") };
  if (finding === undefined) return { ...base, state: "unknown" };
  const state = states[finding.state];
  const ageS = finding.observedAt === undefined ? undefined : Math.max(0, Math.round((nowMs - Date.parse(finding.observedAt)) / 1_000));
  return {
    ...base,
    state,
    detail: detailOf(requirement, finding),
    ...(finding.observed !== undefined && !isUnseen(finding) && { measured: finding.observed }),
    ...(finding.required !== undefined && { required: finding.required }),
    ...(finding.unit !== undefined && { unit: finding.unit }),
    rule: `${id} ${finding.policy}`,
    ...((state === "fail" || (isEnrolled && untoldElsewhere.has(finding.reason))) && remedyOf(requirement, finding)),
    ...(ageS !== undefined && { ageS }),
  };
}

/** Numbers, reason, and for recordings what the disk will hold. */
function detailOf(requirement: Requirement, finding: Finding): Phrase {
  const said = { numbers: numbersOf(finding), sentence: reasonOf(requirement, finding) };
  const projection = projectionOf(finding.detail);
  const [vi, en] = [projectionSentence("vi", projection), projectionSentence("en", projection)];
  return vi === undefined || en === undefined
    ? phrase("selfcheck.detail.plan", said)
    : phrase("selfcheck.detail.plan_projection", { ...said, projection: { vi, en } });
}

/** What was never looked at has no number, though a rule may count none. */
function isUnseen({ state, observedAt }: Finding): boolean {
  return state === "unknown" && observedAt === undefined;
}

function numbersOf(finding: Finding): Phrase {
  const { observed, required, unit } = finding;
  if (isUnseen(finding) || observed === undefined || required === undefined) return { vi: "", en: "" };
  if (unit === "%") return phrase("selfcheck.detail.share", { observed, required });
  const key = `unit.${unit}`;
  return phrase("selfcheck.detail.numbers", { observed, required, unit: isTextKey(key) ? phrase(key) : (unit ?? "") });
}

/** The sentence of the reason, with the finding's own values in its places; what is down is named, since the advice speaks of it. */
function reasonOf({ rule }: Requirement, { reason, detail, observed, required, unit }: Finding): Phrase {
  if (rule.kind === "reachable" && (reason === "target_down" || reason === "other_page") && detail?.subject !== undefined) {
    const down = reason === "other_page" ? "selfcheck.other_page" : `selfcheck.down.${rule.metric}`;
    return phrase(isTextKey(down) ? down : "selfcheck.down", { subject: String(detail.subject) });
  }
  if (reason === "unheard" && detail?.subject !== undefined) return phrase("selfcheck.detail.unheard", { subject: String(detail.subject) });
  const key = [`finding.short.${reason}`, `finding.reason.${reason}`].find(isTextKey);
  if (key === undefined) return { vi: reason, en: reason };
  const own = Object.fromEntries(Object.entries(detail ?? {}).map(([name, value]) => [name, typeof value === "boolean" ? String(value) : value]));
  return phrase(key, { ...own, ...(observed !== undefined && { observed }), ...(required !== undefined && { required }), unit: unit ?? "" });
}
