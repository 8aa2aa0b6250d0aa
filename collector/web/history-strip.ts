import { html } from "hono/html";
import { worstFirst } from "#schemas/evaluate/judgement.ts";
import { type FindingState, findingStates } from "#schemas/finding.ts";
import { text } from "#schemas/text/text.ts";
import type { Lang } from "#schemas/words.ts";
import type { DayState } from "./daily-states.ts";
import type { Html } from "./markup.ts";

/** Days that a history strip shows, today included. */
export const HISTORY_DAYS = 30;
const CELL = 4;
const HEIGHT = 16;
/** Heights in pixels, so that a strip can be read without colour: the worse, the taller. */
const heights: Record<FindingState, number> = { fail: 16, error: 13, unknown: 9, pending: 7, pass: 4, not_applicable: 2 };

/** Thirty days as a strip of bars, with the same in words. A day on which nobody judged is an unknown one; one that is not counted has no bar. */
export function historyStrip(lang: Lang, days: readonly (DayState | undefined)[]): Html {
  const paths = findingStates.flatMap((state) => {
    const cells = days.flatMap((day, index) => (drawn(day) === state ? [`M${index * CELL} ${HEIGHT - heights[state]}h3v${heights[state]}h-3z`] : []));
    return cells.length === 0 ? [] : [html`<path class="f-${state}" d="${cells.join("")}"/>`];
  });
  const width = days.length * CELL;
  return html`<svg class="strip" viewBox="0 0 ${width} ${HEIGHT}" role="img" aria-label="${text(lang, "web.history.alt", { summary: inWords(lang, days) })}"><rect class="gap" y="${HEIGHT - 1}" width="${width}" height="1"/>${paths}</svg>`;
}

function drawn(day: DayState | undefined): FindingState | undefined {
  return day === "not_judged" ? "unknown" : day === "not_counted" ? undefined : day;
}

function inWords(lang: Lang, days: readonly (DayState | undefined)[]): string {
  const counts = worstFirst.map((state) => ({ state, count: days.filter((day) => day === state).length })).filter(({ count }) => count > 0);
  const unjudged = days.filter((day) => day === "not_judged").length;
  const uncounted = days.filter((day) => day === "not_counted").length;
  if (counts.length === 0 && unjudged === 0 && uncounted === 0) return text(lang, "web.history.noDays");
  return [
    ...counts.map(({ state, count }) => text(lang, "web.history.days", { count, state: text(lang, `state.${state}`).toLowerCase() })),
    ...(unjudged > 0 ? [text(lang, "web.history.notJudged", { count: unjudged })] : []),
    ...(uncounted > 0 ? [text(lang, "web.history.notCounted", { count: uncounted })] : []),
  ].join(", ");
}
