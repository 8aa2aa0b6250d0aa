import { setTimeout as sleep } from "node:timers/promises";
import { vietnamDay, vietnamDayStartMs } from "#schemas/calendar.ts";
import { type Collector, createCollector, DEMO_KEY } from "../collector.ts";
import type { CollectorConfig } from "../config.ts";
import type { Acceptor } from "../ingest/accept.ts";
import type { Log } from "../log.ts";
import { loadPolicy } from "../policy-files.ts";
import { trustClock } from "../store/clock-proof.ts";
import { countSites, type DemoState, readDemoState, writeDemoState } from "../store/demo-state.ts";
import { migrate } from "../store/migrate.ts";
import type { Store } from "../store/open.ts";
import { putSetting } from "../store/settings.ts";
import { StoreError } from "../store/store-error.ts";
import { enrolDemoAgents } from "./demo-agents.ts";
import { type Made, makeHistory, type Scenario, speak } from "./history.ts";
import { demoProvince } from "./province.ts";
import { demoStory } from "./story.ts";

const DAY_MS = 86_400_000;
const LIVE_EVERY_MS = 30_000;
/** A demo that was not running for longer than this has a hole instead of a catch-up. */
const CATCH_UP_MAX_MS = 6 * 3_600_000;

export type DemoSize = { readonly seed: number; readonly centres: number; readonly days: number };
export type DemoSettings = {
  readonly config: CollectorConfig;
  readonly store: Store;
  readonly log: Log;
  readonly size: DemoSize;
  readonly nowMs: number;
  readonly stop: AbortSignal;
  readonly onStep: (made: Made) => void;
};
/** A province with its history, ready to be served and to go on. */
export type Demo = {
  readonly complete: boolean;
  readonly resumed: boolean;
  /** Vietnam day at which this start began. */
  readonly fromDay: string;
  /** Lets the province live on, beside the collector that serves it. */
  readonly live: (collector: Collector, stop: AbortSignal) => Promise<void>;
};

/**
 * Makes the simulated province in an empty database, or goes on with the one that an earlier run left there.
 * @throws StoreError when the database holds real centres.
 */
export async function makeDemo({ config, store, log, size, nowMs, stop, onStep }: DemoSettings): Promise<Demo> {
  const { db } = store;
  await migrate(db, nowMs, { storage: config.storage });
  const earlier = await readDemoState(db);
  const real = earlier ? 0 : await countSites(db);
  if (real > 0) throw new StoreError("store.real_centres", { count: real });
  await putSetting(db, DEMO_KEY, true);

  const state = earlier ?? newState(size, nowMs);
  const { policy, calendar } = loadPolicy(config.policy, state.anchorMs);
  const province = demoProvince(state.seed, state.centres);
  const story = demoStory(state.seed, state.anchorMs, state.days, calendar, province, policy.portals[0]?.id ?? "");
  const agents = await enrolDemoAgents(db, story, province, story.startMs);
  const scenario: Scenario = { story, province, policy, agents };

  let clockMs = state.throughMs;
  const collector = await createCollector({ config, store, clock: () => clockMs, log });
  const complete = await makeHistory(
    {
      db,
      accept: collector.accept,
      judge: collector.judge,
      upkeep: collector.upkeep,
      countDays: collector.countDays,
      setClock: (atMs) => {
        clockMs = atMs;
      },
      stop,
      onStep,
    },
    scenario,
    state,
  );
  await collector.drain();
  // Simulated agents tell no clock of theirs, and a demo may be started again after months.
  if (complete) await trustClock(db, nowMs, true);
  return {
    complete,
    resumed: earlier !== undefined,
    fromDay: vietnamDay(state.throughMs),
    live: (served, end) => goOn({ store, log, scenario, accept: served.accept, stop: end }),
  };
}

function newState({ seed, centres, days }: DemoSize, nowMs: number): DemoState {
  return { seed, centres, days, anchorMs: nowMs, throughMs: vietnamDayStartMs(vietnamDay(nowMs - days * DAY_MS)), next: {} };
}

type Living = { readonly store: Store; readonly log: Log; readonly scenario: Scenario; readonly accept: Acceptor; readonly stop: AbortSignal };

/** Goes on in real time: twice a minute the agents say what they saw since. What could not be said is said the next time. */
async function goOn({ store: { db }, log, scenario, accept, stop }: Living): Promise<void> {
  while (!stop.aborted) {
    const state = await readDemoState(db);
    if (!state) return;
    const toMs = Date.now();
    const fromMs = Math.max(state.throughMs, toMs - CATCH_UP_MAX_MS);
    const said = await speak(accept, scenario, state, fromMs, toMs).catch((error: unknown) => {
      log.warn({ err: error }, "the simulated agents could not speak; they try again");
      return undefined;
    });
    if (said) await writeDemoState(db, { ...state, throughMs: toMs, next: said.next });
    await sleep(LIVE_EVERY_MS, undefined, { signal: stop }).catch(() => undefined);
  }
}
