import { isEndKind, type MessageItem, manyAtOnce } from "#schemas/alert.ts";
import { addressOf, type Book, type HeldLetter, type PlannedLetter, recipientAt } from "./book.ts";
import type { DeskSettings } from "./desk.ts";
import { listed } from "./message.ts";

const unrationed: ReadonlySet<string> = new Set(manyAtOnce);

/**
 * Keeps every reader at a number of messages per hour. What goes beyond it is held, and everything after it too, so that no end comes before its
 * beginning; as soon as the hour has room again one digest takes up all that was held. Nothing is lost, and nothing is told twice.
 */
export function ration({ notify, publicUrl }: DeskSettings, book: Book, planned: readonly PlannedLetter[]): { letters: PlannedLetter[]; merged: number[] } {
  const limits = Map.groupBy(notify.recipients, addressOf);
  const limitOf = (address: string) => Math.min(...(limits.get(address) ?? []).map(({ perHour }) => perHour));
  const counts = new Map(book.recent);
  const letters: PlannedLetter[] = [];
  const merged: number[] = [];
  const full = new Set<string>();

  for (const [address, held] of Map.groupBy(book.held, (one) => one.address)) {
    const count = counts.get(address) ?? 0;
    if (count >= limitOf(address)) full.add(address);
    else {
      counts.set(address, count + 1);
      merged.push(...held.map(({ id }) => id));
      letters.push(gatheredLetter(address, held, publicUrl));
    }
  }
  for (const letter of planned) {
    const address = addressOf(letter.recipient);
    const count = counts.get(address) ?? 0;
    const isFree = unrationed.has(letter.message.kind);
    if (!isFree && count >= limitOf(address)) full.add(address);
    if (!isFree && !full.has(address)) counts.set(address, count + 1);
    letters.push({ ...letter, held: !isFree && full.has(address) });
  }
  return { letters, merged };
}

function gatheredLetter(address: string, held: readonly HeldLetter[], publicUrl: string): PlannedLetter {
  const items = [...new Map(held.map(({ message }) => [message.incident ?? message, itemOf(message)])).values()];
  return {
    key: `capped-${held[0]?.key}`,
    recipient: recipientAt(address),
    message: { kind: "capped", count: items.length, ...listed(items), link: `${publicUrl}/incidents` },
    siteId: 0,
    held: false,
  };
}

/** The newest that was held of a problem: one that began and ended meanwhile is told as ended, with both times. */
function itemOf({ kind, incident, centre, centreName, requirement = "", title, since, until }: HeldLetter["message"]): MessageItem {
  return {
    kind: isEndKind(kind) || kind === "escalated" || kind === "flapping" ? kind : "opened",
    requirement,
    ...(incident !== undefined && { incident }),
    ...(centre !== undefined && { centre }),
    ...(centreName !== undefined && { centreName }),
    ...(title && { title }),
    ...(since !== undefined && { since }),
    ...(until !== undefined && { until }),
  };
}
