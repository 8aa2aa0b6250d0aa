import { board, districtChoice } from "./board.ts";
import { inDistrict, mean } from "./filters.ts";
import type { Page } from "./page.ts";
import { lines, table as rows, stat } from "./panels.ts";
import { series, table } from "./query.ts";

/** Is a portal down for everybody or for one centre; is it the line or the portal; how slow is it, and when does a certificate end? */
export function portals(page: Page) {
  return board(page, {
    from: "now-14d",
    choices: [districtChoice],
    strips: [
      { height: 5, panels: [state(page), verdicts(page)] },
      { height: 9, panels: [shareDown(page), slowness(page)] },
      { height: 13, panels: [troubled(page), byDistrict(page)] },
    ],
  });
}

const state = (page: Page) =>
  rows(
    page,
    "board.portals.now",
    table({
      from: "portal_now",
      columns: [
        "portal",
        "count(*) FILTER (WHERE verdict = 'ok') AS centres_up",
        "count(*) FILTER (WHERE verdict IN ('line', 'portal')) AS centres_down",
        "avg(ttfb_ms) FILTER (WHERE verdict <> 'unknown') AS ttfb_ms",
        "min(certificate_days) FILTER (WHERE verdict <> 'unknown') AS days_left",
      ],
      where: [inDistrict],
      groupBy: ["portal"],
      orderBy: ["portal"],
    }),
    { width: 14 },
  );

const verdicts = (page: Page) =>
  stat(
    page,
    "board.portals.verdicts",
    table({ from: "portal_now", columns: ["verdict", "count(*) AS centres"], where: [inDistrict], groupBy: ["verdict"], orderBy: ["centres DESC", "verdict"] }),
    { width: 10, each: true },
  );

const shareDown = (page: Page) =>
  lines(
    page,
    "board.portals.down",
    series({ from: "district_hour", name: "kind", value: `100 - 100 * ${mean}`, where: [inDistrict, "metric = 'portal_up'"] }),
    { width: 12, unit: "percent", min: 0 },
  );

const slowness = (page: Page) =>
  lines(page, "board.portals.slowness", series({ from: "district_hour", name: "kind", value: mean, where: [inDistrict, "metric = 'portal_ttfb_ms'"] }), {
    width: 12,
    unit: "ms",
    min: 0,
  });

const troubled = (page: Page) =>
  rows(
    page,
    "board.portals.troubled",
    table({
      from: "portal_now",
      columns: ["verdict", "segment", "name", "centre", "point", "portal", "up", "status", "ttfb_ms", "loss_percent", "time"],
      where: [inDistrict],
      orderBy: ["verdict = 'ok'", "ttfb_ms DESC NULLS FIRST", "centre", "portal"],
      limit: 300,
    }),
    { width: 14 },
  );

const byDistrict = (page: Page) =>
  lines(page, "board.portals.districts", series({ from: "district_hour", name: "district", value: mean, where: [inDistrict, "metric = 'portal_ttfb_ms'"] }), {
    width: 10,
    unit: "ms",
    min: 0,
  });
