import type { NotifyConfig } from "#schemas/alert.ts";
import { isLocal } from "#schemas/evaluate/points.ts";
import type { OwnProblem } from "#schemas/maintenance.ts";
import type { Owner, PolicyProfile, Requirement, Rule } from "#schemas/policy.ts";
import { namedAt, pointWord } from "#schemas/text/point-word.ts";
import { isTextKey, type TextKey, text } from "#schemas/text/text.ts";
import type { Lang, Words } from "#schemas/words.ts";
import { AGENT_SILENT, BACKUP_MISSING } from "./incident.ts";

/** What messages say of a requirement of the plan, or of what is none (`ownTopics`), and how long its states must last. */
export type Topic = {
  readonly id: string;
  readonly title: Words;
  readonly effect: Words;
  readonly advice: Words;
  /** What to do where many centres have it at once. */
  readonly stormAdvice: Words;
  readonly owner: Owner;
  readonly impact: number;
  /** The impact by whose steps it climbs: what took days to be sure of is not put right within an hour. */
  readonly urgency: number;
  readonly openMs: number;
  readonly closeMs: number;
  /** How it is judged; what is no requirement of the plan has no rule. */
  readonly rule?: Rule | undefined;
  /** Where it is demanded: `main` at the main office alone. */
  readonly points?: Requirement["points"];
  /** No version of the policy that is in force has it: nothing of it begins, and what stands of it ends. */
  readonly dropped?: boolean | undefined;
};

const MINUTE_MS = 60_000;
/** Of the time that an agent must be silent, the last part passes in the soft state, where others of the same cause may join. */
export const SILENT_SOFT_MS = MINUTE_MS;

/** Problems of what is no requirement of the plan: what people read of them, and whose turn it is. */
export const ownTopics = {
  [AGENT_SILENT]: {
    id: AGENT_SILENT,
    title: words("alert.agent.title"),
    effect: words("alert.effect.agent"),
    advice: words("alert.agent.advice"),
    stormAdvice: words("alert.storm.agent"),
    owner: "commune",
  },
  [BACKUP_MISSING]: {
    id: BACKUP_MISSING,
    title: words("alert.backup.title"),
    effect: words("alert.effect.backup"),
    advice: words("alert.backup.advice"),
    // There is one database: many at once there are not.
    stormAdvice: words("alert.backup.advice"),
    owner: "province-it",
  },
} as const satisfies Record<OwnProblem, Pick<Topic, "id" | "title" | "effect" | "advice" | "stormAdvice" | "owner">>;

/** The one of `ownTopics` with an id; undefined for a requirement of the plan. */
export function ownTopic(id: string): (typeof ownTopics)[keyof typeof ownTopics] | undefined {
  return Object.values(ownTopics).find((topic) => topic.id === id);
}

/** All topics of a policy by their ids, `ownTopics` among them. */
export function topicsOf({ requirements }: PolicyProfile, { lasting }: NotifyConfig): ReadonlyMap<string, Topic> {
  const agent: Topic = { ...ownTopics.agent, impact: 1, urgency: 1, openMs: SILENT_SOFT_MS, closeMs: lasting.agent.closeMinutes * MINUTE_MS };
  const { openMinutes, closeMinutes } = lasting.other;
  const backup: Topic = { ...ownTopics.backup, impact: 2, urgency: 2, openMs: openMinutes * MINUTE_MS, closeMs: closeMinutes * MINUTE_MS };
  const others = requirements.map((requirement): Topic => {
    const { id, title, advice, owner, impact, rule, points } = requirement;
    const { openMinutes, closeMinutes } = rule.kind === "reachable" ? lasting.reachable : lasting.other;
    const urgency = rule.kind === "reachable" ? impact : Math.max(2, impact);
    return {
      id,
      title,
      effect: words(effectKey(requirement)),
      advice,
      stormAdvice: words(rule.kind === "reachable" ? "alert.storm.reachable" : "alert.storm.other"),
      owner,
      impact,
      urgency,
      openMs: openMinutes * MINUTE_MS,
      closeMs: closeMinutes * MINUTE_MS,
      rule,
      points,
    };
  });
  return new Map([agent, backup, ...others].map((topic) => [topic.id, topic]));
}

/** Whether a centre's line, and so its provider, may be at fault: for the line itself, the portals behind it, and a PC that is not heard. */
export function mayBeLine({ id, rule }: Pick<Topic, "id" | "rule">): boolean {
  return id === AGENT_SILENT || (rule !== undefined && "probe" in rule && (rule.probe === "link-bandwidth" || rule.probe === "portal-http"));
}

/** Whether each reception point of a centre has a problem of its own. */
export function isOfPoints({ id, rule }: Pick<Topic, "id" | "rule">): boolean {
  return id === AGENT_SILENT || (rule !== undefined && isLocal(rule));
}

/** What a problem is called at a reception point; at a centre that has no other than the main office there is no `point` to name. */
export function titleAt(lang: Lang, { id, title }: Pick<Topic, "id" | "title">, point: string | undefined): string {
  if (point === undefined) return title[lang];
  return id === AGENT_SILENT ? text(lang, "alert.agent.title.point", { place: pointWord(lang, point) }) : namedAt(lang, title[lang], point);
}

/** Whether a fault of the whole province is sought at a target: by a rule that knows shared faults, at its own targets or at all that centres ask. */
export function isSoughtAt(rule: Rule | undefined, target: string): boolean {
  return rule?.kind === "reachable" && rule.sharedFaultPercent !== undefined && (rule.targets?.includes(target) ?? true);
}

/** What citizens notice follows from what is measured; where only people say it, from the impact. */
export function effectKey({ rule, impact }: Pick<Requirement, "rule" | "impact">): TextKey {
  const key = `alert.effect.${"probe" in rule ? rule.probe : impact}`;
  return isTextKey(key) ? key : "alert.effect.2";
}

function words(key: TextKey): Words {
  return { vi: text("vi", key), en: text("en", key) };
}
