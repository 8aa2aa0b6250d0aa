import { board, districtChoice } from "./board.ts";
import { inDistrict, mean } from "./filters.ts";
import type { Page } from "./page.ts";
import { colours } from "./palette.ts";
import { lines, table as rows, stat } from "./panels.ts";
import { series, table, withinDays } from "./query.ts";

/** Which lines are below the plan, is it one provider or one district, and are the tests themselves sound? */
export function link(page: Page) {
  return board(page, {
    from: "now-30d",
    choices: [districtChoice],
    strips: [
      { height: 4, panels: [byState(page), tested(page), belowContract(page)] },
      { height: 14, panels: [slowest(page), providers(page)] },
      { height: 10, panels: [loss(page), roundTrip(page)] },
      { height: 10, panels: [speeds(page), failures(page)] },
    ],
  });
}

const byState = (page: Page) =>
  stat(
    page,
    "board.link.states",
    table({ from: "line_now", columns: ["state", "count(*) AS centres"], where: [inDistrict], groupBy: ["state", "severity"], orderBy: ["severity DESC"] }),
    { width: 14, each: true },
  );

const tested = (page: Page) =>
  stat(
    page,
    "board.link.tested",
    table({ from: "line_now", columns: ["count(*) FILTER (WHERE time >= now() - interval '2 days') AS centres"], where: [inDistrict], orderBy: ["1"] }),
    { width: 5 },
  );

const belowContract = (page: Page) =>
  stat(
    page,
    "board.link.contract",
    table({ from: "line_now", columns: ["count(*) FILTER (WHERE download_week_mbps < contract_mbps) AS centres"], where: [inDistrict], orderBy: ["1"] }),
    { width: 5, steps: [colours.good, [1, colours.warn]] },
  );

const slowest = (page: Page) =>
  rows(
    page,
    "board.link.slowest",
    table({
      from: "line_now",
      columns: [
        "state",
        "name",
        "centre",
        "point",
        "download_mbps",
        "upload_mbps",
        "download_week_mbps",
        "required_mbps",
        "contract_mbps",
        "loss_percent",
        "rtt_ms",
        "isp",
        "contract_number",
        "reason",
        "time",
      ],
      where: [inDistrict],
      orderBy: ["severity DESC", "download_week_mbps NULLS LAST", "centre"],
    }),
    { width: 16 },
  );

const providers = (page: Page) =>
  rows(
    page,
    "board.link.providers",
    table({
      from: "line_now",
      columns: [
        "isp",
        "count(*) AS centres",
        "count(*) FILTER (WHERE state = 'fail') AS fail",
        "avg(download_week_mbps) AS download_week_mbps",
        "avg(loss_percent) AS loss_percent",
        "avg(rtt_ms) AS rtt_ms",
      ],
      where: [inDistrict, "isp IS NOT NULL"],
      groupBy: ["isp"],
      orderBy: ["fail DESC", "isp"],
    }),
    { width: 8 },
  );

const loss = (page: Page) =>
  lines(
    page,
    "board.link.loss",
    series({ from: "district_hour", name: "district", value: mean, where: [inDistrict, "metric = 'loss_percent'", "kind = 'beyond'"] }),
    { width: 12, unit: "percent", min: 0 },
  );

const roundTrip = (page: Page) =>
  lines(
    page,
    "board.link.rtt",
    series({ from: "district_hour", name: "district", value: mean, where: [inDistrict, "metric = 'rtt_avg_ms'", "kind = 'beyond'"] }),
    { width: 12, unit: "ms", min: 0 },
  );

const speeds = (page: Page) =>
  lines(page, "board.link.speeds", series({ from: "district_hour", name: "district", value: mean, where: [inDistrict, "metric = 'download_mbps'"] }), {
    width: 14,
    unit: "Mbits",
    min: 0,
    pointsOnly: true,
  });

const failures = (page: Page) =>
  rows(
    page,
    "board.link.failures",
    table({
      from: "failure_day",
      columns: ["probe", "kind", "reason AS outcome_reason", "sum(runs) AS runs", "count(DISTINCT centre) AS centres"],
      where: [inDistrict, withinDays, "probe IN ('link-bandwidth', 'link-quality')"],
      groupBy: ["probe", "kind", "reason"],
      orderBy: ["runs DESC", "probe", "reason"],
    }),
    { width: 10 },
  );
