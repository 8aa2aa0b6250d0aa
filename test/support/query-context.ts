import type { StoredQuery } from "./dashboard-queries.ts";
import type { QueryContext } from "./grafana-macros.ts";

export type VariableValues = Readonly<Record<string, readonly string[]>>;

const spans: Readonly<Record<string, number>> = { h: 3_600_000, d: 86_400_000 };

/** What Grafana would fill in when somebody opens the dashboard: its own time range and all values of its variables. */
export function queryContext(query: StoredQuery, values: VariableValues = {}, nowMs = Date.parse("2026-11-20T03:30:00.000Z")): QueryContext {
  const [, count = "1", unit = "d"] = /^now-(\d+)([hd])$/.exec(query.dashboard?.time.from ?? "now-1d") ?? [];
  const spanMs = Number(count) * (spans[unit] ?? 86_400_000);
  const list = query.dashboard?.templating.list.filter(({ type }) => type === "query") ?? [];
  // About 1,000 points, never below the panels' shortest interval of an hour.
  const intervalHours = Math.max(1, Math.round(spanMs / 3_600_000 / 1_000));
  return {
    fromMs: nowMs - spanMs,
    toMs: nowMs,
    interval: `${intervalHours}h`,
    intervalMs: intervalHours * 3_600_000,
    variables: Object.fromEntries(
      list.map(({ name, multi, includeAll }) => [name, { values: values[name] ?? ["example-1", "example-2"], several: Boolean(multi || includeAll) }]),
    ),
  };
}
