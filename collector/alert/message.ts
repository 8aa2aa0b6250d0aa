import { type endKinds, isEndKind, MESSAGE_ITEMS_MAX, type Message, type MessageItem, type NotifyConfig } from "#schemas/alert.ts";
import { MAIN_POINT } from "#schemas/inventory.ts";
import { phonesFor } from "#schemas/phones.ts";
import { findingAdvice } from "#schemas/text/finding-advice.ts";
import type { Lang, Words } from "#schemas/words.ts";
import { type Backing, type Book, backingKey, type Failure } from "./book.ts";
import { type Incident, letterName } from "./incident.ts";
import { isOfPoints, mayBeLine, type Topic, titleAt } from "./topic.ts";

type IncidentMessage = "opened" | "escalated" | "flapping" | (typeof endKinds)[number];

/** What the settings add to a message. */
type Said = { readonly publicUrl: string; readonly notify: Pick<NotifyConfig, "phones"> };

/** A message about one problem: what, since when, what citizens notice, what to do, who, where to read on. */
export function messageOf(kind: IncidentMessage, book: Book, topic: Topic, incident: Incident, { publicUrl, notify }: Said): Message {
  const place = book.places.get(incident.siteId);
  const backing: Backing | undefined = book.backings.get(backingKey(incident.siteId, incident.requirement));
  const said = backing?.points?.get(incident.subject) ?? backing;
  const isOver = isEndKind(kind);
  // Provider and contract are those of the main office's line.
  const { isp, contractNumber } = place ?? {};
  const isLine = !isOver && incident.subject === "" && mayBeLine(topic) && (isp !== undefined || contractNumber !== undefined);
  const phone = isOver ? undefined : phonesFor(notify.phones, incident.subject === "" ? isp : undefined)[topic.owner];
  return {
    kind,
    incident: incident.id,
    thread: `incident-${letterName(incident)}`,
    ...(place && { centre: place.code, centreName: place.name }),
    requirement: topic.id,
    title: titleOf(book, topic, incident),
    ...(!isOver && { ...(said?.why && { why: said.why }), effect: topic.effect, advice: adviceOf(topic, said?.failure) }),
    ...(isOver && incident.cause && { cause: { code: incident.cause } }),
    owner: topic.owner,
    ...(phone !== undefined && { phone }),
    ...(isLine && { line: { ...(isp !== undefined && { isp }), ...(contractNumber !== undefined && { contractNumber }) } }),
    since: instant(incident.beganMs),
    ...(isOver && { until: instant(incident.wellSinceMs ?? incident.closedMs ?? incident.beganMs) }),
    link: `${publicUrl}/incidents/${incident.id}`,
  };
}

/** What the page of the centre advises about what it fails of. */
function adviceOf({ rule, owner, advice }: Topic, failure: Failure | undefined): Words {
  if (rule === undefined || failure === undefined) return advice;
  const words = (lang: Lang) => findingAdvice(lang, { advice, owner, rule }, failure).words;
  return { vi: words("vi"), en: words("en") };
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

/** The reception point that a problem is at, where the centre has others than the main office: of these the same problem may stand, or not. */
function pointOfProblem({ contacts, backings }: Book, topic: Topic, { requirement, siteId, subject }: Incident): string | undefined {
  if (siteId === 0 || !isOfPoints(topic)) return undefined;
  if (subject !== "") return subject;
  const others = [...(backings.get(backingKey(siteId, requirement))?.points?.keys() ?? [])].some((other) => other !== "");
  return others || contacts.some((contact) => contact.siteId === siteId && contact.point !== undefined) ? MAIN_POINT : undefined;
}

function titleOf(book: Book, topic: Topic, incident: Incident): Words {
  const point = pointOfProblem(book, topic, incident);
  return { vi: titleAt("vi", topic, point), en: titleAt("en", topic, point) };
}

/** The lines of a digest, and how many more there are than it holds. */
export function listed(items: readonly MessageItem[]): Pick<Message, "items" | "more"> {
  const more = items.length - MESSAGE_ITEMS_MAX;
  return { items: items.slice(0, MESSAGE_ITEMS_MAX), ...(more > 0 && { more }) };
}

export function instant(atMs: number): string {
  return new Date(atMs).toISOString();
}
