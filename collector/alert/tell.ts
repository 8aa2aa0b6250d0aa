import { type Message, PROVIDERS_MAX, type Recipient } from "#schemas/alert.ts";
import { type Calendar, isWorkingTime, vietnamDay, vietnamDayStartMs, workingMsBetween } from "#schemas/calendar.ts";
import { phonesFor } from "#schemas/phones.ts";
import { addressOf, FLAPPING_WINDOW_MS, recipientAt } from "./book.ts";
import type { Desk } from "./desk.ts";
import { AGENT_SILENT, type Incident, letterName } from "./incident.ts";
import { instant, messageOf } from "./message.ts";
import { distinct, firstRecipients, hearsNow, recipientsOf } from "./recipients.ts";
import { sharedCause } from "./silence-cause.ts";
import { mayBeLine, type Topic } from "./topic.ts";

/** More problems of one topic than this at once have one cause and are one message. */
export const STORM_FROM = 10;
/** So many agents of one area that fall silent together are one message, when they are so large a share of those that spoke. */
const AREA_FROM = 4;
const AREA_SHARE = 1 / 3;
/** The third time within a day is told as coming and going; after that nothing but the digest speaks of it. */
const FLAPPING_FROM = 3;
const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
/** Who falls silent so soon after a storm was told belongs to it. */
const JOIN_MS = 30 * MINUTE_MS;
/** A storm takes in nobody a day after it was told, however many of it still stand: a dozen that stay dark must not hide all others for ever. */
const JOIN_MAX_MS = DAY_MS;
/** Centres that spoke within this time are the ones that an area is counted by. */
const LATELY_MS = 60 * MINUTE_MS;

/** Tells the problems of a topic that are open and that nobody has heard of, except where a waiver or announced work keeps them quiet. */
export function tellOpened(desk: Desk, topic: Topic): void {
  const untold = desk
    .incidents()
    .filter((one) => one.requirement === topic.id && one.state !== "soft" && one.state !== "closed" && one.telling === undefined)
    .filter((one) => one.wellSinceMs === undefined && !desk.isQuiet(one));
  const left = new Map(untold.map((one) => [one.id, one]));
  // Where nobody watches over the province a storm would be nobody's letter: then each centre hears of its own.
  const gatherings = provinceRecipients(desk, topic).length === 0 ? [] : gathered(desk, topic, untold);
  for (const { members, running, area } of gatherings) {
    joinStorm(desk, topic, members, running, area);
    for (const { id } of members) left.delete(id);
  }
  for (const incident of left.values()) tellOne(desk, topic, incident);
}

type Gathering = { readonly members: readonly Incident[]; readonly running?: Incident | undefined; readonly area?: string | undefined };

/**
 * Problems that are one message: what joins a storm that is under way, then what is more than a few centres at once, then the agents of an area that
 * fell silent together. A storm of which hardly anything is left takes in nobody: one centre that stays dark for a week must not hide others.
 */
function gathered(desk: Desk, topic: Topic, untold: readonly Incident[]): Gathering[] {
  let left = untold.filter(({ siteId }) => siteId !== 0);
  const gatherings: Gathering[] = [];
  const gather = (members: readonly Incident[], more: Omit<Gathering, "members">) => {
    if (members.length > 0) gatherings.push({ members, ...more });
    left = left.filter((one) => !members.includes(one));
  };
  for (const storm of stormsOf(desk).values()) {
    // Those that ended early know nothing of what was told after.
    const running = storm.find(({ state }) => state !== "closed") ?? storm[0];
    if (running?.requirement !== topic.id || !isUnderWay(desk, storm)) continue;
    gather(running.area === undefined ? left : left.filter((one) => areaOf(desk, one) === running.area), { running, area: running.area });
  }
  if (left.length > STORM_FROM) gather(left, {});
  if (topic.id === AGENT_SILENT) for (const [area, members] of darkAreas(desk, left)) gather(members, { area });
  return gatherings;
}

/** Whether a storm still takes in others: for a day, as long as it is about as large as one must be to begin, or has only just begun. */
function isUnderWay({ nowMs }: Desk, storm: readonly Incident[]): boolean {
  if (nowMs - Math.min(...storm.map(({ openedMs }) => openedMs ?? nowMs)) >= JOIN_MAX_MS) return false;
  const standing = storm.filter(({ state, wellSinceMs }) => state !== "closed" && wellSinceMs === undefined).length;
  return standing >= (storm[0]?.area === undefined ? STORM_FROM : AREA_FROM) || nowMs - (storm[0]?.toldMs ?? 0) < JOIN_MS;
}

/** Areas of which a good part has fallen silent at once: more than a few machines that somebody switched off, or did not switch on in the morning. */
function darkAreas(desk: Desk, silent: readonly Incident[]): [string, Incident[]][] {
  const spoke = new Map(desk.book.contacts.filter(({ lastMs }) => desk.nowMs - lastMs < LATELY_MS).map((one) => [placeOf(one.siteId, one.point), one.area]));
  const areas = Map.groupBy([...spoke.values()], (area) => area);
  const fallen = Map.groupBy(
    silent.filter(({ siteId, subject }) => spoke.has(placeOf(siteId, subject))),
    (one) => areaOf(desk, one),
  );
  return [...fallen].flatMap(([area, members]): [string, Incident[]][] => {
    const isDark = area !== undefined && members.length >= AREA_FROM && members.length >= AREA_SHARE * (areas.get(area)?.length ?? 0);
    return isDark ? [[area, members]] : [];
  });
}

/** A centre, or one of its reception points that is not the main office. */
function placeOf(siteId: number, point = ""): string {
  return `${siteId} ${point}`;
}

function areaOf({ book }: Desk, { siteId }: Incident): string | undefined {
  return book.places.get(siteId)?.area;
}

function tellOne(desk: Desk, topic: Topic, incident: Incident): void {
  const { book, nowMs, settings } = desk;
  const times = timesOpened(desk, incident);
  const place = book.places.get(incident.siteId);
  const all = firstRecipients(settings.notify, topic, place);
  // Formalities wait for the morning, and so does everything else when nobody is there to read it.
  const now = topic.impact === 3 ? [] : all.filter((one) => hearsNow(one, topic.impact, settings.calendar, nowMs));
  if (now.length === 0 && topic.impact !== 3 && isBreak(settings.calendar, nowMs)) return;
  if (times >= FLAPPING_FROM) {
    if (times === FLAPPING_FROM) desk.write(`flapping-${letterName(incident)}`, messageOf("flapping", book, topic, incident, settings), now, incident.siteId);
    desk.change(incident, { telling: "flapping", toldMs: nowMs });
  } else if (now.length === 0) {
    desk.change(incident, { telling: "digest" });
  } else {
    desk.write(`opened-${letterName(incident)}`, messageOf("opened", book, topic, incident, settings), now, incident.siteId);
    desk.change(incident, { telling: "letter", toldMs: nowMs, told: now.map(addressOf) });
  }
}

/** Whether the counters open again on the day of an instant: over noon a problem waits for that, not for the next morning. */
function isBreak(calendar: Calendar, atMs: number): boolean {
  const dayMs = vietnamDayStartMs(vietnamDay(atMs));
  return !isWorkingTime(calendar, atMs) && workingMsBetween(calendar, dayMs, atMs) > 0 && workingMsBetween(calendar, atMs, dayMs + DAY_MS) > 0;
}

/** How often the same problem was opened within a day, this time included. */
function timesOpened(desk: Desk, { siteId, requirement, subject, id }: Incident): number {
  const sinceMs = desk.nowMs - FLAPPING_WINDOW_MS;
  const same = desk.incidents().filter((one) => one.siteId === siteId && one.requirement === requirement && one.subject === subject && one.id !== id);
  return 1 + same.filter(({ openedMs, telling }) => (openedMs ?? 0) > sinceMs && telling !== undefined && telling !== "storm").length;
}

/**
 * Many centres with the same problem at once: one message for all of them, to the province as well; who comes later joins without a word. Over noon a storm
 * waits like a single problem; where nobody hears at night, the digest tells it.
 */
function joinStorm(desk: Desk, topic: Topic, opened: readonly Incident[], running: Incident | undefined, area: string | undefined): void {
  const { calendar } = desk.settings;
  const [first] = opened;
  if (!first) return;
  const key = running?.storm ?? `storm-${topic.id}-${letterName(first)}`;
  const all = running ? [] : provinceRecipients(desk, topic).filter((one) => hearsNow(one, topic.impact, calendar, desk.nowMs));
  if (!running && all.length === 0 && isBreak(calendar, desk.nowMs)) return;
  const told = running?.told ?? all.map(addressOf);
  const toldMs = running ? running.toldMs : all.length === 0 ? undefined : desk.nowMs;
  for (const incident of opened)
    desk.change(incident, { telling: "storm", storm: key, told, toldMs, level: running?.level ?? 0, ...(area !== undefined && { area }) });
  desk.write(key, stormMessage(desk, topic, area === undefined ? opened : opened.map((one) => ({ ...one, area })), key), all);
}

function provinceRecipients({ settings }: Desk, topic: Topic): Recipient[] {
  return distinct([...firstRecipients(settings.notify, topic, undefined), ...recipientsOf(settings.notify, "province-it", undefined)]);
}

function stormMessage(desk: Desk, topic: Topic, members: readonly Incident[], thread: string): Message {
  const { settings } = desk;
  const { id, title, effect, owner, stormAdvice } = topic;
  const providers = mayBeLine(topic) ? providersOf(desk, members) : [];
  // With several providers there is not one number of theirs.
  const phone = owner === "isp" && providers.length > 1 ? undefined : phonesFor(settings.notify.phones, providers[0]?.isp)[owner];
  return {
    kind: "storm",
    thread,
    requirement: id,
    title,
    effect,
    advice: stormAdvice,
    owner,
    ...(phone !== undefined && { phone }),
    ...(providers.length > 0 && { providers }),
    count: new Set(members.map(({ siteId }) => siteId)).size,
    ...(members[0]?.area !== undefined && { area: members[0].area }),
    since: instant(Math.min(...members.map(({ beganMs }) => beganMs))),
    link: `${settings.publicUrl}/incidents?requirement=${id}`,
  };
}

/** Who provides the lines of some problems' centres, most centres first: a storm of one provider's is that provider's. */
function providersOf({ book }: Desk, members: readonly Incident[]): NonNullable<Message["providers"]> {
  const known = members.flatMap(({ siteId, subject }) => (subject === "" ? (book.places.get(siteId)?.isp ?? []) : []));
  const counted = [...Map.groupBy(known, (isp) => isp)].map(([isp, own]) => ({ isp, centres: own.length }));
  return counted.sort((one, other) => other.centres - one.centres || (one.isp < other.isp ? -1 : 1)).slice(0, PROVIDERS_MAX);
}

/**
 * Tells by letter, once the counters are open, whom a problem has passed over while they were closed: after noon everybody who was not on duty, in the
 * morning those who get no digest.
 */
export function tellPassedOver(desk: Desk): void {
  const { settings, book, nowMs } = desk;
  if (!isWorkingTime(settings.calendar, nowMs)) return;
  for (const incident of desk.incidents()) {
    const topic = desk.topicOf(incident);
    if (!topic || topic.impact === 3 || !(incident.telling === "letter" || incident.telling === "digest")) continue;
    if (!isStandingBad(incident) || desk.isQuiet(incident)) continue;
    const others = passedOver(desk, incident, firstRecipients(settings.notify, topic, book.places.get(incident.siteId)));
    if (others.length === 0) continue;
    desk.write(`opened-${letterName(incident)}`, messageOf("opened", book, topic, incident, settings), others, incident.siteId);
    desk.change(incident, { told: [...incident.told, ...others.map(addressOf)] });
  }
  for (const [key, members] of stormsOf(desk)) {
    const standing = members.filter(isStandingBad);
    const [first] = standing;
    const topic = first && desk.topicOf(first);
    const others = topic ? passedOver(desk, first, provinceRecipients(desk, topic)) : [];
    if (!topic || others.length === 0) continue;
    desk.write(key, stormMessage(desk, topic, standing, key), others);
    for (const member of members) desk.change(member, { told: [...member.told, ...others.map(addressOf)] });
  }
}

function isStandingBad({ state, wellSinceMs }: Incident): boolean {
  return state !== "soft" && state !== "closed" && wellSinceMs === undefined;
}

/** Of those who hear of a problem first, the ones that neither a letter reached while the counters were closed nor a digest will. */
function passedOver({ settings: { calendar }, nowMs }: Desk, { told, toldMs }: Incident, all: readonly Recipient[]): Recipient[] {
  if (toldMs !== undefined && isWorkingTime(calendar, toldMs)) return [];
  const isNoon = told.length > 0 && toldMs !== undefined && vietnamDay(toldMs) === vietnamDay(nowMs) && isBreak(calendar, toldMs);
  return all.filter((one) => (isNoon || !one.digests) && !told.includes(addressOf(one)));
}

/** One message when the last centre of a storm has recovered, is closed, or when nobody demands it any more, to those who heard of the storm. */
export function tellStormsOver(desk: Desk): void {
  for (const [key, members] of stormsOf(desk)) {
    const [first] = members;
    const topic = first && desk.topicOf(first);
    if (members.some(({ state }) => state !== "closed")) continue;
    for (const member of members) desk.change(member, { stormOver: true });
    if (!topic) continue;
    const { since: _, effect: __, advice: ___, phone: ____, ...rest } = stormMessage(desk, topic, members, key);
    const until = instant(Math.max(...members.map(({ wellSinceMs, closedMs }) => wellSinceMs ?? closedMs ?? 0)));
    const shared = sharedCause(members.map(({ cause }) => cause));
    const cause = shared && { cause: { code: shared.cause, centres: shared.centres } };
    desk.write(`${key}-over`, { ...rest, kind: stormEnd(members), until, ...cause }, [...new Set(members.flatMap(({ told }) => told))].map(recipientAt));
  }
}

/** Of those whose last centre was closed some may have recovered; that none is left is all that is said. */
function stormEnd(members: readonly Incident[]): Message["kind"] {
  const ends = new Set(members.map(({ end }) => end));
  if (ends.has("dropped")) return "storm_dropped";
  return ends.has("centre_closed") ? "storm_centre_closed" : "storm_over";
}

/** Tells the next in line of what nobody has acknowledged after so much working time. */
export function escalate(desk: Desk): void {
  if (!isWorkingTime(desk.settings.calendar, desk.nowMs)) return;
  const single = desk.incidents().filter((one) => one.state === "open" && one.telling !== undefined && one.storm === undefined);
  for (const incident of single) {
    const topic = desk.topicOf(incident);
    if (topic && incident.wellSinceMs === undefined && !desk.isQuiet(incident)) climb(desk, topic, [incident], `escalated-${letterName(incident)}`);
  }
  for (const [key, members] of stormsOf(desk)) {
    const standing = members.filter(({ state }) => state !== "closed");
    const topic = members[0] && desk.topicOf(members[0]);
    if (topic && standing.length > 0 && standing.every(({ state, wellSinceMs }) => state === "open" && wellSinceMs === undefined))
      climb(desk, topic, standing, key);
  }
}

function climb(desk: Desk, topic: Topic, incidents: readonly Incident[], key: string): void {
  const { notify, calendar } = desk.settings;
  const [first] = incidents;
  if (first?.toldMs === undefined) return;
  const waitedMs = workingMsBetween(calendar, first.toldMs, desk.nowMs);
  // What came and went climbs only where it stays: not within the hour in which it may go again.
  const urgency = first.telling === "flapping" ? Math.max(2, topic.urgency) : topic.urgency;
  const steps = notify.escalation.filter(({ impact }) => impact === urgency).sort((a, b) => a.afterMinutes - b.afterMinutes);
  const due = steps.filter(({ afterMinutes }, at) => at >= first.level && afterMinutes * MINUTE_MS <= waitedMs);
  if (due.length === 0) return;
  const place = first.storm === undefined ? desk.book.places.get(first.siteId) : undefined;
  const next = distinct(due.flatMap(({ to }) => recipientsOf(notify, to, place))).filter((one) => !first.told.includes(addressOf(one)));
  const level = first.level + due.length;
  const message = first.storm === undefined ? messageOf("escalated", desk.book, topic, first, desk.settings) : stormMessage(desk, topic, incidents, key);
  desk.write(`${key}-${level}`, message, next, first.storm === undefined ? first.siteId : 0);
  for (const incident of incidents) desk.change(incident, { level, told: [...first.told, ...next.map(addressOf)] });
}

/** Storms that are not over, with their problems. */
function stormsOf(desk: Desk): Map<string, Incident[]> {
  const storms = new Map<string, Incident[]>();
  for (const incident of desk.incidents()) {
    if (incident.storm !== undefined && !incident.stormOver) storms.set(incident.storm, [...(storms.get(incident.storm) ?? []), incident]);
  }
  return storms;
}
