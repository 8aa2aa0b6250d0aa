import { cpus } from "node:os";
import { startPostgres } from "../support/postgres.ts";
import { requirePeer } from "../support/require-peer.ts";
import { influxdbWay } from "./influxdb.ts";
import { CENTRES, CONNECTIONS, copyWay, type Figure, ourWay, type Way } from "./ingest-ways.ts";
import type { Shape } from "./load-plan.ts";
import { zabbixWay } from "./zabbix.ts";

type Print = (line: string) => void;
type Options = {
  readonly print?: Print;
  readonly rounds?: number;
  /** Also runs what of Debian's Zabbix and InfluxDB is installed. They are no packages of the tests. */
  readonly peers?: boolean;
};

/** Each connection is an agent's, and has one request in flight. */
const each = { centres: CONNECTIONS, connections: CONNECTIONS } as const;
const small = { ...each, observations: 12, readings: 5, requests: 240 } as const;
const link = { tells: "link", columns: false } as const;
/** What requests bring. */
const shapes = {
  small: { ...link, ...small, name: "60 samples" },
  smallColumns: { ...link, ...small, name: "60 samples, columns", columns: true },
  large: { ...link, ...each, name: "1,000 samples", observations: 100, readings: 10, requests: 12 },
  largeColumns: { ...link, ...each, name: "1,000 samples, columns", observations: 100, readings: 10, requests: 12, columns: true },
  smallCentre: { ...small, name: "60 of a centre", tells: "centre", columns: false },
  largeCentre: { ...each, name: "1,000 of a centre", tells: "centre", observations: 200, readings: 5, requests: 12, columns: false },
  /** What other systems are compared by in the field paper (section 5): 20 minutes of 135 centres of 200 series, a minute in each request. */
  minutes: {
    name: "200, a minute of a centre",
    tells: "centre",
    observations: 40,
    readings: 5,
    requests: 20,
    centres: CENTRES,
    connections: 8,
    columns: false,
  },
} as const satisfies Record<string, Shape>;

/** Settings of every PostgreSQL here. */
const settings = ["shared_buffers=256MB", "max_wal_size=4GB", "checkpoint_timeout=30min"];

/**
 * Samples per second from signed HTTP request to commit, against one `psql COPY` of as many samples, a row each, into a table with an index over
 * (site, series, time) (= 1.00), in interleaved rounds on Debian's PostgreSQL 15 with fsync on. That table is the plain layout; ours keeps the samples of
 * a run as arrays, and also writes the observation with its outcome, ledger, newest values and dirty hours, which the COPY does not.
 * Ratios are those of one round; printed are medians. The demands are the field paper's, which has measured runs and ledger alone but for the rows that
 * name more; printed beside them is all that the collector does. Zabbix answers before anything is stored, so its times of an answer are no match for the others'.
 */
export async function benchIngest({ print = console.log, rounds = 5, peers = false }: Options = {}): Promise<void> {
  if (!requirePeer("postgres")) return;
  await using open = new AsyncDisposableStack();
  const server = await startPostgres({ durable: true, settings });
  open.defer(() => server.stop());
  const copy = await copyWay(server);
  const all = open.use(await ourWay(server, "collector", "all of it"));
  const once = open.use(await ourWay(server, "dedupe", "runs and ledger"));
  const runs = open.use(await ourWay(server, "runs", "runs alone"));
  const values = open.use(await ourWay(server, "values", "drizzle values()"));
  const zabbix = peers && requirePeer("zabbix_server") ? open.use(await zabbixWay(settings)) : undefined;
  const influxdb = peers && requirePeer("influxd") ? open.use(await influxdbWay()) : undefined;
  const others = [zabbix, influxdb].filter((way) => way !== undefined);

  print(`ingest on ${cpus().length} x ${cpus()[0]?.model.trim()}, PostgreSQL 15, fsync on, median of ${rounds} rounds after ${WARM_ROUNDS}`);
  print("per request | by | k samples/s | of psql COPY | p50 ms | p99 ms | server us/sample | database us/sample | memory MB | body B/sample");
  const small = await measure(shapes.small, [all, once, values, ...others, copy], rounds, print);
  await measure(shapes.smallColumns, [all, copy], rounds, print);
  const large = await measure(shapes.large, [all, once, ...others, copy], rounds, print);
  await measure(shapes.largeColumns, [all, copy], rounds, print);
  const minutes = await measure(shapes.minutes, [all, once, ...others, copy], rounds, print);
  const smallCentre = await measure(shapes.smallCentre, [all, runs, copy], rounds, print);
  const largeCentre = await measure(shapes.largeCentre, [all, runs, copy], rounds, print);

  print("figure | runs and ledger | all of it | demand | holds");
  const row = (figure: string, seen: (way: Way) => number, sign: ">=" | "<=", demand: number, ways: readonly Way[] = [once, all]) => {
    const cells = [once, all].map((way) => (ways.includes(way) ? seen(way) : Number.NaN));
    const holds = cells.filter((value) => !Number.isNaN(value)).map((value) => ((sign === ">=" ? value >= demand : value <= demand) ? "yes" : "NO"));
    print(`${figure} | ${cells.map((value) => (Number.isNaN(value) ? "" : value.toFixed(2))).join(" | ")} | ${sign} ${demand} | ${holds.join(", ")}`);
  };
  const against = (measured: Measured, other: Way, figure: (of: Figure) => number) => (way: Way) => ratioOf(measured.of(way), measured.of(other), figure);
  const cost = (measured: Measured) => (way: Way) => median(measured.of(way).map(cpuOf));
  row("1,000 per request, of psql COPY", against(large, copy, rateOf), ">=", 0.6);
  row("60 per request, of psql COPY", against(small, copy, rateOf), ">=", 0.25);
  row("60 per request, p99, ms", (way) => median(small.of(way).map(({ p99 }) => p99)), "<=", 25);
  row("60 per request, of drizzle values()", against(small, values, rateOf), ">=", 4);
  row("with latest, ledger, dirty hours and judging, of runs alone, 60 per request", against(smallCentre, runs, rateOf), ">=", 0.7, [all]);
  row("with latest, ledger, dirty hours and judging, of runs alone, 1,000 per request", against(largeCentre, runs, rateOf), ">=", 0.7, [all]);
  row("Node + PostgreSQL, us of CPU per sample, 60 per request", cost(small), "<=", 7);
  row("Node + PostgreSQL, us of CPU per sample, 1,000 per request", cost(large), "<=", 4);
  for (const [size, measured] of [["a minute of a centre", minutes] as const, ["60", small] as const, ["1,000", large] as const]) {
    if (zabbix) {
      row(`rate, of Zabbix' stored rate, ${size} per request`, against(measured, zabbix, rateOf), ">=", 1.3);
      row(`CPU, of Zabbix', ${size} per request`, against(measured, zabbix, cpuOf), "<=", 0.6);
    }
    if (influxdb) row(`rate, of InfluxDB's, ${size} per request`, against(measured, influxdb, rateOf), ">=", 0.75);
  }
}

/** The figures of each way, round by round. */
type Measured = { of(way: Way): readonly Figure[] };

/** Rounds that warm caches and the compiler: Node's cost of a request still falls in the third. A collector runs for months. */
const WARM_ROUNDS = 3;

/** Runs all ways one after the other, round by round, and prints a row for each. */
async function measure(shape: Shape, ways: readonly Way[], rounds: number, print: Print): Promise<Measured> {
  const figures = new Map<Way, Figure[]>(ways.map((way) => [way, []]));
  for (let round = 1 - WARM_ROUNDS; round <= rounds; round++) {
    // Each way comes first and last as often as another.
    for (const way of round % 2 === 0 ? ways : ways.toReversed()) {
      const figure = await way.run(shape);
      if (round > 0) figures.get(way)?.push(figure);
    }
  }
  const of = (way: Way) => figures.get(way) ?? [];
  const copies = of(ways.find(({ name }) => name === "psql COPY") ?? (ways[0] as Way));
  for (const way of ways) {
    const middle = (name: keyof Figure) => median(of(way).map((figure) => figure[name]));
    const cells = [
      (middle("rate") / 1e3).toFixed(1),
      ratioOf(of(way), copies, rateOf).toFixed(3),
      ...[middle("p50"), middle("p99"), middle("serverUs"), middle("databaseUs"), middle("memory") / 1e6, middle("bodyBytes")].map(shown),
    ];
    print([shape.name, way.name, ...cells].join(" | "));
  }
  return { of };
}

function shown(value: number): string {
  return Number.isNaN(value) ? "" : value.toFixed(1);
}

const rateOf = ({ rate }: Figure): number => rate;
const cpuOf = ({ serverUs, databaseUs }: Figure): number => serverUs + (Number.isNaN(databaseUs) ? 0 : databaseUs);

/** The median of what one way has against another in each round. */
function ratioOf(ours: readonly Figure[], theirs: readonly Figure[], figure: (of: Figure) => number): number {
  return median(ours.map((our, round) => figure(our) / figure(theirs[round] ?? our)));
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
