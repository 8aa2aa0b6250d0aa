import * as units from "@grafana/grafana-foundation-sdk/units";
import { parse } from "libpg-query";
import { describe, expect, it } from "vitest";
import { text } from "#schemas/text/text.ts";
import { colours } from "../../dashboards/palette.ts";
import { views } from "../../dashboards/views.ts";
import { alertQueries, type DashboardJson, dashboardsOf, type FieldJson, type PanelJson, storedQueries } from "../support/dashboard-queries.ts";
import { expandQuery } from "../support/grafana-macros.ts";
import { queryContext } from "../support/query-context.ts";

const all = [...dashboardsOf("vi"), ...dashboardsOf("en")];
const queries = [...storedQueries("vi"), ...storedQueries("en"), ...alertQueries()];
const panelsWithData = (dashboard: DashboardJson) => dashboard.panels.filter(({ type }) => type !== "row");
const everyPanel = all.flatMap((dashboard) => panelsWithData(dashboard).map((panel) => ({ dashboard, panel, name: `${dashboard.uid}: ${panel.title}` })));

describe("dashboards", () => {
  it("have a fixed uid and a title of their own", () => {
    expect(new Set(all.map(({ uid }) => uid)).size).toBe(all.length);
    for (const lang of ["vi", "en"] as const) expect(new Set(dashboardsOf(lang).map(({ title }) => title)).size).toBe(10);
    for (const { uid } of all) expect(uid).toMatch(/^hcc-[a-z-]{1,36}$/);
  });

  it("cannot be edited in the UI, refresh once a minute at most, and live in Vietnam time", () => {
    for (const { uid, editable, refresh, timezone } of all)
      expect({ uid, editable, refresh, timezone }).toEqual({ uid, editable: false, refresh: "5m", timezone: "Asia/Ho_Chi_Minh" });
  });

  it("name the data source only through its variable", () => {
    const uid = `$${"{datasource}"}`;
    for (const { panel, name } of everyPanel) {
      expect(panel.datasource?.uid, name).toBe(uid);
      for (const target of panel.targets ?? []) expect(target.datasource.uid, name).toBe(uid);
    }
    for (const { templating } of all) expect(templating.list[0]).toMatchObject({ name: "datasource", type: "datasource" });
  });

  it("lead only to dashboards and variables that exist", () => {
    const variablesOf = new Map(all.map(({ uid, templating }) => [uid, templating.list.map(({ name }) => name)]));
    const urls = JSON.stringify(all).match(/"url": ?"(\/d\/[^"]+)"/g) ?? [];
    expect(urls.length).toBeGreaterThan(60);
    for (const quoted of new Set(urls)) {
      const [, uid = "", rest = ""] = /\/d\/([a-z-]+)\??([^"]*)/.exec(quoted) ?? [];
      expect(variablesOf.has(uid), quoted).toBe(true);
      for (const [, name = ""] of rest.matchAll(/var-(\w+)=/g)) expect(variablesOf.get(uid), quoted).toContain(name);
    }
  });

  it("need two clicks from the province over the centre to a device", () => {
    const from = (uid: string) => JSON.stringify(all.find((dashboard) => dashboard.uid === uid));
    expect(from("hcc-province")).toContain("/d/hcc-centre?");
    expect(from("hcc-centre")).toContain("/d/hcc-devices?");
  });
});

describe("panels", () => {
  it("have ids of their own, a title, a description and at least one query", () => {
    for (const dashboard of all) expect(new Set(dashboard.panels.map(({ id }) => id)).size, dashboard.uid).toBe(dashboard.panels.length);
    for (const { panel, name } of everyPanel) {
      expect(panel.title.length, name).toBeGreaterThan(0);
      expect((panel.description ?? "").length, name).toBeGreaterThan(10);
      expect(panel.targets?.length, name).toBeGreaterThan(0);
      expect(new Set(panel.targets?.map(({ refId }) => refId)).size, name).toBe(panel.targets?.length);
    }
  });

  it("fill the grid of 24 columns without lying on each other", () => {
    for (const dashboard of all) {
      const taken = new Set<string>();
      for (const { gridPos, title } of dashboard.panels) {
        expect(gridPos.x + gridPos.w, `${dashboard.uid}: ${title}`).toBeLessThanOrEqual(24);
        for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++) {
          for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
            expect(taken.has(`${x} ${y}`), `${dashboard.uid}: ${title} at ${x}, ${y}`).toBe(false);
            taken.add(`${x} ${y}`);
          }
        }
      }
    }
  });

  it("use units that Grafana knows", () => {
    // `dateTimeAsIso` and `bool` are formats of Grafana that the SDK's list of units holds under other names.
    const known = new Set<unknown>([...Object.values(units), "dateTimeAsIso"]);
    for (const { panel, name } of everyPanel) for (const unit of unitsOf(panel)) expect(known.has(unit), `${name}: ${unit}`).toBe(true);
  });

  it("have thresholds that rise from an open start", () => {
    for (const { panel, name } of everyPanel) {
      const values = (panel.fieldConfig?.defaults.thresholds?.steps ?? []).map(({ value }) => value);
      expect(values[0], name).toBeNull();
      const rest = values.slice(1).map(Number);
      expect(rest, name).toEqual([...rest].sort((a, b) => a - b));
    }
  });

  it("give loss a unit of its own beside times: one axis of both read 12 % as 12 ms", () => {
    const title = text("vi", "board.centre.quality");
    const panel = everyPanel.find(({ name }) => name === `hcc-centre: ${title}`)?.panel;
    expect(panel?.fieldConfig?.defaults.unit).toBe("ms");
    expect(panel?.fieldConfig?.overrides).toEqual([{ matcher: { id: "byRegexp", options: "/Mất gói/" }, properties: [{ id: "unit", value: "percent" }] }]);
  });

  it("name their lines in the reader's language, also those of a reception point; its code stays", () => {
    const shown = (uid: string, name: string) => {
      const renames = all.find((dashboard) => dashboard.uid === uid)?.panels.flatMap(({ transformations = [] }) => transformations) ?? [];
      return renames.reduce((text, { options: { regex, renamePattern } }) => text.replace(new RegExp(regex), renamePattern), name);
    };
    expect(shown("hcc-centre", "gateway · loss_percent · ia-ly")).toBe("bộ định tuyến · Mất gói · ia-ly");
    expect(shown("hcc-centre", "download_mbps")).toBe("Tốc độ tải xuống");
    expect(shown("hcc-centre", "wifi_clients · ia-ly")).toBe("Số người dùng Wi-Fi · ia-ly");
    expect(shown("hcc-devices", "officer-pc")).toBe("Máy tính cán bộ");
    expect(shown("hcc-collector-en", "late")).toBe("late");
    // Names that stand in the query itself are codes.
    for (const { sql, name } of storedQueries("vi"))
      for (const [, code = ""] of sql.matchAll(/'([a-z_]+)' AS metric/g)) expect(shown(name.slice(0, name.indexOf(":")), code), name).not.toBe(code);
  });

  it("use the colours of the palette alone, and never a colour without a word or a sign", () => {
    const palette = new Set<string>(Object.values(colours));
    for (const { panel, name } of everyPanel) {
      for (const { color } of panel.fieldConfig?.defaults.thresholds?.steps ?? []) expect(palette.has(color), `${name}: ${color}`).toBe(true);
      for (const { text, color } of mappingsOf(panel)) {
        if (color === undefined) continue;
        expect(palette.has(color), `${name}: ${color}`).toBe(true);
        expect(text ?? "", name).toMatch(/^[✖!?…✔–●○▲◆] ?\S/);
      }
    }
  });
});

describe("queries", () => {
  it.each(queries.map((query) => [query.name, query] as const))("%s is one bounded, ordered SELECT on the views", async (_, query) => {
    const sql = expandQuery(query.sql, queryContext(query));
    const { stmts } = await parse(sql);
    expect(stmts).toHaveLength(1);
    expect(Object.keys(stmts?.[0]?.stmt ?? {})).toEqual(["SelectStmt"]);
    expect(query.sql).not.toMatch(/SELECT\s+\*|\.\*/);
    expect(query.sql).toMatch(/\bORDER BY\b[\s\S]*\bLIMIT \d+$/);
    const read = [...query.sql.matchAll(/\b(?:FROM|JOIN)\s+([a-z_.0-9]+)/g)].map(([, name]) => name ?? "").filter((name) => name !== "now");
    for (const name of read) expect(Object.keys(views), name).toContain(name.replace(/^grafana\./, ""));
    const present = read.every((name) => name.endsWith("_now") || name === "grafana.centre");
    if (query.kind !== "variable" && !present) expect(query.sql).toMatch(/\$__timeFilter\(time\)|\$__timeFrom\(\)|\bopen\b/);
  });

  it("give macros plain columns and intervals that mean the same in every version", () => {
    for (const { sql, name } of queries) {
      for (const [macro, , list = ""] of sql.matchAll(/\$(__\w+)\(([^)]*)\)/g)) {
        const [column = "", interval] = list.split(",");
        if (list !== "") expect(column, `${name}: ${macro}`).toMatch(/^[a-z_.]+$/);
        if (interval !== undefined) expect(interval, `${name}: ${macro}`).toMatch(/^(\$__interval|\d+[smhd])$/);
      }
    }
  });

  it("of tables of days take the day in which the time range begins: a range of hours would leave out today", () => {
    const ofDays = queries.filter(({ sql, format }) => format === "table" && /FROM grafana\.\w+_day\b/.test(sql));
    expect(ofDays.length).toBeGreaterThan(8);
    for (const { sql, name } of ofDays) expect(sql, name).toContain("time > $__timeFrom()::timestamptz - interval '24 hours'");
  });

  it("take variables in Grafana's own quoting, never raw", () => {
    for (const { sql, name } of queries) expect(sql, name).not.toMatch(/\$\{\w+:(raw|pipe|regex|json|singlequote|text)\}|\$__range|\$\{__timezone/);
  });

  it("of time series give a time, a name and a value", () => {
    const series = queries.filter(({ format }) => format === "time_series");
    expect(series.length).toBeGreaterThan(40);
    for (const { sql, name } of series) expect(sql, name).toMatch(/^SELECT (\$__timeGroupAlias\(time,[^)]+\)|[^\n]* AS "time"), .* AS metric, .* AS value\n/);
  });
});

function unitsOf({ fieldConfig }: PanelJson): string[] {
  const overrides = (fieldConfig?.overrides ?? []).flatMap(({ properties }) => properties.filter(({ id }) => id === "unit").map(({ value }) => String(value)));
  return [...(fieldConfig?.defaults.unit === undefined ? [] : [fieldConfig.defaults.unit]), ...overrides];
}

function mappingsOf({ fieldConfig }: PanelJson) {
  const own = fieldConfig?.defaults.mappings ?? [];
  const overridden = (fieldConfig?.overrides ?? []).flatMap(({ properties }) =>
    properties.filter(({ id }) => id === "mappings").flatMap(({ value }) => value as NonNullable<FieldJson["mappings"]>),
  );
  return [...own, ...overridden].flatMap(({ options }) => Object.values(options));
}
