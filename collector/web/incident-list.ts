import { html } from "hono/html";
import type { PolicyProfile } from "#schemas/policy.ts";
import { moment } from "#schemas/text/moment-word.ts";
import { pointWord } from "#schemas/text/point-word.ts";
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
  const titles = new Map(policy.requirements.map(({ id, title }) => [id, `${id} ${title[lang]}`]));
  const titleOf = ({ requirement, subject }: Incident) =>
    requirement === AGENT_SILENT ? silenceTitle(lang, subject) : `${titles.get(requirement) ?? requirement}${subject ? `: ${subject}` : ""}`;
  return html`<ol class="incidents">${incidents.slice(0, SHOWN).map((incident) => {
    const { id, requirement, beganAt, closedAt } = incident;
    return html`<li><span class="tag tag-${closedAt ? "closed" : "open"}">${text(lang, closedAt ? "web.incidents.closed" : "web.incidents.open")}</span><span><a href="/incidents/${id}">#${id}</a> <a href="${sheet}#${requirement}">${titleOf(incident)}</a>
<span class="note num">${closedAt ? text(lang, "web.incidents.span", { from: moment(lang, beganAt), to: moment(lang, closedAt) }) : text(lang, "web.incidents.since", { from: moment(lang, beganAt) })}</span></span></li>`;
  })}</ol>${incidents.length > SHOWN ? html`<p class="note">${text(lang, "web.incidents.first", { shown: SHOWN, total: incidents.length })} <a href="/incidents?centre=${encodeURIComponent(centre)}">${text(lang, "web.incidents.all")}</a></p>` : ""}`;
}

/** What is said of a silent agent: that nothing comes from its centre, or from its reception point where that is not the main office. */
export function silenceTitle(lang: Lang, point: string | undefined): string {
  return point ? text(lang, "alert.agent.title.point", { place: pointWord(lang, point) }) : text(lang, "alert.agent.title");
}
