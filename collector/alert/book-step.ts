import { isWorkingTime, workingMsBetween } from "#schemas/calendar.ts";
import { type Book, type BookChanges, recipientAt } from "./book.ts";
import { Desk, type DeskSettings } from "./desk.ts";
import { makeDigests } from "./digest.ts";
import { AGENT_SILENT, type Beginning, type Incident, letterName } from "./incident.ts";
import { heed } from "./incident-step.ts";
import { messageOf } from "./message.ts";
import { ration } from "./ration.ts";
import { causeOfSilence, SILENCE_BEFORE_MS } from "./silence-cause.ts";
import { escalate, tellOpened, tellPassedOver, tellStormsOver } from "./tell.ts";
import { SILENT_SOFT_MS, type Topic } from "./topic.ts";

/** Problems that begin within this time of each other are opened together, so that one cause is one message. */
const GROUP_MAX_MS = 5 * 60_000;
const MINUTE_MS = 60_000;
/** What was said so far ahead of now was stamped by a clock that was wrong (as in migration 0043). */
const AHEAD_MS = 5 * MINUTE_MS;

/**
 * What the clock alone does to the problems: opens those that have lasted, ends those that have been well for long enough, tells people, climbs
 * where nobody answers, and writes the digests. Pure: the same book at the same instant gives the same changes, and a step that was not written
 * can be taken again. Twelve steps a minute or one in five are the same to people, but for the minutes between.
 */
export function stepBook(settings: DeskSettings, book: Book, nowMs: number): BookChanges {
  const desk = new Desk(settings, book, nowMs);
  const begun = watchSilence(desk);
  close(desk);
  for (const topic of settings.topics.values()) {
    if (topic.dropped) continue;
    open(desk, topic);
    tellOpened(desk, topic);
  }
  tellPassedOver(desk);
  escalate(desk);
  tellStormsOver(desk);
  const digest = makeDigests(desk);
  const { letters, merged } = ration(settings, book, desk.letters);
  return { begun, changed: desk.changed(), letters, merged, digest };
}

/**
 * Begins and ends the problem of a silent agent, at each reception point by itself. Nights and holidays are not silence: only working time counts, and only then it begins. Neither is the
 * time in which no collector listened. A last word that lies ahead of now tells nothing: whoever still speaks replaces it.
 */
function watchSilence(desk: Desk): Beginning[] {
  const { nowMs, book } = desk;
  const { calendar, notify } = desk.settings;
  const { openMinutes, morningMinutes } = notify.lasting.agent;
  const isOpen = isWorkingTime(calendar, nowMs);
  const nameOf = (siteId: number, subject: string) => `${siteId} ${subject}`;
  const known = new Map<string, Incident>();
  for (const one of desk.incidents()) if (one.requirement === AGENT_SILENT && one.state !== "closed") known.set(nameOf(one.siteId, one.subject), one);
  const begun: Beginning[] = [];
  for (const { siteId, point: subject = "", lastMs: stampedMs } of book.contacts) {
    const lastMs = stampedMs > nowMs + AHEAD_MS ? Number.NEGATIVE_INFINITY : stampedMs;
    const incident = known.get(nameOf(siteId, subject));
    const isHeard = nowMs - lastMs < openMinutes * MINUTE_MS - SILENT_SOFT_MS;
    if (incident) {
      // A PC that is switched off just before the counter closes is no problem that anybody has to hear of.
      const silence = incident.state === "soft" && !isOpen ? "unclear" : "bad";
      const next = heed(incident, isHeard && (lastMs >= incident.beganMs || incident.beganMs > nowMs) ? "well" : silence, false, nowMs);
      if (next && next !== "begin") desk.change(incident, next);
    } else if (isOpen && !isHeard) {
      const sinceMs = Math.max(lastMs, book.listeningSinceMs);
      const silentMs = workingMsBetween(calendar, sinceMs, nowMs);
      // Where it fell silent before a break, somebody has to come and switch it on.
      const allowedMinutes = silentMs === nowMs - sinceMs ? openMinutes : morningMinutes;
      if (silentMs >= allowedMinutes * MINUTE_MS - SILENT_SOFT_MS) begun.push({ siteId, requirement: AGENT_SILENT, subject, beganMs: nowMs });
    }
  }
  return begun;
}

/**
 * Ends what has been well for long enough, what the policy no longer demands, and what closed centres have left. Those who heard of it by letter hear of the end, whatever suppresses
 * messages now.
 */
function close(desk: Desk): void {
  for (const incident of desk.incidents()) {
    if (incident.state === "closed") continue;
    const topic = desk.topicOf(incident);
    const { wellSinceMs } = incident;
    const isWell = wellSinceMs !== undefined && desk.nowMs - wellSinceMs >= (topic?.closeMs ?? 0);
    const end = isWell ? undefined : desk.endOf(incident);
    if (!isWell && !end) continue;
    const trace = desk.book.traces.get(incident.siteId);
    const cause = isWell && incident.requirement === AGENT_SILENT && trace && causeOfSilence(trace, incident.beganMs - SILENCE_BEFORE_MS, wellSinceMs);
    const closed = desk.change(incident, { state: "closed", closedMs: desk.nowMs, ...(cause && { cause }), ...(end && { end }) });
    if (!topic || closed.storm !== undefined) continue;
    const kind = closed.end ?? "recovered";
    desk.write(`${kind}-${letterName(closed)}`, messageOf(kind, desk.book, topic, closed, desk.settings), closed.told.map(recipientAt), closed.siteId);
  }
}

/** Opens the problems of a topic that have lasted; where announced work says so, they stay as they are until it is over. */
function open(desk: Desk, topic: Topic): void {
  const soft = desk.incidents().filter(({ requirement, state }) => requirement === topic.id && state === "soft");
  if (isStillGrowing(soft, topic, desk.nowMs)) return;
  for (const incident of soft) {
    if (incident.beganMs <= desk.nowMs - topic.openMs && desk.maintenanceOf(incident) !== "skip")
      desk.change(incident, { state: "open", openedMs: desk.nowMs });
  }
}

/** Whether more of the same has begun so recently that telling now would tell half of it. */
function isStillGrowing(soft: readonly Incident[], { openMs }: Topic, nowMs: number): boolean {
  const began = soft.map(({ beganMs }) => beganMs);
  return Math.max(...began) > nowMs - openMs && Math.min(...began) > nowMs - openMs - GROUP_MAX_MS;
}
