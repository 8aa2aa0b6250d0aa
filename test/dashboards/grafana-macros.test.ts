import { describe, expect, it } from "vitest";
import { expandQuery, type QueryContext } from "../support/grafana-macros.ts";

const context: QueryContext = {
  fromMs: Date.parse("2026-11-20T22:30:00.120Z"),
  toMs: Date.parse("2026-11-21T04:30:00.000Z"),
  interval: "10m",
  intervalMs: 600_000,
  variables: {
    district: { values: ["d-1", "o'neil"], several: true },
    centre: { values: ["demo-001"], several: false },
  },
};
const cases: readonly (readonly [string, string, string])[] = [
  ["a time filter covers both ends", "WHERE $__timeFilter(time)", "WHERE time BETWEEN '2026-11-20T22:30:00.12Z' AND '2026-11-21T04:30:00Z'"],
  ["ends of the range are quoted", "$__timeFrom() $__timeTo()", "'2026-11-20T22:30:00.12Z' '2026-11-21T04:30:00Z'"],
  ["a group is a floor of seconds", "$__timeGroup(t,'5m') x", "floor(extract(epoch from t)/300)*300 x"],
  ["a comma after a group names it", "$__timeGroup(t,'5m'), x", 'floor(extract(epoch from t)/300)*300 AS "time", x'],
  ["an aliased group is named once", "$__timeGroupAlias(t,$__interval), x", 'floor(extract(epoch from t)/600)*600 AS "time", x'],
  ["long groups are printed as Go prints them", "$__timeGroup(t,12d)", "floor(extract(epoch from t)/1.0368e+06)*1.0368e+06"],
  ["a column can be named", "$__time(t)", 't AS "time"'],
  ["epoch filters compare seconds", "$__unixEpochFilter(t)", "t >= 1795213800 AND t <= 1795235400"],
  ["a name without letters is left alone", "$(b)", "$(b)"],
  ["several values are quoted and joined", "IN ($district)", "IN ('d-1','o''neil')"],
  ["a single value is not quoted", "= '$" + "{centre}'", "= 'demo-001'"],
];

describe("the macro expander", () => {
  it.each(cases)("%s", (_, sql, expected) => expect(expandQuery(sql, context)).toBe(expected));

  it("refuses what Grafana refuses or what is not safe", () => {
    expect(() => expandQuery("$__range_s(1)", context)).toThrow("unknown macro");
    expect(() => expandQuery("$__timeGroup(t,'1M')", context)).toThrow("interval");
    expect(() => expandQuery(`IN ($${"{district:raw}"})`, context)).toThrow("not safe");
    expect(() => expandQuery(`$${"{nobody}"}`, context)).toThrow("is not one of");
  });

  it("breaks on a bracket inside of an argument, as Grafana does", () => {
    expect(() => expandQuery("$__timeGroupAlias(coalesce(ts,now()),5m)", context)).toThrow("interval now(");
    expect(expandQuery("$__unixEpochFilter(extract(epoch from ts)::bigint)", context)).toContain("ts <= 1795235400::bigint)");
  });
});
