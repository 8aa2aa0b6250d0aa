import type { Message, NotifyConfig, Recipient } from "#schemas/alert.ts";
import { addWorkingMs, type Calendar } from "#schemas/calendar.ts";
import type { Finding } from "#schemas/finding.ts";
import type { PolicyProfile, Requirement } from "#schemas/policy.ts";
import { findingSentence } from "#schemas/text/finding-sentence.ts";
import type { OnJudged } from "../jobs/judge.ts";
import type { Db } from "../store/db.ts";
import { findingsOf } from "../store/findings.ts";
import { beginIncident, closeIncident, type OpenIncident, openIncident, openSoftIncidents } from "../store/incidents.ts";
import { putLetter } from "../store/outbox.ts";
import { findSite } from "../store/sites.ts";
import { STORM_FROM, softMs, stepOf } from "./incident-step.ts";

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

/** Problems and their messages. Measuring goes on whatever is told; what late data says of the past is told to nobody. */
export function createAlerts(options: AlertOptions): Alerts {
  const { db, policy } = options;
  return {
    onJudged: async (tx, { siteId, transitions, late, nowMs }) => {
      if (late) return;
      for (const { requirement, to } of transitions) {
        const incident = await openIncident(tx, siteId, requirement);
        const step = stepOf(incident?.state ?? "none", to);
        if (step === "begin") await beginIncident(tx, siteId, requirement, nowMs);
        if (!incident || (step !== "close_silently" && step !== "close_with_word")) continue;
        await closeIncident(tx, incident, nowMs);
        if (step === "close_with_word") await tell(options, tx, incident, "recovered", nowMs);
      }
    },
    async tick(nowMs) {
      for (const requirement of policy.requirements) {
        await db.transaction(async (tx) => {
          const opened = await openSoftIncidents(tx, requirement.id, nowMs - softMs(requirement.rule.kind), nowMs);
          if (opened.length > STORM_FROM) await tellStorm(options, tx, requirement, opened, nowMs);
          else for (const incident of opened) await tell(options, tx, incident, "opened", nowMs);
        });
      }
    },
  };
}

async function tell(options: AlertOptions, tx: Db, incident: OpenIncident, kind: "opened" | "recovered", nowMs: number): Promise<void> {
  const { policy, publicUrl } = options;
  const requirement = policy.requirements.find(({ id }) => id === incident.requirement);
  const site = await findSite(tx, incident.siteId);
  if (!requirement || !site) return;
  const finding = (await findingsOf(tx, incident.siteId)).find((one) => one.requirement === requirement.id);
  if (finding?.waiver && kind === "opened") return;
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
}

/** Many centres with the same problem at once have one cause: one message for all of them. */
async function tellStorm(options: AlertOptions, tx: Db, requirement: Requirement, opened: readonly OpenIncident[], nowMs: number): Promise<void> {
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
  await put(options, tx, requirement, `digest-${requirement.id}-${first}`, message, 0, nowMs);
}

async function put(
  { calendar, notify }: AlertOptions,
  tx: Db,
  requirement: Requirement,
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

function recipientsFor({ recipients }: NotifyConfig, { owner }: Requirement): Recipient[] {
  const own = recipients.filter((recipient) => recipient.owner === owner || recipient.owner === "*");
  return [...new Map(own.map((recipient) => [`${recipient.channel} ${recipient.to}`, recipient])).values()];
}

function sentences(finding: Finding): { vi: string; en: string } {
  return { vi: findingSentence("vi", finding), en: findingSentence("en", finding) };
}
