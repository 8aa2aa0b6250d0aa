import { board } from "./board.ts";
import { wordsUnder } from "./filters.ts";
import type { Page } from "./page.ts";
import { colours } from "./palette.ts";
import { lines, table as rows, stat } from "./panels.ts";
import { points, table, withinDays } from "./query.ts";

/** Does the collector itself work: do observations arrive, is judgement fresh, is there room, do messages leave? */
export function collector(page: Page) {
  return board(page, {
    from: "now-7d",
    choices: [],
    strips: [
      { height: 4, panels: [evaluated(page), agents(page), size(page), partitions(page), outbox(page)] },
      { height: 10, panels: [observations(page), lateness(page)] },
      { height: 10, panels: [failures(page)] },
    ],
  });
}

const evaluated = (page: Page) =>
  stat(
    page,
    "board.collector.evaluated",
    table({ from: "collector_now", columns: ["extract(epoch FROM now() - evaluated_at) / 60 AS minutes"], orderBy: ["1"] }),
    { width: 5, unit: "m", decimals: 0, steps: [colours.good, [15, colours.warn], [60, colours.bad]] },
  );

const agents = (page: Page) =>
  stat(page, "board.collector.agents", table({ from: "collector_now", columns: ["agents_live", "agents_silent"], orderBy: ["1"] }), { width: 6 });

const size = (page: Page) =>
  stat(page, "board.collector.size", table({ from: "collector_now", columns: ["database_bytes"], orderBy: ["1"] }), {
    width: 4,
    unit: "decbytes",
    decimals: 1,
  });

const partitions = (page: Page) =>
  stat(page, "board.collector.partitions", table({ from: "collector_now", columns: ["partitions_ahead"], orderBy: ["1"] }), {
    width: 4,
    steps: [colours.bad, [2, colours.good]],
  });

const outbox = (page: Page) =>
  stat(page, "board.collector.outbox", table({ from: "collector_now", columns: ["outbox_waiting", "outbox_failed"], orderBy: ["1"] }), { width: 5 });

const observations = (page: Page) =>
  lines(
    page,
    "board.collector.observations",
    [
      points({ from: "collector_hour", name: "'measured'", value: "measured" }),
      points({ from: "collector_hour", name: "'failed'", value: "failed" }),
      points({ from: "collector_hour", name: "'skipped'", value: "skipped" }),
    ],
    { width: 14, unit: "none", min: 0, names: wordsUnder("board.kind.", ["measured", "failed", "skipped"]) },
  );

const lateness = (page: Page) =>
  lines(page, "board.collector.late", points({ from: "collector_hour", name: "'late'", value: "late" }), {
    width: 10,
    unit: "none",
    min: 0,
    names: wordsUnder("board.kind.", ["late"]),
  });

const failures = (page: Page) =>
  rows(
    page,
    "board.collector.failures",
    table({
      from: "failure_day",
      columns: ["probe", "kind", "reason AS outcome_reason", "sum(runs) AS runs", "count(DISTINCT centre) AS centres"],
      where: [withinDays],
      groupBy: ["probe", "kind", "reason"],
      orderBy: ["runs DESC", "probe", "reason"],
    }),
    { width: 24 },
  );
