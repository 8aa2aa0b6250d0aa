import { html } from "hono/html";
import { vietnamDay, vietnamDayStartMs } from "#schemas/calendar.ts";
import { type Reading, readingOf } from "#schemas/observation.ts";
import { text } from "#schemas/text/text.ts";
import type { Lang } from "#schemas/words.ts";
import { day, number } from "./format.ts";
import { type Html, round } from "./markup.ts";
import type { StoredRun } from "./page-store.ts";

const [WIDTH, HEIGHT, LEFT, TOP, BOTTOM] = [640, 210, 40, 10, 22];
const DAYS = 30;
const DAY_MS = 86_400_000;
type Test = { readonly atMs: number; readonly down?: number; readonly up?: number; readonly excused: boolean };

/** Bandwidth tests of 30 days against what is required and contracted: dots joined by a thin line, hollow where a test is excused. */
export function linkChart(lang: Lang, runs: readonly StoredRun[], required: number | undefined, contract: number | undefined, nowMs: number): Html {
  const endMs = vietnamDayStartMs(vietnamDay(nowMs)) + DAY_MS;
  const startMs = endMs - DAYS * DAY_MS;
  const tests = runs
    .flatMap(testOf)
    .filter(({ atMs }) => atMs >= startMs && atMs < endMs)
    .sort((a, b) => a.atMs - b.atMs);
  if (tests.length === 0) return html`<p class="note">${text(lang, "web.link.none")}</p>`;
  const values = tests.flatMap(({ down, up }) => [down, up]).filter((value) => value !== undefined);
  const top = niceTop(Math.max(...values, required ?? 0, contract ?? 0));
  const x = (atMs: number) => round(LEFT + ((atMs - startMs) / (endMs - startMs)) * (WIDTH - LEFT - 6));
  const y = (mbps: number) => round(HEIGHT - BOTTOM - (mbps / top) * (HEIGHT - TOP - BOTTOM));
  const alt = text(lang, "web.link.alt", {
    count: tests.length,
    download: middle(tests.flatMap(({ down }) => down ?? [])) ?? "–",
    upload: middle(tests.flatMap(({ up }) => up ?? [])) ?? "–",
    required: required ?? "–",
  });
  return html`<svg class="chart" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${alt}">
${[0, 0.25, 0.5, 0.75, 1].map((part) => html`<path class="grid" d="M${LEFT} ${y(top * part)}H${WIDTH - 6}"/><text x="${LEFT - 5}" y="${y(top * part) + 4}" text-anchor="end">${number(lang, top * part)}</text>`)}
${[0, 5, 10, 15, 20, 25].map((back) => dayMark(lang, endMs - (back + 0.5) * DAY_MS, x))}
${level("contract", contract, y)}${level("floor", required, y)}
${series("down", tests, x, y)}${series("up", tests, x, y)}
</svg>
<p class="keys">${key("down", text(lang, "web.link.download"))}${key("up", text(lang, "web.link.upload"))}${required === undefined ? "" : key("floor", text(lang, "web.link.required", { required }))}${contract === undefined ? "" : key("contract", text(lang, "web.link.contract", { contract }))}${tests.some(({ excused }) => excused) ? html`<span>${text(lang, "web.link.excused")}</span>` : ""}</p>`;
}

function testOf({ takenAt, outcome }: StoredRun): Test[] {
  if (outcome.kind !== "measured") return [];
  const down = best(outcome.readings, "download_mbps");
  const up = best(outcome.readings, "upload_mbps");
  if (down === undefined && up === undefined) return [];
  return [{ atMs: Date.parse(takenAt), excused: outcome.excuse !== undefined, ...(down !== undefined && { down }), ...(up !== undefined && { up }) }];
}

function best(readings: readonly Reading[], metric: "download_mbps" | "upload_mbps"): number | undefined {
  return readingOf(readings, metric);
}

function dayMark(lang: Lang, atMs: number, x: (atMs: number) => number): Html {
  return html`<text x="${x(atMs)}" y="${HEIGHT - 6}" text-anchor="middle">${day(lang, vietnamDay(atMs)).slice(lang === "vi" ? 0 : 5, lang === "vi" ? 5 : 10)}</text>`;
}

function level(name: "floor" | "contract", mbps: number | undefined, y: (mbps: number) => number): Html | "" {
  return mbps === undefined ? "" : html`<path class="${name}" d="M${LEFT} ${y(mbps)}H${WIDTH - 6}"/>`;
}

/** Download as circles, upload as diamonds: told apart without colour. */
function series(name: "down" | "up", tests: readonly Test[], x: (atMs: number) => number, y: (mbps: number) => number): Html {
  const points = tests.flatMap((test) => {
    const mbps = test[name];
    return mbps === undefined ? [] : [{ x: x(test.atMs), y: y(mbps), excused: test.excused }];
  });
  const line = points.map((point, index) => `${index === 0 ? "M" : "L"}${point.x} ${point.y}`).join("");
  const shape = (filled: typeof points) => filled.map((point) => (name === "down" ? circle(point) : `M${point.x} ${round(point.y - 4)}l4 4-4 4-4-4z`)).join("");
  return html`<path class="line ${name}" d="${line}"/><path class="${name}" d="${shape(points.filter(({ excused }) => !excused))}"/><path class="${name} hollow" d="${shape(points.filter(({ excused }) => excused))}"/>`;
}

function circle({ x, y }: { x: number; y: number }): string {
  return `M${round(x - 3)} ${y}a3 3 0 1 0 6 0 3 3 0 1 0-6 0z`;
}

function key(name: "down" | "up" | "floor" | "contract", words: string): Html {
  const shape = name === "down" ? circle({ x: 11, y: 5 }) : name === "up" ? "M11 1l4 4-4 4-4-4z" : "M0 5H22";
  return html`<span><svg class="chart" viewBox="0 0 22 10" aria-hidden="true"><path class="${name}" d="${shape}"/></svg>${words}</span>`;
}

function niceTop(value: number): number {
  const step = [40, 100, 200, 400, 600, 800, 1_000, 1_200, 2_000, 4_000, 10_000, 100_000].find((limit) => limit >= value * 1.02);
  return step ?? value;
}

function middle(values: readonly number[]): number | undefined {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
}
