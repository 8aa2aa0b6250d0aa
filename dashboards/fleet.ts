import { board, districtChoice } from "./board.ts";
import { inDistrict } from "./filters.ts";
import type { Page } from "./page.ts";
import { colours } from "./palette.ts";
import { lines, table as rows, stat } from "./panels.ts";
import { series, table, withinDays } from "./query.ts";

/** Which agents are silent, old, behind or off the clock, and where is a gateway PC about to fail? */
export function fleet(page: Page) {
  return board(page, {
    from: "now-7d",
    choices: [districtChoice],
    strips: [
      { height: 4, panels: [byState(page), versions(page), lost(page)] },
      { height: 14, panels: [agents(page)] },
      { height: 10, panels: [disks(page), load(page)] },
      { height: 9, panels: [failures(page)] },
    ],
  });
}

const byState = (page: Page) =>
  stat(
    page,
    "board.fleet.states",
    table({
      from: "agent_now",
      columns: ["state AS liveness", "count(*) AS agents"],
      where: [inDistrict],
      groupBy: ["state", "severity"],
      orderBy: ["severity DESC"],
    }),
    { width: 9, each: true },
  );

const versions = (page: Page) =>
  stat(
    page,
    "board.fleet.versions",
    table({
      from: "agent_now",
      columns: ["version", "count(*) AS agents"],
      where: [inDistrict, "version IS NOT NULL"],
      groupBy: ["version"],
      orderBy: ["version DESC"],
    }),
    { width: 10, each: true },
  );

const lost = (page: Page) =>
  stat(page, "board.fleet.lost", table({ from: "agent_now", columns: ["sum(lost) AS lost"], where: [inDistrict], orderBy: ["1"] }), {
    width: 5,
    steps: [colours.good, [1, colours.warn]],
  });

const agents = (page: Page) =>
  rows(
    page,
    "board.fleet.agents",
    table({
      from: "agent_now",
      columns: ["state AS liveness", "name", "centre", "point", "agent", "version", "last_seen", "silent_minutes", "clock", "clock_skew_ms", "gaps", "lost"],
      where: [inDistrict],
      orderBy: ["severity DESC", "silent_minutes DESC NULLS FIRST", "centre"],
    }),
    { width: 24 },
  );

const disks = (page: Page) =>
  rows(
    page,
    "board.fleet.disks",
    table({
      from: "reading_now",
      columns: ["name", "centre", "point", "disk", "value AS free_percent", "age_minutes"],
      where: [inDistrict, "metric = 'host_disk_free_percent'"],
      orderBy: ["value", "centre", "point", "disk"],
      limit: 200,
    }),
    { width: 12 },
  );

const load = (page: Page) =>
  lines(page, "board.fleet.load", series({ from: "district_hour", name: "district", value: "max(max)", where: [inDistrict, "metric = 'host_cpu_percent'"] }), {
    width: 12,
    unit: "percent",
    min: 0,
  });

const failures = (page: Page) =>
  rows(
    page,
    "board.fleet.failures",
    table({
      from: "failure_day",
      columns: ["name", "centre", "probe", "kind", "reason AS outcome_reason", "sum(runs) AS runs"],
      where: [inDistrict, withinDays],
      groupBy: ["name", "centre", "probe", "kind", "reason"],
      orderBy: ["runs DESC", "centre", "probe", "reason"],
      limit: 300,
    }),
    { width: 24 },
  );
