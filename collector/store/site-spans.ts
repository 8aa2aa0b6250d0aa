import { vietnamDay } from "#schemas/calendar.ts";
import { numbersLiteral, textsLiteral } from "./array-literal.ts";

/** The Vietnam days of one site from that of `sinceMs` to that of `atMs`, both included. */
export type SiteSpan = { readonly siteId: number; readonly sinceMs: number; readonly atMs: number };

/** The table w(site_id, since, until) of spans, from the values $1 to $3 that `spanColumns` gives. One question for many sites costs little more than for one. */
export const spansAsW = "unnest(($1::text)::int4[], ($2::text)::date[], ($3::text)::date[]) AS w(site_id, since, until)";

/** The site of each span. */
export function siteIds(spans: readonly SiteSpan[]): number[] {
  return spans.map(({ siteId }) => siteId);
}

/** Each site stands in the spans once. */
export function spanColumns(spans: readonly SiteSpan[]): string[] {
  return [
    numbersLiteral(siteIds(spans)),
    textsLiteral(spans.map(({ sinceMs }) => vietnamDay(sinceMs))),
    textsLiteral(spans.map(({ atMs }) => vietnamDay(atMs))),
  ];
}

/** Rows of several sites by their site and without it, each list in the order of the rows. */
export function bySite<Row extends { readonly site_id: number }>(rows: readonly Row[]): ReadonlyMap<number, Omit<Row, "site_id">[]> {
  const lists = new Map<number, Omit<Row, "site_id">[]>();
  for (const { site_id, ...row } of rows) {
    const list = lists.get(site_id);
    if (list) list.push(row);
    else lists.set(site_id, [row]);
  }
  return lists;
}
