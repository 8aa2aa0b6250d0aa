import { vietnamDay } from "#schemas/calendar.ts";
import { worstFirst } from "#schemas/evaluate/judgement.ts";
import type { Period } from "../report/period.ts";
import type { DayState } from "../web/daily-states.ts";
import { numbersLiteral, textsLiteral } from "./array-literal.ts";
import { type Db, instantMs } from "./db.ts";

/** What the days of a requirement of a site count as, from the first of a month on; undefined before the first judgement. */
export type DaysOfFinding = { readonly siteId: number; readonly requirement: string; readonly days: readonly (DayState | undefined)[] };

/** The Vietnam day of the first judgement of all; undefined before there is one. */
export async function firstChangedDay(db: Db): Promise<string | undefined> {
  const [row] = await db.query<{ at: number | null }>(`SELECT ${instantMs("min(at)")} AS at FROM finding_revision`);
  return row?.at == null ? undefined : vietnamDay(row.at);
}

/** The first days of the months whose days were counted after they were closed. */
export async function finalMonths(db: Db): Promise<ReadonlySet<string>> {
  const rows = await db.query<{ at: number }>(`SELECT ${instantMs("month")} AS at FROM finding_month WHERE is_final GROUP BY month`);
  return new Set(rows.map(({ at }) => vietnamDay(at)));
}

/** Keeps what the days of a month count as in place of what stood there; what stays the same is not written. */
export async function writeFindingMonth(db: Db, { from }: Pick<Period, "from">, counted: readonly DaysOfFinding[], isFinal: boolean): Promise<void> {
  const columns = [
    numbersLiteral(counted.map(({ siteId }) => siteId)),
    textsLiteral(counted.map(({ requirement }) => requirement)),
    textsLiteral(counted.map(({ days }) => days.map(letterOf).join(""))),
  ];
  await db.transaction(async (tx) => {
    await tx.query(
      `DELETE FROM finding_month WHERE month = ($1::text)::timestamptz AND NOT (site_id = ANY (($2::text)::int4[]) AND requirement = ANY (($3::text)::text[]))`,
      [from, numbersLiteral([...new Set(counted.map(({ siteId }) => siteId))]), textsLiteral([...new Set(counted.map(({ requirement }) => requirement))])],
    );
    await tx.query(
      `INSERT INTO finding_month AS m (site_id, month, requirement, states, is_final)
       SELECT r.site_id, ($1::text)::timestamptz, r.requirement, r.states, $2::boolean
       FROM unnest(($3::text)::int4[], ($4::text)::text[], ($5::text)::text[]) AS r(site_id, requirement, states) ORDER BY 1, 3
       ON CONFLICT (site_id, month, requirement) DO UPDATE SET states = excluded.states, is_final = excluded.is_final
       WHERE (m.states, m.is_final) IS DISTINCT FROM (excluded.states, excluded.is_final)`,
      [from, isFinal, ...columns],
    );
  });
}

/** A day as the view `state_day` reads it: the severity of its state, as `view_severity` has it. */
function letterOf(state: DayState | undefined): string {
  if (state === undefined) return " ";
  if (state === "not_counted") return "-";
  return String(worstFirst.length - 1 - worstFirst.indexOf(state === "not_judged" ? "unknown" : state));
}
