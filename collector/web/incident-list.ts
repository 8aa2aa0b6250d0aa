import { html } from "hono/html";
import type { PolicyProfile } from "#schemas/policy.ts";
import { moment } from "#schemas/text/moment-word.ts";
import { text } from "#schemas/text/text.ts";
import type { Lang } from "#schemas/words.ts";
import { AGENT_SILENT } from "../alert/incident.ts";
import type { Html } from "./markup.ts";
import type { Incident } from "./page-store.ts";

/** What people were told of. `sheet` is the address of the page that holds the requirements; empty on that page itself. */
export function incidentList(lang: Lang, policy: PolicyProfile, incidents: readonly Incident[], sheet: string): Html {
  if (incidents.length === 0) return html`<p class="note">${text(lang, "web.incidents.none")}</p>`;
  const titles = new Map(policy.requirements.map(({ id, title }) => [id, `${id} ${title[lang]}`])).set(AGENT_SILENT, text(lang, "alert.agent.title"));
  return html`<ol class="incidents">${incidents.map(
    ({
      id,
      requirement,
      subject,
      beganAt,
      closedAt,
    }) => html`<li><span class="tag tag-${closedAt ? "closed" : "open"}">${text(lang, closedAt ? "web.incidents.closed" : "web.incidents.open")}</span><span><a href="/incidents/${id}">#${id}</a> <a href="${sheet}#${requirement}">${titles.get(requirement) ?? requirement}</a>${subject ? `: ${subject}` : ""}
<span class="note num">${closedAt ? text(lang, "web.incidents.span", { from: moment(lang, beganAt), to: moment(lang, closedAt) }) : text(lang, "web.incidents.since", { from: moment(lang, beganAt) })}</span></span></li>`,
  )}</ol>`;
}
