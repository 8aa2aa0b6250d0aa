import { html } from "hono/html";
import { day } from "#schemas/text/moment-word.ts";
import type { Lang } from "#schemas/words.ts";
import type { Html } from "./markup.ts";

const MONTHS = 24;

/** The last months until `thisMonth` as choices of a form, the newest first. */
export function monthOptions(lang: Lang, thisMonth: string, chosen: string): Html[] {
  const months = Array.from({ length: MONTHS }, (_, back) => monthBefore(thisMonth, back));
  return months.map((month) => html`<option value="${month}"${month === chosen ? html` selected` : ""}>${day(lang, month)}</option>`);
}

/** The month that lies some months before another. */
export function monthBefore(month: string, back: number): string {
  const [year = 0, number = 1] = month.split("-").map(Number);
  return new Date(Date.UTC(year, number - 1 - back, 1)).toISOString().slice(0, 7);
}
