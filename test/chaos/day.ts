import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { nodeFlags } from "../support/node-flags.ts";
import { projectRoot } from "../support/source-files.ts";
import { promise, type Scenario } from "./scenario.ts";

type Held = { readonly hour: number; readonly rss: number; readonly heapUsed: number; readonly files: number; readonly resources: number };
type End = {
  readonly ticks: number;
  readonly runs: Readonly<Record<string, number>>;
  readonly lastSeq: number;
  readonly waiting: number;
  readonly deadLetters: number;
};

const SLOPE_MAX_MB = 1;
/** Modules, caches and the heap's own size settle in the first hours. */
const SETTLED_H = 4;
const LAPSE = 200;

/** T15: a day of the agent in seven minutes. What it holds may not grow by the hour: memory, files, sockets and timers. */
export const day: Scenario = async ({ full, print }) => {
  const hours = full ? 24 : 3;
  const rig = `ip link set lo up; exec "$0" "$@" ${hours} ${LAPSE}`;
  const child = spawn("unshare", ["-n", "sh", "-c", rig, process.execPath, ...nodeFlags, join(import.meta.dirname, "day-rig.ts")], {
    cwd: projectRoot,
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [said, [code]] = await Promise.all([text(child.stdout), once(child, "close")]);
  promise(code === 0, `the agent ended with ${code}`);
  const lines = said
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Held | End);
  const end = lines.at(-1) as End;
  const held = lines.slice(0, -1) as Held[];
  const settled = held.filter(({ hour }) => hour >= (full ? SETTLED_H : 1));
  const slopeMb = slopeOf(settled.map(({ hour, rss }) => [hour, rss / 2 ** 20]));
  const heapSlopeMb = slopeOf(settled.map(({ hour, heapUsed }) => [hour, heapUsed / 2 ** 20]));
  const spread = (pick: (one: Held) => number) => [Math.min(...settled.map(pick)), Math.max(...settled.map(pick))];
  const thirds = (pick: (one: Held) => number) =>
    [settled.slice(0, Math.ceil(settled.length / 3)), settled.slice(-Math.ceil(settled.length / 3))].map((part) => Math.min(...part.map(pick)));
  const [filesBefore = 0, filesAfter = 0] = thirds(({ files }) => files);
  const [resourcesBefore = 0, resourcesAfter = 0] = thirds(({ resources }) => resources);
  print(`${end.lastSeq} observations of ${JSON.stringify(end.runs)}`);
  promise(end.deadLetters === 0 && end.waiting < 20, `${end.waiting} observations wait, ${end.deadLetters} dead letters`);
  // Runs come and go, so the least of the first third is held against the least of the last.
  promise(filesAfter <= filesBefore + 2, `open files grew from ${filesBefore} to ${filesAfter}`);
  promise(resourcesAfter <= resourcesBefore + 2, `sockets and timers grew from ${resourcesBefore} to ${resourcesAfter}`);
  if (full) promise(slopeMb < SLOPE_MAX_MB, `memory grows by ${slopeMb.toFixed(2)} MB an hour`);
  return {
    hours,
    runs: end.runs,
    observations: end.lastSeq,
    rssSlopeMbPerH: Number(slopeMb.toFixed(3)),
    heapSlopeMbPerH: Number(heapSlopeMb.toFixed(3)),
    rssMaxMb: Math.round((spread(({ rss }) => rss)[1] ?? 0) / 2 ** 20),
    files: spread(({ files }) => files),
    socketsAndTimers: spread(({ resources }) => resources),
  };
};

/** Least squares: how much y grows with each x. */
function slopeOf(points: readonly (readonly [number, number])[]): number {
  const mean = (pick: 0 | 1) => points.reduce((sum, point) => sum + point[pick], 0) / points.length;
  const [meanX, meanY] = [mean(0), mean(1)];
  const top = points.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0);
  return top / points.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0);
}
