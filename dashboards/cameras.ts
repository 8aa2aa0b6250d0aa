import { board, districtChoice } from "./board.ts";
import { inDistrict, mean } from "./filters.ts";
import type { Page } from "./page.ts";
import { colours } from "./palette.ts";
import { lines, table as rows, stat } from "./panels.ts";
import { days, series, table, withinDays } from "./query.ts";

/** Which cameras are dead, which recorders cannot show the days that the plan demands, and whose clock is wrong? */
export function cameras(page: Page) {
  return board(page, {
    from: "now-30d",
    choices: [districtChoice],
    strips: [
      { height: 4, panels: [byState(page), alive(page), recordingNow(page)] },
      { height: 14, panels: [centres(page), channels(page)] },
      { height: 10, panels: [up(page), depth(page)] },
      { height: 9, panels: [failures(page)] },
    ],
  });
}

const byState = (page: Page) =>
  stat(
    page,
    "board.cameras.states",
    table({ from: "camera_now", columns: ["state", "count(*) AS centres"], where: [inDistrict], groupBy: ["state", "severity"], orderBy: ["severity DESC"] }),
    { width: 12, each: true },
  );

const alive = (page: Page) =>
  stat(
    page,
    "board.cameras.alive",
    table({ from: "camera_now", columns: ["sum(cameras_up) AS cameras_up", "sum(cameras) AS cameras"], where: [inDistrict], orderBy: ["1"] }),
    { width: 6 },
  );

const recordingNow = (page: Page) =>
  stat(
    page,
    "board.cameras.idle",
    table({
      from: "recording_now",
      columns: ["count(*) FILTER (WHERE recording = 0 AND time >= now() - interval '2 days') AS channels"],
      where: [inDistrict],
      orderBy: ["1"],
    }),
    { width: 6, steps: [colours.good, [1, colours.bad]] },
  );

const centres = (page: Page) =>
  rows(
    page,
    "board.cameras.centres",
    table({
      from: "camera_now",
      columns: ["state", "name", "centre", "cameras_up", "cameras", "streams_up", "streams", "clock_skew_s", "time"],
      where: [inDistrict],
      orderBy: ["severity DESC", "cameras - cameras_up DESC NULLS LAST", "centre"],
    }),
    { width: 13 },
  );

const channels = (page: Page) =>
  rows(
    page,
    "board.cameras.channels",
    table({
      from: "recording_now",
      columns: ["name", "centre", "channel", "depth_days", "coverage_percent", "gap_minutes", "recording", "time"],
      where: [inDistrict],
      orderBy: ["depth_days", "coverage_percent", "centre", "channel"],
      limit: 300,
    }),
    { width: 11 },
  );

const up = (page: Page) =>
  lines(page, "board.cameras.up", series({ from: "district_hour", name: "district", value: `100 * ${mean}`, where: [inDistrict, "metric = 'camera_up'"] }), {
    width: 12,
    unit: "percent",
    min: 0,
  });

const depth = (page: Page) =>
  lines(
    page,
    "board.cameras.depth",
    days({ from: "district_hour", name: "district", value: "min(min)", where: [inDistrict, "metric = 'recording_depth_days'"] }),
    { width: 12, unit: "d", min: 0 },
  );

const failures = (page: Page) =>
  rows(
    page,
    "board.cameras.failures",
    table({
      from: "failure_day",
      columns: ["name", "centre", "probe", "kind", "reason AS outcome_reason", "sum(runs) AS runs", "max(time) AS time"],
      where: [inDistrict, withinDays, "probe IN ('camera-presence', 'camera-stream', 'recording-depth')"],
      groupBy: ["name", "centre", "probe", "kind", "reason"],
      orderBy: ["runs DESC", "centre", "probe", "reason"],
      limit: 300,
    }),
    { width: 24 },
  );
