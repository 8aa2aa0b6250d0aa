/** Since when a collector has been taking in what agents say without a break, and when that was last noted, ms. */
export type Listening = { readonly sinceMs: number; readonly notedMs: number };

/** Longer without a note, and nobody listened: agents wait up to five minutes between their tries, and are not silent for it. */
const DEAF_MS = 2 * 60_000;

/** What is known of the listening at `nowMs`, from what was noted before. After a break, and where a clock went backwards, it begins anew. */
export function listeningAt(noted: Listening | undefined, nowMs: number): Listening {
  const isUnbroken = noted !== undefined && nowMs >= noted.notedMs && nowMs - noted.notedMs <= DEAF_MS;
  return { sinceMs: isUnbroken ? noted.sinceMs : nowMs, notedMs: nowMs };
}
