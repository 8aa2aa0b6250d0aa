import { board, districtChoice } from "./board.ts";
import { inDistrict } from "./filters.ts";
import type { Page } from "./page.ts";
import { lines, table as rows, stat } from "./panels.ts";
import { series, table, withinDays } from "./query.ts";

/** Can citizens get on the Wi-Fi where they wait, where is it full, and where can we not ask it at all? */
export function wifi(page: Page) {
  return board(page, {
    from: "now-7d",
    choices: [districtChoice],
    strips: [
      { height: 4, panels: [byState(page), clientsNow(page), accessPoints(page)] },
      { height: 14, panels: [busiest(page)] },
      { height: 10, panels: [clients(page), utilisation(page)] },
      { height: 9, panels: [unreadable(page)] },
    ],
  });
}

/** An answer says for a day how it is now. */
const lately = "age_minutes <= 24 * 60";
const isTotal = ["ap IS NULL", "ssid IS NULL", "radio IS NULL"] as const;

const byState = (page: Page) =>
  stat(
    page,
    "board.wifi.states",
    table({ from: "wifi_now", columns: ["state", "count(*) AS centres"], where: [inDistrict], groupBy: ["state", "severity"], orderBy: ["severity DESC"] }),
    { width: 14, each: true },
  );

const clientsNow = (page: Page) =>
  stat(
    page,
    "board.wifi.now",
    // Of all reception points: a row of `wifi_now` tells of one alone.
    table({ from: "reading_now", columns: ["sum(value) AS clients"], where: [inDistrict, lately, "metric = 'wifi_clients'", ...isTotal], orderBy: ["1"] }),
    { width: 4 },
  );

const accessPoints = (page: Page) =>
  stat(
    page,
    "board.wifi.points",
    table({
      from: "reading_now",
      columns: ["count(*) FILTER (WHERE value = 1) AS access_points_up", "count(*) AS access_points"],
      where: [inDistrict, lately, "metric = 'wifi_ap_up'"],
      orderBy: ["1"],
    }),
    { width: 6 },
  );

const busiest = (page: Page) =>
  rows(
    page,
    "board.wifi.busiest",
    table({
      from: "wifi_now",
      columns: [
        "state",
        "name",
        "centre",
        "point",
        "clients",
        "peak_week_clients",
        "required_clients",
        "limit_clients",
        "utilisation_percent",
        "dhcp_free",
        "access_points_up",
        "access_points",
        "reason",
        "time",
      ],
      where: [inDistrict],
      orderBy: ["severity DESC", "utilisation_percent DESC NULLS LAST", "centre"],
    }),
    { width: 24 },
  );

const clients = (page: Page) =>
  lines(
    page,
    "board.wifi.clients",
    series({ from: "district_hour", name: "district", value: "sum(max_sum) / sum(series)", where: [inDistrict, "metric = 'wifi_clients'", "kind = 'total'"] }),
    { width: 12, unit: "none", min: 0 },
  );

const utilisation = (page: Page) =>
  lines(
    page,
    "board.wifi.utilisation",
    series({ from: "district_hour", name: "district", value: "max(max)", where: [inDistrict, "metric = 'wifi_utilisation_percent'"] }),
    { width: 12, unit: "percent", min: 0 },
  );

const unreadable = (page: Page) =>
  rows(
    page,
    "board.wifi.unreadable",
    table({
      from: "failure_day",
      columns: ["name", "centre", "kind", "reason AS outcome_reason", "sum(runs) AS runs", "max(time) AS time"],
      where: [inDistrict, withinDays, "probe = 'wifi-clients'"],
      groupBy: ["name", "centre", "kind", "reason"],
      orderBy: ["runs DESC", "centre", "reason"],
    }),
    { width: 24 },
  );
