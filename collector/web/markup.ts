import { html, raw } from "hono/html";
import type { FindingState, Tally } from "#schemas/finding.ts";
import { type TextKey, text } from "#schemas/text/text.ts";
import type { Lang } from "#schemas/words.ts";

/** Escaped HTML: what `html` and `raw` make. Only such a value reaches a page unescaped. */
export type Html = ReturnType<typeof html>;

// C0 and C1 without tab and line ends, and all that steers the direction of writing: a name with one in it reads as something that it is not.
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this removes
const steering = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** A finished page without control characters, wherever they came from: the last door before the reader. */
export function withoutSteering(page: Html): Html {
  return raw(String(page).replace(steering, ""));
}

/** Shapes of the six states, told apart without colour: tick, cross in a square, question in a dashed ring, clock, warning triangle, bar. */
export const sprite = raw(`<svg width="0" height="0" class="sprite" aria-hidden="true" focusable="false">
<symbol id="s-pass" viewBox="0 0 16 16"><circle cx="8" cy="8" r="7.2"/><path d="M4.6 8.3l2.4 2.4 4.5-5"/></symbol>
<symbol id="s-fail" viewBox="0 0 16 16"><rect x=".8" y=".8" width="14.4" height="14.4" rx="2"/><path d="M5 5l6 6M11 5l-6 6"/></symbol>
<symbol id="s-unknown" viewBox="0 0 16 16"><circle cx="8" cy="8" r="6.9" class="ring"/><path d="M6 6.3a2 2 0 1 1 2.9 1.9c-.6.3-.9.7-.9 1.3M8 11.6v.3"/></symbol>
<symbol id="s-pending" viewBox="0 0 16 16"><circle cx="8" cy="8" r="6.9" class="hollow"/><path d="M8 4.2V8l2.6 1.8"/></symbol>
<symbol id="s-error" viewBox="0 0 16 16"><path d="M8 1.2l7 13H1z" class="solid"/><path d="M8 6v3.8M8 11.8v.3"/></symbol>
<symbol id="s-not_applicable" viewBox="0 0 16 16"><path d="M3.5 8h9"/></symbol>
<symbol id="s-waived" viewBox="0 0 16 16"><rect x="2.5" y="1.5" width="11" height="13" rx="1.5" class="hollow"/><path d="M5.2 5.5h5.6M5.2 8.2h5.6M5.2 10.9h3"/></symbol>
</svg>`);

/** The picture of a state, for eyes only; the word always stands beside it. */
export function icon(state: FindingState | "waived"): Html {
  return html`<svg class="i i-${state}" aria-hidden="true"><use href="#s-${state}"/></svg>`;
}

/** A state as picture and word. */
export function badge(lang: Lang, state: FindingState, waived = false): Html {
  const note = waived ? html` <span class="b b-waived">${icon("waived")}${text(lang, "state.waived")}</span>` : "";
  return html`${mark(state, text(lang, `state.${state}`))}${note}`;
}

/** The sign of a state with words of its own. */
export function mark(state: FindingState, words: string): Html {
  return html`<span class="b b-${state}">${icon(state)}${words}</span>`;
}

/** The order in which states are drawn side by side. */
export const barOrder = ["pass", "fail", "error", "unknown", "pending", "not_applicable"] as const;

/** The states of a tally as one bar, each part as wide as its share; for eyes only, the numbers stand beside it. */
export function tallyBar(counts: Tally, width: number, height: number): Html {
  let x = 0;
  const parts = barOrder.flatMap((state) => {
    const length = counts.total === 0 ? 0 : (counts[state] / counts.total) * width;
    const start = x;
    x += length;
    return length === 0 ? [] : [html`<rect class="f-${state}" x="${round(start)}" width="${round(length)}" height="${height}"/>`];
  });
  return html`<svg class="bar" viewBox="0 0 ${width} ${height}" preserveAspectRatio="none" aria-hidden="true">${parts}</svg>`;
}

/** A number short enough for SVG. */
export function round(value: number): number {
  return Math.round(value * 10) / 10;
}

/** The beginning of a table whose rows become blocks at phone width; roles by attribute, since the style would take its meaning away. */
export function stackHead(lang: Lang, caption: TextKey, columns: readonly TextKey[], more = ""): Html {
  return html`<table class="stack list ${more}" role="table"><caption>${text(lang, caption)}</caption><thead role="rowgroup"><tr role="row">${columns.map((key) => html`<th scope="col" role="columnheader">${text(lang, key)}</th>`)}</tr></thead>`;
}
