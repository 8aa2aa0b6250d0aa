import { board, districtChoice } from "./board.ts";
import { inDistrict, inDistrictOrProvince, problemColumn, requirementLabel, titleColumn } from "./filters.ts";
import type { Page } from "./page.ts";
import { severityMapping, severitySteps } from "./palette.ts";
import { lines, map, table as rows, stat, stateBars } from "./panels.ts";
import { days, table } from "./query.ts";

/** How does the province stand, which centres need somebody today, what changed, and is it getting better? */
export function province(page: Page) {
  return board(page, {
    from: "now-30d",
    choices: [districtChoice],
    strips: [
      { height: 4, panels: [centresByState(page), coverage(page), score(page), simulated(page)] },
      { height: 14, panels: [centreMap(page), worstCentres(page)] },
      { height: 13, panels: [requirements(page), changes(page)] },
      { height: 9, panels: [trend(page), openIncidents(page)] },
    ],
  });
}

const centresByState = (page: Page) =>
  stat(
    page,
    "board.province.centres",
    table({
      from: "centre_now",
      columns: [
        "count(*) AS total",
        "count(*) FILTER (WHERE state = 'fail') AS fail",
        "count(*) FILTER (WHERE state IN ('unknown', 'error')) AS unknown",
        "count(*) FILTER (WHERE state = 'pending') AS pending",
        "count(*) FILTER (WHERE state = 'pass') AS pass",
      ],
      where: [inDistrict],
      orderBy: ["1"],
    }),
    { width: 12 },
  );

const coverage = (page: Page) =>
  stat(
    page,
    "board.province.coverage",
    table({
      from: "centre_now",
      columns: ["100.0 * sum(pass + fail) / nullif(sum(total - not_applicable), 0) AS coverage_percent"],
      where: [inDistrict],
      orderBy: ["1"],
    }),
    { width: 4, unit: "percent", decimals: 1 },
  );

const score = (page: Page) =>
  stat(
    page,
    "board.province.score",
    table({ from: "centre_now", columns: ["100.0 * sum(pass) / nullif(sum(pass + fail), 0) AS score_percent"], where: [inDistrict], orderBy: ["1"] }),
    { width: 4, unit: "percent", decimals: 1 },
  );

const simulated = (page: Page) => stat(page, "board.province.origin", table({ from: "collector_now", columns: ["simulated"], orderBy: ["1"] }), { width: 4 });

const centreMap = (page: Page) =>
  map(
    page,
    "board.province.map",
    table({
      from: "centre_now",
      columns: ["latitude", "longitude", "severity", "name", "centre", "fail", "unknown", "score_percent"],
      where: [inDistrict, "latitude IS NOT NULL"],
      orderBy: ["severity", "centre"],
      limit: 5_000,
    }),
    { width: 11, mappings: [severityMapping(page.say)], steps: severitySteps, links: "centre" },
  );

const worstCentres = (page: Page) =>
  rows(
    page,
    "board.province.worst",
    table({
      from: "centre_now",
      columns: ["severity", "name", "centre", "point", "fail", "unknown", "waived", "coverage_percent", "score_percent", "silent_minutes", "open_incidents"],
      where: [inDistrict],
      orderBy: ["fail DESC", "severity DESC", "unknown DESC", "centre"],
    }),
    { width: 13 },
  );

const states = ["pass", "fail", "pending", "unknown", "error", "not_applicable"] as const;

const requirements = (page: Page) =>
  stateBars(
    page,
    "board.province.requirements",
    table({
      from: "requirement_district_now",
      columns: [`${requirementLabel(page)} AS title`, ...states.map((state) => `sum(${state}) AS ${state}` as const)],
      where: [inDistrict],
      groupBy: ["requirement", `title_${page.lang}`],
      orderBy: ["requirement"],
    }),
    { width: 12, label: "title" },
  );

const changes = (page: Page) =>
  rows(
    page,
    "board.province.changes",
    table({
      from: "change_now",
      columns: ["time", "name", "centre", "requirement", titleColumn(page), "from_state", "to_state", "reason"],
      where: [inDistrict],
      orderBy: ["time DESC", "centre", "requirement"],
      limit: 300,
    }),
    { width: 12 },
  );

const trend = (page: Page) =>
  lines(page, "board.province.trend", days({ from: "state_day", name: "state", value: "sum(findings)", where: [inDistrict] }), {
    width: 14,
    stacked: true,
    states: true,
    min: 0,
  });

const openIncidents = (page: Page) =>
  rows(
    page,
    "board.province.incidents",
    table({
      from: "incident",
      columns: ["time", "name", "centre", "point", "requirement", problemColumn(page), "owner", "minutes"],
      where: ["open", inDistrictOrProvince],
      orderBy: ["impact", "time", "incident"],
      limit: 200,
    }),
    { width: 10 },
  );
