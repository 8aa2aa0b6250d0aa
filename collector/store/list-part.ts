import { sql } from "./drizzle.ts";

/** One page of a list, 1 being the first, and how many rows there are on all pages. */
export type ListPart<T> = { readonly page: number; readonly rows: readonly T[]; readonly total: number };

/** Most rows of one page. */
export const PART_ROWS = 500;

/** What a query selects to count the rows of all pages. */
export const allRows = { total: sql<number>`count(*)::int` } as const;

/** How many rows stand on the pages before one. */
export function rowsBefore(page: number): number {
  return (page - 1) * PART_ROWS;
}

/** The number of a page as an address or an option has it; undefined when it is none. */
export function pageNumber(text: string): number | undefined {
  return /^[1-9]\d{0,4}$/.test(text) ? Number(text) : undefined;
}

/** Puts the answers of both queries of a page together. */
export async function listPart<T>(page: number, rows: Promise<readonly T[]>, counted: Promise<readonly { readonly total: number }[]>): Promise<ListPart<T>> {
  const [found, [count]] = await Promise.all([rows, counted]);
  return { page, rows: found, total: count?.total ?? 0 };
}
