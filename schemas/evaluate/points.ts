import type { Facts, PointContact } from "../facts.ts";
import { type Finding, type FindingPart, PARTS_MAX } from "../finding.ts";
import { type Device, type DeviceRole, MAIN_POINT, pointOf } from "../inventory.ts";
import type { Requirement, Rule } from "../policy.ts";
import { type Judgement, least, lowestPart, worstFirst, worstPart } from "./judgement.ts";

/** A rule that looks at what was measured. */
type MeasuringRule = Extract<Rule, { probe: unknown }>;
/** One that is judged at each reception point. */
type LocalRule = Exclude<MeasuringRule, { kind: "count" }>;
/** Where such a rule is to hold. */
type Demand = Pick<Requirement, "points"> & { readonly rule: MeasuringRule };
/** What a rule says of one reception point. */
type PointJudgement = { readonly point: string; readonly judgement: Judgement };

/** Whether a rule is about a line or a LAN, so that each reception point has a state of its own. Devices are counted over the centre, and words are said of it. */
export function isLocal(rule: Rule): rule is LocalRule {
  return "probe" in rule && rule.kind !== "count";
}

/** The names of the reception points of which a finding speaks, in its order; none where it knows of one alone. */
export function pointsIn({ parts = [] }: Pick<Finding, "parts">): string[] {
  return [...new Set(parts.flatMap(({ point }) => point ?? []))];
}

/** How a reception point stands by a finding: the worst of its parts, of equals that with the least number. Undefined where the finding does not speak of it. */
export function partAt({ parts = [] }: Pick<Finding, "parts">, at: string): FindingPart | undefined {
  const own = parts.filter(({ point }) => point === at);
  const { state } = worstPart(own);
  return lowestPart(own.filter((part) => part.state === state));
}

/**
 * Judges a rule about a line or a LAN at each reception point of a centre, as if it were a centre of its own: the worst point is the centre's state, its
 * number and its reason, and the parts name the points. Devices are counted over the whole centre, whose officers they are of.
 */
export function judgeByPoint({ points: where, rule }: Demand, facts: Facts, judge: (facts: Facts) => Judgement): Judgement {
  const { points = [] } = facts;
  if (!isLocal(rule) || points.length === 0) return judge(facts);
  const concerned = points.filter((one) => concerns(rule, facts, one));
  const held = where === "main" ? [mainOf(points)] : points.length > 1 ? concerned : points;
  const [first] = held;
  if (!first) return judge(facts);
  if (points.length === 1 && first === points[0]) return judge(atPoint(facts, first));
  // The peaks of days are kept of the whole centre: of one of several points that have a Wi-Fi they tell nothing.
  const peaksOf = (own: string) => (concerned.every(({ point }) => point === own) ? facts.peaks : []);
  return worstOf(held.map((at) => ({ point: at.point, judgement: judge({ ...atPoint(facts, at), peaks: peaksOf(at.point) }) })));
}

/** The main office, which may have no gateway PC. */
function mainOf(points: readonly PointContact[]): PointContact {
  return points.find(({ point }) => point === MAIN_POINT) ?? { point: MAIN_POINT };
}

/** Each point has a line. What it neither declares nor has told anything of, it is not held to have; what it had told of before it fell silent, it is. */
function concerns(rule: LocalRule, { runs, centre: { devices } }: Facts, { point, told = [] }: PointContact): boolean {
  const roles = rolesHeld(rule);
  if (roles === undefined) return true;
  // A router may have no Wi-Fi: one that nobody asks stands for none.
  const isHeld = ({ role, address }: Device) => roles.includes(role) && (role !== "router" || address !== undefined);
  const hasTold = told.includes(rule.probe) || runs.some((run) => run.probe === rule.probe && pointOf(run) === point);
  return hasTold || devices.some((one) => isHeld(one) && pointOf(one) === point);
}

/** The devices that a rule is about; undefined for one about the line. */
function rolesHeld(rule: LocalRule): readonly DeviceRole[] | undefined {
  switch (rule.kind) {
    case "floor":
      return undefined;
    case "reachable":
      return rule.targets ? undefined : ["camera", "recorder"];
    case "depth":
      return ["camera", "recorder"];
    case "capacity":
      return ["access-point", "router"];
  }
}

/** What is known of one point. The contract that a centre declares is that of its main office's line. */
function atPoint(facts: Facts, { point, firstContactMs, lastContactMs }: PointContact): Facts {
  const { firstContactMs: _, lastContactMs: __, points: ___, centre, ...rest } = facts;
  const { contractMbps, ...others } = centre;
  return {
    ...rest,
    centre: {
      ...others,
      ...(contractMbps !== undefined && point === MAIN_POINT && { contractMbps }),
      devices: centre.devices.filter((one) => pointOf(one) === point),
    },
    runs: facts.runs.filter((run) => pointOf(run) === point),
    ...(firstContactMs !== undefined && { firstContactMs }),
    ...(lastContactMs !== undefined && { lastContactMs }),
  };
}

function worstOf(judged: readonly PointJudgement[]): Judgement {
  const wholes = judged.map(wholePart);
  const { state } = worstPart(wholes);
  const lowest = lowestPart(wholes.filter((part) => part.state === state));
  const worst = judged.find(({ point }) => point === lowest?.point) ?? judged[0];
  if (!worst) return { state: "unknown", reason: "no_data" };
  const { detail, evidence = [], validUntilMs, ...said } = worst.judgement;
  const ends = judged.flatMap(({ judgement }) => judgement.validUntilMs ?? []);
  return {
    ...said,
    parts: fairParts(judged.map(partsOf)),
    // Those of the point that the finding names stand first: there may be more than are kept.
    evidence: [...new Set([...evidence, ...judged.flatMap(({ judgement }) => judgement.evidence ?? [])])],
    ...(state === "pass" ? detail && { detail } : { detail: { ...detail, point: worst.point } }),
    ...(validUntilMs !== undefined && { validUntilMs: state === "pass" ? least(ends) : validUntilMs }),
  };
}

/** All parts where a finding has room for them; else as many of each point, the worst first: an agent names what it likes, and must hide no other point. */
function fairParts(ofPoints: readonly (readonly FindingPart[])[]): readonly FindingPart[] {
  const all = ofPoints.flat();
  if (all.length <= PARTS_MAX) return all;
  const rank = ({ state }: FindingPart) => worstFirst.indexOf(state);
  return ofPoints.flatMap((parts) => parts.toSorted((a, b) => rank(a) - rank(b)).slice(0, Math.max(1, Math.floor(PARTS_MAX / ofPoints.length))));
}

/** What was down at a point when it fell silent is not known any more. */
function partsOf(judged: PointJudgement): FindingPart[] {
  const { point, judgement } = judged;
  const { parts = [], reason } = judgement;
  return parts.length === 0 || reason === "site_offline" ? [wholePart(judged)] : parts.map((part) => ({ ...part, point }));
}

function wholePart({ point, judgement: { state, reason, observed, detail } }: PointJudgement): FindingPart {
  return { subject: point, point, state, reason, ...(observed !== undefined && { observed }), ...(detail && { detail }) };
}
