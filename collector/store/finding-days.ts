import { dayAfter, vietnamDay, vietnamDayStartMs } from "#schemas/calendar.ts";
import { worstFirst } from "#schemas/evaluate/judgement.ts";
import type { Period } from "../report/period.ts";
import type { DayState } from "../web/daily-states.ts";
import { numbersLiteral, textsLiteral } from "./array-literal.ts";
import { type Db, instantMs } from "./db.ts";

/** What the days of a month count as of one site, by requirement, each from the month's first day on; undefined before the first judgement. */
export type DaysOfSite = { readonly siteId: number; readonly days: ReadonlyMap<string, readonly (DayState | undefined)[]> };
type Month = Pick<Period, "firstDay" | "lastDay">;

/** The Vietnam day of the first judgement of all; undefined before there is one. */
export async function firstChangedDay(db: Db): Promise<string | undefined> {
  const [row] = await db.query<{ at: number | null }>(`SELECT ${instantMs("min(at)")} AS at FROM finding_revision`);
  return row?.at == null ? undefined : vietnamDay(row.at);
}

/** Those of some months, by their first days, whose days were counted after they were closed. */
export async function finalMonths(db: Db, firstDays: readonly string[]): Promise<ReadonlySet<string>> {
  const rows = await db.query<{ at: number }>(
    `SELECT DISTINCT ${instantMs("time")} AS at FROM finding_day WHERE is_final AND time = ANY (($1::text)::timestamptz[])`,
    [textsLiteral(firstDays.map(startOf))],
  );
  return new Set(rows.map(({ at }) => vietnamDay(at)));
}

/** Keeps what the days of a month up to `lastDay` count as at some sites in place of what stood there; what stays the same is not written. */
export async function writeFindingDays(db: Db, { firstDay }: Month, lastDay: string, sites: readonly DaysOfSite[]): Promise<void> {
  const days = Number(lastDay.slice(8));
  const rows = sites.flatMap(({ siteId, days: own }) => {
    const requirements = [...own.keys()].join(" ");
    const lettersOf = (place: number) => [...own.values()].map((states) => letterOf(states[place])).join("");
    return Array.from({ length: days }, (_, place) => ({ siteId, time: startOf(dayAfter(firstDay, place)), requirements, states: lettersOf(place) }));
  });
  await db.query(
    `INSERT INTO finding_day AS f (site_id, time, requirements, states, is_final)
     SELECT r.site_id, r.time, r.requirements, r.states, false
     FROM unnest(($1::text)::int4[], ($2::text)::timestamptz[], ($3::text)::text[], ($4::text)::text[]) AS r(site_id, time, requirements, states) ORDER BY 1, 2
     ON CONFLICT (site_id, time) DO UPDATE SET requirements = excluded.requirements, states = excluded.states
     WHERE (f.requirements, f.states) IS DISTINCT FROM (excluded.requirements, excluded.states)`,
    [
      numbersLiteral(rows.map(({ siteId }) => siteId)),
      textsLiteral(rows.map(({ time }) => time)),
      textsLiteral(rows.map(({ requirements }) => requirements)),
      textsLiteral(rows.map(({ states }) => states)),
    ],
  );
}

/** Drops the days of a month of all but these sites, and those after `lastDay`, which stand where a clock was set back. */
export async function dropOtherDays(db: Db, month: Month, lastDay: string, siteIds: readonly number[]): Promise<void> {
  await db.query(`DELETE FROM finding_day WHERE ${within} AND NOT (site_id = ANY (($3::text)::int4[]) AND time < ($4::text)::timestamptz)`, [
    ...spanOf(month),
    numbersLiteral(siteIds),
    startOf(dayAfter(lastDay)),
  ]);
}

/** Marks the days of a month as counted after it was closed. Of all at once: of a month that was counted in part the rest would never be. */
export async function closeFindingDays(db: Db, month: Month): Promise<void> {
  await db.query(`UPDATE finding_day SET is_final = true WHERE ${within} AND NOT is_final`, spanOf(month));
}

const within = "time >= ($1::text)::timestamptz AND time < ($2::text)::timestamptz";
const spanOf = ({ firstDay, lastDay }: Month): [string, string] => [startOf(firstDay), startOf(dayAfter(lastDay))];

/** A state as the views read it: its severity, as `view_severity` has it. */
function letterOf(state: DayState | undefined): string {
  if (state === undefined) return " ";
  if (state === "not_counted") return "-";
  return String(worstFirst.length - 1 - worstFirst.indexOf(state === "not_judged" ? "unknown" : state));
}

const startOf = (day: string) => new Date(vietnamDayStartMs(day)).toISOString();
