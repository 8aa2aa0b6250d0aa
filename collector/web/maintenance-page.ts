import { html } from "hono/html";
import { isUnderWay, type MaintenanceWindow, maintenanceModes } from "#schemas/maintenance.ts";
import { day } from "#schemas/text/moment-word.ts";
import { text } from "#schemas/text/text.ts";
import type { Lang } from "#schemas/words.ts";
import type { ListPart } from "../store/list-part.ts";
import { blockTable } from "./block-table.ts";
import { errorList, type FormState, inputField, signatureField } from "./form-fields.ts";
import { TOKEN_FIELD } from "./form-token.ts";
import { layout, type PageFrame } from "./layout.ts";
import type { Html } from "./markup.ts";
import { paged } from "./paged.ts";

const labels = {
  centres: "form.maintenance.centres",
  requirements: "form.maintenance.requirements",
  mode: "form.maintenance.mode",
  from: "form.waiver.from",
  until: "form.waiver.until",
  start: "form.maintenance.start",
  end: "form.maintenance.end",
  weekdays: "form.maintenance.weekdays",
  reason: "form.waiver.reason",
  person: "form.maintenance.person",
} as const;

/** Announced work under way and to come, and, where the reader may write, the form that announces more. */
export function maintenancePage(frame: PageFrame, part: ListPart<MaintenanceWindow>, form: { state: FormState; token: string } | undefined): Html {
  const { lang } = frame;
  const title = text(lang, "form.maintenance.title");
  return layout(
    frame,
    title,
    html`<p class="crumb"><a href="/incidents">← ${text(lang, "web.incidents.title")}</a></p>
<section class="card" aria-labelledby="page-title"><h1 id="page-title">${title}</h1>${paged(lang, part, (page) => `/maintenance?page=${page}`, list(frame, part.rows, form?.token))}</section>
${form ? html`<section class="card" aria-labelledby="new-title"><h2 id="new-title">${text(lang, "form.maintenance.new")}</h2>${newForm(frame, form.state, form.token)}</section>` : ""}`,
  );
}

function list({ lang, nowMs }: PageFrame, windows: readonly MaintenanceWindow[], token: string | undefined): Html {
  if (windows.length === 0) return html`<p class="note">${text(lang, "form.maintenance.none")}</p>`;
  const heads = [
    "form.maintenance.when",
    "form.maintenance.mode",
    "form.maintenance.centres",
    "form.maintenance.requirements",
    "form.waiver.reason",
    "form.maintenance.person",
  ] as const;
  return blockTable(
    text(lang, "form.maintenance.title"),
    heads.map((key) => text(lang, key)),
    windows.map((window) => ({
      head: html`<span class="num">${when(lang, window)}</span><div class="note">${text(lang, `form.maintenance.state.${stateOf(window, nowMs)}`)}</div>${token !== undefined && window.endedAt === undefined ? endForm(lang, window, token) : ""}`,
      cells: [
        text(lang, `form.maintenance.mode.${window.mode}`),
        window.centres?.join(", ") ?? text(lang, "form.maintenance.all"),
        window.requirements?.join(", ") ?? text(lang, "form.maintenance.all"),
        window.reason,
        window.person,
      ],
    })),
  );
}

function endForm(lang: Lang, { id }: MaintenanceWindow, token: string): Html {
  return html`<form method="post" action="/maintenance/end"><input type="hidden" name="${TOKEN_FIELD}" value="${token}"><input type="hidden" name="id" value="${id}"><button type="submit">${text(lang, "form.maintenance.stop")}</button></form>`;
}

function newForm(frame: PageFrame, state: FormState, token: string): Html {
  const { lang } = frame;
  const field = (name: keyof typeof labels, more: { type?: "date" | "time"; max?: number; required?: boolean; hint?: string } = {}) =>
    inputField(lang, state, { name, label: labels[name], ...more });
  const chosen = state.values.mode ?? "mute";
  return html`<p class="note">${text(lang, "form.maintenance.intro")}</p>${errorList(lang, state, labels)}
<form class="form" method="post"><input type="hidden" name="${TOKEN_FIELD}" value="${token}">
<fieldset><legend>${text(lang, "form.maintenance.mode")}</legend>${maintenanceModes.map((mode) => html`<label class="choice"><input type="radio" name="mode" value="${mode}"${mode === chosen ? html` checked` : ""}> ${text(lang, `form.maintenance.mode.${mode}`)}</label>`)}</fieldset>
<div class="pair">${field("centres", { required: false, max: 2_000, hint: text(lang, "form.maintenance.centres.hint") })}${field("requirements", { required: false, hint: text(lang, "form.maintenance.requirements.hint") })}</div>
<div class="pair">${field("from", { type: "date" })}${field("until", { type: "date" })}</div>
<div class="pair">${field("start", { type: "time", required: false, hint: text(lang, "form.maintenance.clock.hint") })}${field("end", { type: "time", required: false })}</div>
${field("weekdays", { required: false, max: 20, hint: text(lang, "form.maintenance.weekdays.hint") })}
${field("reason", { max: 300 })}${signatureField(frame, state, "person", labels.person)}
<p><button type="submit">${text(lang, "form.maintenance.save")}</button></p></form>`;
}

function stateOf(window: MaintenanceWindow, nowMs: number): "ended" | "now" | "later" {
  if (window.endedAt !== undefined) return "ended";
  return isUnderWay(window, nowMs) ? "now" : "later";
}

function when(lang: Lang, { from, until, start, end, weekdays }: MaintenanceWindow): string {
  const clock = start === "00:00" && end === "00:00" ? "" : ` ${start}–${end}`;
  const days = from === until ? day(lang, from) : `${day(lang, from)} – ${day(lang, until)}`;
  return weekdays
    ? `${days}, ${text(lang, "form.maintenance.on", { days: weekdays.map((one) => text(lang, `form.weekday.${one as 1}`)).join(", ") })}${clock}`
    : `${days}${clock}`;
}
