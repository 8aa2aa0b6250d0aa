import { board, districtChoice } from "./board.ts";
import { inDistrictOrProvince, problemColumn } from "./filters.ts";
import type { Page } from "./page.ts";
import { colours } from "./palette.ts";
import { lines, table as rows, stat } from "./panels.ts";
import { days, table } from "./query.ts";

/** What is open, whose turn is it, how long does repair take, and did the messages arrive? */
export function alerts(page: Page) {
  return board(page, {
    from: "now-30d",
    choices: [districtChoice],
    strips: [
      { height: 4, panels: [openByOwner(page), repair(page)] },
      { height: 14, panels: [open(page)] },
      { height: 9, panels: [opened(page), byRequirement(page)] },
      { height: 9, panels: [notifications(page)] },
    ],
  });
}

const openByOwner = (page: Page) =>
  stat(
    page,
    "board.alerts.owners",
    table({
      from: "incident",
      columns: ["owner", "count(*) AS incidents"],
      where: [inDistrictOrProvince, "open"],
      groupBy: ["owner"],
      orderBy: ["incidents DESC", "owner"],
    }),
    { width: 18, each: true },
  );

const repair = (page: Page) =>
  stat(
    page,
    "board.alerts.repair",
    table({ from: "incident", columns: ["avg(minutes) AS minutes"], where: [inDistrictOrProvince, "NOT open", "$__timeFilter(time)"], orderBy: ["1"] }),
    { width: 6, unit: "m", decimals: 0 },
  );

const open = (page: Page) =>
  rows(
    page,
    "board.alerts.open",
    table({
      from: "incident",
      columns: ["open", "time", "time_end", "name", "centre", "point", "requirement", problemColumn(page), "kind", "owner", "minutes"],
      where: [inDistrictOrProvince, "(open OR $__timeFilter(time))"],
      orderBy: ["open DESC", "impact", "time DESC", "incident"],
      limit: 500,
    }),
    { width: 24 },
  );

const opened = (page: Page) =>
  lines(page, "board.alerts.opened", days({ from: "incident", name: "requirement", value: "count(*)", where: [inDistrictOrProvince] }), {
    width: 14,
    unit: "none",
    min: 0,
    stacked: true,
  });

const byRequirement = (page: Page) =>
  rows(
    page,
    "board.alerts.requirements",
    table({
      from: "incident",
      columns: [
        "requirement",
        problemColumn(page),
        "count(*) AS incidents",
        "count(*) FILTER (WHERE open) AS incidents_open",
        "count(DISTINCT centre) AS centres",
        "avg(minutes) AS minutes",
      ],
      where: [inDistrictOrProvince, "$__timeFilter(time)"],
      groupBy: ["requirement", `title_${page.lang}`],
      orderBy: ["incidents DESC", "requirement"],
    }),
    { width: 10 },
  );

const notifications = (page: Page) =>
  rows(
    page,
    "board.alerts.notifications",
    table({
      from: "notification",
      columns: ["time", "channel AS message_channel", "kind", "state AS delivery", "attempts", "centre", "requirement", "error"],
      where: ["$__timeFilter(time)"],
      orderBy: ["time DESC", "centre", "requirement"],
      limit: 300,
    }),
    { width: 24, steps: [colours.calm] },
  );
