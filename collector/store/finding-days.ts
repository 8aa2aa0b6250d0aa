import { dayAfter, vietnamDay, vietnamDayStartMs } from "#schemas/calendar.ts";
import { worstFirst } from "#schemas/evaluate/judgement.ts";
import type { Period } from "../report/period.ts";
import type { DayState } from "../web/daily-states.ts";
import { numbersLiteral, textsLiteral } from "./array-literal.ts";
import { type Db, instantMs } from "./db.ts";

/** What the days of a month count as of one site, by requirement, each from the month's first day on; undefined before the first judgement. */
export type DaysOfSite = { readonly siteId: number; readonly days: ReadonlyMap<string, readonly (DayState | undefined)[]> };
/** The days of a month up to `lastDay`. */
export type CountedMonth = { readonly period: Pick<Period, "firstDay" | "lastDay">; readonly lastDay: string; readonly sites: readonly DaysOfSite[] };

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

/** Keeps what the days of a month count as in place of what stood there; what stays the same is not written. */
export async function writeFindingDays(db: Db, { period, lastDay, sites }: CountedMonth, isFinal: boolean): Promise<void> {
  const days = Number(lastDay.slice(8));
  const rows = sites.flatMap(({ siteId, days: own }) => {
    const requirements = [...own.keys()].join(" ");
    const lettersOf = (place: number) => [...own.values()].map((states) => letterOf(states[place])).join("");
    return Array.from({ length: days }, (_, place) => ({ siteId, time: startOf(dayAfter(period.firstDay, place)), requirements, states: lettersOf(place) }));
  });
  await db.transaction(async (tx) => {
    // Each day of each centre has a row, so that only those of other centres can be left over, and later ones where a clock was set back.
    await tx.query(
      `DELETE FROM finding_day WHERE time >= ($1::text)::timestamptz AND time < ($2::text)::timestamptz
         AND NOT (site_id = ANY (($3::text)::int4[]) AND time < ($4::text)::timestamptz)`,
      [startOf(period.firstDay), startOf(dayAfter(period.lastDay)), numbersLiteral(sites.map(({ siteId }) => siteId)), startOf(dayAfter(lastDay))],
    );
    await tx.query(
      `INSERT INTO finding_day AS f (site_id, time, requirements, states, is_final)
       SELECT r.site_id, r.time, r.requirements, r.states, $1::boolean
       FROM unnest(($2::text)::int4[], ($3::text)::timestamptz[], ($4::text)::text[], ($5::text)::text[]) AS r(site_id, time, requirements, states) ORDER BY 1, 2
       ON CONFLICT (site_id, time) DO UPDATE SET requirements = excluded.requirements, states = excluded.states, is_final = excluded.is_final
       WHERE (f.requirements, f.states, f.is_final) IS DISTINCT FROM (excluded.requirements, excluded.states, excluded.is_final)`,
      [
        isFinal,
        numbersLiteral(rows.map(({ siteId }) => siteId)),
        textsLiteral(rows.map(({ time }) => time)),
        textsLiteral(rows.map(({ requirements }) => requirements)),
        textsLiteral(rows.map(({ states }) => states)),
      ],
    );
  });
}

/** A state as the views read it: its severity, as `view_severity` has it. */
function letterOf(state: DayState | undefined): string {
  if (state === undefined) return " ";
  if (state === "not_counted") return "-";
  return String(worstFirst.length - 1 - worstFirst.indexOf(state === "not_judged" ? "unknown" : state));
}

const startOf = (day: string) => new Date(vietnamDayStartMs(day)).toISOString();
