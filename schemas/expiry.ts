/** Something that people said or allowed and that ends: a waiver, or what was attested. */
export type Expiry = {
  readonly kind: "waiver" | "attestation";
  readonly centre: string;
  readonly centreName?: string | undefined;
  readonly requirement: string;
  /** Its last day, inclusive, in Asia/Ho_Chi_Minh. */
  readonly until: string;
};
export type Reminder = Expiry & { readonly daysLeft: number };

/** Days before the end on which people are reminded. */
export const remindDays = [30, 7, 1] as const;
const DAY_MS = 86_400_000;

/**
 * What to remind of on a Vietnam day, the soonest first: everything whose days left fell to one of `remindDays` or below since `sinceDay`, on which
 * the last reminders were given. Over a week of holidays none is skipped and none comes twice. What has ended already is no reminder any more.
 */
export function remindersDue(expiries: readonly Expiry[], sinceDay: string, day: string): Reminder[] {
  return expiries
    .map((expiry) => ({ ...expiry, daysLeft: daysBetween(day, expiry.until) }))
    .filter(({ daysLeft, until }) => daysLeft >= 0 && remindDays.some((days) => daysLeft <= days && daysBetween(sinceDay, until) > days))
    .sort((a, b) => a.daysLeft - b.daysLeft || a.centre.localeCompare(b.centre) || a.requirement.localeCompare(b.requirement));
}

function daysBetween(from: string, to: string): number {
  return Math.round((Date.parse(to) - Date.parse(from)) / DAY_MS);
}
