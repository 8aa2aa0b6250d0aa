import { deviceRoles } from "#schemas/inventory.ts";
import { board, centreFilter, districtChoice } from "./board.ts";
import { inCentre, inDistrict, titleColumn, wordsUnder } from "./filters.ts";
import type { Page } from "./page.ts";
import { colours } from "./palette.ts";
import { lines, table as rows, stat } from "./panels.ts";
import { days, table } from "./query.ts";

/** Which declared devices are not there, what does the ledger of assets say, which printers will run dry this week, how much is printed? */
export function devices(page: Page) {
  return board(page, {
    from: "now-30d",
    choices: [districtChoice, centreFilter],
    strips: [
      { height: 4, panels: [byState(page), dry(page)] },
      { height: 14, panels: [missing(page), supplies(page)] },
      { height: 10, panels: [assets(page)] },
      { height: 10, panels: [roles(page), seen(page)] },
      { height: 9, panels: [pages(page)] },
    ],
  });
}

const byState = (page: Page) =>
  stat(
    page,
    "board.devices.states",
    table({
      from: "device_now",
      columns: ["state AS presence", "count(*) AS devices"],
      where: [inDistrict, inCentre],
      groupBy: ["state", "severity"],
      orderBy: ["severity DESC"],
    }),
    { width: 18, each: true },
  );

const dry = (page: Page) =>
  stat(
    page,
    "board.devices.dry",
    table({ from: "supply_now", columns: ["count(*) FILTER (WHERE days_left < 7) AS devices"], where: [inDistrict, inCentre], orderBy: ["1"] }),
    { width: 6, steps: [colours.good, [1, colours.warn]] },
  );

const missing = (page: Page) =>
  rows(
    page,
    "board.devices.missing",
    table({
      from: "device_now",
      columns: ["state AS presence", "name", "centre", "device", "role", "vendor", "model", "time"],
      where: [inDistrict, inCentre],
      orderBy: ["severity DESC", "time NULLS FIRST", "centre", "device"],
      limit: 500,
    }),
    { width: 13 },
  );

const assets = (page: Page) =>
  rows(
    page,
    "board.devices.assets",
    table({
      from: "asset_now",
      columns: [
        "state",
        "name",
        "centre",
        "requirement",
        titleColumn(page),
        "required",
        "observed",
        "declared",
        "matched",
        "missing",
        "replaced",
        "duplicate",
        "extra",
        "declared_only",
        "unused",
      ],
      where: [inDistrict, inCentre],
      orderBy: ["severity DESC", "missing + replaced + duplicate DESC", "centre", "requirement"],
      limit: 500,
    }),
    { width: 24 },
  );

const supplies = (page: Page) =>
  rows(
    page,
    "board.devices.supplies",
    table({
      from: "supply_now",
      columns: ["name", "centre", "device", "supply", "supply_percent", "days_left", "time"],
      where: [inDistrict, inCentre],
      orderBy: ["days_left NULLS LAST", "supply_percent", "centre", "device"],
      limit: 500,
    }),
    { width: 11 },
  );

const roles = (page: Page) =>
  rows(
    page,
    "board.devices.roles",
    table({
      from: "device_now",
      columns: [
        "role",
        "count(*) AS devices",
        "count(*) FILTER (WHERE state = 'up') AS devices_up",
        "count(*) FILTER (WHERE state = 'down') AS devices_down",
        "count(*) FILTER (WHERE state = 'unknown') AS devices_unknown",
      ],
      where: [inDistrict, inCentre],
      groupBy: ["role"],
      orderBy: ["role"],
    }),
    { width: 10 },
  );

const seen = (page: Page) =>
  lines(page, "board.devices.seen", days({ from: "device_day", name: "role", value: "sum(devices)", where: [inDistrict, inCentre] }), {
    width: 14,
    unit: "none",
    min: 0,
    names: wordsUnder("device.role.", deviceRoles),
  });

const pages = (page: Page) =>
  lines(page, "board.devices.pages", days({ from: "page_day", name: "district", value: "sum(pages)", where: [inDistrict, inCentre] }), {
    width: 24,
    unit: "none",
    min: 0,
  });
