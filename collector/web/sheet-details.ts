import { html } from "hono/html";
import type { Attestation } from "#schemas/attestation.ts";
import type { Finding, FindingPart } from "#schemas/finding.ts";
import { carriedOf, testEvidence } from "#schemas/link-evidence.ts";
import type { Outcome, Reading } from "#schemas/observation.ts";
import type { Phones } from "#schemas/phones.ts";
import { attestedRuleOf, type Requirement } from "#schemas/policy.ts";
import { carriedWords } from "#schemas/text/carried-words.ts";
import { partSentence } from "#schemas/text/finding-sentence.ts";
import { moment } from "#schemas/text/moment-word.ts";
import { numberWord } from "#schemas/text/number-word.ts";
import { outcomeWord } from "#schemas/text/outcome-word.ts";
import { partName, pointWord } from "#schemas/text/point-word.ts";
import { isTextKey, text } from "#schemas/text/text.ts";
import type { Lang } from "#schemas/words.ts";
import { mayCall } from "../routes/access-table.ts";
import { capacityTable, type LineFact } from "./capacity-table.ts";
import type { SheetRow } from "./centre-view.ts";
import { devicePath } from "./device-list.ts";
import type { PageFrame } from "./layout.ts";
import { badge, type Html, stackHead } from "./markup.ts";
import type { StoredRun } from "./page-store.ts";
import { readingValue, valueWithUnit } from "./value.ts";

const PARTS_SHOWN = 60;
const RUNS_SHOWN = 20;
const READINGS_SHOWN = 6;

/** Whose sheet it is, which devices have a page, and what is known of the line that all people share. */
export type SheetPlace = {
  readonly centre: string;
  readonly devices: ReadonlySet<string>;
  readonly line?: LineFact | undefined;
  /** Whom the centre calls. */
  readonly phones: Phones;
};

/** What stands behind a row: where the plan says it, each part, the measurements and the declarations. */
export function sheetDetails(frame: PageFrame, place: SheetPlace, { requirement, finding, runs, attestations }: SheetRow): Html {
  const { lang } = frame;
  const { centre, line } = place;
  const terms: readonly (readonly [string, Html | string])[] = [
    [text(lang, "web.sheet.clause"), requirement.clause],
    [text(lang, "web.sheet.quote"), html`<q lang="vi">${requirement.quote}</q>`],
    ...(requirement.reading ? ([[text(lang, "web.sheet.reading"), requirement.reading[lang]]] as const) : []),
    ...(typeof finding?.detail?.unused === "number" ? ([[text(lang, "web.sheet.unused"), String(finding.detail.unused)]] as const) : []),
    ...(finding?.validUntil ? ([[text(lang, "web.sheet.validUntil"), moment(lang, finding.validUntil)]] as const) : []),
  ];
  return html`<details id="d-${requirement.id}"><summary>${text(lang, "web.sheet.details")}<span class="quiet"> ${requirement.id}</span></summary><div class="detail">
<dl>${terms.map(([term, words]) => html`<dt>${term}</dt><dd>${words}</dd>`)}</dl>
${requirement.rule.kind === "capacity" && finding ? capacityTable(lang, finding, line) : ""}
${finding?.parts && finding.parts.length > 0 ? partsTable(lang, place, requirement, finding, finding.parts) : ""}
${finding && finding.evidenceClass === "measured" && finding.evidence.length > 0 ? runsTable(lang, runs) : ""}
${attestations.length > 0 ? attestationsTable(lang, requirement, attestations) : ""}
<p class="note">${finding ? text(lang, "web.sheet.evaluated", { at: moment(lang, finding.evaluatedAt), policy: finding.policy }) : ""}</p>
<p class="no-print">${formLinks(frame, centre, requirement)}</p>
</div></details>`;
}

/** The forms about a requirement that the reader may open. */
function formLinks({ lang, asker }: PageFrame, centre: string, requirement: Requirement): readonly Html[] {
  const forms = [
    ["duties", "duties.link", requirement.rule.kind === "checklist"],
    ["attest", "web.sheet.attest", attestedRuleOf(requirement) !== undefined],
    ["waive", "web.sheet.waive", true],
  ] as const;
  return forms
    .filter(([form, , isAsked]) => isAsked && mayCall(asker, `GET /centres/:code/${form}/:requirement`))
    .map(([form, key], place) => html`${place > 0 ? " · " : ""}<a href="/centres/${centre}/${form}/${requirement.id}">${text(lang, key)}</a>`);
}

function partsTable(lang: Lang, place: SheetPlace, requirement: Requirement, finding: Finding, parts: readonly FindingPart[]): Html {
  const more = parts.length - PARTS_SHOWN;
  const titles = titlesOf(lang, requirement);
  return html`${stackHead(lang, "web.sheet.parts", ["web.sheet.part", "web.sheet.state", "web.sheet.measured", "web.sheet.why"])}
<tbody role="rowgroup">${parts
    .slice(0, PARTS_SHOWN)
    .map(
      (part) =>
        html`<tr role="row"><th scope="row" role="rowheader">${titles.get(part.subject) ?? subjectWord(lang, place, part)}</th><td role="cell">${badge(lang, part.state)}</td><td role="cell" class="num">${part.observed === undefined ? "–" : valueWithUnit(lang, part.observed, finding.unit, finding.required)}</td><td role="cell">${partSentence(lang, finding, part)}</td></tr>`,
    )}</tbody></table>${more > 0 ? html`<p class="note">${text(lang, "web.sheet.observation.more", { count: more })}</p>` : ""}`;
}

/** What the policy calls the duties and the items that people attest. */
function titlesOf(lang: Lang, requirement: Requirement): ReadonlyMap<string, string> {
  const duties = requirement.rule.kind === "checklist" ? requirement.rule.duties : [];
  return new Map([...duties, ...(attestedRuleOf(requirement)?.items ?? [])].map(({ id, title }) => [id, title[lang]]));
}

/** A part may be a kind of device, or begin with the id of a device, which then leads to its page; channels and portals have names of their own. */
function subjectWord(lang: Lang, { centre, devices }: SheetPlace, part: FindingPart): Html | string {
  const { subject } = part;
  const key = `device.role.${subject}`;
  const name = partName(lang, part, isTextKey(key) ? text(lang, key) : subject);
  const [device = ""] = subject.split(" ");
  return devices.has(device) && part.point !== subject ? html`<a href="${devicePath(centre, device)}">${name}</a>` : name;
}

/** Runs as evidence: when, by which probe, with what result. */
export function runsTable(lang: Lang, runs: readonly StoredRun[]): Html {
  if (runs.length === 0) return html`<p class="note">${text(lang, "web.sheet.observation.none")}</p>`;
  return html`${stackHead(lang, "web.sheet.observations", ["web.sheet.observation.at", "web.sheet.observation.probe", "web.sheet.observation.result"])}
<tbody role="rowgroup">${runs
    .slice(0, RUNS_SHOWN)
    .map(
      (run) =>
        html`<tr role="row"><td role="cell" class="num">${moment(lang, run.takenAt)}</td><td role="cell">${text(lang, `web.probe.${run.probe}`)}${run.target ? html`<span class="sub">${run.target}</span>` : ""}${run.point === undefined ? "" : html`<span class="sub">${pointWord(lang, run.point)}</span>`}</td><td role="cell">${outcomeWords(lang, run.outcome)}</td></tr>`,
    )}</tbody></table>`;
}

function outcomeWords(lang: Lang, outcome: Outcome): Html {
  if (outcome.kind !== "measured")
    return html`${text(lang, `web.outcome.${outcome.kind}`)}: ${outcomeWord(lang, outcome.reason)}${outcome.detail ? html`<span class="sub">${text(lang, "technical.detail", { words: outcome.detail })}</span>` : ""}`;
  const more = outcome.readings.length - READINGS_SHOWN;
  return html`${outcome.readings.slice(0, READINGS_SHOWN).map((reading) => readingWords(lang, reading))}${more > 0 ? html`<span class="sub">${text(lang, "web.sheet.observation.more", { count: more })}</span>` : ""}${outcome.excuse ? html`<span class="sub">${text(lang, "web.excuse", { reason: outcomeWord(lang, outcome.excuse) })}</span>` : ""}${lengthWords(lang, outcome)}`;
}

/** That a bandwidth test was a full-length one, where it was. */
function lengthWords(lang: Lang, { evidence }: Outcome): Html | string {
  const carried = carriedOf(testEvidence(evidence));
  return carried === undefined ? "" : html`<span class="sub">${text(lang, "web.fullLength", { carried: carriedWords(lang, carried).join("; ") })}</span>`;
}

function readingWords(lang: Lang, { metric, value, labels }: Reading): Html {
  const names = Object.values(labels ?? {});
  return html`<div>${text(lang, `metric.${metric}`)}: ${readingValue(lang, metric, value)}${names.length > 0 ? html` <span class="note">${names.join(", ")}</span>` : ""}</div>`;
}

function attestationsTable(lang: Lang, requirement: Requirement, attestations: readonly Attestation[]): Html {
  const items = titlesOf(lang, requirement);
  return html`<table class="stack list" role="table"><caption>${text(lang, "web.sheet.attestations")}</caption><tbody role="rowgroup">${attestations.map(
    ({ item, holds, value, post, inspector, at, document }) =>
      html`<tr role="row"><th scope="row" role="rowheader">${item ? (items.get(item) ?? item) : requirement.title[lang]}</th><td role="cell">${text(lang, holds ? "form.attest.holds" : "form.attest.holdsNot")}${value === undefined ? "" : `: ${numberWord(lang, value)}`}</td><td role="cell">${post ?? ""}<span class="sub">${text(lang, inspector ? "web.sheet.inspected" : "web.sheet.selfDeclared")}, ${moment(lang, at)}${document ? `, ${document}` : ""}</span></td></tr>`,
  )}</tbody></table>`;
}
