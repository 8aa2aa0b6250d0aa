import { uptime } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import type { Observation } from "../../schemas/observation.ts";
import { requirePeer } from "../support/require-peer.ts";
import { type ClockBench, openClockBench } from "./clock-bench.ts";
import { openCollectorRig } from "./collector-rig.ts";
import type { RigDatabase } from "./own-postgres.ts";
import { type ChaosContext, promise, type Scenario } from "./scenario.ts";
import { drained } from "./spooling-agent.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** A clock that is `ok` may be off by so much, and its stamp is believed; all other stamps are put right by the clock that counts from boot, ms. */
const OK_MS = 5_000;
const CORRECTED_MS = 2_000;
/** A clock that is `skewed` is off by no more, ms. */
const SKEWED_MS = 60_000;
/** No assignment runs twice within this (`agent/schedule.ts`), ms. */
const FLOOR_MS = 15_000;
/** The agent reads its clocks some time after a moment that is seen from outside, ms. */
const SEEN_MS = 1_500;

/**
 * T5: the whole agent as a process under libfaketime, whose wall clock begins decades late, jumps while batches are under way, and is mended at once or
 * little by little; and which is stopped for minutes. Its clock that counts from boot runs true, as on a PC.
 */
export const clock: Scenario = async (context) => {
  promise(requirePeer("libfaketime"), "this scenario needs libfaketime");
  await using rig = await openCollectorRig(1);
  await rig.start();
  await using bench = await openClockBench(rig);
  await (context.full ? wholeStory(bench, context) : shortStory(bench));
  await bench.end("SIGTERM");
  return await judged(bench, rig.database, await drained(bench.folder, bench.relay.url), context);
};

/** A PC whose battery is dead: it begins in 1970, and is right when it has found a time server. */
async function shortStory(bench: ClockBench): Promise<void> {
  await beginIn1970(bench, 12_000);
  await bench.inFlight(() => bench.clock.set(0));
  await sleep(6_000);
  await bench.end("SIGKILL");
  bench.clock.set(-2 * DAY_MS);
  bench.begin();
  await bench.inFlight(() => bench.clock.set(20_000), true);
  await sleep(4_000);
  await bench.inFlight(() => bench.suspend(10_000, () => bench.clock.set(5 * DAY_MS)));
  await sleep(6_000);
  bench.clock.set(0);
  await bench.inFlight(() => undefined);
  await jumpUnheard(bench, 10_000);
  await sleep(8_000);
}

/** A clock that was confirmed is set while nobody is there who could say so. */
async function jumpUnheard({ clock, relay, inFlight }: ClockBench, awayMs: number): Promise<void> {
  // The answer has to be heard before that.
  await sleep(3_000);
  relay.isOpen = false;
  clock.set(3 * HOUR_MS);
  await sleep(awayMs);
  clock.set(0);
  relay.isOpen = true;
  await inFlight(() => undefined);
}

async function beginIn1970({ clock, relay, begin }: ClockBench, awayMs: number): Promise<void> {
  clock.set(60_000 - Date.now());
  relay.isOpen = false;
  begin();
  await sleep(awayMs);
  relay.isOpen = true;
}

async function wholeStory(bench: ClockBench, { chance, print }: ChaosContext): Promise<void> {
  const { clock } = bench;
  print("1970, without a collector; then a time server");
  await beginIn1970(bench, 60_000);
  await bench.inFlight(() => sleep(30_000));
  await bench.inFlight(() => clock.set(0));
  await sleep(60_000);
  print("two days back, five days ahead, each while a batch is under way");
  await bench.inFlight(() => clock.set(-2 * DAY_MS));
  await sleep(60_000);
  await bench.inFlight(() => clock.set(5 * DAY_MS), true);
  await sleep(60_000);
  print("twelve seconds off, mended little by little");
  await slew(clock, 12_000);
  await sleep(30_000);
  print("four minutes of sleep while a batch is under way; then a minute out of which it wakes with the local time taken for UTC");
  await bench.inFlight(() => bench.suspend(240_000));
  await sleep(60_000);
  await bench.suspend(60_000, () => clock.set(7 * HOUR_MS));
  await sleep(60_000);
  print("killed seven years back without a collector, started again with the right time");
  bench.relay.isOpen = false;
  clock.set(-7 * 365 * DAY_MS);
  await sleep(30_000);
  await bench.end("SIGKILL");
  clock.set(0);
  bench.begin();
  await sleep(20_000);
  bench.relay.isOpen = true;
  await bench.inFlight(() => undefined);
  await sleep(30_000);
  print("three hours ahead without a collector");
  await jumpUnheard(bench, 30_000);
  print("thirty jumps at any moment");
  for (let jump = 0; jump < 30; jump++) {
    const offMs = jumps[Math.floor(chance() * jumps.length)] ?? 0;
    if (chance() < 0.4) await bench.inFlight(() => clock.set(offMs), chance() < 0.3);
    else clock.set(offMs);
    await sleep(2_000 + chance() * 12_000);
  }
  clock.set(0);
  await bench.inFlight(() => undefined);
  await sleep(45_000);
}

const jumps = [0, 0, 1_000, -4_000, 9_000, -40_000, 90_000, -600_000, HOUR_MS, -7 * HOUR_MS, 40 * DAY_MS, -400 * DAY_MS];

/** As a time service does it: a twelfth of a second each second. */
async function slew(clock: ClockBench["clock"], fromMs: number): Promise<void> {
  clock.set(fromMs);
  await sleep(60_000);
  for (let offMs = fromMs; offMs > 0; offMs -= 83) {
    clock.set(offMs);
    await sleep(1_000);
  }
  clock.set(0);
}

type Row = {
  readonly seq: number;
  readonly rawMs: number;
  readonly takenMs: number;
  readonly receivedMs: number;
  readonly clock: string;
  readonly told: Observation;
  /** When it was really taken. */
  readonly trueMs: number;
};
type End = Awaited<ReturnType<typeof drained>>;

async function judged(bench: ClockBench, database: Pick<RigDatabase, "psql">, end: End, { print }: ChaosContext) {
  promise(end.deadLetters === 0 && end.lost === 0, `${end.deadLetters} dead letters, ${end.lost} lost`);
  const rows = await rowsOf(bench, database, end.stream);
  const count = await database.psql("SELECT count(*), count(DISTINCT (stream, seq)) FROM observation");
  promise(count === [end.lastSeq, end.lastSeq].join("|"), `${count} rows and distinct numbers are stored, of ${end.lastSeq}`);
  const errors = errorsOf(rows);
  promiseStamps(bench, rows);
  promiseSchedule(bench, rows);
  promiseVisits(bench, rows);
  for (const { told } of rows) {
    if (told.outcome.kind !== "measured") continue;
    for (const { metric, value } of told.outcome.readings) {
      promise(metric !== "portal_up" || value === 1, `number ${told.seq} says that a portal was down: ${JSON.stringify(told)}`);
      promise(!metric.endsWith("_ms") || (value >= 0 && value < 60_000), `number ${told.seq} says ${metric} ${value}`);
    }
  }
  print(`${rows.length} observations; farthest from the true moment by state, ms: ${JSON.stringify(errors)}`);
  return { observations: rows.length, lost: 0, duplicates: 0, clocks: bench.clock.history.length, visits: bench.visits.length, errorMaxMs: errors };
}

async function rowsOf({ heard }: ClockBench, { psql }: Pick<RigDatabase, "psql">, stream: string): Promise<Row[]> {
  const told = new Map(heard.flatMap(({ batch }) => batch.observations.map((observation) => [observation.seq, observation] as const)));
  const bootMs = Date.now() - uptime() * 1_000;
  const ms = (column: string) => `round(extract(epoch FROM ${column}) * 1000)`;
  const text = await psql(
    `SELECT seq, ${ms("raw_taken_at")}, ${ms("taken_at")}, ${ms("received_at")}, clock FROM observation WHERE stream = '${stream}' ORDER BY seq`,
  );
  return text.split("\n").map((line) => {
    const [seq = 0, rawMs = 0, takenMs = 0, receivedMs = 0] = line.split("|").map(Number);
    const own = told.get(seq);
    promise(own !== undefined, `number ${seq} was never sent through the relay`);
    return { seq, rawMs, takenMs, receivedMs, clock: line.split("|")[4] ?? "", told: own, trueMs: bootMs + own.uptimeMs };
  });
}

function errorsOf(rows: readonly Row[]): Record<string, number> {
  const errors: Record<string, number> = {};
  for (const { clock, takenMs, trueMs, seq } of rows) {
    const errorMs = Math.abs(takenMs - trueMs);
    promise(errorMs <= (clock === "ok" ? OK_MS : CORRECTED_MS), `number ${seq} (${clock}) is dated ${Math.round(errorMs)} ms off`);
    errors[clock] = Math.max(errors[clock] ?? 0, Math.round(errorMs));
  }
  promise(
    ["ok", "bad", "skewed", "unknown"].every((state) => state in errors),
    `only the states ${Object.keys(errors)} were seen`,
  );
  return errors;
}

/** The raw stamp is what the clock showed, the state is no better than the clock was, and nothing arrived before it was taken. */
function promiseStamps({ clock, heard }: ClockBench, rows: readonly Row[]): void {
  for (const { seq, rawMs, trueMs, receivedMs, clock: state, told } of rows) {
    promise(Date.parse(told.takenAt) === rawMs && told.clock === state, `number ${seq} is stored as ${rawMs} ${state}, told as ${told.takenAt} ${told.clock}`);
    const offs = clock.offsAround(trueMs, SEEN_MS);
    promise(
      offs.some((offMs) => Math.abs(rawMs - trueMs - offMs) < SEEN_MS),
      `number ${seq}: the raw stamp is off by ${Math.round(rawMs - trueMs)}, the clock was by ${offs}`,
    );
    const mostMs = state === "ok" ? OK_MS : state === "skewed" ? SKEWED_MS : Number.POSITIVE_INFINITY;
    promise(
      offs.some((offMs) => Math.abs(offMs) <= mostMs),
      `number ${seq} is called ${state}, the clock was off by ${offs} ms`,
    );
    const arrivals = heard.filter(({ batch }) => batch.from <= seq && seq <= batch.to).map(({ atMs }) => atMs);
    promise(
      arrivals.some((atMs) => Math.abs(receivedMs - atMs) < 5_000),
      `number ${seq}: received at ${receivedMs}, arrived at ${arrivals}`,
    );
  }
}

/** No storm after a jump or a sleep: runs of one assignment keep their distance, and there are no more than the time allows. */
function promiseSchedule({ lives }: ClockBench, rows: readonly Row[]): void {
  const all = Map.groupBy(rows, ({ told }) => `${told.probe} ${told.target ?? ""}`);
  for (const [name, own] of all) {
    for (const { fromMs, toMs } of lives) {
      const runs = own.map(({ trueMs }) => trueMs).filter((atMs) => atMs >= fromMs && atMs <= toMs);
      const nearest = Math.min(...runs.slice(1).map((atMs, index) => atMs - (runs[index] ?? 0)));
      promise(nearest >= FLOOR_MS - 1_000, `${name} ran again after ${Math.round(nearest)} ms`);
      const everyMs = name.startsWith("portal-http") ? 300_000 : 60_000;
      // One at the start, and one more when the time of day turns out to have been wrong: a run's place in its interval moves with it.
      const most = (toMs - fromMs) / everyMs + 3;
      promise(runs.length <= most, `${name} ran ${runs.length} times in ${Math.round((toMs - fromMs) / 1_000)} s`);
    }
  }
}

/** Somebody else saw it, too: each run at a portal is dated when that portal was asked. */
function promiseVisits({ visits }: ClockBench, rows: readonly Row[]): void {
  for (const { seq, takenMs, told } of rows) {
    if (told.probe !== "portal-http" || told.outcome.kind !== "measured") continue;
    const own = visits.filter(({ portal }) => portal === told.target).map(({ atMs }) => Math.abs(atMs - takenMs));
    promise(Math.min(...own) <= OK_MS + SEEN_MS, `number ${seq} is dated ${Math.min(...own)} ms from the nearest visit of ${told.target}`);
  }
}
