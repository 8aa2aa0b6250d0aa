import { html } from "hono/html";
import { MAIN_POINT } from "#schemas/inventory.ts";
import type { PolicyProfile } from "#schemas/policy.ts";
import { moment } from "#schemas/text/moment-word.ts";
import { text } from "#schemas/text/text.ts";
import type { Lang } from "#schemas/words.ts";
import { isOfPoints, ownTopic, titleAt } from "../alert/topic.ts";
import type { Html } from "./markup.ts";
import type { Incident } from "./page-store.ts";

const SHOWN = 50;

/** The centre whose problems are listed, and whether it has reception points beside its main office. */
type Listed = { readonly code: string; readonly hasPoints: boolean };

/**
 * What people were told of: the first ones, and where there are more, how many, and the way to all of the centre. `sheet` is the address of the page that
 * holds the requirements; empty on that page itself.
 */
export function incidentList(lang: Lang, policy: PolicyProfile, incidents: readonly Incident[], { code, hasPoints }: Listed, sheet: string): Html {
  if (incidents.length === 0) return html`<p class="note">${text(lang, "web.incidents.none")}</p>`;
  return html`<ol class="incidents">${incidents.slice(0, SHOWN).map((incident) => {
    const { id, requirement, beganAt, closedAt } = incident;
    return html`<li><span class="tag tag-${closedAt ? "closed" : "open"}">${text(lang, closedAt ? "web.incidents.closed" : "web.incidents.open")}</span><span><a href="/incidents/${id}">#${id}</a> <a href="${sheet}#${requirement}">${problemTitle(lang, policy, incident, hasPoints)}</a>
<span class="note num">${closedAt ? text(lang, "web.incidents.span", { from: moment(lang, beganAt), to: moment(lang, closedAt) }) : text(lang, "web.incidents.since", { from: moment(lang, beganAt) })}</span></span></li>`;
  })}</ol>${incidents.length > SHOWN ? html`<p class="note">${text(lang, "web.incidents.first", { shown: SHOWN, total: incidents.length })} <a href="/incidents?centre=${encodeURIComponent(code)}">${text(lang, "web.incidents.all")}</a></p>` : ""}`;
}

/** What a problem of a centre is called: what is not met, or silent, and at which reception point where the centre has several. */
export function problemTitle(
  lang: Lang,
  { requirements }: PolicyProfile,
  { requirement, subject = "" }: Pick<Incident, "requirement" | "subject">,
  hasPoints: boolean,
): string {
  const found = requirements.find(({ id }) => id === requirement);
  const topic = ownTopic(requirement) ?? found;
  if (!topic) return subject ? `${requirement}: ${subject}` : requirement;
  const point = isOfPoints({ id: requirement, rule: found?.rule }) ? subject || (hasPoints ? MAIN_POINT : undefined) : undefined;
  return `${found ? `${requirement} ` : ""}${titleAt(lang, topic, point)}`;
}
