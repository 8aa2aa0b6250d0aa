import { html } from "hono/html";
import type { PageUse } from "#schemas/evaluate/page-use.ts";
import type { Finding, FindingPart } from "#schemas/finding.ts";
import type { PolicyProfile } from "#schemas/policy.ts";
import { partSentence } from "#schemas/text/finding-sentence.ts";
import { day, moment } from "#schemas/text/moment-word.ts";
import { numberWord } from "#schemas/text/number-word.ts";
import { text } from "#schemas/text/text.ts";
import type { Lang } from "#schemas/words.ts";
import { coverageStrip } from "./coverage-strip.ts";
import { isAbout, type LatestReading } from "./device-brief.ts";
import { deviceBadge, deviceKind, devicePlace } from "./device-list.ts";
import type { DeviceView, Since } from "./device-view.ts";
import { age } from "./format.ts";
import { incidentList } from "./incident-list.ts";
import { layout, type PageFrame } from "./layout.ts";
import { badge, type Html, stackHead } from "./markup.ts";
import type { StoredRun } from "./page-store.ts";
import { runsTable } from "./sheet-details.ts";
import { readingValue } from "./value.ts";

/** The page of one device: whether it is there and since when, what it told last, which requirements hang on it, what happened to it. */
export function devicePage(frame: PageFrame, policy: PolicyProfile, view: DeviceView): Html {
  const { lang } = frame;
  const { centre, device, readings, runs } = view.rows;
  const body = html`<p class="crumb">${frame.asker?.centre ? "← " : html`<a href="/">← ${text(lang, "web.centre.back")}</a> / `}<a href="/centres/${centre.code}">${centre.name}</a></p>
<div data-part="head">${head(frame, view)}</div>
<section class="card" aria-labelledby="history-title" data-part="history"><h2 id="history-title">${text(lang, "web.device.history")}</h2>${coverageStrip(lang, device.id, view.days, "web.device.alt")}<p class="note">${text(lang, "web.device.legend")}</p></section>
<div class="two" data-part="facts">
<section class="card" aria-labelledby="plan-title"><h2 id="plan-title">${text(lang, "web.device.plan")}</h2>${requirements(lang, policy, view)}</section>
<section class="card" aria-labelledby="incidents-title"><h2 id="incidents-title">${text(lang, "web.device.incidents")}</h2>${incidentList(lang, policy, view.problems, { code: centre.code, hasPoints: false }, `/centres/${centre.code}`)}</section>
</div>
<section class="card" aria-labelledby="readings-title" data-part="readings"><h2 id="readings-title">${text(lang, "web.device.readings")}</h2>${readingsTable(frame, readings)}</section>
<section class="card" aria-labelledby="runs-title" data-part="runs"><h2 id="runs-title">${text(lang, "web.device.runs")}</h2>${runsTable(
    lang,
    runs.map((run) => ownReadings(run, device.id)),
  )}</section>`;
  return layout(frame, `${device.id}, ${centre.name}`, body, { live: true });
}

/** A run that asked several devices, with the readings of this one alone. */
function ownReadings(run: StoredRun, device: string): StoredRun {
  const { outcome } = run;
  if (outcome.kind !== "measured") return run;
  const own = outcome.readings.filter(({ labels }) => [labels?.device, labels?.camera, labels?.ap].some((name) => isAbout(name, device)));
  return own.length === 0 ? run : { ...run, outcome: { ...outcome, readings: own } };
}

function head({ lang, nowMs }: PageFrame, { rows: { device }, state, since, use }: DeviceView): Html {
  const { name, vendor, model, declared, answered } = device;
  const facts = [
    deviceKind(lang, device),
    ...[devicePlace(lang, device) ?? []].flat(),
    ...(name === undefined ? [] : [name]),
    ...(vendor === undefined && model === undefined ? [] : [[vendor, model].filter((word) => word !== undefined).join(" ")]),
    text(lang, declared ? "web.device.declared" : "web.device.undeclared"),
    answered ? text(lang, "web.device.asked", { age: age(lang, answered.at, nowMs), at: moment(lang, answered.at) }) : text(lang, "web.device.neverAsked"),
  ];
  return html`<section class="card" aria-labelledby="page-title"><h1 id="page-title" class="device">${device.id} ${deviceBadge(lang, state)}</h1>
<p class="facts">${facts.map((fact) => html`<span>${fact}</span>`)}</p>${since && answered ? html`<p>${sinceWords(lang, state, since, nowMs)}</p>` : ""}${use ? html`<p data-use="${use.state}">${useWords(lang, use)}</p>` : ""}</section>`;
}

/** What the page counter says: whether it grows, by how much, and whether it began anew. */
function useWords(lang: Lang, { state, printed, fromDay, baseDay, grownDay, resets }: PageUse): string {
  const days = {
    printed: numberWord(lang, printed),
    from: day(lang, fromDay),
    base: day(lang, baseDay),
    grown: grownDay === undefined ? "" : day(lang, grownDay),
  };
  // A counter that began anew stands still from there; one that grew before, from the last day on which it did.
  const still = grownDay !== undefined && grownDay > baseDay ? days.grown : days.base;
  const words = text(lang, `web.device.use.${state}`, { ...days, still });
  return resets === 0 ? words : `${words} ${text(lang, "web.device.use.resets", { resets })}`;
}

function sinceWords(lang: Lang, state: DeviceView["state"], { at, atLeast }: Since, nowMs: number): string {
  const key = state === "unknown" ? "web.device.since.unknown" : atLeast ? "web.device.since.atLeast" : "web.device.since";
  return text(lang, key, { at: moment(lang, at), age: age(lang, at, nowMs) });
}

function requirements(lang: Lang, policy: PolicyProfile, { rows: { findings, device, centre } }: DeviceView): Html {
  const titles = new Map(policy.requirements.map(({ id, title }) => [id, title[lang]]));
  const parts = findings.flatMap((finding) =>
    (finding.parts ?? [])
      .filter(({ subject, point }) => subject !== point && isAbout(subject, device.id))
      .map((part) => ({ requirement: finding.requirement, finding, part })),
  );
  if (parts.length === 0) return html`<p class="note">${text(lang, "web.device.plan.none")}</p>`;
  return html`<ul class="plan-parts">${parts.map(
    ({
      requirement,
      finding,
      part,
    }) => html`<li>${badge(lang, part.state)} <a href="/centres/${centre.code}#${requirement}">${requirement} ${titles.get(requirement)}</a>
<span class="note">${partWords(lang, finding, part, device.id)}</span></li>`,
  )}</ul>`;
}

function partWords(lang: Lang, finding: Finding, part: FindingPart, device: string): string {
  const which = part.subject === device ? "" : `${part.subject.slice(device.length + 1)}: `;
  return `${which}${partSentence(lang, finding, part)}`;
}

function readingsTable({ lang, nowMs }: PageFrame, readings: readonly LatestReading[]): Html {
  if (readings.length === 0) return html`<p class="note">${text(lang, "web.device.readings.none")}</p>`;
  return html`${stackHead(lang, "web.device.readings", ["web.device.reading", "web.device.value", "web.device.detail", "web.sheet.observation.at"], "readings")}
<tbody role="rowgroup">${readings.map(
    ({ metric, value, labels, at }) =>
      html`<tr role="row"><th scope="row" role="rowheader">${text(lang, `metric.${metric}`)}</th><td role="cell" class="num">${readingValue(lang, metric, value)}</td><td role="cell">${Object.entries(
        labels ?? {},
      )
        .filter(([label]) => !["device", "camera", "ap", "role"].includes(label))
        .map(([, word]) => word)
        .join(", ")}</td><td role="cell" class="num">${age(lang, at, nowMs)}</td></tr>`,
  )}</tbody></table>`;
}
