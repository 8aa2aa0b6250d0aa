import { html } from "hono/html";
import { vietnamDay, vietnamDayStartMs } from "#schemas/calendar.ts";
import { readingOf } from "#schemas/observation.ts";
import { day } from "#schemas/text/moment-word.ts";
import { numberWord } from "#schemas/text/number-word.ts";
import { text } from "#schemas/text/text.ts";
import type { Lang } from "#schemas/words.ts";
import { type Html, round } from "./markup.ts";
import type { StoredRun } from "./page-store.ts";

const [WIDTH, HEIGHT, LEFT, TOP, BOTTOM] = [640, 210, 40, 10, 22];
const DAYS = 30;
const DAY_MARKS = 6;
const DAY_MS = 86_400_000;
/** One bandwidth test as the chart shows it, Mbps. */
export type ChartTest = { readonly atMs: number; readonly down?: number | undefined; readonly up?: number | undefined; readonly excused: boolean };
/** Bandwidth tests of the `days` days that end with the day of `nowMs`, and what they are held against: the plan's floor, the contract. Mbps. */
export type LinkChart = {
  readonly lang: Lang;
  readonly tests: readonly ChartTest[];
  readonly required: number | undefined;
  readonly contract: number | undefined;
  readonly nowMs: number;
  readonly days?: number;
};

/** The chart with its key: dots joined by a thin line, hollow where a test is excused; one sentence where there is no test. */
export function linkChart(chart: LinkChart): Html {
  const { lang, required, contract } = chart;
  const svg = linkChartSvg(chart);
  if (svg === undefined) return html`<p class="note">${text(lang, "web.link.none")}</p>`;
  return html`${svg}
<p class="keys">${key("down", text(lang, "web.link.download"))}${key("up", text(lang, "web.link.upload"))}${required === undefined ? "" : key("floor", text(lang, "web.link.required", { required }))}${contract === undefined ? "" : key("contract", text(lang, "web.link.contract", { contract }))}${chart.tests.some(({ excused }) => excused) ? html`<span>${text(lang, "web.link.excused")}</span>` : ""}</p>`;
}

/** The chart alone, a whole SVG; undefined where there is no test. */
export function linkChartSvg({ lang, tests: all, required, contract, nowMs, days = DAYS }: LinkChart): Html | undefined {
  const endMs = vietnamDayStartMs(vietnamDay(nowMs)) + DAY_MS;
  const startMs = endMs - days * DAY_MS;
  const tests = all.filter(({ atMs }) => atMs >= startMs && atMs < endMs).sort((a, b) => a.atMs - b.atMs);
  if (tests.length === 0) return undefined;
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
  return html`<svg xmlns="http://www.w3.org/2000/svg" class="chart" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${alt}">
${[0, 0.25, 0.5, 0.75, 1].map((part) => html`<path class="grid" d="M${LEFT} ${y(top * part)}H${WIDTH - 6}"/><text x="${LEFT - 5}" y="${y(top * part) + 4}" text-anchor="end">${numberWord(lang, top * part)}</text>`)}
${Array.from({ length: DAY_MARKS }, (_, index) => dayMark(lang, endMs - (Math.floor((index * days) / DAY_MARKS) + 0.5) * DAY_MS, x))}
${level("contract", contract, y)}${level("floor", required, y)}
${series("down", tests, x, y)}${series("up", tests, x, y)}
</svg>`;
}

/** The tests among stored runs. */
export function chartTests(runs: readonly StoredRun[]): ChartTest[] {
  return runs.flatMap(({ takenAt, outcome }) => {
    if (outcome.kind !== "measured") return [];
    const [down, up] = [readingOf(outcome.readings, "download_mbps"), readingOf(outcome.readings, "upload_mbps")];
    return down === undefined && up === undefined ? [] : [{ atMs: Date.parse(takenAt), excused: outcome.excuse !== undefined, down, up }];
  });
}

function dayMark(lang: Lang, atMs: number, x: (atMs: number) => number): Html {
  return html`<text x="${x(atMs)}" y="${HEIGHT - 6}" text-anchor="middle">${day(lang, vietnamDay(atMs)).slice(lang === "vi" ? 0 : 5, lang === "vi" ? 5 : 10)}</text>`;
}

function level(name: "floor" | "contract", mbps: number | undefined, y: (mbps: number) => number): Html | "" {
  return mbps === undefined ? "" : html`<path class="${name}" d="M${LEFT} ${y(mbps)}H${WIDTH - 6}"/>`;
}

/** Download as circles, upload as diamonds: told apart without colour. */
function series(name: "down" | "up", tests: readonly ChartTest[], x: (atMs: number) => number, y: (mbps: number) => number): Html {
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
