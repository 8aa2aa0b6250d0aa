import { vietnamDay } from "#schemas/calendar.ts";
import type { PolicyProfile } from "#schemas/policy.ts";
import type { Acceptor } from "../ingest/accept.ts";
import type { Judge } from "../jobs/judge.ts";
import { addAttestations } from "../store/attestations.ts";
import type { Db } from "../store/db.ts";
import { type DemoState, writeDemoState } from "../store/demo-state.ts";
import { addWaivers } from "../store/waivers.ts";
import { demoAttestations, demoWaivers } from "./declarations.ts";
import type { CentreProfile } from "./profile.ts";
import { type DemoAgent, sendObservations } from "./senders.ts";
import { simulate } from "./simulate.ts";
import { historySteps } from "./steps.ts";
import type { Story } from "./story.ts";

/** What history is made with: the collector's own door, judge and upkeep, under a clock that this module moves. */
export type HistoryTools = {
  readonly db: Db;
  readonly accept: Acceptor;
  readonly judge: Judge;
  readonly upkeep: () => Promise<void>;
  readonly countDays: () => Promise<void>;
  readonly setClock: (nowMs: number) => void;
  readonly stop: AbortSignal;
  readonly onStep: (done: Made) => void;
};
/** How far history has come. */
export type Made = { readonly share: number; readonly day: string; readonly observations: number; readonly readings: number };

export type Scenario = {
  readonly story: Story;
  readonly province: readonly CentreProfile[];
  readonly policy: PolicyProfile;
  readonly agents: readonly DemoAgent[];
};

/**
 * Lets the virtual clock run from where the state stands to the moment of the demo: agents speak, people declare, the judge judges, upkeep keeps.
 * After each step the state is stored, so that a run that was stopped goes on later. Gives false when it was told to stop.
 */
export async function makeHistory(tools: HistoryTools, scenario: Scenario, state: DemoState): Promise<boolean> {
  const { story, province, policy, agents } = scenario;
  const attestations = demoAttestations(story, province, policy);
  const waivers = demoWaivers(story, province, policy);
  let observations = 0;
  let readings = 0;
  let current = state;
  for (const toMs of historySteps(story, state.throughMs)) {
    if (tools.stop.aborted) return false;
    tools.setClock(toMs);
    const fromMs = current.throughMs;
    const declared = new Set<string>();
    const words = attestations.filter(({ at }) => isWithin(at, fromMs, toMs));
    await addAttestations(tools.db, words, toMs);
    for (const { centre } of words) declared.add(centre);
    for (const waiver of waivers.filter(({ from }) => isWithin(`${from}T00:00:00Z`, fromMs, toMs))) {
      await addWaivers(tools.db, [waiver], toMs);
      declared.add(waiver.centre);
    }
    const sent = await speak(tools.accept, scenario, current, fromMs, toMs);
    observations += sent.observations;
    readings += sent.readings;
    await tools.judge.drain();
    // What people said touches no probe, so the judge is told whom it concerns; then it looks for what time alone has changed.
    for (const { profile, sender } of agents) if (declared.has(profile.centre.code)) await tools.judge.judge(sender.siteId, "all", toMs, false);
    await tools.judge.tick(toMs);
    if (vietnamDay(toMs) !== vietnamDay(fromMs)) await tools.upkeep();
    current = { ...current, throughMs: toMs, next: sent.next };
    await writeDemoState(tools.db, current);
    tools.onStep({ share: (toMs - story.startMs) / (story.anchorMs - story.startMs), day: vietnamDay(toMs), observations, readings });
  }
  await tools.upkeep();
  await tools.countDays();
  return true;
}

/** Lets all agents say what they saw in [fromMs, toMs); gives the numbers that their streams have reached. */
export async function speak(accept: Acceptor, { story, policy, agents }: Scenario, state: DemoState, fromMs: number, toMs: number) {
  const portals = policy.portals.map(({ id }) => id);
  const next = { ...state.next };
  let observations = 0;
  let readings = 0;
  await Promise.all(
    agents.map((agent) => {
      const seen = simulate(agent.profile, story, fromMs, toMs, portals);
      observations += seen.length;
      for (const { outcome } of seen) if (outcome.kind === "measured") readings += outcome.readings.length;
      return seen.length === 0 ? undefined : sendObservations(accept, agent, seen, next, toMs);
    }),
  );
  return { next, observations, readings };
}

function isWithin(at: string, fromMs: number, toMs: number): boolean {
  const atMs = Date.parse(at);
  return atMs >= fromMs && atMs < toMs;
}
