import type { RecordingProjection } from "../recording-evidence.ts";
import type { Lang } from "../words.ts";
import { text } from "./text.ts";

/**
 * How long the disks will hold, and what would make them fit, as one sentence for the clerk; undefined when nobody could estimate it.
 * The range is told in whole days, the lower end rounded down: nobody is promised a day too many.
 */
export function projectionSentence(lang: Lang, projection: RecordingProjection | undefined): string | undefined {
  const { daysMin, daysMax, missingTb, fittingKbps, outlook } = projection ?? {};
  if (daysMin === undefined || daysMax === undefined) return undefined;
  const [from, to] = [Math.floor(daysMin), Math.max(Math.floor(daysMin), Math.round(daysMax))];
  const range = from === to ? text(lang, "projection.days", { days: from }) : text(lang, "projection.range", { from, to });
  if (outlook === "ok") return text(lang, "projection.ok", { range });
  if (missingTb === undefined || fittingKbps === undefined) return text(lang, "projection.near", { range });
  return text(lang, outlook === "short" ? "projection.short" : "projection.unsure", { range, missingTb, fittingKbps });
}
