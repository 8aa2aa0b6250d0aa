import type { DatabaseSync } from "node:sqlite";
import { type Calendar, vietnamDay } from "#schemas/calendar.ts";
import { DAY_FACTS_MAX, pagesIn, peaksIn, presenceIn } from "#schemas/evaluate/daily-facts.ts";
import { daysLookedAt } from "#schemas/evaluate/needs.ts";
import type { Facts } from "#schemas/facts.ts";
import { DeviceRole } from "#schemas/inventory.ts";
import { Outcome } from "#schemas/observation.ts";
import { parsedBody } from "./inspect.ts";

/** What runs told of Vietnam days, each fact once, newest day first. */
export type DayFacts = Pick<Facts, "presence" | "peaks" | "pages">;
/** When a run was made, ms since the epoch, and the calendar that says whether that was in working hours. */
export type DayFrame = { readonly atMs: number; readonly calendar: Calendar };

const DAYS_KEPT = Math.max(...Object.values(daysLookedAt));
const DAY_MS = 86_400_000;
const kinds = { presence: "presence", peak: "peak", pages: "pages" } as const;

/** Days outlive the rows of which they are made: rows go when room is needed, and there are far too many of them to be read for one judgement. */
export const dayTable = `
  CREATE TABLE day_fact (kind TEXT NOT NULL, day TEXT NOT NULL, name TEXT NOT NULL, role TEXT, value REAL, PRIMARY KEY (kind, day, name)) STRICT, WITHOUT ROWID;
`;

/** Notes what a run tells of its day; must run inside a transaction. */
export function noteDays(database: DatabaseSync, outcome: Outcome, { atMs, calendar }: DayFrame): void {
  writeDays(database, { presence: presenceIn(outcome, atMs), peaks: peaksIn(outcome, atMs, calendar), pages: pagesIn(outcome, atMs) });
}

/** Adds facts to those that are known; what they change nothing of is not written again. Must run inside a transaction. */
export function writeDays(database: DatabaseSync, { presence, peaks, pages }: DayFacts): void {
  const upsert = (better: string) =>
    database.prepare(
      `INSERT INTO day_fact SELECT ?1, ?2, ?3, ?4, ?5
       WHERE EXISTS (SELECT 1 FROM day_fact WHERE kind = ?1 AND day = ?2 AND name = ?3) OR (SELECT count(*) FROM day_fact WHERE kind = ?1 AND day = ?2) < ${DAY_FACTS_MAX}
       ON CONFLICT (kind, day, name) DO UPDATE SET ${better}`,
    );
  if (presence.length > 0) {
    // Of two roles on one day the first of the alphabet counts, as in the province.
    const add = upsert("role = excluded.role WHERE excluded.role < role");
    for (const { day, device, role } of presence) add.run(kinds.presence, day, device, role, null);
  }
  if (peaks.length > 0) {
    const add = upsert("value = excluded.value WHERE excluded.value > value");
    for (const { day, metric, value } of peaks) add.run(kinds.peak, day, metric, null, value);
  }
  if (pages.length > 0) {
    const add = upsert("value = excluded.value WHERE excluded.value < value");
    for (const { day, device, pages: counter } of pages) add.run(kinds.pages, day, device, null, counter);
  }
}

/** All that is known of days; undefined in a spool of a version before them. */
export function readDays(database: DatabaseSync): DayFacts | undefined {
  const isThere = database.prepare("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'day_fact'").get() !== undefined;
  if (!isThere) return undefined;
  const rows = database.prepare("SELECT kind, day, name, role, value FROM day_fact ORDER BY day DESC, name").all();
  const facts = rows.map(({ kind, day, name, role, value }) => ({ kind, day: String(day), name: String(name), role, value: Number(value) }));
  return {
    presence: facts.flatMap(({ kind, day, name: device, role }) => {
      const known = kind === kinds.presence ? DeviceRole.safeParse(role).data : undefined;
      return known ? [{ day, device, role: known }] : [];
    }),
    peaks: facts.flatMap(({ kind, day, name, value }) => (kind === kinds.peak && name === "wifi_clients" ? [{ day, metric: name, value }] : [])),
    pages: facts.flatMap(({ kind, day, name: device, value }) => (kind === kinds.pages ? [{ day, device, pages: value }] : [])),
  };
}

/** Notes the days of all rows of a spool of a version before them, by the rows' own times; must run inside a transaction. */
export function noteKeptDays(database: DatabaseSync, calendar: Calendar): void {
  const rows = database.prepare("SELECT wall_ms, body FROM observation WHERE probe IN ('office-devices', 'wifi-clients') ORDER BY seq").iterate();
  for (const { wall_ms, body } of rows) {
    const { data } = Outcome.safeParse((parsedBody(body) as { outcome?: unknown } | undefined)?.outcome);
    if (data) noteDays(database, data, { atMs: Number(wall_ms), calendar });
  }
}

/** Forgets days at which no rule looks any more, and days that have not come yet. Only with a clock that the collector has confirmed. */
export function expireDays(database: DatabaseSync, nowMs: number): void {
  database.prepare("DELETE FROM day_fact WHERE day < ? OR day > ?").run(vietnamDay(nowMs - DAYS_KEPT * DAY_MS), vietnamDay(nowMs + DAY_MS));
}
