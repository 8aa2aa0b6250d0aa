import { type MetricName, metrics } from "#schemas/metrics.ts";
import { unitWord } from "#schemas/text/finding-sentence.ts";
import { numberWord } from "#schemas/text/number-word.ts";
import { text } from "#schemas/text/text.ts";
import type { Lang } from "#schemas/words.ts";

/** A value with its unit in the reader's words: "168 Mbps", "30 ngày"; yes or no for flags. `beside` is what it must not be taken for. */
export function valueWithUnit(lang: Lang, value: number, unit: string | undefined, beside?: number): string {
  if (unit === "bool") return text(lang, value >= 1 ? "web.cameras.yes" : "web.cameras.no");
  if (unit === "B") return bytes(lang, value);
  const word = unit ? unitWord(lang, unit) : "";
  const written = numberWord(lang, value, beside);
  return word === "" ? written : `${written}\u00a0${word}`;
}

/** What is counted stands in a metric's own name, and is not always what the unit counts: free addresses are no people. */
const counts: ReadonlySet<string> = new Set(["clients", "count", "devices", "pages", "status"]);

/** A reading behind the name of its metric: the value with its unit, a count without. */
export function readingValue(lang: Lang, metric: MetricName, value: number): string {
  const { unit } = metrics[metric];
  return valueWithUnit(lang, value, counts.has(unit) ? undefined : unit);
}

function bytes(lang: Lang, value: number): string {
  const [scale, unit] = (
    [
      [1e12, "TB"],
      [1e9, "GB"],
      [1e6, "MB"],
      [1e3, "kB"],
    ] as const
  ).find(([limit]) => value >= limit) ?? [1, "B"];
  return `${numberWord(lang, value / scale)}\u00a0${unit}`;
}
