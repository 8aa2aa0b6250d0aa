import { board, centreChoice } from "./board.ts";
import { byPoint, problemColumn, requirementLabel, titleColumn, wordsUnder } from "./filters.ts";
import type { Page } from "./page.ts";
import { colours, flagMapping, severityMapping, severitySteps } from "./palette.ts";
import { lines, table as rows, stat, timeline } from "./panels.ts";
import { placeholder } from "./placeholder.ts";
import { countedDays, level, points, series, table } from "./query.ts";

const here = `centre = '${placeholder("centre")}'`;

/** What is wrong at this centre, since when, on what evidence, and which segment or device is it? */
export function centre(page: Page) {
  return board(page, {
    from: "now-7d",
    choices: [centreChoice],
    marks: [
      {
        name: "board.marks.incidents",
        colour: colours.bad,
        query: table({
          from: "incident",
          columns: ['time AS "time"', "time_end AS timeend", `${requirementLabel(page)} AS text`, "owner AS tags"],
          where: [here, "$__timeFilter(time)"],
          orderBy: ["time"],
        }),
      },
    ],
    strips: [
      { height: 4, panels: standing(page) },
      { height: 14, panels: [findings(page)] },
      { height: 11, panels: [history(page)] },
      { heading: "board.centre.line", height: 9, panels: [speed(page), quality(page), portals(page)] },
      { heading: "board.centre.devices", height: 10, panels: [wifi(page), cameras(page), recordings(page)] },
      { height: 10, panels: [parts(page), incidents(page)] },
    ],
  });
}

function standing(page: Page) {
  const now = (column: "severity" | "coverage_percent" | "score_percent" | "silent_minutes" | "open_incidents") =>
    table({ from: "centre_now", columns: [column], where: [here], orderBy: ["centre"] });
  return [
    stat(page, "board.centre.state", now("severity"), { width: 6, mappings: [severityMapping(page.say)], steps: severitySteps, background: true }),
    stat(page, "board.centre.silent", now("silent_minutes"), { width: 5, unit: "m", decimals: 0 }),
    stat(page, "board.centre.coverage", now("coverage_percent"), { width: 4, unit: "percent", decimals: 1 }),
    stat(page, "board.centre.score", now("score_percent"), { width: 4, unit: "percent", decimals: 1 }),
    stat(page, "board.centre.open", now("open_incidents"), { width: 5, steps: [colours.good, [1, colours.bad]] }),
  ];
}

const findings = (page: Page) =>
  rows(
    page,
    "board.centre.findings",
    table({
      from: "finding_now",
      columns: [
        "requirement",
        titleColumn(page),
        "state",
        "reason",
        "point",
        "observed",
        "required",
        "unit",
        "evidence_class",
        "since",
        "observed_at",
        "valid_until",
        "waived",
        "owner",
      ],
      where: [here],
      orderBy: ["severity DESC", "impact", "requirement"],
    }),
    { width: 24 },
  );

const history = (page: Page) =>
  timeline(page, "board.centre.history", countedDays(requirementLabel(page), [here]), {
    width: 24,
    mappings: [severityMapping(page.say)],
    steps: severitySteps,
  });

const speed = (page: Page) =>
  lines(
    page,
    "board.centre.speed",
    [
      points({ from: "reading_1h", name: byPoint("metric"), value: "avg", where: [here, "metric IN ('download_mbps', 'upload_mbps')"] }),
      level({ from: "line_now", value: "required_mbps", name: "required_mbps", where: [here] }),
    ],
    {
      width: 9,
      unit: "Mbits",
      min: 0,
      pointsOnly: true,
      names: { ...wordsUnder("metric.", ["download_mbps", "upload_mbps"]), ...wordsUnder("board.column.", ["required_mbps"]) },
    },
  );

const quality = (page: Page) =>
  lines(
    page,
    "board.centre.quality",
    series({
      from: "reading_1h",
      name: byPoint("hop || ' · ' || metric"),
      value: "avg(avg)",
      where: [here, "metric IN ('loss_percent', 'rtt_avg_ms', 'jitter_ms')"],
    }),
    {
      width: 8,
      unit: "ms",
      min: 0,
      percents: "metric.loss_percent",
      names: { ...wordsUnder("metric.", ["loss_percent", "rtt_avg_ms", "jitter_ms"]), ...wordsUnder("selfcheck.hop.", ["gateway", "isp", "collector"]) },
    },
  );

const portals = (page: Page) =>
  lines(page, "board.centre.portals", series({ from: "reading_1h", name: byPoint("portal"), value: "avg(avg)", where: [here, "metric = 'portal_ttfb_ms'"] }), {
    width: 7,
    unit: "ms",
    min: 0,
  });

const wifi = (page: Page) =>
  lines(
    page,
    "board.centre.wifi",
    [
      series({ from: "reading_1h", name: byPoint("metric"), value: "max(max)", where: [here, "metric = 'wifi_clients'", "ap IS NULL", "ssid IS NULL"] }),
      level({ from: "wifi_now", value: "required_clients", name: "required_clients", where: [here] }),
    ],
    { width: 8, unit: "none", min: 0, names: { ...wordsUnder("metric.", ["wifi_clients"]), ...wordsUnder("board.column.", ["required_clients"]) } },
  );

const cameras = (page: Page) =>
  timeline(page, "board.centre.cameras", series({ from: "reading_1h", name: "camera", value: "min(min)", where: [here, "metric = 'camera_up'"] }), {
    width: 8,
    mappings: [flagMapping(page.say("board.word.up"), page.say("board.word.down"))],
    steps: [colours.bad, [1, colours.good]],
  });

const recordings = (page: Page) =>
  rows(
    page,
    "board.centre.recordings",
    table({
      from: "recording_now",
      columns: ["channel", "depth_days", "coverage_percent", "gap_minutes", "recording", "time"],
      where: [here],
      orderBy: ["depth_days", "channel"],
    }),
    { width: 8 },
  );

const parts = (page: Page) =>
  rows(
    page,
    "board.centre.parts",
    table({
      from: "finding_part_now",
      columns: ["requirement", "subject", "point", "state", "reason", "observed"],
      where: [here],
      orderBy: ["severity DESC", "requirement", "subject", "point"],
    }),
    { width: 12 },
  );

const incidents = (page: Page) =>
  rows(
    page,
    "board.centre.incidents",
    table({
      from: "incident",
      columns: ["open", "time", "time_end", "requirement", problemColumn(page), "point", "owner", "minutes"],
      where: [here],
      orderBy: ["open DESC", "time DESC"],
      limit: 200,
    }),
    { width: 12 },
  );
