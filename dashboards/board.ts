import {
  AnnotationQueryBuilder,
  type Dashboard,
  DashboardBuilder,
  DashboardCursorSync,
  DatasourceVariableBuilder,
  type Panel,
  QueryVariableBuilder,
  RowBuilder,
  type RowPanel,
  VariableRefresh,
} from "@grafana/grafana-foundation-sdk/dashboard";
import type { TextKey } from "#schemas/text/text.ts";
import { familyTag, pageLinks } from "./links.ts";
import { type Page, pageUid, stableId } from "./page.ts";
import { type Colour, colours } from "./palette.ts";
import type { Placed } from "./panels.ts";
import { dataSource, type Query, table, target } from "./query.ts";

const COLUMNS = 24;

/** A strip of panels of one height, under a heading or not. */
export type Strip = { readonly heading?: TextKey; readonly height: number; readonly panels: readonly Placed[] };

/** A choice at the top of a dashboard, filled by a query with the columns `__text` and `__value`. */
export type Choice = { readonly name: string; readonly label: TextKey; readonly query: Query; readonly several: boolean };

/** Marks over all time panels: columns `time`, `timeend` where there is an end, `text`, `tags`. */
export type Marks = { readonly name: TextKey; readonly query: Query; readonly colour: Colour };

export type Board = {
  readonly from: string;
  readonly choices: readonly Choice[];
  readonly marks?: readonly Marks[];
  readonly strips: readonly Strip[];
};

/** Puts a dashboard together: fixed uid, Vietnam time, the data source as a variable, panels on the grid, read-only in the UI. */
export function board(page: Page, spec: Board): Dashboard {
  const builder = new DashboardBuilder(page.say(`board.${page.name}`))
    .uid(pageUid(page.name, page.lang))
    .description(page.say(`board.${page.name}.questions`))
    .tags(["hcc-watch", familyTag(page)])
    .readonly()
    .tooltip(DashboardCursorSync.Crosshair)
    .timezone("Asia/Ho_Chi_Minh")
    .weekStart("monday")
    .refresh("5m")
    .time({ from: spec.from, to: "now" })
    .links(pageLinks(page))
    .annotations([builtInMarks(page), ...(spec.marks ?? []).map((marks) => markQuery(page, marks))])
    .variables([sourceChoice(page), ...spec.choices.map((choice) => choiceVariable(page, choice))]);
  return { ...builder.build(), version: 1, panels: placed(page, spec.strips) };
}

/** District filter of the province dashboards. Codes, not names, go into the SQL. */
export const districtChoice: Choice = {
  name: "district",
  label: "board.choice.district",
  several: true,
  query: table({
    from: "centre",
    columns: ["district AS __text", "district_code AS __value"],
    groupBy: ["district", "district_code"],
    orderBy: ["district"],
    limit: 100,
  }),
};

/** One centre. */
export const centreChoice: Choice = {
  name: "centre",
  label: "board.choice.centre",
  several: false,
  query: table({ from: "centre", columns: ["name || ' · ' || centre AS __text", "centre AS __value"], orderBy: ["name"], limit: 5_000 }),
};

/** Any number of centres, all at first. */
export const centreFilter: Choice = { ...centreChoice, several: true };

function sourceChoice(page: Page) {
  return new DatasourceVariableBuilder("datasource")
    .label(page.say("board.choice.datasource"))
    .type(dataSource.type)
    .regex("/^hcc-watch/")
    .multi(false)
    .includeAll(false)
    .current({ selected: true, text: "hcc-watch", value: "hcc-watch-postgres" });
}

function choiceVariable(page: Page, { name, label, query, several }: Choice) {
  const builder = new QueryVariableBuilder(name)
    .label(page.say(label))
    .datasource(dataSource)
    .query(query.sql)
    .definition(query.sql)
    .refresh(VariableRefresh.OnDashboardLoad)
    .multi(several)
    .includeAll(several);
  return several ? builder.current({ selected: true, text: ["All"], value: ["$__all"] }) : builder.current({ selected: false, text: "", value: "" });
}

function builtInMarks(page: Page) {
  return new AnnotationQueryBuilder()
    .name(page.say("board.marks"))
    .datasource({ type: "grafana", uid: "-- Grafana --" })
    .builtIn(1)
    .enable(true)
    .hide(true)
    .iconColor(colours.calm)
    .type("dashboard");
}

function markQuery(page: Page, { name, query, colour }: Marks) {
  return new AnnotationQueryBuilder().name(page.say(name)).datasource(dataSource).enable(true).hide(false).iconColor(colour).target(target(query, "Marks"));
}

/** Gives every panel its place from the strips, top down. */
function placed(page: Page, strips: readonly Strip[]): (Panel | RowPanel)[] {
  const panels: (Panel | RowPanel)[] = [];
  let y = 0;
  for (const { heading, height, panels: strip } of strips) {
    if (heading !== undefined) {
      panels.push(new RowBuilder(page.say(heading)).id(stableId(heading)).gridPos({ x: 0, y, w: COLUMNS, h: 1 }).build());
      y += 1;
    }
    let x = 0;
    for (const { width, panel } of strip) {
      panels.push({ ...panel, gridPos: { x, y, w: width, h: height } });
      x += width;
    }
    y += height;
  }
  return panels;
}
