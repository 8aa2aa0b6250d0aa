import { html } from "hono/html";
import type { Phones } from "#schemas/phones.ts";
import { moment } from "#schemas/text/moment-word.ts";
import { ownerWords } from "#schemas/text/owner-words.ts";
import { text } from "#schemas/text/text.ts";
import type { Lang } from "#schemas/words.ts";
import { isOwnName } from "../own-name.ts";
import type { MadeCode } from "../people/enrol-codes.ts";
import { mayCall } from "../routes/access-table.ts";
import type { Enrolment } from "../store/enrolment.ts";
import type { PageFrame } from "./layout.ts";
import { type Html, icon } from "./markup.ts";

const installs = [
  ["Windows", "powershell -ExecutionPolicy Bypass -File C:\\hcc-watch\\deploy\\windows\\install-agent.ps1"],
  ["Linux", "sudo sh /opt/hcc-watch/deploy/linux/install-agent.sh"],
] as const;

/** What is typed at a PC so that it becomes the gateway PC of a centre, as items of a list. `collector`: the address under which agents reach it. */
export function enrolSteps(lang: Lang, { code }: MadeCode, collector: string): Html {
  const enrol = `hcc-agent enrol ${code} --collector ${collector}`;
  const enrols = [
    ["Windows", enrol],
    ["Linux", `sudo ${enrol}`],
  ] as const;
  const isOwn = isOwnName(new URL(collector).hostname);
  return html`<li>${text(lang, "enrol.step.install")}${commands(installs)}</li>
<li>${text(lang, "enrol.step.enrol")}${commands(enrols)}${isOwn ? html`<p class="errors" role="alert">${text(lang, "enrol.address.own", { url: collector })}</p>` : ""}</li>`;
}

function commands(lines: readonly (readonly [system: string, line: string])[]): Html {
  return html`<dl class="api">${lines.map(([system, line]) => html`<dt>${system}</dt><dd><code>${line}</code></dd>`)}</dl>`;
}

/** What to do first where nothing can be measured yet: no PC is enrolled, or the one that is has sent nothing (`isUnheard`). Undefined where neither is so. */
export function enrolmentStep(frame: PageFrame, { centre, agents, codesUntilMs }: Enrolment, isUnheard: boolean, phones: Phones): Html | undefined {
  const { lang, asker } = frame;
  const [newest] = agents.slice(-1);
  if (newest && !isUnheard) return undefined;
  const who = html`<div class="who">${text(lang, "web.sheet.owner")}: ${ownerWords(lang, "province-it", phones["province-it"])}</div>`;
  const item = (found: string, advice: Html | string) => html`<li class="next">${icon("unknown")}<div><b>${found}</b><div>→ ${advice}</div>${who}</div></li>`;
  if (newest) {
    const params = { pc: newest.hostName ?? newest.agentId, at: moment(lang, newest.enrolledAt) };
    return item(text(lang, "enrol.next.unheard", params), text(lang, "enrol.next.unheard.do"));
  }
  const found = text(lang, "enrol.next.none");
  if (codesUntilMs !== undefined) return item(found, text(lang, "enrol.next.code.do", { until: moment(lang, codesUntilMs) }));
  const link = mayCall(asker, "GET /centres/:code/enrol") ? html` <a href="/centres/${centre.code}/enrol">${text(lang, "enrol.link")}</a>` : "";
  return item(found, html`${text(lang, "enrol.next.none.do")}${link}`);
}
