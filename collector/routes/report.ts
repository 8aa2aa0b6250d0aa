import { createHash } from "node:crypto";
import { type Context, Hono } from "hono";
import { vietnamDay } from "#schemas/calendar.ts";
import { Code } from "#schemas/ids.ts";
import { problem } from "#schemas/problem.ts";
import { buildDossier, type Dossier, type ReportRows } from "../report/dossier.ts";
import { closesAt, Month, type Period, periodOf } from "../report/period.ts";
import { type ReportFormat, renderReport, reportFormats } from "../report/render.ts";
import { reportStyle } from "../report/report-html.ts";
import { languageOf } from "../web/language.ts";
import { reportsPage } from "../web/reports-page.ts";
import { type PageDeps, pageFrame, pageHeaders } from "./page.ts";

/** What reports are read from: everything of a month as it was known at `knownBy`; one centre's when it is named. */
export type ReportSource = {
  rows(period: Period, knownBy: string, centre?: string): Promise<ReportRows>;
  centreNames(): Promise<readonly { code: string; name: string }[]>;
};
export type ReportDeps = Omit<PageDeps, "store"> & { readonly source: ReportSource };

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
    return c.html(reportsPage(frame, await deps.source.centreNames(), vietnamDay(frame.nowMs).slice(0, 7)));
  });

  app.get("/v1/reports/:month/:file", pageHeaders, (c) => reply(c, deps, c.req.param("file"), undefined));
  app.get("/v1/reports/:month/centres/:file", pageHeaders, (c) => reply(c, deps, c.req.param("file"), c.req.param("file").replace(/\.[a-z]+$/, "")));

  return app;
}

async function reply(c: Context, deps: ReportDeps, file: string, centre: string | undefined) {
  const month = Month.safeParse(c.req.param("month"));
  const format = reportFormats.find((one) => file.endsWith(`.${one}`));
  if (!month.success || !format || (centre === undefined && !file.startsWith("province.")))
    return c.json(problem(422, "report_invalid", "name a month such as 2026-11, province or centres/<code>, and html, xlsx, csv or json"), 422);
  const dossier = centre === undefined || Code.safeParse(centre).success ? await makeDossier(deps, month.data, centre) : undefined;
  if (!dossier) return c.json(problem(404, "centre_unknown", "there is no such centre"), 404);
  const report = renderReport(dossier, format as ReportFormat, languageOf(c, deps.lang));
  c.header("content-security-policy", reportPolicy);
  c.header("cache-control", "private, no-cache");
  c.header("content-disposition", `${format === "html" ? "inline" : "attachment"}; filename="${report.fileName}"`);
  return c.body(typeof report.body === "string" ? report.body : new Uint8Array(report.body), 200, { "content-type": report.type });
}

/** The dossier of a month: what was known when it closed, or by now while it is open. Undefined when the centre is not known. */
export async function makeDossier(
  { source, policy, demo, now }: Pick<ReportDeps, "source" | "policy" | "demo" | "now">,
  month: Month,
  centre?: string,
): Promise<Dossier | undefined> {
  const period = periodOf(month);
  const nowMs = now();
  const knownBy = new Date(Math.min(nowMs, Date.parse(closesAt(period)))).toISOString();
  const rows = await source.rows(period, knownBy, centre);
  if (centre !== undefined && rows.centres.length === 0) return undefined;
  return buildDossier(centre === undefined ? "province" : "centre", period, policy, rows, { nowMs, demo });
}
