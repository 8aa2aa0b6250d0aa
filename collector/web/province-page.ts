import { html } from "hono/html";
import type { PolicyProfile } from "#schemas/policy.ts";
import { day, moment } from "#schemas/text/moment-word.ts";
import { text } from "#schemas/text/text.ts";
import type { Lang } from "#schemas/words.ts";
import { PART_ROWS, rowsBefore } from "../store/list-part.ts";
import { centreMap } from "./centre-map.ts";
import { age, share } from "./format.ts";
import { layout, type PageFrame } from "./layout.ts";
import { badge, barOrder, type Html, icon, tallyBar } from "./markup.ts";
import { paged } from "./paged.ts";
import { asked, type CentreStanding, type ProvinceFilter, type ProvinceView } from "./province-view.ts";
import { selectField } from "./select-field.ts";

const CHANGES_SHOWN = 8;
const FAILS_SHOWN = 5;

/** The page of the whole province: how many centres stand how, which are worst, one page of their list, what changed today. */
export function provincePage(frame: PageFrame, policy: PolicyProfile, view: ProvinceView, filter: ProvinceFilter, page: number): Html {
  const { lang } = frame;
  const title = text(lang, "web.province.title", { total: view.centres.total });
  const body = html`<div data-part="top">${summary(lang, title, view)}</div>
<div class="columns">
<section class="card list" aria-labelledby="list-title">${filterForm(lang, policy, view, filter)}<div id="results" data-part="results">${table(frame, view, filter, page)}</div>${closedList(lang, view)}</section>
<aside class="side" data-part="side">${changes(lang, policy, view)}${worst(lang, view)}<section class="card" id="map" aria-labelledby="map-title"><h2 id="map-title">${text(lang, "web.map")}</h2>${centreMap(lang, view.standings)}</section></aside>
</div>
<p class="policy">${text(lang, "web.policy", { policy: `${policy.id}@${policy.version}`, from: day(lang, policy.effectiveFrom) })}. ${text(lang, "web.source", { document: policy.source.document, date: day(lang, policy.source.date) })}.</p>`;
  return layout(frame, title, body, { live: true });
}

function summary(lang: Lang, title: string, { centres, findings }: ProvinceView): Html {
  const open = centres.unknown + centres.pending + centres.error;
  const params = { pass: centres.pass, fail: centres.fail, open, na: centres.not_applicable, total: centres.total };
  const decided = findings.pass + findings.fail;
  return html`<section class="card hero" aria-labelledby="page-title">
<div class="hero-main"><h1 id="page-title">${title}</h1>
<p class="sum">${text(lang, centres.not_applicable > 0 ? "web.province.sum.na" : "web.province.sum", params)}</p>
${tallyBar(centres, 1000, 14)}
<ul class="legend" aria-label="${text(lang, "web.province.states")}">${barOrder
    .filter((state) => centres[state] > 0)
    .map((state) => html`<li><a href="/?state=${state}">${icon(state)}<b>${centres[state]}</b> ${text(lang, `state.${state}`)}</a></li>`)}</ul>
${centres.waived > 0 ? html`<p class="note">${text(lang, "web.province.waivedNote", { count: centres.waived })}</p>` : ""}</div>
<dl class="meters">
<div><dt>${text(lang, "web.coverage")}</dt><dd><b>${share(findings.coverage)}</b><span>${text(lang, "web.coverage.note", { decided, applicable: findings.total - findings.not_applicable })}</span></dd></div>
<div><dt>${text(lang, "web.score")}</dt><dd><b>${share(findings.score)}</b><span>${text(lang, "web.score.note", { pass: findings.pass, decided })}</span></dd></div>
</dl>
<p class="jump"><a href="#list-title">${text(lang, "web.filter.search")}</a><a href="#changes">${text(lang, "web.changes")}</a><a href="#map">${text(lang, "web.map")}</a></p>
</section>`;
}

const stateOptions = ["fail", "open", "error", "unknown", "pending", "pass"] as const;

function filterForm(lang: Lang, policy: PolicyProfile, view: ProvinceView, filter: ProvinceFilter): Html {
  const states = stateOptions.map((state) => ({ value: state, label: state === "open" ? text(lang, "web.filter.open") : text(lang, `state.${state}`) }));
  const requirements = policy.requirements.map(({ id, title }) => ({ value: id, label: `${id} ${title[lang]}` }));
  return html`<h2 id="list-title">${text(lang, "web.filter")}</h2>
<form class="filter" method="get" action="/" role="search" data-instant>
<label class="wide">${text(lang, "web.filter.search")}<input type="search" name="q" value="${filter.q}" maxlength="80" autocomplete="off" aria-describedby="q-hint"><span class="hint" id="q-hint">${text(lang, "web.filter.search.hint")}</span></label>
${selectField(lang, "state", "web.filter.state", states, filter.state)}
${selectField(
  lang,
  "district",
  "web.filter.district",
  view.districts.map((value) => ({ value, label: value })),
  filter.district,
)}
${
  view.isps.length === 0
    ? ""
    : selectField(
        lang,
        "isp",
        "web.filter.isp",
        view.isps.map((value) => ({ value, label: value })),
        filter.isp,
      )
}
${selectField(lang, "requirement", "web.filter.requirement", requirements, filter.requirement)}
<span class="buttons"><button type="submit">${text(lang, "web.filter.apply")}</button> <a href="/">${text(lang, "web.filter.clear")}</a></span>
</form>`;
}

function table(frame: PageFrame, { standings }: ProvinceView, filter: ProvinceFilter, page: number): Html {
  const { lang } = frame;
  const shown = asked(standings, filter);
  const result = html`<p class="result" role="status">${text(lang, shown.length === 0 ? "web.filter.none" : "web.filter.result", { shown: shown.length, total: standings.length })}</p>`;
  if (shown.length === 0) return result;
  const before = rowsBefore(page);
  const part = { page, rows: shown.slice(before, before + PART_ROWS), total: shown.length };
  return html`${result}<p class="result no-print"><a href="${addressOf("/centres.xlsx", filter)}">${text(lang, "list.link")}</a></p>${paged(lang, part, (other) => addressOf("/", filter, other), rowsOf(frame, part.rows))}`;
}

function rowsOf(frame: PageFrame, shown: readonly CentreStanding[]): Html {
  const { lang } = frame;
  return html`<table class="centres"><caption class="quiet">${text(lang, "web.table.caption")}</caption>
<thead><tr><th scope="col">${text(lang, "web.table.state")}</th><th scope="col">${text(lang, "web.table.centre")}</th><th scope="col">${text(lang, "web.table.fails")}</th><th scope="col" class="c-parts">${text(lang, "web.table.parts")}</th><th scope="col" class="c-time">${text(lang, "web.table.contact")}</th></tr></thead>
<tbody>${shown.map((standing) => row(frame, standing))}</tbody></table>`;
}

/** Another address of the list as it is filtered. */
function addressOf(path: string, filter: ProvinceFilter, page = 1): string {
  const asked = Object.entries({ ...filter, page: page > 1 ? String(page) : "" }).filter(([, value]) => value !== "");
  const query = new URLSearchParams(asked);
  return `${path}${query.size > 0 ? `?${query}` : ""}`;
}

/** Centres that are no more, folded up: who looks for one finds where its work went. */
function closedList(lang: Lang, { closed }: ProvinceView): Html | string {
  if (closed.length === 0) return "";
  return html`<details><summary>${text(lang, "web.closed", { count: closed.length })}</summary><ul>${closed.map(
    ({ code, name, closed: { on } }) => html`<li><a href="/centres/${code}">${name}</a>: ${text(lang, "web.closed.from", { from: day(lang, on) })}</li>`,
  )}</ul></details>`;
}

function row({ lang, nowMs }: PageFrame, { centre, state, excused, tally, fails, since }: CentreStanding): Html {
  const open = tally.unknown + tally.pending + tally.error;
  const more = fails.length - FAILS_SHOWN;
  return html`<tr><td>${badge(lang, state, excused)}${since ? html`<span class="where">${age(lang, since, nowMs)}</span>` : ""}</td><th scope="row"><a href="/centres/${centre.code}">${centre.name}</a><span class="where">${centre.district}</span></th>
<td>${fails.slice(0, FAILS_SHOWN).map(({ id, waived }) => chip(lang, centre.code, id, waived))}${more > 0 ? html`<span class="chip-more">+${more}</span>` : ""}</td>
<td class="c-parts">${tallyBar(tally, 60, 8)} <span class="num">${tally.pass}/${tally.fail}/${open}</span></td>
<td class="c-time">${centre.lastContactAt ? age(lang, centre.lastContactAt, nowMs) : text(lang, "web.table.never")}</td></tr>
`;
}

/** A failing requirement as a short link; several stand in a row, so they carry no words of their own. */
function chip(lang: Lang, centre: string, id: string, waived: boolean): Html {
  return html`<a class="chip${waived ? " waived" : ""}" href="/centres/${centre}#${id}">${id}${waived ? html`<span class="quiet"> (${text(lang, "web.table.waived")})</span>` : ""}</a> `;
}

function changes(lang: Lang, policy: PolicyProfile, { changes, names }: ProvinceView): Html {
  const titles = new Map(policy.requirements.map(({ id, title }) => [id, title[lang]]));
  const more = changes.length - CHANGES_SHOWN;
  const total = changes.reduce((sum, { times }) => sum + times, 0);
  const list = changes.slice(0, CHANGES_SHOWN).map(({ centres, newest, requirement, from, to, at }) => {
    const where = newest.map((centre, place) => html`${place > 0 ? ", " : ""}<a href="/centres/${centre}#${requirement}">${names.get(centre) ?? centre}</a>`);
    const others = centres - newest.length;
    const how = from
      ? text(lang, "web.changes.from", { from: text(lang, `state.${from}`), to: text(lang, `state.${to}`) })
      : text(lang, "web.changes.first", { to: text(lang, `state.${to}`) });
    return html`<li>${icon(to)}<span><span class="what">${requirement} ${titles.get(requirement)}</span><span>${where}${others > 0 ? ` ${text(lang, "web.changes.centres", { count: others })}` : ""}</span><span class="when">${moment(lang, at).slice(-5)} · ${how}</span></span></li>`;
  });
  return html`<section class="card" id="changes" aria-labelledby="changes-title"><h2 id="changes-title">${text(lang, "web.changes")}${total > 0 ? html` <span class="count">${total}</span>` : ""}</h2>
${changes.length === 0 ? html`<p class="note">${text(lang, "web.changes.none")}</p>` : html`<ol class="changes">${list}</ol>`}${more > 0 ? html`<p class="note">${text(lang, "web.changes.more", { count: more })}</p>` : ""}</section>`;
}

function worst(lang: Lang, { worst }: ProvinceView): Html {
  const most = worst[0]?.count ?? 1;
  return html`<section class="card" aria-labelledby="worst-title"><h2 id="worst-title">${text(lang, "web.worst")}</h2>
${
  worst.length === 0
    ? html`<p class="note">${text(lang, "web.worst.none")}</p>`
    : html`<ul class="worst">${worst.map(
        ({
          requirement,
          count,
        }) => html`<li><a href="/?requirement=${requirement.id}">${requirement.id} ${requirement.title[lang]}</a><span class="num">${text(lang, "web.worst.count", { count })}</span>
<svg class="bar" viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true"><rect class="f-fail" width="${Math.round((count / most) * 100)}" height="4"/></svg></li>`,
      )}</ul>`
}</section>`;
}
