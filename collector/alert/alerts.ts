import type { Message, NotifyConfig, Recipient } from "#schemas/alert.ts";
import { addWorkingMs, type Calendar, isWorkingTime, workingMsBetween } from "#schemas/calendar.ts";
import type { Finding } from "#schemas/finding.ts";
import type { Owner, PolicyProfile } from "#schemas/policy.ts";
import { findingSentence } from "#schemas/text/finding-sentence.ts";
import { text } from "#schemas/text/text.ts";
import type { Words } from "#schemas/words.ts";
import type { OnJudged } from "../jobs/judge.ts";
import type { Db } from "../store/db.ts";
import { findingsOf } from "../store/findings.ts";
import {
  beginIncident,
  closeIncident,
  lastContacts,
  markTold,
  type OpenIncident,
  openIncident,
  openIncidentsOf,
  openSoftIncidents,
  requirementsToTell,
  takeEndedStorms,
  timesTold,
} from "../store/incidents.ts";
import { putLetter } from "../store/outbox.ts";
import { findSite } from "../store/sites.ts";
import {
  AGENT_SILENT,
  FLAPPING_FROM,
  FLAPPING_WINDOW_MS,
  GROUP_MAX_MS,
  SILENT_MORNING_MS,
  SILENT_WORK_MS,
  STORM_FROM,
  softMs,
  stepOf,
} from "./incident-step.ts";

export type AlertOptions = {
  readonly db: Db;
  readonly policy: PolicyProfile;
  readonly calendar: Calendar;
  readonly notify: NotifyConfig;
  readonly publicUrl: string;
};
export type Alerts = {
  /** Begins and ends problems with a judgement, in its transaction. */
  readonly onJudged: OnJudged;
  /** Opens what has lasted long enough and puts its messages into the outbox. */
  tick(nowMs: number): Promise<void>;
};

/** What a message says of a requirement of the plan, or of a silent agent, which is none. */
type Topic = { readonly id: string; readonly title: Words; readonly advice: Words; readonly owner: Owner; readonly impact: number; readonly softMs: number };

/**
 * Problems and their messages. Measuring goes on whatever is told. Late data begins no problem, but may end one: creation is suppressed, recovery
 * never. Problems follow states, not changes, so that what was suppressed once is found by the next judgement.
 */
export function createAlerts(options: AlertOptions): Alerts {
  const { db, policy } = options;
  return {
    onJudged: async (tx, { siteId, findings, late, nowMs }) => {
      for (const { requirement, state } of findings) {
        if (state !== "fail" && state !== "pass" && state !== "not_applicable") continue;
        const incident = await openIncident(tx, siteId, requirement);
        const step = stepOf(incident?.state ?? "none", state);
        if (step === "begin" && !late) await beginIncident(tx, siteId, requirement, nowMs);
        if (incident && (step === "close_silently" || step === "close_with_word")) await end(options, tx, incident, nowMs);
      }
    },
    async tick(nowMs) {
      await watchSilence(options, nowMs);
      const due = await requirementsToTell(db);
      for (const topic of topicsOf(policy).filter(({ id }) => due.has(id))) {
        await db.transaction(async (tx) => {
          const standing = await openIncidentsOf(tx, topic.id);
          if (isStillGrowing(standing, topic, nowMs)) return;
          const opened = await openSoftIncidents(tx, topic.id, nowMs - topic.softMs, nowMs);
          const storm = standing.find(({ told }) => told?.startsWith("storm-"))?.told;
          if (storm !== undefined) for (const incident of opened) await markTold(tx, incident, storm);
          else if (opened.length > STORM_FROM) await tellStorm(options, tx, topic, opened, nowMs);
          else for (const incident of opened) await begin(options, tx, incident, nowMs);
          for (const { key, count } of await takeEndedStorms(tx, topic.id)) await tellStormOver(options, tx, topic, key, count, nowMs);
        });
      }
    },
  };
}

/** Whether more of the same has begun so recently that telling now would tell half of it. */
function isStillGrowing(standing: readonly OpenIncident[], { softMs: lastsMs }: Topic, nowMs: number): boolean {
  const began = standing.flatMap(({ state, beganMs }) => (state === "soft" ? [beganMs] : []));
  return Math.max(...began) > nowMs - lastsMs && Math.min(...began) > nowMs - lastsMs - GROUP_MAX_MS;
}

function topicsOf({ requirements }: PolicyProfile): Topic[] {
  const agent: Topic = {
    id: AGENT_SILENT,
    title: { vi: text("vi", "alert.agent.title"), en: text("en", "alert.agent.title") },
    advice: { vi: text("vi", "alert.agent.advice"), en: text("en", "alert.agent.advice") },
    owner: "province-it",
    impact: 1,
    softMs: 60_000,
  };
  return [agent, ...requirements.map(({ id, title, advice, owner, impact, rule }) => ({ id, title, advice, owner, impact, softMs: softMs(rule.kind) }))];
}

/** Begins and ends the problem of a silent agent. Nights and holidays are not silence: only working time counts, and only then it begins. */
async function watchSilence({ db, calendar, ...rest }: AlertOptions, nowMs: number): Promise<void> {
  const isOpen = isWorkingTime(calendar, nowMs);
  const known = new Map((await openIncidentsOf(db, AGENT_SILENT)).map((incident) => [incident.siteId, incident]));
  for (const { siteId, lastMs } of await lastContacts(db)) {
    const incident = known.get(siteId);
    if (!incident && isOpen && workingMsBetween(calendar, lastMs, nowMs) >= (isWorkingTime(calendar, lastMs) ? SILENT_WORK_MS : SILENT_MORNING_MS))
      await db.transaction((tx) => beginIncident(tx, siteId, AGENT_SILENT, nowMs));
    if (incident && lastMs >= incident.beganMs) await db.transaction((tx) => end({ db, calendar, ...rest }, tx, incident, nowMs));
  }
}

/** Tells a problem that has lasted; one that comes and goes is told as such, once, and then no more. */
async function begin(options: AlertOptions, tx: Db, incident: OpenIncident, nowMs: number): Promise<void> {
  const times = await timesTold(tx, incident, nowMs - FLAPPING_WINDOW_MS);
  if (times >= FLAPPING_FROM) return;
  const isFlapping = times === FLAPPING_FROM - 1;
  const isTold = await tell(options, tx, incident, isFlapping ? "flapping" : "opened", nowMs);
  if (isTold && !isFlapping) await markTold(tx, incident, "letter");
}

async function end(options: AlertOptions, tx: Db, incident: OpenIncident, nowMs: number): Promise<void> {
  await closeIncident(tx, incident, nowMs);
  if (incident.told === "letter") await tell(options, tx, incident, "recovered", nowMs);
}

async function tell(options: AlertOptions, tx: Db, incident: OpenIncident, kind: "opened" | "recovered" | "flapping", nowMs: number): Promise<boolean> {
  const { policy, publicUrl } = options;
  const requirement = topicsOf(policy).find(({ id }) => id === incident.requirement);
  const site = await findSite(tx, incident.siteId);
  if (!requirement || !site) return false;
  const finding = (await findingsOf(tx, incident.siteId)).find((one) => one.requirement === requirement.id);
  if (finding?.waiver && kind !== "recovered") return false;
  const message: Message = {
    kind,
    incident: incident.incidentId,
    centre: site.centre.code,
    centreName: site.centre.name,
    requirement: requirement.id,
    title: requirement.title,
    ...(finding && { why: sentences(finding) }),
    advice: requirement.advice,
    owner: requirement.owner,
    since: new Date(incident.beganMs).toISOString(),
    ...(kind === "recovered" && { until: new Date(nowMs).toISOString() }),
    link: `${publicUrl}/centres/${site.centre.code}#${requirement.id}`,
  };
  await put(options, tx, requirement, `${kind}-${incident.incidentId}`, message, incident.siteId, nowMs);
  return true;
}

/** Many centres with the same problem at once have one cause: one message for all of them. */
async function tellStorm(options: AlertOptions, tx: Db, requirement: Topic, opened: readonly OpenIncident[], nowMs: number): Promise<void> {
  const first = Math.min(...opened.map(({ incidentId }) => incidentId));
  const message: Message = {
    kind: "digest",
    requirement: requirement.id,
    title: requirement.title,
    owner: requirement.owner,
    count: opened.length,
    since: new Date(Math.min(...opened.map(({ beganMs }) => beganMs))).toISOString(),
    link: `${options.publicUrl}/?requirement=${requirement.id}&state=fail`,
  };
  const key = `storm-${requirement.id}-${first}`;
  for (const incident of opened) await markTold(tx, incident, key);
  await put(options, tx, requirement, key, message, 0, nowMs);
}

/** One message when the last centre of a storm has recovered. */
async function tellStormOver(options: AlertOptions, tx: Db, topic: Topic, key: string, count: number, nowMs: number): Promise<void> {
  const { id, title, owner } = topic;
  const until = new Date(nowMs).toISOString();
  await put(options, tx, topic, `${key}-over`, { kind: "digest_over", requirement: id, title, owner, count, until, link: `${options.publicUrl}/` }, 0, nowMs);
}

async function put(
  { calendar, notify }: AlertOptions,
  tx: Db,
  requirement: Topic,
  key: string,
  message: Message,
  siteId: number,
  nowMs: number,
): Promise<void> {
  // What cannot wait is told at once; the rest when somebody is at work.
  const notBeforeMs = requirement.impact === 1 ? nowMs : addWorkingMs(calendar, nowMs, 1);
  for (const recipient of recipientsFor(notify, requirement)) {
    await putLetter(tx, `${key}-${recipient.channel}-${recipient.to}`, recipient, message, siteId, nowMs, notBeforeMs);
  }
}

function recipientsFor({ recipients }: NotifyConfig, { owner }: Topic): Recipient[] {
  const own = recipients.filter((recipient) => recipient.owner === owner || recipient.owner === "*");
  return [...new Map(own.map((recipient) => [`${recipient.channel} ${recipient.to}`, recipient])).values()];
}

function sentences(finding: Finding): { vi: string; en: string } {
  return { vi: findingSentence("vi", finding), en: findingSentence("en", finding) };
}
