import { html } from "hono/html";
import { partAt } from "#schemas/evaluate/points.ts";
import type { Finding } from "#schemas/finding.ts";
import { MAIN_POINT } from "#schemas/inventory.ts";
import { type Phones, phonesFor } from "#schemas/phones.ts";
import type { PolicyProfile } from "#schemas/policy.ts";
import { findingAdvice } from "#schemas/text/finding-advice.ts";
import { sentenceAt } from "#schemas/text/finding-sentence.ts";
import { moment } from "#schemas/text/moment-word.ts";
import { ownerWords } from "#schemas/text/owner-words.ts";
import { pointWord } from "#schemas/text/point-word.ts";
import { isTextKey, text } from "#schemas/text/text.ts";
import type { Lang } from "#schemas/words.ts";
import { causeWord } from "../alert/cause-word.ts";
import type { Incident } from "../alert/incident.ts";
import { effectKey, mayBeLine, ownTopic, ownTopics } from "../alert/topic.ts";
import { linkRequirement } from "../report/link-evidence.ts";
import { mayCall } from "../routes/access-table.ts";
import type { IncidentFilter, ListedIncident } from "../store/incidents.ts";
import type { ListPart } from "../store/list-part.ts";
import type { DeadLetter, OutboxState } from "../store/outbox.ts";
import { blockTable } from "./block-table.ts";
import type { PointReading } from "./device-brief.ts";
import { errorList, type FormState, signatureField } from "./form-fields.ts";
import { TOKEN_FIELD } from "./form-token.ts";
import { problemTitle } from "./incident-list.ts";
import { layout, type PageFrame } from "./layout.ts";
import { badge, type Html } from "./markup.ts";
import { listWords, paged } from "./paged.ts";
import { selectField } from "./select-field.ts";
import { walkOf, wayOut } from "./way-out.ts";

/** A problem with the names, the provider and, where it is shown alone, the line's contract of its centre; without a centre it is the province's. */
export type ShownIncident = ListedIncident & { readonly contractNumber?: string };
/** What is known now of a problem that stands: its centre's finding, and the newest walks along the ways out. */
export type Background = { readonly finding?: Finding | undefined; readonly walks: readonly PointReading[] };
/** The lists of the page, each with its part that is shown. */
export type IncidentLists = { readonly standing: ListPart<ShownIncident>; readonly ended: ListPart<ShownIncident> };
export type Post = { readonly outbox: OutboxState; readonly dead: readonly DeadLetter[] };

/** Of which requirement and which centre the problems are; of all where it is absent. */
export type Narrowed = Pick<IncidentFilter, "requirement" | "centre">;

/** The problems that stand and those that have ended, a page of each, and what could not be delivered. */
export function incidentsPage(frame: PageFrame, policy: PolicyProfile, lists: IncidentLists, narrowed: Narrowed, post: Post | undefined): Html {
  const { lang } = frame;
  const title = text(lang, "web.incidents.title");
  return layout(
    frame,
    title,
    html`<section class="card" aria-labelledby="page-title" data-part="standing"><h1 id="page-title">${title}</h1>
${mayCall(frame.asker, "GET /maintenance") ? html`<p><a href="/maintenance">${text(lang, "form.maintenance.title")}</a></p>` : ""}
${filterForm(lang, policy, narrowed)}
${part(lang, policy, lists, "standing", narrowed)}</section>
<section class="card" aria-labelledby="ended-title" data-part="ended"><h2 id="ended-title">${text(lang, "web.incidents.ended")}</h2>${part(lang, policy, lists, "ended", narrowed)}</section>
${post ? html`<section class="card" aria-labelledby="post-title" data-part="post"><h2 id="post-title">${text(lang, "web.post.title")}</h2>${postState(lang, post)}</section>` : ""}`,
    { live: true },
  );
}

function filterForm(lang: Lang, policy: PolicyProfile, { requirement = "", centre }: Narrowed): Html {
  const options = [
    ...policy.requirements.map(({ id, title }) => ({ value: id, label: `${id} ${title[lang]}` })),
    ...Object.values(ownTopics).map(({ id, title }) => ({ value: id, label: title[lang] })),
  ];
  return html`<form class="filter" method="get" action="/incidents" data-instant>${centre === undefined ? "" : html`<input type="hidden" name="centre" value="${centre}"><span>${text(lang, "report.column.centre")}: <a href="/centres/${centre}">${centre}</a></span>`}${selectField(lang, "requirement", "report.column.requirement", options, requirement)}
<span class="buttons"><button type="submit">${text(lang, "web.filter.apply")}</button> <a href="/incidents">${text(lang, "web.filter.clear")}</a></span></form>`;
}

/** One page of a list; the ways to others leave the other list where it is. */
function part(lang: Lang, policy: PolicyProfile, lists: IncidentLists, list: keyof IncidentLists, { requirement, centre }: Narrowed): Html {
  const shown = table(lang, policy, text(lang, `web.incidents.${list}`), lists[list].rows);
  const address = (at: number) => {
    const pages = { standing: lists.standing.page, ended: lists.ended.page, [list]: at };
    return `/incidents?${new URLSearchParams({ ...(centre !== undefined && { centre }), ...(requirement !== undefined && { requirement }), standing: String(pages.standing), ended: String(pages.ended) })}`;
  };
  return paged(lang, lists[list], address, shown, listWords.incidents);
}

/** One problem: what, since when, how it stands now, what citizens notice, what to do, who knows of it, and the form by which somebody takes it. */
export function incidentPage(
  frame: PageFrame,
  policy: PolicyProfile,
  incident: ShownIncident,
  { finding, walks }: Background,
  form: { state: FormState; token: string } | undefined,
): Html {
  const { lang, nowMs } = frame;
  const { requirement, told, acknowledgedBy, acknowledgedMs, closedMs, wellSinceMs, beganMs, subject } = incident;
  const found = policy.requirements.find(({ id }) => id === requirement);
  const heading = `#${incident.id}: ${titleOf(lang, policy, incident)}`;
  const own = ownTopic(requirement);
  const point = incident.siteId === 0 || subject === "" ? MAIN_POINT : subject;
  const here = finding && (partAt(finding, point) ?? finding);
  const nextStep = found && here?.state === "fail" ? findingAdvice(lang, found, here).words : (found ?? own)?.advice[lang];
  // Provider and contract are those of the main office's line.
  const phones = phonesFor(frame.phones, point === MAIN_POINT ? incident.isp : undefined);
  const isLine = needsLine(policy, requirement) && point === MAIN_POINT;
  const rows: [string, Html | string | undefined][] = [
    [text(lang, "report.column.centre"), place(lang, incident)],
    [text(lang, "web.incidents.state"), stateOf(lang, incident)],
    [text(lang, "alert.label.since"), moment(lang, beganMs)],
    [text(lang, "alert.label.until"), closedMs === undefined ? undefined : moment(lang, wellSinceMs ?? closedMs)],
    [text(lang, "alert.label.end"), incident.end && text(lang, `alert.end.${incident.end}`)],
    [text(lang, "web.incidents.subject"), subject === "" ? undefined : incident.siteId === 0 ? subject : pointWord(lang, subject)],
    [text(lang, "web.incidents.now"), finding && nowWords(lang, finding, point)],
    [text(lang, "web.filter.isp"), isLine ? incident.isp : undefined],
    [text(lang, "alert.label.contract"), isLine ? incident.contractNumber : undefined],
    [text(lang, "alert.label.effect"), closedMs === undefined ? (found ? text(lang, effectKey(found)) : own?.effect[lang]) : undefined],
    [text(lang, "alert.label.next"), closedMs === undefined ? nextStep : undefined],
    [text(lang, "alert.label.who"), ownerOf(lang, policy, incident, phones) || undefined],
    [text(lang, "alert.label.cause"), causeWord(lang, incident.cause)],
    [text(lang, "web.incidents.takenBy"), acknowledgedBy === undefined ? undefined : `${acknowledgedBy}, ${moment(lang, acknowledgedMs ?? beganMs)}`],
    [text(lang, "web.incidents.told"), text(lang, "web.incidents.told.count", { count: told.length })],
  ];
  return layout(
    frame,
    heading,
    html`<p class="crumb"><a href="/incidents">← ${text(lang, "web.incidents.title")}</a></p>
<section class="card" aria-labelledby="page-title"><h1 id="page-title">${heading}</h1>
<div class="detail"><dl>${rows.map(([name, value]) => (value === undefined ? "" : html`<dt>${name}</dt><dd>${value}</dd>`))}</dl></div>
${needsLine(policy, requirement) ? wayOut(lang, walkOf(walks, point), nowMs, phones) : ""}
${incident.centre !== undefined && linkRequirement(policy)?.id === requirement ? html`<p><a href="/v1/evidence/${encodeURIComponent(incident.centre)}.link.html${point === MAIN_POINT ? "" : `?point=${encodeURIComponent(point)}`}">${text(lang, "linkEvidence.link")}</a></p>` : ""}
${form ? takeForm(frame, form, incident.storm !== undefined) : ""}</section>`,
  );
}

/** The state of what the problem is about, and why: at its own reception point, where the finding speaks of several. */
function nowWords(lang: Lang, finding: Finding, point: string): Html {
  return html`${badge(lang, (partAt(finding, point) ?? finding).state)} ${sentenceAt(lang, finding, point)}`;
}

function needsLine({ requirements }: PolicyProfile, requirement: string): boolean {
  return mayBeLine({ id: requirement, rule: requirements.find(({ id }) => id === requirement)?.rule });
}

function takeForm(frame: PageFrame, { state, token }: { state: FormState; token: string }, isStorm: boolean): Html {
  const { lang } = frame;
  return html`<h2>${text(lang, "form.take.title")}</h2><p class="note">${text(lang, "form.take.intro")}${isStorm ? ` ${text(lang, "form.take.storm")}` : ""}</p>
${errorList(lang, state, { by: "form.take.by" })}
<form class="form" method="post"><input type="hidden" name="${TOKEN_FIELD}" value="${token}">
${signatureField(frame, state, "by", "form.take.by")}
<p><button type="submit">${text(lang, "form.take.save")}</button></p></form>`;
}

function table(lang: Lang, policy: PolicyProfile, caption: string, incidents: readonly ShownIncident[]): Html {
  if (incidents.length === 0) return html`<p class="note">${text(lang, "web.incidents.empty")}</p>`;
  const heads = [
    "web.incidents.number",
    "report.column.centre",
    "report.column.requirement",
    "alert.label.since",
    "alert.label.who",
    "web.incidents.takenBy",
  ] as const;
  return blockTable(
    caption,
    heads.map((key) => text(lang, key)),
    incidents.map((one) => ({
      head: html`<a href="/incidents/${one.id}">#${one.id}</a> ${stateOf(lang, one)}`,
      cells: [
        html`${place(lang, one)}${one.isp && one.subject === "" && needsLine(policy, one.requirement) ? html`<span class="sub">${one.isp}</span>` : ""}`,
        titleOf(lang, policy, one),
        moment(lang, one.beganMs),
        ownerOf(lang, policy, one),
        one.acknowledgedBy ?? "",
      ],
    })),
  );
}

function postState(lang: Lang, { outbox: { waiting, held, dead, oldestMs }, dead: letters }: Post): Html {
  const minutes = Math.round(oldestMs / 60_000);
  return html`<p>${text(lang, "web.post.state", { waiting, held, dead, minutes })}</p>${
    letters.length === 0
      ? ""
      : html`<ol class="incidents">${letters.map(({ diedMs, channel, message: { kind, incident }, error }) => html`<li><span class="tag tag-open">${channel}</span><span>${moment(lang, diedMs)} ${kind}${incident === undefined ? "" : html` <a href="/incidents/${incident}">#${incident}</a>`}: ${withoutAddress(error)}</span></li>`)}</ol>${dead > letters.length ? html`<p class="note">${text(lang, "web.post.newest", { shown: letters.length, total: dead })}</p>` : ""}`
  }`;
}

/** An address of a person is nobody's to read on a page without a login. */
function withoutAddress(error: string): string {
  return error.replace(/[^\s<>@]+@[^\s<>@]+/g, "…").slice(0, 200);
}

function place(lang: Lang, { centre, centreName, requirement }: ShownIncident): Html | string {
  return centre === undefined ? text(lang, "alert.province") : html`<a href="/centres/${centre}#${requirement}">${centreName ?? centre}</a>`;
}

function titleOf(lang: Lang, policy: PolicyProfile, { siteId, requirement, subject, hasPoints = false }: ShownIncident): string {
  return problemTitle(lang, policy, { requirement, subject: siteId === 0 ? "" : subject }, hasPoints);
}

/** Whose turn it is; what the policy no longer demands is nobody's. */
function ownerOf(lang: Lang, policy: PolicyProfile, { requirement }: Incident, phones: Phones = {}): string {
  const owner = (ownTopic(requirement) ?? policy.requirements.find(({ id }) => id === requirement))?.owner;
  return owner === undefined ? "" : ownerWords(lang, owner, phones[owner]);
}

function stateOf(lang: Lang, { state, wellSinceMs }: Incident): Html {
  const key = `web.incidents.state.${state !== "closed" && wellSinceMs !== undefined ? "well" : state}`;
  return html`<span class="tag tag-${state === "closed" ? "closed" : "open"}">${isTextKey(key) ? text(lang, key) : state}</span>`;
}
