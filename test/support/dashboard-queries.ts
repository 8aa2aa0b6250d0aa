import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { projectRoot } from "./source-files.ts";

/** The parts of a dashboard's JSON that the tests read. Kept loose on purpose: the file is what Grafana gets, whatever made it. */
export type PanelJson = {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly description?: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly datasource?: { readonly type: string; readonly uid: string };
  readonly targets?: readonly { readonly refId: string; readonly rawSql: string; readonly format: string; readonly datasource: { readonly uid: string } }[];
  readonly fieldConfig?: {
    readonly defaults: FieldJson;
    readonly overrides: readonly {
      readonly matcher: { readonly options: string };
      readonly properties: readonly { readonly id: string; readonly value: unknown }[];
    }[];
  };
  readonly interval?: string;
  readonly transformations?: readonly { readonly id: string; readonly options: { readonly regex: string; readonly renamePattern: string } }[];
};
export type FieldJson = {
  readonly unit?: string;
  readonly thresholds?: { readonly steps: readonly { readonly value: number | null; readonly color: string }[] };
  readonly mappings?: readonly { readonly options: Readonly<Record<string, { readonly text?: string; readonly color?: string }>> }[];
  readonly links?: readonly { readonly url: string }[];
};
export type DashboardJson = {
  readonly uid: string;
  readonly title: string;
  readonly description: string;
  readonly editable: boolean;
  readonly refresh: string;
  readonly timezone: string;
  readonly time: { readonly from: string; readonly to: string };
  readonly links: readonly { readonly type: string; readonly url: string }[];
  readonly panels: readonly PanelJson[];
  readonly templating: { readonly list: readonly VariableJson[] };
  readonly annotations: { readonly list: readonly { readonly name: string; readonly target?: { readonly rawSql: string; readonly format: string } }[] };
};
export type VariableJson = { readonly name: string; readonly type: string; readonly query: string; readonly multi?: boolean; readonly includeAll?: boolean };

export const generatedFolder = join(projectRoot, "dashboards/generated");

/** The checked-in dashboards of one language, in order of their file names. */
export function dashboardsOf(lang: "vi" | "en"): DashboardJson[] {
  const folder = join(generatedFolder, lang);
  return readdirSync(folder)
    .filter((name) => name.endsWith(".json"))
    .sort()
    .map((name) => JSON.parse(readFileSync(join(folder, name), "utf8")) as DashboardJson);
}

export type StoredQuery = {
  readonly name: string;
  readonly kind: "panel" | "variable" | "annotation" | "alert";
  readonly sql: string;
  readonly format: string;
  readonly dashboard?: DashboardJson;
};

/** Every query that Grafana would send for the checked-in files. */
export function storedQueries(lang: "vi" | "en"): StoredQuery[] {
  return dashboardsOf(lang).flatMap((dashboard) => [
    ...dashboard.panels.flatMap((panel) =>
      (panel.targets ?? []).map(
        ({ refId, rawSql, format }): StoredQuery => ({ name: `${dashboard.uid}: ${panel.title} ${refId}`, kind: "panel", sql: rawSql, format, dashboard }),
      ),
    ),
    ...dashboard.templating.list
      .filter(({ type }) => type === "query")
      .map(({ name, query }): StoredQuery => ({ name: `${dashboard.uid}: variable ${name}`, kind: "variable", sql: query, format: "table", dashboard })),
    ...dashboard.annotations.list.flatMap(({ name, target }) =>
      target?.rawSql
        ? [{ name: `${dashboard.uid}: annotation ${name}`, kind: "annotation" as const, sql: target.rawSql, format: target.format, dashboard }]
        : [],
    ),
  ]);
}

type RulesJson = {
  readonly groups: readonly {
    readonly rules: readonly {
      readonly title: string;
      readonly data: readonly { readonly datasourceUid: string; readonly model: { readonly rawSql?: string } }[];
    }[];
  }[];
};

/** The queries of the opt-in alert rules. */
export function alertQueries(): StoredQuery[] {
  const rules = JSON.parse(readFileSync(join(generatedFolder, "alerting/hcc-watchdog.json"), "utf8")) as RulesJson;
  return rules.groups
    .flatMap((group) => group.rules)
    .flatMap(({ title, data }) =>
      data.flatMap(({ model }) => (model.rawSql ? [{ name: `alert: ${title}`, kind: "alert" as const, sql: model.rawSql, format: "table" }] : [])),
    );
}
