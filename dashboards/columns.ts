import type { DynamicConfigValue } from "@grafana/grafana-foundation-sdk/dashboard";
import { findingReasons } from "#schemas/finding.ts";
import { deviceRoles, MAIN_POINT } from "#schemas/inventory.ts";
import { textKeys } from "#schemas/text/text.ts";
import { drillDown } from "./links.ts";
import { columnTitle, type Page, type PageName } from "./page.ts";
import { codeMapping, codesUnder, colours, flagMapping, severityMapping, stateMapping, valueMap } from "./palette.ts";

/** How one column of a table is shown, besides its heading. */
type Look = (page: Page) => readonly DynamicConfigValue[];

const unit =
  (id: string, decimals?: number): Look =>
  () => [{ id: "unit", value: id }, ...(decimals === undefined ? [] : [{ id: "decimals", value: decimals }])];
const width =
  (pixels: number): Look =>
  () => [{ id: "custom.width", value: pixels }];
const coloured: DynamicConfigValue = { id: "custom.cellOptions", value: { type: "color-text" } };
const words =
  (prefix: string, codes?: readonly string[]): Look =>
  ({ say }) => [{ id: "mappings", value: [codeMapping(say, prefix, codes ?? codesUnder(prefix))] }];
const presence: Look = ({ say }) => [
  {
    id: "mappings",
    value: [
      valueMap([
        ["up", `✔ ${say("board.word.up")}`, colours.good],
        ["live", `✔ ${say("board.word.live")}`, colours.good],
        ["down", `✖ ${say("board.word.down")}`, colours.bad],
        ["silent", `✖ ${say("board.word.silent")}`, colours.bad],
        ["never", `? ${say("board.word.never")}`, colours.mute],
        ["unknown", `? ${say("board.word.unknown")}`, colours.mute],
      ]),
    ],
  },
  coloured,
];
const states: Look = ({ say }) => [{ id: "mappings", value: [stateMapping(say)] }, coloured];
const severities: Look = ({ say }) => [{ id: "mappings", value: [severityMapping(say)] }, coloured];
const leads =
  (to: PageName): Look =>
  (page) => [{ id: "links", value: [drillDown(page, to)] }];
const both =
  (...looks: readonly Look[]): Look =>
  (page) =>
    looks.flatMap((look) => look(page));
const time = unit("dateTimeAsIso");
const percent = both(unit("percent", 1), width(110));
const age = unit("m", 0);

/** Titles of the problems that are of no requirement, by their codes. */
const ownTitles = textKeys.flatMap((key) => {
  const [, problem] = /^alert\.([a-z]+)\.title$/.exec(key) ?? [];
  return problem === undefined ? [] : [[problem, key] as const];
});

const looks: Readonly<Record<string, Look>> = {
  age_minutes: age,
  agent: width(190),
  centre: both(leads("centre"), width(110)),
  clock: words("board.clock."),
  clock_skew_ms: unit("ms"),
  contract_mbps: unit("Mbits"),
  coverage_percent: percent,
  days_left: unit("d", 0),
  depth_days: unit("d", 1),
  device: leads("devices"),
  evaluated_at: time,
  delivery: words("board.delivery."),
  download_mbps: unit("Mbits", 1),
  download_week_mbps: unit("Mbits", 1),
  evidence_class: words("board.evidence."),
  free_percent: percent,
  from_state: states,
  gap_minutes: unit("m", 0),
  impact: width(90),
  jitter_ms: unit("ms", 1),
  kind: words("board.kind."),
  last_contact: time,
  last_seen: time,
  liveness: presence,
  loss_percent: unit("percent", 1),
  minutes: age,
  // A problem of the whole province has no centre.
  name: both(leads("centre"), width(230), ({ say }) => [{ id: "mappings", value: [valueMap([["–", say("alert.province")]])] }]),
  observed: unit("none", 1),
  observed_at: time,
  open: ({ say }) => [
    {
      id: "mappings",
      value: [
        valueMap([
          ["true", `● ${say("board.word.open")}`, colours.bad],
          ["false", `○ ${say("board.word.closed")}`, colours.good],
        ]),
      ],
    },
    coloured,
  ],
  outcome_reason: words("board.outcome."),
  owner: words("owner."),
  point: ({ say }) => [{ id: "mappings", value: [valueMap([[MAIN_POINT, say("point.main")]])] }],
  presence,
  probe: words("web.probe."),
  reason: words("finding.short.", findingReasons),
  recording: ({ say }) => [{ id: "mappings", value: [flagMapping(say("board.word.yes"), say("board.word.no"))] }, coloured],
  required: unit("none", 1),
  required_mbps: unit("Mbits", 0),
  requirement: width(90),
  role: words("device.role.", deviceRoles),
  rtt_ms: unit("ms", 1),
  score_percent: percent,
  severity: severities,
  silent_minutes: age,
  simulated: ({ say }) => [
    {
      id: "mappings",
      value: [
        valueMap([
          ["true", `▲ ${say("board.word.simulated")}`, colours.warn],
          ["false", `● ${say("board.word.real")}`, colours.good],
        ]),
      ],
    },
  ],
  segment: words("segment."),
  since: time,
  state: states,
  supply_percent: unit("percent", 0),
  subject: leads("devices"),
  time,
  time_end: time,
  title: ({ say }) => [{ id: "mappings", value: [valueMap(ownTitles.map(([problem, key]) => [problem, say(key)]))] }],
  to_state: states,
  ttfb_ms: unit("ms", 0),
  up: ({ say }) => [{ id: "mappings", value: [flagMapping(say("board.word.up"), say("board.word.down"))] }, coloured],
  unit: words("unit."),
  up_percent: percent,
  upload_mbps: unit("Mbits", 1),
  utilisation_percent: percent,
  valid_until: time,
  verdict: words("board.verdict."),
  waived: ({ say }) => [
    {
      id: "mappings",
      value: [
        valueMap([
          ["true", `◆ ${say("state.waived")}`],
          ["false", ""],
        ]),
      ],
    },
  ],
};

/** Overrides that give each column of a table its heading and its look. */
export function columnOverrides(page: Page, columns: readonly string[]): { matcher: { id: string; options: string }; properties: DynamicConfigValue[] }[] {
  return columns.map((column) => ({
    matcher: { id: "byName", options: column },
    properties: [{ id: "displayName", value: columnTitle(page.say, column) }, ...(looks[column]?.(page) ?? [])],
  }));
}
