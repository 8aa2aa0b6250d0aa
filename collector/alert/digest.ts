import type { Message, MessageItem, Recipient } from "#schemas/alert.ts";
import { isWorkingDay, VIETNAM_OFFSET_MS, vietnamDay, vietnamDayStartMs } from "#schemas/calendar.ts";
import { type Reminder, remindersDue } from "#schemas/expiry.ts";
import { isClosedOn } from "#schemas/inventory.ts";
import { addressOf, type DigestClock } from "./book.ts";
import type { Desk, DeskSettings } from "./desk.ts";
import type { Incident } from "./incident.ts";
import { itemOf, listed } from "./message.ts";
import { firstRecipients } from "./recipients.ts";
import { titleAt } from "./topic.ts";

const DAY_MS = 86_400_000;
/** More new lines of one requirement than this are one line with their number. */
const LINES_PER_TOPIC = 10;

/** Who watches over the whole province, and over the collector itself. */
const overseers: ReadonlySet<string> = new Set<Recipient["owner"]>(["province-it", "dost", "province-office", "*"]);

/**
 * The morning digest of working days, and the weekly one on the first working day of a week. A morning without news is no message. The weekly one
 * always comes to those who oversee the province: whoever misses it knows that the collector is silent. A commune or a vendor for whom nothing is
 * new and nothing stands gets none. Gives the digests' clock as it stands after; undefined when nothing was due.
 */
export function makeDigests(desk: Desk): DigestClock | undefined {
  const { nowMs, settings, book } = desk;
  const { dailyMs, weeklyMs } = book.digest;
  if (dailyMs === undefined || weeklyMs === undefined) return { dailyMs: nowMs, weeklyMs: nowMs };
  // Made by a clock that was ahead: none would be due until then.
  if (dailyMs > nowMs) return { dailyMs: nowMs, weeklyMs: Math.min(weeklyMs, nowMs) };
  if (!isDigestDue(settings, book.digest, nowMs)) return undefined;
  const day = vietnamDay(nowMs);
  const isWeekly = weeklyMs < weekStartMs(nowMs);
  const reminders = remindersDue(book.expiries, vietnamDay(dailyMs), day);
  for (const [address, entries] of byAddress(settings.notify.recipients.filter(({ digests }) => digests))) {
    const message = digestFor(desk, address, entries, reminders, { isWeekly, dailyMs, weeklyMs });
    if (message) desk.write(`${message.kind}-${day}`, message, entries.slice(0, 1));
  }
  // What was listed counts as told: from now on it climbs like everything else, and its end stands in a later digest.
  for (const one of desk.incidents()) if (isStanding(one) && isTold(one) && one.toldMs === undefined) desk.change(one, { toldMs: nowMs });
  return { dailyMs: nowMs, weeklyMs: isWeekly ? nowMs : weeklyMs };
}

/** Whether a step makes a digest: once on a working day, from its hour on. */
export function isDigestDue({ notify, calendar }: Pick<DeskSettings, "notify" | "calendar">, { dailyMs }: DigestClock, nowMs: number): boolean {
  const day = vietnamDay(nowMs);
  const dueMs = vietnamDayStartMs(day) + clockMs(notify.digestAt);
  return dailyMs !== undefined && nowMs >= dueMs && dailyMs < dueMs && isWorkingDay(calendar, day);
}

type Span = { readonly isWeekly: boolean; readonly dailyMs: number; readonly weeklyMs: number };

function digestFor(desk: Desk, address: string, entries: readonly Recipient[], reminders: readonly Reminder[], span: Span): Message | undefined {
  const own = desk.incidents().filter((incident) => concerns(desk, address, incident));
  const since = span.dailyMs;
  const lines = (kind: MessageItem["kind"], incidents: readonly Incident[]) => incidents.map((one) => itemOf(kind, desk.book, desk.settings.topics, one));
  const begun = own.filter((one) => isStanding(one) && (one.openedMs ?? 0) > since && !one.told.includes(address));
  const over = own.filter((one) => isTold(one) && !one.told.includes(address) && wasListed(one, since) && (one.closedMs ?? 0) > since);
  const ended = (end: Incident["end"]) => over.filter((one) => one.end === end);
  const news = [
    ...gathered(desk, lines("new", begun.filter(isTold))),
    ...gathered(desk, lines("flapping", onePerProblem(own.filter((one) => one.telling === "flapping" && (one.openedMs ?? 0) > since)))),
    ...gathered(
      desk,
      lines(
        "muted",
        begun.filter((one) => one.telling === undefined && desk.isQuiet(one)),
      ),
    ),
    ...gathered(desk, lines("ended", ended(undefined))),
    ...gathered(desk, lines("dropped", ended("dropped"))),
    ...gathered(desk, lines("centre_closed", ended("centre_closed"))),
    ...gathered(desk, lines("point_gone", ended("point_gone"))),
    ...gathered(desk, lines("unwatched", ended("unwatched"))),
    ...remindersFor(desk, entries, reminders),
    ...gathered(desk, unheardFor(desk, entries, span)),
  ];
  const dead = entries.some(({ owner }) => owner === "*" || owner === "province-it") ? desk.book.deadSinceDigest : 0;
  const older = own.filter((one) => isStanding(one) && !begun.includes(one) && one.telling !== undefined);
  const isWeekDue = span.isWeekly && (older.length > 0 || entries.some(({ owner, centres }) => overseers.has(owner) && centres === undefined));
  if (news.length === 0 && dead === 0 && !isWeekDue) return undefined;
  const items = [...news, ...counted(desk, lines("standing", older))];
  const opened = own.filter(({ openedMs }) => (openedMs ?? 0) > span.weeklyMs).length;
  return {
    kind: span.isWeekly ? "weekly" : "morning",
    count: span.isWeekly ? opened : news.length,
    ...listed(items),
    ...(dead > 0 && { dead }),
    link: `${desk.settings.publicUrl}/incidents`,
  };
}

/** Whether a problem is this reader's business: it would be told first, or was told to, this address. */
function concerns({ settings, book }: Desk, address: string, incident: Incident): boolean {
  const topic = settings.topics.get(incident.requirement);
  if (!topic || incident.state === "soft") return false;
  if (incident.told.includes(address)) return true;
  return firstRecipients(settings.notify, topic, book.places.get(incident.siteId)).some((one) => addressOf(one) === address);
}

function isFor({ settings }: Desk, entries: readonly Recipient[], requirement: string, centre: string): boolean {
  const owner = settings.topics.get(requirement)?.owner;
  return entries.some((one) => (one.owner === "*" || one.owner === owner) && (one.centres?.includes(centre) ?? true));
}

/** Waivers first, then what is attested; of many of one requirement one line, with the soonest end. */
function remindersFor(desk: Desk, entries: readonly Recipient[], reminders: readonly Reminder[]): MessageItem[] {
  const own = reminders.filter(({ requirement, centre }) => isFor(desk, entries, requirement, centre)).map((one) => reminderItem(desk, one));
  return (["waiver_ends", "attestation_ends"] as const).flatMap((kind) =>
    gathered(
      desk,
      own.filter((one) => one.kind === kind),
    ),
  );
}

/**
 * Centres that report and hear no portal: nobody knows whether their line or the portals are at fault, so that no problem begins, and somebody has to look. Each is told once,
 * when that has lasted a day, and again each week while it lasts: to the commune, whose turn it is, and to who oversees the province.
 */
function unheardFor({ book, nowMs, settings }: Desk, entries: readonly Recipient[], { isWeekly, dailyMs }: Span): MessageItem[] {
  return book.unheard.flatMap(({ siteId, requirement, point, sinceMs }): MessageItem[] => {
    const [place, toldMs, topic] = [book.places.get(siteId), sinceMs + DAY_MS, settings.topics.get(requirement)];
    const title = topic && { vi: titleAt("vi", topic, point), en: titleAt("en", topic, point) };
    const isDue = toldMs <= nowMs && (isWeekly || toldMs > dailyMs);
    const isReader = entries.some(
      ({ owner, centres }) => (owner === "commune" || overseers.has(owner)) && (!centres || (place && centres.includes(place.code))),
    );
    if (!isDue || !isReader || !place || (place.closedOn !== undefined && isClosedOn({ on: place.closedOn }, vietnamDay(nowMs)))) return [];
    return [{ kind: "unheard", centre: place.code, centreName: place.name, requirement, ...(title && { title }), since: new Date(sinceMs).toISOString() }];
  });
}

function reminderItem({ settings }: Desk, { centre, centreName, requirement, until, daysLeft, kind }: Reminder): MessageItem {
  const title = settings.topics.get(requirement)?.title;
  return {
    kind: kind === "waiver" ? "waiver_ends" : "attestation_ends",
    centre,
    ...(centreName !== undefined && { centreName }),
    requirement,
    ...(title && { title }),
    until: new Date(vietnamDayStartMs(until)).toISOString(),
    count: daysLeft,
  };
}

const isStanding = ({ state }: Incident) => state === "open" || state === "acknowledged";

/** Whether people hear of a problem as one that began and stays, by letter or, where none reaches them, by a digest. */
const isTold = ({ telling }: Incident) => telling !== undefined && telling !== "flapping";

/** Whether the digest before named a problem as new. */
const wasListed = ({ openedMs, toldMs }: Incident, beforeMs: number) => toldMs !== undefined && (openedMs ?? 0) <= beforeMs;

/** The newest of each problem that came and went several times. */
function onePerProblem(incidents: readonly Incident[]): Incident[] {
  return [...new Map(incidents.map((one) => [`${one.siteId} ${one.requirement} ${one.subject}`, one])).values()];
}

/** Lines of one requirement as one with their number, where there are many. */
function gathered(desk: Desk, items: readonly MessageItem[]): MessageItem[] {
  return [...Map.groupBy(items, ({ requirement }) => requirement).values()].flatMap((same) => (same.length > LINES_PER_TOPIC ? counted(desk, same) : same));
}

function counted({ settings }: Desk, items: readonly MessageItem[]): MessageItem[] {
  return [...Map.groupBy(items, ({ requirement }) => requirement)].map(([requirement, same]) => {
    const { kind = "standing", since, until } = same[0] ?? {};
    // Without the point of one of them.
    const title = settings.topics.get(requirement)?.title;
    // Of one centre several points may have the same.
    const centres = new Set(same.map(({ centre }, at) => centre ?? at)).size;
    return { kind, requirement, ...(title && { title }), ...(until !== undefined && since === undefined && { until }), count: centres };
  });
}

function byAddress(recipients: readonly Recipient[]): Map<string, Recipient[]> {
  return Map.groupBy(recipients, addressOf);
}

/** Monday 00:00 of the Vietnam week of an instant. */
function weekStartMs(nowMs: number): number {
  const day = vietnamDay(nowMs);
  const weekday = new Date(nowMs + VIETNAM_OFFSET_MS).getUTCDay() || 7;
  return vietnamDayStartMs(day) - (weekday - 1) * DAY_MS;
}

function clockMs(time: string): number {
  return (Number(time.slice(0, 2)) * 60 + Number(time.slice(3, 5))) * 60_000;
}
