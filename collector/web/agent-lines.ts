import { html } from "hono/html";
import { MAIN_POINT } from "#schemas/inventory.ts";
import { moment } from "#schemas/text/moment-word.ts";
import { pointWord } from "#schemas/text/point-word.ts";
import { text } from "#schemas/text/text.ts";
import type { ListedAgent } from "../store/agents.ts";
import { age } from "./format.ts";
import type { PageFrame } from "./layout.ts";
import type { Html } from "./markup.ts";

/** The gateway PCs that are let in: which version, enrolled since when, heard when, and whether one is frozen. */
export function agentLines({ lang, nowMs }: PageFrame, agents: readonly ListedAgent[]): Html {
  const isOne = agents.every(({ point }) => point === MAIN_POINT);
  const line = ({ hostName, agentId, point, version, enrolledAt, lastSeenAt, state }: ListedAgent) => {
    const seen = lastSeenAt === null ? text(lang, "enrolment.agent.unheard") : text(lang, "enrolment.agent.heard", { age: age(lang, lastSeenAt, nowMs) });
    const since = text(lang, "enrolment.agent.since", { at: moment(lang, enrolledAt) });
    return html`<li><b>${hostName ?? agentId}</b>${isOne ? "" : html` – ${pointWord(lang, point)}`}<span class="sub">${version === null ? "" : html`${text(lang, "enrolment.agent.version", { version })}; `}${since}; ${seen}</span>${
      state === "frozen" ? html`<span class="sub">${text(lang, "enrolment.agent.frozen")}</span>` : ""
    }</li>`;
  };
  return html`<ul>${agents.map(line)}</ul>`;
}
