import { html } from "hono/html";
import { text } from "#schemas/text/text.ts";
import { layout, type PageFrame } from "./layout.ts";
import type { Html } from "./markup.ts";
import { monthBefore, monthOptions } from "./month-options.ts";

const formats = ["html", "pdf", "xlsx", "csv", "json"] as const;

/** Where a reader chooses a month, a scope and a format; `compare` is the form by which two months are compared, for whoever may. */
export function reportsPage(frame: PageFrame, centres: readonly { code: string; name: string }[], thisMonth: string, compare: Html | ""): Html {
  const { lang } = frame;
  const title = text(lang, "report.page.title");
  return layout(
    frame,
    title,
    html`<section class="card" aria-labelledby="page-title"><h1 id="page-title">${title}</h1><p class="note">${text(lang, "report.page.intro")}</p>
<form class="form" method="get" action="/reports"><div class="pair">
<label>${text(lang, "report.page.month")}<select name="month">${monthOptions(lang, thisMonth, monthBefore(thisMonth, 1))}</select></label>
<label>${text(lang, "report.page.scope")}<select name="scope"><option value="province">${text(lang, "report.page.province")}</option>${centres.map(({ code, name }) => html`<option value="${code}">${name} (${code})</option>`)}</select></label>
<label>${text(lang, "report.page.format")}<select name="format">${formats.map((format) => html`<option value="${format}">${text(lang, `report.page.format.${format}`)}</option>`)}</select></label></div>
<p><button type="submit">${text(lang, "report.page.make")}</button></p></form></section>${compare}`,
  );
}
