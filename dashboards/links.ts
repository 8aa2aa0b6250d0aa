import type { Builder } from "@grafana/grafana-foundation-sdk/cog";
import type { DashboardLink } from "@grafana/grafana-foundation-sdk/dashboard";
import { DashboardLinkBuilder, DashboardLinkType } from "@grafana/grafana-foundation-sdk/dashboard";
import { type Page, type PageName, pageUid } from "./page.ts";
import { placeholder } from "./placeholder.ts";

/** Tag that joins the dashboards of one language: the links at the top list what carries it. */
export function familyTag(page: Page): string {
  return `hcc-watch-${page.lang}`;
}

// Left to Grafana: the time range and the data source of the page that is left.
const carried = `${placeholder("__url_time_range")}&${placeholder("datasource:queryparam")}`;

/** From a row or a point to a dashboard about its centre; time range and data source go along. */
export function drillDown(page: Page, to: PageName): DashboardLink {
  const place = to === "centre" || to === "devices" ? `&var-centre=${placeholder(page.name === "centre" ? "centre" : "__data.fields.centre")}` : "";
  return new DashboardLinkBuilder(page.say(`board.${to}`))
    .type(DashboardLinkType.Link)
    .url(`/d/${pageUid(to, page.lang)}?${carried}${place}`)
    .build();
}

/** The row of links at the top: the sister dashboards with filters and time kept, and this dashboard in the other language. */
export function pageLinks(page: Page): Builder<DashboardLink>[] {
  const other = page.lang === "vi" ? "en" : "vi";
  return [
    new DashboardLinkBuilder(page.say("board.links"))
      .type(DashboardLinkType.Dashboards)
      .tags([familyTag(page)])
      .asDropdown(true)
      .includeVars(true)
      .keepTime(true),
    new DashboardLinkBuilder(other === "vi" ? "VI" : "EN")
      .type(DashboardLinkType.Link)
      .url(`/d/${pageUid(page.name, other)}`)
      .icon("external link")
      .includeVars(true)
      .keepTime(true),
  ];
}
