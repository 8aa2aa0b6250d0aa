import { html } from "hono/html";
import type { FindingState } from "#schemas/finding.ts";
import { moment } from "#schemas/text/moment-word.ts";
import { pointWord } from "#schemas/text/point-word.ts";
import { text } from "#schemas/text/text.ts";
import { CODE_MS } from "../auth/enrol-code.ts";
import type { Enrolment, PointEnrolment } from "../store/enrolment.ts";
import { PART_ROWS, rowsBefore } from "../store/list-part.ts";
import { agentLines } from "./agent-lines.ts";
import { type BlockRow, blockTable } from "./block-table.ts";
import { TOKEN_FIELD } from "./form-token.ts";
import { layout, type PageFrame } from "./layout.ts";
import { type Html, icon, mark } from "./markup.ts";
import { paged } from "./paged.ts";

/** In the order in which somebody has to do something. */
const states = ["none", "code", "enrolled"] as const;
type EnrolmentState = (typeof states)[number];
const icons = { none: "unknown", code: "pending", enrolled: "pass" } as const;
const columns = ["enrolment.centre", "enrolment.state", "enrolment.title", "people.change"] as const;

/** What an address asks of the list: the centres of one state, or all; which page of them. */
export type EnrolmentAsked = { readonly state: string; readonly page: number };

/** The gateway PCs of the whole province, and the form that makes codes for all that lack one. `isRefused`: there was none to make a code for. */
export function enrolmentPage(frame: PageFrame, all: readonly Enrolment[], { state: only, page }: EnrolmentAsked, token: string, isRefused = false): Html {
  const { lang } = frame;
  const title = text(lang, "enrolment.title");
  const by = Map.groupBy(all, stateOf);
  const lacking = all.flatMap(lackingIn);
  const waiting = lacking.filter(({ openCodes }) => openCodes > 0).length;
  const count = (state: EnrolmentState) => by.get(state)?.length ?? 0;
  const known = states.find((state) => state === only);
  const listed = (known === undefined ? states : [known]).flatMap((state) => by.get(state) ?? []);
  const part = { page, rows: listed.slice(rowsBefore(page), rowsBefore(page) + PART_ROWS), total: listed.length };
  const address = (other: number) => `/enrolment?${known === undefined ? "" : `state=${known}&`}page=${other}`;
  const table = blockTable(
    title,
    columns.map((key) => text(lang, key)),
    part.rows.map((row) => enrolmentRow(frame, row)),
  );
  return layout(
    frame,
    title,
    html`<section class="card" aria-labelledby="page-title"><h1 id="page-title">${title}</h1>
<p>${text(lang, "enrolment.sum", { enrolled: count("enrolled"), total: all.length })}</p>
<ul class="legend no-print" aria-label="${text(lang, "enrolment.state")}"><li><a href="/enrolment">${text(lang, "enrolment.every")} <b>${all.length}</b></a></li>${states.map((state) => html`<li><a href="/enrolment?state=${state}"${state === known ? html` aria-current="true"` : ""}>${icon(icons[state])} <b>${count(state)}</b> ${text(lang, `enrolment.state.${state}`)}</a></li>`)}</ul></section>
<section class="card no-print" aria-labelledby="all-title"><h2 id="all-title">${text(lang, "enrolment.all")}</h2>${codesForm(frame, lacking.length - waiting, waiting, token, isRefused)}</section>
<section class="card" aria-labelledby="list-title"><h2 id="list-title">${text(lang, known === undefined ? "enrolment.every" : `enrolment.state.${known}`)}</h2>${paged(lang, part, address, table)}</section>`,
  );
}

/** The reception points without a gateway PC. */
function lackingIn({ points }: Enrolment): readonly PointEnrolment[] {
  return points.filter(({ isEnrolled }) => !isEnrolled);
}

/** That of the reception point for which most is left to do. */
function stateOf(enrolment: Enrolment): EnrolmentState {
  const lacking = lackingIn(enrolment);
  if (lacking.length === 0) return "enrolled";
  return lacking.every(({ openCodes }) => openCodes > 0) ? "code" : "none";
}

/** Nothing is green of which nothing was heard. */
function signOf(enrolment: Enrolment): FindingState {
  const state = stateOf(enrolment);
  const isHeard = enrolment.agents.some((agent) => agent.state === "active" && agent.lastSeenAt !== null);
  return state === "enrolled" && !isHeard ? "pending" : icons[state];
}

function codesForm({ lang }: PageFrame, none: number, waiting: number, token: string, isRefused: boolean): Html {
  if (none + waiting === 0) return html`<p>${text(lang, "enrolment.all.done")}</p>`;
  const anew = html`<label class="choice"><input type="checkbox" name="anew" value="yes"${none === 0 ? html` required` : ""}> ${text(lang, "enrolment.all.anew", { count: waiting })}</label>`;
  const about =
    none === 0
      ? html`<p${isRefused ? html` class="errors" role="alert"` : ""}>${text(lang, "enrolment.all.waiting")}</p>`
      : html`<p>${text(lang, "enrolment.all.about", { count: none, hours: CODE_MS / 3_600_000 })}</p>`;
  return html`${about}<p class="note">${text(lang, "enrolment.all.keep")}</p>
<form class="form" method="post" action="/enrolment/codes"><input type="hidden" name="${TOKEN_FIELD}" value="${token}">${waiting === 0 ? "" : anew}
<p><button type="submit">${text(lang, "enrolment.all.do")}</button></p></form>`;
}

function enrolmentRow(frame: PageFrame, enrolment: Enrolment): BlockRow {
  const { lang } = frame;
  const { centre, agents, points, openCodes, codesUntilMs } = enrolment;
  const state = stateOf(enrolment);
  const codes =
    codesUntilMs === undefined ? "" : html`<span class="sub">${text(lang, "enrolment.codes", { count: openCodes, until: moment(lang, codesUntilMs) })}</span>`;
  const lacking = points.length > 1 ? lackingIn(enrolment).map(({ point }) => pointWord(lang, point)) : [];
  const where = lacking.length === 0 ? "" : html`<span class="sub">${text(lang, "enrolment.lacking", { points: lacking.join(", ") })}</span>`;
  return {
    head: html`<a href="/centres/${centre.code}">${centre.name}</a><span class="where">${centre.code}</span>`,
    cells: [
      html`${mark(signOf(enrolment), text(lang, `enrolment.state.${state}`))}${where}${codes}`,
      agents.length === 0 ? "" : agentLines(frame, agents),
      html`<a href="/centres/${centre.code}/enrol" aria-label="${text(lang, "enrol.link")}: ${centre.name}">${text(lang, "enrol.link")}</a>`,
    ],
  };
}
