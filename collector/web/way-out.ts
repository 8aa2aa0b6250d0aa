import { html } from "hono/html";
import { segmentOwners, segments } from "#schemas/fault-location.ts";
import { pointOf } from "#schemas/inventory.ts";
import type { Phones } from "#schemas/phones.ts";
import { ownerWords } from "#schemas/text/owner-words.ts";
import { text } from "#schemas/text/text.ts";
import type { Lang } from "#schemas/words.ts";
import type { LatestReading, PointReading } from "./device-brief.ts";
import { age } from "./format.ts";
import { type Html, icon } from "./markup.ts";

/** The walk along the way out of one reception point. */
export function walkOf(walks: readonly PointReading[], point: string): readonly PointReading[] {
  return walks.filter((reading) => pointOf(reading) === point);
}

/**
 * The segments of the way out as the newest walk found them, from the PC outward, and whose turn it is where it ended; nothing when none was made. `isInPoint`: under
 * the heading of its reception point.
 */
export function wayOut(lang: Lang, walk: readonly LatestReading[], nowMs: number, phones: Phones, { isInPoint = false } = {}): Html {
  const [first] = walk;
  if (!first) return html``;
  const found = segments.flatMap((segment) => {
    const reading = walk.find(({ labels }) => labels?.segment === segment);
    return reading ? [{ segment, carries: reading.value === 1 }] : [];
  });
  const broken = found.find(({ carries }) => !carries)?.segment;
  const title = text(lang, "web.way.title");
  return html`${isInPoint ? html`<h4>${title}</h4>` : html`<h3>${title}</h3>`}
<ul class="legend" aria-label="${title}">${found.map(({ segment, carries }) => html`<li>${icon(carries ? "pass" : "fail")} ${text(lang, `segment.${segment}`)}: ${text(lang, carries ? "web.way.carries" : "web.way.ends")}</li>`)}</ul>
<p class="note">${text(lang, "web.way.asked", { age: age(lang, first.at, nowMs) })}${broken ? html` ${text(lang, "web.sheet.owner")}: ${ownerWords(lang, segmentOwners[broken], phones[segmentOwners[broken]])}.` : ""}</p>`;
}
