import { html } from "hono/html";
import { text } from "#schemas/text/text.ts";
import type { Lang } from "#schemas/words.ts";
import { type Html, round } from "./markup.ts";

/** Share of a day that is recorded, 0..1; undefined where nobody could look. */
export type RecordedDay = number | undefined;
const [CELL, HEIGHT] = [8, 22];
/** From this share on a day counts as complete in the strip; verdicts follow the policy, not this picture. */
const COMPLETE = 0.99;

/** Days as bars, oldest first: height is the share that is there, a crossed cell is a day with nothing, a dot is unknown. `words` says the same to the ear. */
export function coverageStrip(
  lang: Lang,
  channel: string,
  days: readonly RecordedDay[],
  words: "web.cameras.alt" | "web.device.alt" = "web.cameras.alt",
): Html {
  const kinds = days.map((share) => (share === undefined ? "unknown" : share >= COMPLETE ? "full" : share > 0 ? "part" : "none"));
  const count = (kind: (typeof kinds)[number]) => kinds.filter((one) => one === kind).length;
  const alt = text(lang, words, { channel, full: count("full"), part: count("part"), none: count("none"), unknown: count("unknown") });
  const width = days.length * CELL;
  return html`<svg class="days" viewBox="0 0 ${width} ${HEIGHT}" role="img" aria-label="${alt}"><path class="base" d="M0 ${HEIGHT - 0.5}H${width}"/>${days.map((share, index) => cell(share, kinds[index], index * CELL))}</svg>`;
}

function cell(share: RecordedDay, kind: string | undefined, x: number): Html {
  if (share === undefined) return html`<circle class="dot" cx="${x + 3.5}" cy="${HEIGHT - 5}" r="1.3"/>`;
  if (kind === "none") return html`<path class="none" d="M${x + 0.5} 1.5h6v20h-6z"/><path class="cross" d="M${x + 0.5} 21.5l6-20"/>`;
  const height = Math.max(2, share * (HEIGHT - 2));
  return html`<rect class="${kind}" x="${x + 0.5}" y="${round(HEIGHT - 0.5 - height)}" width="6" height="${round(height)}"/>`;
}
