import { PanelBuilder as BarChart } from "@grafana/grafana-foundation-sdk/barchart";
import type { Builder } from "@grafana/grafana-foundation-sdk/cog";
import {
  BigValueColorMode,
  BigValueGraphMode,
  BigValueTextMode,
  FrameGeometrySourceBuilder,
  FrameGeometrySourceMode,
  LegendDisplayMode,
  LegendPlacement,
  MapLayerOptionsBuilder,
  ReduceDataOptionsBuilder,
  StackingMode,
  TableCellHeight,
  TooltipDisplayMode,
  VisibilityMode,
  VizLegendOptionsBuilder,
  VizOrientation,
  VizTooltipOptionsBuilder,
} from "@grafana/grafana-foundation-sdk/common";
import {
  type DataTransformerConfig,
  FieldColorModeId,
  type FieldConfig,
  type Panel,
  type Threshold,
  ThresholdsConfigBuilder,
  ThresholdsMode,
  type ValueMapping,
} from "@grafana/grafana-foundation-sdk/dashboard";
import { ControlsOptionsBuilder, PanelBuilder as Geomap, MapViewConfigBuilder } from "@grafana/grafana-foundation-sdk/geomap";
import { PanelBuilder as Stat } from "@grafana/grafana-foundation-sdk/stat";
import { PanelBuilder as StateTimeline } from "@grafana/grafana-foundation-sdk/statetimeline";
import { PanelBuilder as Table } from "@grafana/grafana-foundation-sdk/table";
import { PanelBuilder as TimeSeries } from "@grafana/grafana-foundation-sdk/timeseries";
import type { TextKey } from "#schemas/text/text.ts";
import { columnOverrides } from "./columns.ts";
import { drillDown } from "./links.ts";
import { columnTitle, type Page, type PageName, type PanelKey, stableId } from "./page.ts";
import { type Colour, colours, dayLooks } from "./palette.ts";
import { dataSource, type Query, target } from "./query.ts";

/** A finished panel that `layout` still has to place. */
export type Placed = { readonly width: number; readonly panel: Panel };

type Look = {
  readonly width: number;
  readonly unit?: string;
  readonly decimals?: number;
  readonly mappings?: readonly ValueMapping[];
  /** Lower bounds of colours, ascending; the first is the colour of everything below. */
  readonly steps?: readonly [Colour, ...(readonly [number, Colour])[]];
  readonly links?: PageName;
};

/** One number, or one per row of a table, large. */
export function stat(page: Page, key: PanelKey, query: Query, look: Look & { readonly each?: boolean; readonly background?: boolean }): Placed {
  const builder = new Stat()
    .reduceOptions(
      look.each
        ? new ReduceDataOptionsBuilder().values(true).calcs([]).limit(50)
        : new ReduceDataOptionsBuilder().values(false).calcs(["lastNotNull"]).fields("/.*/"),
    )
    .graphMode(BigValueGraphMode.None)
    .colorMode(look.background ? BigValueColorMode.Background : BigValueColorMode.Value)
    .textMode(BigValueTextMode.Auto)
    .overrides(query.format === "table" ? columnOverrides(page, query.columns) : []);
  return finish(page, key, query, look, builder);
}

type Lines = Look & {
  readonly min?: number;
  readonly stacked?: boolean;
  readonly pointsOnly?: boolean;
  readonly states?: boolean;
  /** The codes in the names of the series that are shown as words; what stands beside them, as the code of a reception point, stays. */
  readonly names?: Words;
  /** The word of `names` whose series are percent, where the others have another unit. */
  readonly percents?: TextKey;
};

/** Lines over time. */
export function lines(page: Page, key: PanelKey, query: Query | readonly Query[], look: Lines): Placed {
  const builder = new TimeSeries()
    .legend(new VizLegendOptionsBuilder().showLegend(true).displayMode(LegendDisplayMode.List).placement(LegendPlacement.Bottom).calcs([]))
    .tooltip(new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi))
    .showPoints(look.pointsOnly ? VisibilityMode.Always : VisibilityMode.Never)
    .lineWidth(look.pointsOnly ? 0 : 1)
    .fillOpacity(look.stacked ? 60 : 8)
    .interval("1h");
  if (look.min !== undefined) builder.min(look.min);
  if (look.names) builder.transformations(renames(page, look.names));
  if (look.percents)
    builder.overrides([{ matcher: { id: "byRegexp", options: `/${page.say(look.percents)}/` }, properties: [{ id: "unit", value: "percent" }] }]);
  if (look.states) builder.overrides(Object.keys(dayLooks).map((state) => barOverride(page, state)));
  const placed = finish(page, key, query, look, builder);
  if (look.stacked) Object.assign(placed.panel.fieldConfig?.defaults.custom ?? {}, { stacking: { mode: StackingMode.Normal, group: "A" } });
  return placed;
}

/** Words for codes, by their keys. */
export type Words = Readonly<Record<string, TextKey>>;

/** A code is a part of a series' name by itself, or between dots: both languages ask the same SQL, which knows the codes alone. */
function renames(page: Page, words: Words): DataTransformerConfig[] {
  return Object.entries(words).map(([code, key]) => ({
    id: "renameByRegex",
    options: { regex: `(^|· )${code}($| ·)`, renamePattern: `$1${page.say(key)}$2` },
  }));
}

/** Rows with headings and looks by column name; a click on a centre leads to its dashboard. */
export function table(page: Page, key: PanelKey, query: Query, look: Look): Placed {
  const builder = new Table().cellHeight(TableCellHeight.Sm).showHeader(true).filterable(true).overrides(columnOverrides(page, query.columns));
  return finish(page, key, query, look, builder);
}

/** Which state held when, one strip per name. */
export function timeline(page: Page, key: PanelKey, query: Query, look: Look): Placed {
  const builder = new StateTimeline()
    .showValue(VisibilityMode.Never)
    .mergeValues(true)
    .rowHeight(0.85)
    .fillOpacity(85)
    .legend(new VizLegendOptionsBuilder().showLegend(true).displayMode(LegendDisplayMode.List).placement(LegendPlacement.Bottom).calcs([]))
    .tooltip(new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Single));
  return finish(page, key, query, look, builder);
}

/** How many of each state, one bar per row: `label` is the text column, the others are state codes. */
export function stateBars(page: Page, key: PanelKey, query: Query, look: Look & { readonly label: string }): Placed {
  const builder = new BarChart()
    .xField(look.label)
    .orientation(VizOrientation.Horizontal)
    .stacking(StackingMode.Normal)
    .showValue(VisibilityMode.Auto)
    .fillOpacity(85)
    .legend(new VizLegendOptionsBuilder().showLegend(true).displayMode(LegendDisplayMode.List).placement(LegendPlacement.Bottom).calcs([]))
    .tooltip(new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi))
    .overrides(query.columns.map((column) => barOverride(page, column)));
  return finish(page, key, query, look, builder);
}

function barOverride(page: Page, column: string) {
  const state = column in dayLooks ? dayLooks[column as keyof typeof dayLooks] : undefined;
  const title = state === undefined ? columnTitle(page.say, column) : `${state.sign} ${page.say(`state.${column as keyof typeof dayLooks}`)}`;
  const colour = state === undefined ? [] : [{ id: "color", value: { mode: "fixed", fixedColor: state.colour } }];
  return { matcher: { id: "byName", options: column }, properties: [{ id: "displayName", value: title }, ...colour] };
}

// A transparent pixel: the map must load nothing from outside. A province with its own tile server puts its address here through deploy/grafana.
const blankTile = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==";

/** Centres on a blank map by their coordinates, coloured and sized by `severity`. */
export function map(page: Page, key: PanelKey, query: Query, look: Look): Placed {
  const markers = new MapLayerOptionsBuilder()
    .type("markers")
    .name(page.say(key))
    .location(new FrameGeometrySourceBuilder().mode(FrameGeometrySourceMode.Coords).latitude("latitude").longitude("longitude"))
    .tooltip(true)
    .config({
      showLegend: true,
      style: {
        color: { field: "severity", fixed: colours.mute },
        size: { field: "severity", fixed: 6, min: 5, max: 12 },
        symbol: { mode: "fixed", fixed: "img/icons/marker/circle.svg" },
        opacity: 0.8,
      },
    });
  const builder = new Geomap()
    .view(new MapViewConfigBuilder().id("fit").allLayers(true).padding(8))
    .controls(new ControlsOptionsBuilder().showZoom(true).mouseWheelZoom(false).showAttribution(false).showScale(true))
    .basemap(new MapLayerOptionsBuilder().type("xyz").name("blank").config({ url: blankTile, attribution: "" }))
    .layers([markers])
    .overrides(columnOverrides(page, query.columns));
  return finish(page, key, query, look, builder);
}

function finish(page: Page, key: PanelKey, query: Query | readonly Query[], look: Look, builder: Builder<Panel>): Placed {
  const panel = builder.build();
  const defaults: FieldConfig = panel.fieldConfig?.defaults ?? {};
  defaults.noValue = "–";
  defaults.thresholds = thresholdsOf(look.steps ?? [colours.calm]);
  defaults.color = { mode: look.steps === undefined && panel.type === "timeseries" ? FieldColorModeId.PaletteClassic : FieldColorModeId.Thresholds };
  if (look.unit !== undefined) defaults.unit = look.unit;
  if (look.decimals !== undefined) defaults.decimals = look.decimals;
  if (look.mappings !== undefined) defaults.mappings = [...look.mappings];
  if (look.links !== undefined) defaults.links = [drillDown(page, look.links)];
  return {
    width: look.width,
    panel: {
      ...panel,
      id: stableId(key),
      title: page.say(key),
      description: page.say(`${key}.help`),
      datasource: dataSource,
      targets: (Array.isArray(query) ? query : [query]).map((each: Query, at) => target(each, "ABCDEF"[at]).build()),
      fieldConfig: { defaults, overrides: panel.fieldConfig?.overrides ?? [] },
    },
  };
}

function thresholdsOf(steps: NonNullable<Look["steps"]>) {
  const [base, ...rest] = steps;
  const list: Threshold[] = [{ value: null, color: base }, ...rest.map(([value, color]) => ({ value, color }))];
  return new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute).steps(list).build();
}
