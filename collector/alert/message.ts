import { type endKinds, isEndKind, MESSAGE_ITEMS_MAX, type Message, type MessageItem, type NotifyConfig } from "#schemas/alert.ts";
import { MAIN_POINT } from "#schemas/inventory.ts";
import { phonesFor } from "#schemas/phones.ts";
import { pointWord } from "#schemas/text/point-word.ts";
import { text } from "#schemas/text/text.ts";
import type { Lang, Words } from "#schemas/words.ts";
import { type Backing, type Book, backingKey } from "./book.ts";
import { AGENT_SILENT, type Incident, letterName } from "./incident.ts";
import { mayBeLine, type Topic } from "./topic.ts";

type IncidentMessage = "opened" | "escalated" | "flapping" | (typeof endKinds)[number];

/** What the settings add to a message. */
type Said = { readonly publicUrl: string; readonly notify: Pick<NotifyConfig, "phones"> };

/** A message about one problem: what, since when, what citizens notice, what to do, who, where to read on. */
export function messageOf(kind: IncidentMessage, book: Book, topic: Topic, incident: Incident, { publicUrl, notify }: Said): Message {
  const place = book.places.get(incident.siteId);
  const backing: Backing | undefined = book.backings.get(backingKey(incident.siteId, incident.requirement));
  const isOver = isEndKind(kind);
  const { isp, contractNumber } = place ?? {};
  // Provider and contract are those of the main office's line.
  const isOwn = (silentPoint(book, incident) ?? backing?.point ?? MAIN_POINT) === MAIN_POINT;
  const isLine = !isOver && isOwn && mayBeLine(topic) && (isp !== undefined || contractNumber !== undefined);
  const phone = isOver ? undefined : phonesFor(notify.phones, isp)[topic.owner];
  return {
    kind,
    incident: incident.id,
    thread: `incident-${letterName(incident)}`,
    ...(place && { centre: place.code, centreName: place.name }),
    requirement: topic.id,
    title: titleOf(book, topic, incident),
    ...(!isOver && { ...(backing?.why && { why: backing.why }), effect: topic.effect, advice: topic.advice }),
    ...(isOver && incident.cause && { cause: { code: incident.cause } }),
    owner: topic.owner,
    ...(phone !== undefined && { phone }),
    ...(isLine && { line: { ...(isp !== undefined && { isp }), ...(contractNumber !== undefined && { contractNumber }) } }),
    since: instant(incident.beganMs),
    ...(isOver && { until: instant(incident.wellSinceMs ?? incident.closedMs ?? incident.beganMs) }),
    link: `${publicUrl}/incidents/${incident.id}`,
  };
}

/** One problem as a line of a digest. */
export function itemOf(kind: MessageItem["kind"], book: Book, topics: ReadonlyMap<string, Topic>, incident: Incident): MessageItem {
  const place = book.places.get(incident.siteId);
  const topic = topics.get(incident.requirement);
  return {
    kind,
    incident: incident.id,
    ...(place && { centre: place.code, centreName: place.name }),
    requirement: incident.requirement,
    ...(topic && { title: titleOf(book, topic, incident) }),
    since: instant(incident.beganMs),
    ...(incident.closedMs !== undefined && { until: instant(incident.wellSinceMs ?? incident.closedMs) }),
  };
}

/** The reception point whose agent is silent, where the centre has others than the main office: of these something may still come. */
function silentPoint({ contacts }: Book, { requirement, siteId, subject }: Incident): string | undefined {
  if (requirement !== AGENT_SILENT) return undefined;
  if (subject !== "") return subject;
  return contacts.some((contact) => contact.siteId === siteId && contact.point !== undefined) ? MAIN_POINT : undefined;
}

function titleOf(book: Book, { title }: Topic, incident: Incident): Words {
  const point = silentPoint(book, incident);
  const words = (lang: Lang, place: string) => text(lang, "alert.agent.title.point", { place: pointWord(lang, place) });
  return point === undefined ? title : { vi: words("vi", point), en: words("en", point) };
}

/** The lines of a digest, and how many more there are than it holds. */
export function listed(items: readonly MessageItem[]): Pick<Message, "items" | "more"> {
  const more = items.length - MESSAGE_ITEMS_MAX;
  return { items: items.slice(0, MESSAGE_ITEMS_MAX), ...(more > 0 && { more }) };
}

export function instant(atMs: number): string {
  return new Date(atMs).toISOString();
}
