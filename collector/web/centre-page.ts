import { html } from "hono/html";
import type { LedgerRow } from "#schemas/asset-ledger.ts";
import { MAIN_POINT, pointOf } from "#schemas/inventory.ts";
import { type Phones, phonesFor } from "#schemas/phones.ts";
import type { FloorRule, PolicyProfile } from "#schemas/policy.ts";
import { findingAdvice } from "#schemas/text/finding-advice.ts";
import { findingSentence } from "#schemas/text/finding-sentence.ts";
import { day, daySpans, moment } from "#schemas/text/moment-word.ts";
import { ownerWords } from "#schemas/text/owner-words.ts";
import { pointWord } from "#schemas/text/point-word.ts";
import { type TextKey, text } from "#schemas/text/text.ts";
import type { Lang } from "#schemas/words.ts";
import { mayCall } from "../routes/access-table.ts";
import type { ListedAgent } from "../store/agents.ts";
import type { Enrolment } from "../store/enrolment.ts";
import { camerasTable } from "./cameras-table.ts";
import { lineOf } from "./capacity-table.ts";
import type { CentreView, SheetRow } from "./centre-view.ts";
import { deviceList } from "./device-list.ts";
import { enrolmentStep } from "./enrol-steps.ts";
import { age, share } from "./format.ts";
import { incidentList } from "./incident-list.ts";
import { layout, type PageFrame } from "./layout.ts";
import { ledgerSection } from "./ledger-section.ts";
import { chartTests, linkChart } from "./link-chart.ts";
import { badge, barOrder, type Html, icon, tallyBar } from "./markup.ts";
import type { CentreBrief, CentreRows } from "./page-store.ts";
import { paged } from "./paged.ts";
import { recordingsView } from "./recordings-view.ts";
import { requirementSheet } from "./sheet.ts";
import { walkOf, wayOut } from "./way-out.ts";

type Beside = { readonly ledger: readonly LedgerRow[]; readonly enrolment: Enrolment | undefined };

/** The page of one centre: what to do now, every requirement with its evidence, the line, the cameras, what happened. */
export function centrePage(frame: PageFrame, policy: PolicyProfile, view: CentreView, { ledger, enrolment }: Beside): Html {
  const { lang, nowMs } = frame;
  const { unjudged } = view;
  const phones = phonesFor(frame.phones, view.rows.centre.isp);
  const { centre, incidents, recordings, devices, hasPoints = false } = view.rows;
  const floor = policy.requirements.map(({ rule }) => rule).find((rule): rule is FloorRule => rule.kind === "floor" && rule.metrics.includes("download_mbps"));
  const body = html`${frame.asker?.centre ? "" : html`<p class="crumb"><a href="/">← ${text(lang, "web.centre.back")}</a></p>`}
<div data-part="head">${head(frame, view, enrolment?.agents ?? [])}</div>
${
  view.isClosed
    ? ""
    : html`<section class="card" aria-labelledby="todo-title" data-part="todo"><h2 id="todo-title">${text(lang, "web.centre.todo")}</h2>${todo(frame, view, phones, enrolment)}</section>
<section class="card" aria-labelledby="sheet-title" data-part="sheet"><h2 id="sheet-title">${text(lang, "web.centre.sheet")}</h2>${requirementSheet(frame, { centre: centre.code, devices: new Set(devices.rows.map(({ id }) => id)), line: lineOf(view.sheet), phones }, view.sheet)}<p class="note">${text(lang, "web.history.legend")}${unjudged.length > 0 ? ` ${text(lang, "web.history.unjudged", { days: daySpans(lang, unjudged) })}` : ""}</p></section>`
}
<div class="two" data-part="charts">
<section class="card" aria-labelledby="link-title"><h2 id="link-title">${text(lang, "web.link.title")}</h2>${pointLines(frame, view.rows, floor?.floor, enrolment?.agents ?? [])}</section>
<section class="card" aria-labelledby="incidents-title"><h2 id="incidents-title">${text(lang, "web.incidents.title")}</h2>${incidentList(lang, policy, incidents, { code: centre.code, hasPoints }, "")}</section>
</div>
<section class="card" aria-labelledby="cameras-title" data-part="cameras"><h2 id="cameras-title">${text(lang, "web.cameras.title")}</h2>${camerasTable(lang, recordingsView(recordings))}</section>
<section class="card" aria-labelledby="ledger-title" data-part="ledger"><h2 id="ledger-title">${text(lang, "ledger.title")}</h2>${ledgerSection(lang, ledger)}</section>
<section class="card" id="devices" aria-labelledby="devices-title" data-part="devices"><h2 id="devices-title">${text(lang, "web.devices.title")}</h2>${paged(lang, devices, (page) => `/centres/${centre.code}?devices=${page}#devices`, deviceList(lang, centre.code, devices.rows, nowMs))}${pcLinks(frame, view)}</section>
<p class="policy">${text(lang, "web.policy", { policy: `${policy.id}@${policy.version}`, from: day(lang, policy.effectiveFrom) })}. ${text(lang, "web.source", { document: policy.source.document, date: day(lang, policy.source.date) })}. <span class="print-only">${text(lang, "web.printedAt", { at: moment(lang, nowMs) })}</span></p>`;
  return layout(frame, centre.name, body, { live: true });
}

/** The line of each reception point by itself: its tests, the way out, and the sheet for its provider. The contract is that of the main office's. */
function pointLines(
  { lang, nowMs, ...frame }: PageFrame,
  { centre, bandwidth, walks }: CentreRows,
  required: number | undefined,
  agents: readonly ListedAgent[],
): Html {
  const path = `/v1/evidence/${encodeURIComponent(centre.code)}.link.html`;
  const named = [...new Set([...agents, ...bandwidth].map(pointOf))].filter((point) => point !== MAIN_POINT).sort();
  const isInPoint = named.length > 0;
  const line = (point: string) => {
    const tests = chartTests(bandwidth.filter((run) => pointOf(run) === point));
    const { contractMbps: contract, isp } = point === MAIN_POINT ? centre : {};
    const way = wayOut(lang, walkOf(walks, point), nowMs, phonesFor(frame.phones, isp), { isInPoint });
    return html`${linkChart({ lang, tests, required, contract, nowMs })}${way}`;
  };
  const sheet = html`<a href="${path}">${text(lang, "linkEvidence.link")}</a>`;
  if (!isInPoint) return html`${line(MAIN_POINT)}<p>${sheet}</p>`;
  return html`<div class="line-of"><h3>${pointWord(lang, MAIN_POINT)}</h3>${line(MAIN_POINT)}<p>${sheet}</p></div>${named.map(
    (point) =>
      html`<div class="line-of"><h3>${pointWord(lang, point)}</h3>${line(point)}<p><a href="${path}?point=${point}">${text(lang, "linkEvidence.link")}: ${pointWord(lang, point)}</a></p></div>`,
  )}`;
}

/** The ways to the pages of the centre's gateway PC, for whoever may open them. */
function pcLinks({ lang, asker }: PageFrame, { rows: { centre }, isClosed }: CentreView): Html {
  const link = (page: "enrol" | "lost-pc", key: TextKey) =>
    mayCall(asker, `GET /centres/:code/${page}`) ? html`<p><a href="/centres/${centre.code}/${page}">${text(lang, key)}</a></p>` : "";
  return html`${isClosed ? "" : link("enrol", "enrol.link")}${link("lost-pc", "lostPc.button")}`;
}

function head(frame: PageFrame, view: CentreView, agents: readonly ListedAgent[]): Html {
  const { lang, nowMs } = frame;
  const { rows, isClosed, state, excused, tally } = view;
  const { centre } = rows;
  if (isClosed) return closedHead(frame, rows);
  const decided = tally.pass + tally.fail;
  return html`<section class="card head" aria-labelledby="page-title"><div>
<h1 id="page-title">${centre.name} ${badge(lang, state, excused)}</h1>
${factLine(lang, centre, nowMs)}${pointLine(lang, agents, nowMs)}
${centre.closed ? html`<p>${closedWords(lang, rows, "web.centre.closes")}</p>` : ""}${tallyBar(tally, 1000, 12)}
<ul class="legend" aria-label="${text(lang, "web.centre.sheet")}">${barOrder.filter((one) => tally[one] > 0).map((one) => html`<li>${icon(one)} <b>${tally[one]}</b> ${text(lang, `state.${one}`)}</li>`)}</ul></div>
<dl class="meters"><div><dt>${text(lang, "web.coverage")}</dt><dd><b>${share(tally.coverage)}</b><span>${text(lang, "web.coverage.note", { decided, applicable: tally.total - tally.not_applicable })}</span></dd></div>
<div><dt>${text(lang, "web.score")}</dt><dd><b>${share(tally.score)}</b><span>${text(lang, "web.score.note", { pass: tally.pass, decided })}</span></dd></div></dl></section>`;
}

/** Of a centre that is no more: since when, where its work went, and that its past can still be read. */
function closedHead({ lang, nowMs }: PageFrame, rows: CentreRows): Html {
  return html`<section class="card" aria-labelledby="page-title"><h1 id="page-title">${rows.centre.name}</h1>
<p role="status"><b>${closedWords(lang, rows, "web.centre.closed")}</b></p>
${factLine(lang, rows.centre, nowMs)}
<p class="note">${text(lang, "web.centre.closed.note")} <a href="/reports">${text(lang, "web.nav.reports")}</a></p></section>`;
}

function closedWords(lang: Lang, { centre: { closed }, successor }: CentreRows, key: "web.centre.closes" | "web.centre.closed"): Html | string {
  if (!closed) return "";
  const since = text(lang, key, { from: day(lang, closed.on) });
  return successor ? html`${since} ${text(lang, "web.centre.successor")} <a href="/centres/${successor.code}">${successor.name}</a>.` : since;
}

function factLine(lang: Lang, centre: CentreBrief, nowMs: number): Html {
  return html`<p class="facts">${facts(lang, centre).map((fact) => html`<span>${fact}</span>`)}<span>${centre.lastContactAt ? text(lang, "web.centre.contact", { age: age(lang, centre.lastContactAt, nowMs) }) : text(lang, "web.centre.contact.never")}</span></p>`;
}

/** When each reception point was heard, where the centre has several: one that talks must not hide one that is silent. */
function pointLine(lang: Lang, agents: readonly ListedAgent[], nowMs: number): Html | "" {
  const points = Map.groupBy(agents, pointOf);
  if (points.size < 2) return "";
  const contact = (own: readonly ListedAgent[]) => {
    const last = own
      .flatMap(({ lastSeenAt }) => lastSeenAt ?? [])
      .sort()
      .at(-1);
    return last === undefined ? text(lang, "web.centre.contact.never") : text(lang, "web.centre.contact", { age: age(lang, last, nowMs) });
  };
  return html`<p class="facts">${[...points].map(([point, own]) => html`<span>${text(lang, "finding.at_point", { place: pointWord(lang, point), sentence: contact(own) })}</span>`)}</p>`;
}

function facts(lang: Lang, { code, district, officers, keyArea, contractMbps, isp, contractNumber }: CentreBrief): string[] {
  const contract =
    contractMbps === undefined
      ? []
      : [isp ? text(lang, "web.centre.contract", { mbps: contractMbps, isp }) : text(lang, "web.centre.contract.noIsp", { mbps: contractMbps })];
  return [
    text(lang, "web.centre.code", { code }),
    ...(district ? [district] : []),
    officers === undefined ? text(lang, "web.centre.officers.none") : text(lang, "web.centre.officers", { count: officers }),
    ...(keyArea ? [text(lang, "web.centre.keyArea")] : []),
    ...contract,
    ...(contractNumber === undefined ? [] : [text(lang, "web.centre.contractNumber", { number: contractNumber })]),
  ];
}

function todo(frame: PageFrame, view: CentreView, phones: Phones, enrolment: Enrolment | undefined): Html {
  const { lang } = frame;
  const { rows, todo } = view;
  const first = enrolment && enrolmentStep(frame, enrolment, rows.centre.lastContactAt === undefined, phones);
  const silent = first ? undefined : silentStep(lang, view.sheet, phones);
  if (todo.length === 0 && !first && !silent) {
    const count = view.sheet.filter(({ state }) => state === "unknown" || state === "error").length;
    const key = view.excused ? "web.centre.todo.waived" : count === 0 ? "web.centre.todo.none" : "web.centre.todo.open";
    return html`<p class="note">${text(lang, key, { count })}</p>`;
  }
  return html`<ol class="todo">${first ?? ""}${silent ?? ""}${todo.map(({ requirement, finding }) => {
    const { words, owner = requirement.owner } = findingAdvice(lang, requirement, finding ?? { reason: "no_data" });
    return html`<li>${icon("fail")}<div><b><a href="#${requirement.id}">${requirement.id} ${requirement.title[lang]}</a></b>: ${finding ? findingSentence(lang, finding) : ""}
<div>→ ${words}</div><div class="who">${text(lang, "web.sheet.owner")}: ${ownerWords(lang, owner, phones[owner])}</div></div></li>`;
  })}</ol>`;
}

/** A centre that is not heard fails of nothing, and still has something to do before all else. */
function silentStep(lang: Lang, sheet: readonly SheetRow[], phones: Phones): Html | undefined {
  const { requirement, finding } = sheet.find(({ finding }) => finding?.reason === "site_offline") ?? {};
  if (!requirement || !finding) return undefined;
  const { words, owner = requirement.owner } = findingAdvice(lang, requirement, finding);
  return html`<li class="next">${icon("unknown")}<div><b>${findingSentence(lang, finding)}</b><div>→ ${words}</div><div class="who">${text(lang, "web.sheet.owner")}: ${ownerWords(lang, owner, phones[owner])}</div></div></li>`;
}
