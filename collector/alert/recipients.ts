import type { NotifyConfig, Recipient } from "#schemas/alert.ts";
import { type Calendar, isWorkingTime } from "#schemas/calendar.ts";
import type { Owner } from "#schemas/policy.ts";
import { addressOf, type Place } from "./book.ts";
import type { Topic } from "./topic.ts";

/** Who acts where the owner of a requirement has no address: the problem must not stay with nobody. */
const standIns: readonly Owner[] = ["province-it", "dost", "province-office"];

/** Everyone who hears of a topic at a place first: its owner, or the first stand-in with an address, and whoever hears of all. Each address once. */
export function firstRecipients(notify: NotifyConfig, { owner }: Pick<Topic, "owner">, place: Place | undefined): Recipient[] {
  const chain = [owner, ...standIns].map((one) => recipientsOf(notify, one, place)).find((found) => found.length > 0) ?? [];
  return distinct([...chain, ...recipientsOf(notify, "*", place)]);
}

/** The addresses of an owner that watch over a place; the province's problems are nobody's who watches over single centres. */
export function recipientsOf({ recipients }: NotifyConfig, owner: Owner | "*", place: Place | undefined): Recipient[] {
  return recipients.filter((one) => one.owner === owner && (one.centres === undefined || (place !== undefined && one.centres.includes(place.code))));
}

/** Whether somebody is to be disturbed now: in working time always, outside it only who is on duty, and only where a counter stands still. */
export function hearsNow({ hours }: Recipient, impact: number, calendar: Calendar, nowMs: number): boolean {
  return isWorkingTime(calendar, nowMs) || (hours === "always" && impact === 1);
}

export function distinct(recipients: readonly Recipient[]): Recipient[] {
  return [...new Map(recipients.map((one) => [addressOf(one), one])).values()];
}
