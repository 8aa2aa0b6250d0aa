import { createHash } from "node:crypto";
import { type Context, Hono } from "hono";
import { vietnamDay } from "#schemas/calendar.ts";
import { Code } from "#schemas/ids.ts";
import { problem } from "#schemas/problem.ts";
import type { MonthDesk } from "../report/month-desk.ts";
import { Month } from "../report/period.ts";
import { type ReportFormat, renderReport, reportFormats } from "../report/render.ts";
import { reportStyle } from "../report/report-html.ts";
import { languageOf } from "../web/language.ts";
import { reportsPage } from "../web/reports-page.ts";
import { type PageDeps, pageFrame, pageHeaders } from "./page.ts";

export type ReportDeps = Omit<PageDeps, "store"> & { readonly desk: MonthDesk };

// The only style that a report may use is the one that stands inside of it.
const styleHash = createHash("sha256").update(reportStyle).digest("base64");
const reportPolicy = `default-src 'none'; style-src 'sha256-${styleHash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;

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
    return c.html(reportsPage(frame, await deps.desk.centreNames(), vietnamDay(frame.nowMs).slice(0, 7)));
  });

  app.get("/v1/reports/:month/:file", pageHeaders, (c) => reply(c, deps, c.req.param("file"), undefined));
  app.get("/v1/reports/:month/centres/:file", pageHeaders, (c) => reply(c, deps, c.req.param("file"), c.req.param("file").replace(/\.[a-z]+$/, "")));

  return app;
}

async function reply(c: Context, deps: ReportDeps, file: string, centre: string | undefined) {
  const month = Month.safeParse(c.req.param("month"));
  const format = reportFormats.find((one) => file.endsWith(`.${one}`));
  if (!month.success || !format || (centre === undefined && !file.startsWith("province.")))
    return c.json(problem(422, "report_invalid", "name a month such as 2026-11, province or centres/<code>, and html, pdf, xlsx, csv or json"), 422);
  const dossier = centre === undefined || Code.safeParse(centre).success ? await deps.desk.dossier(month.data, centre) : undefined;
  if (!dossier) return c.json(problem(404, "centre_unknown", "there is no such centre"), 404);
  const report = await renderReport(dossier, format as ReportFormat, languageOf(c, deps.lang));
  c.header("content-security-policy", reportPolicy);
  c.header("cache-control", "private, no-cache");
  c.header("content-disposition", `${format === "html" || format === "pdf" ? "inline" : "attachment"}; filename="${report.fileName}"`);
  return c.body(typeof report.body === "string" ? report.body : new Uint8Array(report.body), 200, { "content-type": report.type });
}
