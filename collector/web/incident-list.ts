import { html } from "hono/html";
import type { PolicyProfile } from "#schemas/policy.ts";
import { moment } from "#schemas/text/moment-word.ts";
import { text } from "#schemas/text/text.ts";
import type { Lang } from "#schemas/words.ts";
import { AGENT_SILENT } from "../alert/incident.ts";
import type { Html } from "./markup.ts";
import type { Incident } from "./page-store.ts";

const SHOWN = 50;

/**
 * What people were told of: the first ones, and where there are more, how many, and the way to all of the centre. `sheet` is the address of the page that
 * holds the requirements; empty on that page itself.
 */
export function incidentList(lang: Lang, policy: PolicyProfile, incidents: readonly Incident[], centre: string, sheet: string): Html {
  if (incidents.length === 0) return html`<p class="note">${text(lang, "web.incidents.none")}</p>`;
  const titles = new Map(policy.requirements.map(({ id, title }) => [id, `${id} ${title[lang]}`])).set(AGENT_SILENT, text(lang, "alert.agent.title"));
  return html`<ol class="incidents">${incidents.slice(0, SHOWN).map(
    ({
      id,
      requirement,
      subject,
      beganAt,
      closedAt,
    }) => html`<li><span class="tag tag-${closedAt ? "closed" : "open"}">${text(lang, closedAt ? "web.incidents.closed" : "web.incidents.open")}</span><span><a href="/incidents/${id}">#${id}</a> <a href="${sheet}#${requirement}">${titles.get(requirement) ?? requirement}</a>${subject ? `: ${subject}` : ""}
<span class="note num">${closedAt ? text(lang, "web.incidents.span", { from: moment(lang, beganAt), to: moment(lang, closedAt) }) : text(lang, "web.incidents.since", { from: moment(lang, beganAt) })}</span></span></li>`,
  )}</ol>${incidents.length > SHOWN ? html`<p class="note">${text(lang, "web.incidents.first", { shown: SHOWN, total: incidents.length })} <a href="/incidents?centre=${encodeURIComponent(centre)}">${text(lang, "web.incidents.all")}</a></p>` : ""}`;
}
