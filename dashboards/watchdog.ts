import { text } from "#schemas/text/text.ts";
import { pageUid } from "./page.ts";
import { type Query, table } from "./query.ts";

type Watch = {
  readonly uid: string;
  readonly title: "board.watchdog.judge" | "board.watchdog.silence" | "board.watchdog.outbox";
  readonly query: Query;
  /** How far back the query looks, s; ten minutes where it asks for the present alone. */
  readonly lookBackS?: number;
  readonly above: number;
  readonly for: string;
};

/** What only somebody outside of the collector can see: that the collector itself has stopped. All other alerts are the collector's own. */
const watches: readonly Watch[] = [
  {
    uid: "hcc-watchdog-judge",
    title: "board.watchdog.judge",
    query: table({ from: "collector_now", columns: ["extract(epoch FROM now() - evaluated_at) / 60 AS minutes"], orderBy: ["1"], limit: 1 }),
    above: 60,
    for: "5m",
  },
  {
    uid: "hcc-watchdog-silence",
    title: "board.watchdog.silence",
    query: table({ from: "collector_now", columns: ["100.0 * agents_silent / nullif(agents_live + agents_silent, 0) AS percent"], orderBy: ["1"], limit: 1 }),
    above: 50,
    for: "15m",
  },
  {
    uid: "hcc-watchdog-outbox",
    title: "board.watchdog.outbox",
    query: table({
      from: "notification",
      columns: ["coalesce(extract(epoch FROM now() - min(time) FILTER (WHERE state = 'waiting')) / 60, 0) AS minutes"],
      where: ["$__timeFilter(time)"],
      orderBy: ["1"],
      limit: 1,
    }),
    // A letter waits for three days at most.
    lookBackS: 4 * 86_400,
    above: 60,
    for: "5m",
  },
];

/** Alert rules for Grafana's file provisioning, opt-in. Alert queries know no dashboard variable, so the data source stands by its uid. */
export function watchdog() {
  return {
    apiVersion: 1,
    groups: [{ orgId: 1, name: "hcc-watchdog", folder: "hcc-watch", interval: "1m", rules: watches.map(rule) }],
  };
}

function rule(watch: Watch) {
  const span = { from: watch.lookBackS ?? 600, to: 0 };
  return {
    uid: watch.uid,
    title: text("vi", watch.title),
    condition: "C",
    for: watch.for,
    noDataState: "Alerting",
    execErrState: "Alerting",
    labels: { project: "hcc-watch" },
    annotations: { summary: text("vi", `${watch.title}.help`), __dashboardUid__: pageUid("collector", "vi") },
    data: [
      {
        refId: "A",
        relativeTimeRange: span,
        datasourceUid: "hcc-watch-postgres",
        model: { refId: "A", editorMode: "code", format: "table", rawQuery: true, rawSql: watch.query.sql },
      },
      {
        refId: "C",
        relativeTimeRange: span,
        datasourceUid: "__expr__",
        model: {
          refId: "C",
          type: "threshold",
          expression: "A",
          datasource: { type: "__expr__", uid: "__expr__" },
          conditions: [{ evaluator: { type: "gt", params: [watch.above] } }],
        },
      },
    ],
  };
}
