import { html } from "hono/html";
import { worstFirst } from "#schemas/evaluate/judgement.ts";
import type { FindingState } from "#schemas/finding.ts";
import { text } from "#schemas/text/text.ts";
import type { Lang } from "#schemas/words.ts";
import { type Html, round } from "./markup.ts";
import type { CentreStanding } from "./province-view.ts";

const WIDTH = 400;
const MARGIN = 26;
const MARK = 13;
type Point = { readonly x: number; readonly y: number };
type Placed = Point & { readonly standing: CentreStanding };

/**
 * The province as marks at their coordinates (equirectangular about the mean latitude) on a soft outline of their hull: no tiles, no borders.
 * It is for eyes and mice only; the table carries the same for everybody.
 */
export function centreMap(lang: Lang, standings: readonly CentreStanding[]): Html {
  const located = standings.flatMap((standing) => {
    const { latitude, longitude } = standing.centre;
    return latitude === undefined || longitude === undefined ? [] : [{ standing, latitude, longitude }];
  });
  const missing = standings.length - located.length;
  const note = missing > 0 ? html`<p class="note">${text(lang, "web.map.missing", { count: missing })}</p>` : "";
  if (located.length === 0) return html`${note}`;
  const { points, height } = project(located);
  const outline = hull(points).map(({ x, y }) => `${round(x)},${round(y)}`);
  // The worst are drawn last, on top of their neighbours.
  const groups = worstFirst.toReversed().map((state) => {
    const marks = points.filter(({ standing }) => standing.state === state);
    return marks.length === 0
      ? ""
      : html`<use id="m-${state}" href="#s-${state}" x="-99" width="${MARK}" height="${MARK}"/><g class="i-${state}">${marks.map((mark) => placed(mark, state))}</g>`;
  });
  return html`<svg class="map" viewBox="0 0 ${WIDTH} ${round(height)}" aria-hidden="true" focusable="false"><polygon class="land" points="${outline.join(" ")}"/>${groups}</svg>
<p class="note">${text(lang, "web.map.note")}</p>${note}`;
}

/** A mark is the state's symbol, defined once outside of the picture and shifted to its place. */
function placed({ x, y, standing: { centre } }: Placed, state: FindingState): Html {
  return html`<a href="/centres/${centre.code}" tabindex="-1"><title>${centre.name}</title><use href="#m-${state}" x="${Math.round(x - MARK / 2 + 99)}" y="${Math.round(y - MARK / 2)}"/></a>`;
}

function project(located: readonly { standing: CentreStanding; latitude: number; longitude: number }[]): { points: Placed[]; height: number } {
  const latitudes = located.map(({ latitude }) => latitude);
  const squeeze = Math.cos(((Math.min(...latitudes) + Math.max(...latitudes)) / 2) * (Math.PI / 180));
  const xs = located.map(({ longitude }) => longitude * squeeze);
  const [left, top] = [Math.min(...xs), Math.max(...latitudes)];
  const [spanX, spanY] = [Math.max(...xs) - left, top - Math.min(...latitudes)];
  const scale = Math.min((WIDTH - 2 * MARGIN) / (spanX || 1), (WIDTH * 1.1) / (spanY || 1));
  const shift = (WIDTH - spanX * scale) / 2;
  const points = located.map(({ standing, latitude, longitude }) => ({
    standing,
    x: shift + (longitude * squeeze - left) * scale,
    y: MARGIN + (top - latitude) * scale,
  }));
  return { points, height: spanY * scale + 2 * MARGIN };
}

/** Convex hull by Andrew's monotone chain. */
function hull(points: readonly Point[]): readonly Point[] {
  const sorted = points.toSorted((a, b) => a.x - b.x || a.y - b.y);
  const chain = (list: readonly Point[]) => {
    const kept: Point[] = [];
    for (const point of list) {
      while (kept.length >= 2 && turn(kept.at(-2) as Point, kept.at(-1) as Point, point) <= 0) kept.pop();
      kept.push(point);
    }
    return kept.slice(0, -1);
  };
  return sorted.length < 3 ? sorted : [...chain(sorted), ...chain(sorted.toReversed())];
}

function turn(a: Point, b: Point, c: Point): number {
  return (b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x);
}
