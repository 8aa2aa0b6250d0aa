import { html } from "hono/html";
import { vietnamDay } from "#schemas/calendar.ts";
import { isClosedOn, MAIN_POINT } from "#schemas/inventory.ts";
import { phonesFor } from "#schemas/phones.ts";
import { day, moment } from "#schemas/text/moment-word.ts";
import { ownerWords } from "#schemas/text/owner-words.ts";
import { text } from "#schemas/text/text.ts";
import { CODE_MS } from "../auth/enrol-code.ts";
import type { MadeCode } from "../people/enrol-codes.ts";
import { OPEN_CODES_MAX } from "../store/agents.ts";
import type { Enrolment } from "../store/enrolment.ts";
import { agentLines } from "./agent-lines.ts";
import { enrolSteps } from "./enrol-steps.ts";
import { type FormState, inputField } from "./form-fields.ts";
import { TOKEN_FIELD } from "./form-token.ts";
import { layout, type PageFrame } from "./layout.ts";
import type { Html } from "./markup.ts";

/** A form that was sent and not taken. `isRefused`: as many codes of that place are open as may be, and nobody asked to end them. */
export type SentForm = { readonly state?: FormState; readonly isRefused?: boolean };

/** How the gateway PCs of a centre stand, and the form that makes a code for the next one. */
export function enrolForm(
  frame: PageFrame,
  enrolment: Enrolment,
  token: string,
  { state = { values: {}, errors: [] }, isRefused = false }: SentForm = {},
): Html {
  const { lang, nowMs } = frame;
  const { centre, closed, agents } = enrolment;
  const standing =
    agents.length === 0
      ? ""
      : html`<p><b>${text(lang, "enrol.agents")}</b></p>${agentLines(frame, agents)}
<p>${text(lang, "enrol.agents.note")}</p><p><a href="/centres/${centre.code}/lost-pc">${text(lang, "lostPc.button")}</a></p>`;
  const body =
    closed && isClosedOn(closed, vietnamDay(nowMs))
      ? html`<p role="status">${text(lang, "enrol.closed", { on: day(lang, closed.on) })}</p>`
      : html`<p>${text(lang, "enrol.about", { name: centre.name, hours: CODE_MS / 3_600_000 })}</p>${standing}
<form class="form" method="post"><input type="hidden" name="${TOKEN_FIELD}" value="${token}">${inputField(lang, { values: { point: "", ...state.values }, errors: state.errors }, { name: "point", label: "enrol.point", required: false, max: 64, hint: text(lang, "enrol.point.hint") })}${openCodes(frame, enrolment, isRefused)}
<p><button type="submit">${text(lang, "enrol.do")}</button></p></form>`;
  return page(frame, enrolment.centre, text(lang, "enrol.title", { name: centre.name }), body);
}

function openCodes({ lang }: PageFrame, { openCodes, codesUntilMs }: Enrolment, isRefused: boolean): Html | "" {
  if (codesUntilMs === undefined) return "";
  const full = isRefused ? html`<p class="errors" role="alert">${text(lang, "enrol.full", { max: OPEN_CODES_MAX })}</p>` : "";
  return html`<p>${text(lang, "enrolment.codes", { count: openCodes, until: moment(lang, codesUntilMs) })}</p>${full}
<label class="choice"><input type="checkbox" name="anew" value="yes"${isRefused ? html` required` : ""}> ${text(lang, "enrol.anew")}</label>`;
}

/** The sheet for whoever drives to the centre: the code, which no page shows again, and what is typed at the PC. */
export function enrolSheet(frame: PageFrame, made: MadeCode, collector: string): Html {
  const { lang } = frame;
  const { centre, point, code, untilMs } = made;
  const until = moment(lang, untilMs);
  const phone = phonesFor(frame.phones, undefined)["province-it"];
  return page(
    frame,
    centre,
    text(lang, "enrol.sheet", { name: centre.name }),
    html`<p class="done no-print" role="status">${text(lang, "enrol.once", { until })}</p>
${made.isNewPoint ? html`<p class="errors no-print" role="alert">${text(lang, "enrol.point.new", { point })}</p>` : ""}
<dl class="api"><dt>${text(lang, "enrolment.centre")}</dt><dd>${centre.name} (${centre.code})</dd>
${point === MAIN_POINT ? "" : html`<dt>${text(lang, "enrol.point")}</dt><dd>${point}</dd>`}
<dt>${text(lang, "enrol.code")}</dt><dd><code>${code}</code></dd>
<dt>${text(lang, "enrol.until")}</dt><dd>${until}</dd>
<dt>${text(lang, "enrol.collector")}</dt><dd><code>${collector}</code></dd></dl>
<ol class="steps">${enrolSteps(lang, made, collector)}
<li>${text(lang, "enrol.step.check")}<p><code>hcc-agent self-check --quick</code></p></li>
<li>${text(lang, "enrol.step.look", { who: ownerWords(lang, "province-it", phone) })}</li></ol>
<p class="print-only">${text(lang, "enrol.sheet.destroy")} ${text(lang, "web.printedAt", { at: moment(lang, frame.nowMs) })}</p>`,
  );
}

function page(frame: PageFrame, { code, name }: Enrolment["centre"], title: string, body: Html): Html {
  return layout(
    frame,
    title,
    html`<p class="crumb"><a href="/centres/${code}">← ${name}</a></p>
<section class="card" aria-labelledby="page-title"><h1 id="page-title">${title}</h1>${body}</section>`,
  );
}
