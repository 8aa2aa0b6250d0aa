import { createHash } from "node:crypto";
import { type Context, Hono } from "hono";
import { vietnamDay } from "#schemas/calendar.ts";
import { Code } from "#schemas/ids.ts";
import { pointOf } from "#schemas/inventory.ts";
import { problem } from "#schemas/problem.ts";
import { day } from "#schemas/text/moment-word.ts";
import { text } from "#schemas/text/text.ts";
import { confinedTo } from "../auth/asker.ts";
import { daysUntil, type LinkEvidence } from "../report/link-evidence.ts";
import { linkEvidenceStyle } from "../report/link-evidence-html.ts";
import { linkEvidenceFormats, renderLinkEvidence } from "../report/link-evidence-render.ts";
import type { MonthDesk } from "../report/month-desk.ts";
import { Month } from "../report/period.ts";
import { comparisonFormats, type RenderedReport, renderComparison, renderReport, reportFormats } from "../report/render.ts";
import { reportStyle } from "../report/report-html.ts";
import { sharedWork } from "../shared-work.ts";
import { comparisonCard, comparisonPage } from "../web/comparison-page.ts";
import { languageOf } from "../web/language.ts";
import { reportsPage } from "../web/reports-page.ts";
import { type PageDeps, pageFrame, pageHeaders } from "./page.ts";

export type ReportDeps = Omit<PageDeps, "store"> & {
  readonly desk: Omit<MonthDesk, "sealNewest">;
  /** The tests of a centre's line on some Vietnam days; undefined when there is no such centre, or nothing is demanded of its line. */
  readonly linkEvidence: (centre: string, firstDay: string, lastDay: string, point: string) => Promise<LinkEvidence | undefined>;
};

type SharedReports = ReturnType<typeof sharedWork>;
/** Different reports of the province, and months side by side, that wait to be made: each may take some seconds. */
const REPORTS_WAITING_MAX = 20;
/** Days of tests that a provider gets from the centre's page; `collector evidence` makes any other span. */
const LINK_DAYS = 30;

// The only style that a report may use is the one that stands inside of it.
const policyOf = (style: string) =>
  `default-src 'none'; style-src 'sha256-${createHash("sha256").update(style).digest("base64")}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;
const reportPolicy = policyOf(reportStyle);
const linkEvidencePolicy = policyOf(linkEvidenceStyle);

/** The page where a report is chosen, the reports themselves, and two of them side by side. */
export function reportRoutes(deps: ReportDeps): Hono {
  const app = new Hono();
  const shared = sharedWork({ what: "reports of the province", queueMax: REPORTS_WAITING_MAX });

  app.get("/reports", pageHeaders, async (c) => {
    const frame = pageFrame(c, deps);
    const [month, scope, format] = [c.req.query("month"), c.req.query("scope"), c.req.query("format")];
    if (month && scope && format)
      return c.redirect(
        `/v1/reports/${encodeURIComponent(month)}/${scope === "province" ? "province" : `centres/${encodeURIComponent(scope)}`}.${encodeURIComponent(format)}`,
        303,
      );
    const own = confinedTo(c);
    const centres = await deps.desk.centreNames();
    const thisMonth = vietnamDay(frame.nowMs).slice(0, 7);
    const shown = own === undefined ? centres : centres.filter(({ code }) => code === own);
    return c.html(reportsPage(frame, shown, thisMonth, own === undefined ? comparisonCard(frame.lang, thisMonth) : ""));
  });

  app.get("/reports/compare", pageHeaders, async (c) => {
    const frame = pageFrame(c, deps);
    const thisMonth = vietnamDay(frame.nowMs).slice(0, 7);
    const [before = "", after = ""] = [c.req.query("before") ?? "", c.req.query("after") ?? ""].sort();
    const asked = { before, after };
    const fault = (status: 404 | 422, words: string) => c.html(comparisonPage(frame, asked, thisMonth, { fault: words }), status);
    if (!Month.safeParse(before).success || !Month.safeParse(after).success || before === after) return fault(422, text(frame.lang, "compare.same"));
    const found = await shared(`${before}/${after}`, () => deps.desk.comparison(before, after));
    if ("missing" in found) return fault(404, text(frame.lang, "compare.missing", { month: day(frame.lang, found.missing) }));
    return c.html(comparisonPage(frame, asked, thisMonth, found));
  });
  app.get("/v1/comparisons/:before/:file", pageHeaders, (c) => comparisonReply(c, deps, shared));

  app.get("/v1/reports/:month/:file", pageHeaders, (c) => reply(c, deps, shared, c.req.param("file"), undefined));
  app.get("/v1/reports/:month/centres/:file", pageHeaders, (c) => reply(c, deps, shared, c.req.param("file"), c.req.param("file").replace(/\.[a-z]+$/, "")));

  app.get("/v1/evidence/:file", pageHeaders, (c) => linkReply(c, deps, c.req.param("file")));

  return app;
}

async function linkReply(c: Context, { linkEvidence, now, lang }: ReportDeps, file: string) {
  const [, code = "", ending] = /^(.+)\.link\.([a-z]+)$/.exec(file) ?? [];
  const format = linkEvidenceFormats.find((one) => one === ending);
  if (!format) return c.json(problem(422, "evidence_invalid", "name a centre as <code>.link.html, .pdf, .csv or .json"), 422);
  const { firstDay, lastDay } = daysUntil(now(), LINK_DAYS);
  const point = pointOf({ point: c.req.query("point") });
  const isAsked = Code.safeParse(code).success && Code.safeParse(point).success;
  const evidence = isAsked ? await linkEvidence(code, firstDay, lastDay, point) : undefined;
  if (!evidence) return c.json(problem(404, "centre_unknown", "there is no such centre"), 404);
  return sheet(c, await renderLinkEvidence(evidence, format, languageOf(c, lang)), linkEvidencePolicy);
}

/** A rendered sheet: shown where a browser can show it, else saved. */
function sheet(c: Context, { pieces, type, fileName }: RenderedReport, policy: string) {
  c.header("content-security-policy", policy);
  c.header("cache-control", "private, no-cache");
  c.header("content-disposition", `${/html|pdf/.test(type) ? "inline" : "attachment"}; filename="${fileName}"`);
  c.header("content-length", String(pieces.reduce((length, piece) => length + piece.length, 0)));
  return c.body(ReadableStream.from(pieces), 200, { "content-type": type });
}

async function comparisonReply(c: Context, deps: ReportDeps, shared: SharedReports) {
  const [, later = "", ending] = /^(.+)\.([a-z]+)$/.exec(c.req.param("file") ?? "") ?? [];
  const [before, after] = [Month.safeParse(c.req.param("before")), Month.safeParse(later)];
  const format = comparisonFormats.find((one) => one === ending);
  if (!before.success || !after.success || !format || before.data >= after.data)
    return c.json(problem(422, "comparison_invalid", "name an earlier and a later month as 2026-10/2026-11.pdf, .xlsx or .csv"), 422);
  const lang = languageOf(c, deps.lang);
  const made = await shared(`${before.data}/${after.data} ${format} ${lang}`, async () => {
    const found = await deps.desk.comparison(before.data, after.data);
    return "missing" in found ? found : renderComparison(found, format, lang);
  });
  if ("missing" in made) return c.json(problem(404, "report_unknown", `there is no report of ${made.missing}`), 404);
  return sheet(c, made, reportPolicy);
}

const noReport = problem(404, "centre_unknown", "there is no such centre, or no report of that month");

async function reply(c: Context, deps: ReportDeps, shared: SharedReports, file: string, centre: string | undefined) {
  const month = Month.safeParse(c.req.param("month"));
  const format = reportFormats.find((one) => file.endsWith(`.${one}`));
  if (!month.success || !format || (centre === undefined && !file.startsWith("province.")))
    return c.json(problem(422, "report_invalid", "name a month such as 2026-11, province or centres/<code>, and html, pdf, xlsx, csv or json"), 422);
  const lang = languageOf(c, deps.lang);
  const make = async () => {
    const dossier = await deps.desk.dossier(month.data, centre);
    return dossier && (await renderReport(dossier, format, lang));
  };
  if (centre !== undefined && !Code.safeParse(centre).success) return c.json(noReport, 404);
  // The report of one centre is small.
  const report = await (centre === undefined ? shared(`${month.data} ${format} ${lang}`, make) : make());
  return report ? sheet(c, report, reportPolicy) : c.json(noReport, 404);
}
