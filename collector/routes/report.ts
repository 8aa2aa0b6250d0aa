import { createHash } from "node:crypto";
import { type Context, Hono } from "hono";
import { vietnamDay } from "#schemas/calendar.ts";
import { Code } from "#schemas/ids.ts";
import { problem } from "#schemas/problem.ts";
import { confinedTo } from "../auth/asker.ts";
import { daysUntil, type LinkEvidence } from "../report/link-evidence.ts";
import { linkEvidenceStyle } from "../report/link-evidence-html.ts";
import { linkEvidenceFormats, renderLinkEvidence } from "../report/link-evidence-render.ts";
import type { MonthDesk } from "../report/month-desk.ts";
import { Month } from "../report/period.ts";
import { type RenderedReport, type ReportFormat, renderReport, reportFormats } from "../report/render.ts";
import { reportStyle } from "../report/report-html.ts";
import { languageOf } from "../web/language.ts";
import { reportsPage } from "../web/reports-page.ts";
import { type PageDeps, pageFrame, pageHeaders } from "./page.ts";

export type ReportDeps = Omit<PageDeps, "store"> & {
  readonly desk: Omit<MonthDesk, "sealNewest">;
  /** The tests of a centre's line on some Vietnam days; undefined when there is no such centre, or nothing is demanded of its line. */
  readonly linkEvidence: (centre: string, firstDay: string, lastDay: string) => Promise<LinkEvidence | undefined>;
};

/** Days of tests that a provider gets from the centre's page; `collector evidence` makes any other span. */
const LINK_DAYS = 30;

// The only style that a report may use is the one that stands inside of it.
const policyOf = (style: string) =>
  `default-src 'none'; style-src 'sha256-${createHash("sha256").update(style).digest("base64")}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;
const reportPolicy = policyOf(reportStyle);
const linkEvidencePolicy = policyOf(linkEvidenceStyle);

/** The page where a report is chosen, and the reports themselves. */
export function reportRoutes(deps: ReportDeps): Hono {
  const app = new Hono();

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
    return c.html(reportsPage(frame, own === undefined ? centres : centres.filter(({ code }) => code === own), vietnamDay(frame.nowMs).slice(0, 7)));
  });

  app.get("/v1/reports/:month/:file", pageHeaders, (c) => reply(c, deps, c.req.param("file"), undefined));
  app.get("/v1/reports/:month/centres/:file", pageHeaders, (c) => reply(c, deps, c.req.param("file"), c.req.param("file").replace(/\.[a-z]+$/, "")));

  app.get("/v1/evidence/:file", pageHeaders, (c) => linkReply(c, deps, c.req.param("file")));

  return app;
}

async function linkReply(c: Context, { linkEvidence, now, lang }: ReportDeps, file: string) {
  const [, code = "", ending] = /^(.+)\.link\.([a-z]+)$/.exec(file) ?? [];
  const format = linkEvidenceFormats.find((one) => one === ending);
  if (!format) return c.json(problem(422, "evidence_invalid", "name a centre as <code>.link.html, .pdf, .csv or .json"), 422);
  const { firstDay, lastDay } = daysUntil(now(), LINK_DAYS);
  const evidence = Code.safeParse(code).success ? await linkEvidence(code, firstDay, lastDay) : undefined;
  if (!evidence) return c.json(problem(404, "centre_unknown", "there is no such centre"), 404);
  return sheet(c, await renderLinkEvidence(evidence, format, languageOf(c, lang)), linkEvidencePolicy);
}

/** A rendered sheet: shown where a browser can show it, else saved. */
function sheet(c: Context, { body, type, fileName }: RenderedReport, policy: string) {
  c.header("content-security-policy", policy);
  c.header("cache-control", "private, no-cache");
  c.header("content-disposition", `${/html|pdf/.test(type) ? "inline" : "attachment"}; filename="${fileName}"`);
  return c.body(typeof body === "string" ? body : new Uint8Array(body), 200, { "content-type": type });
}

async function reply(c: Context, deps: ReportDeps, file: string, centre: string | undefined) {
  const month = Month.safeParse(c.req.param("month"));
  const format = reportFormats.find((one) => file.endsWith(`.${one}`));
  if (!month.success || !format || (centre === undefined && !file.startsWith("province.")))
    return c.json(problem(422, "report_invalid", "name a month such as 2026-11, province or centres/<code>, and html, pdf, xlsx, csv or json"), 422);
  const dossier = centre === undefined || Code.safeParse(centre).success ? await deps.desk.dossier(month.data, centre) : undefined;
  if (!dossier) return c.json(problem(404, "centre_unknown", "there is no such centre, or no report of that month"), 404);
  return sheet(c, await renderReport(dossier, format as ReportFormat, languageOf(c, deps.lang)), reportPolicy);
}
