import { html } from "hono/html";
import { pointOf } from "#schemas/inventory.ts";
import { moment } from "#schemas/text/moment-word.ts";
import { pointWord } from "#schemas/text/point-word.ts";
import { text } from "#schemas/text/text.ts";
import type { Lang } from "#schemas/words.ts";
import type { LostPc } from "../people/lost-pc.ts";
import type { ListedAgent } from "../store/agents.ts";
import { enrolSteps } from "./enrol-steps.ts";
import { TOKEN_FIELD } from "./form-token.ts";
import { age } from "./format.ts";
import { layout, type PageFrame } from "./layout.ts";
import type { Html } from "./markup.ts";

type Place = { readonly code: string; readonly name: string };

/** Asks once more before a centre's PC is refused for good. `isAskedAgain`: the box was not ticked. */
export function lostPcForm(frame: PageFrame, centre: Place, agents: readonly ListedAgent[], token: string, isAskedAgain: boolean): Html {
  const { lang, nowMs } = frame;
  const seen = ({ lastSeenAt }: ListedAgent) => (lastSeenAt === null ? text(lang, "web.centre.contact.never") : age(lang, lastSeenAt, nowMs));
  const list = html`<ul>${agents.map((agent) => html`<li><b>${agent.hostName ?? agent.agentId}</b>${areApart(agents) ? html` – ${pointWord(lang, agent.point)}` : ""} – ${text(lang, "lostPc.seen")}: ${seen(agent)}</li>`)}</ul>`;
  return page(
    frame,
    centre,
    html`<p>${text(lang, "lostPc.when", { name: centre.name })}</p><p>${text(lang, "lostPc.effect")}</p>
<p><b>${text(lang, agents.length === 0 ? "lostPc.agents.none" : areApart(agents) ? "enrol.agents" : "lostPc.agents")}</b></p>${agents.length === 0 ? "" : list}
${isAskedAgain ? html`<p class="errors" role="alert">${text(lang, "lostPc.tick")}</p>` : ""}
<form class="form" method="post"><input type="hidden" name="${TOKEN_FIELD}" value="${token}">${whichPoint(lang, agents)}
<label class="choice"><input type="checkbox" name="sure" value="yes" required> ${text(lang, "lostPc.sure")}</label>
<p><button type="submit">${text(lang, "lostPc.do")}</button> <a href="/centres/${centre.code}">${text(lang, "lostPc.back")}</a></p></form>`,
  );
}

/** Which PC is gone, where a centre has some at several reception points; the others speak on. */
function whichPoint(lang: Lang, agents: readonly ListedAgent[]): Html | "" {
  if (!areApart(agents)) return "";
  const points = [...new Set(agents.map(pointOf))];
  return html`<fieldset><legend>${text(lang, "lostPc.point")}</legend>${points.map((point) => html`<label class="choice"><input type="radio" name="point" value="${point}" required> ${pointWord(lang, point)}</label>`)}</fieldset>`;
}

function areApart(agents: readonly ListedAgent[]): boolean {
  return new Set(agents.map(pointOf)).size > 1;
}

/** What was done, the code for the next PC, and what a person who is no specialist does now. */
export function lostPcDone(frame: PageFrame, centre: Place, { agents, devices, code }: LostPc, collector: string): Html {
  const { lang } = frame;
  return page(
    frame,
    centre,
    html`<p class="done" role="status">${text(lang, "lostPc.done", { count: agents.length, name: centre.name })}</p>
<h2>${text(lang, "lostPc.next")}</h2><ol class="steps">
${
  code === undefined
    ? ""
    : html`<li>${text(lang, "lostPc.step.code", { until: moment(lang, code.untilMs) })}<p><code>${code.code}</code></p></li>
${enrolSteps(lang, code, collector)}`
}
<li>${text(lang, devices.length === 0 ? "lostPc.step.noDevices" : "lostPc.step.devices")}${devices.length === 0 ? "" : html`<ul>${devices.map(({ id, name, role, address }) => html`<li>${name ?? id} – ${text(lang, `device.role.${role}`)}, ${address}</li>`)}</ul>`}</li>
<li>${text(lang, "lostPc.step.police")}</li>
<li>${text(lang, "lostPc.step.look")}</li></ol>
<p><a href="/centres/${centre.code}">${text(lang, "lostPc.back")}</a></p>`,
  );
}

function page(frame: PageFrame, { name }: Place, body: Html): Html {
  const title = text(frame.lang, "lostPc.title", { name });
  return layout(frame, title, html`<section class="card" aria-labelledby="page-title"><h1 id="page-title">${title}</h1>${body}</section>`);
}
