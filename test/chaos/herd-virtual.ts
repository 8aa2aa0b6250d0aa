import { type Answer, stepAfter } from "../../agent/uplink/retry.ts";
import { EventQueue } from "../support/event-queue.ts";
import { percentile, promise, type Scenario } from "./scenario.ts";

const AGENTS = 3_300;
const OUTAGE_MS = 600_000;
const CURRENT_WITHIN_MS = 300_000;
const EVERY_MS = 30_000;
/** An uplink gives an answer up after this silence (agent/uplink/collector-client.ts). */
const SILENCE_MS = 10_000;
/** Batches that the modelled collector commits in a second: less than twice what 3,300 agents send on an ordinary day, two a minute each. */
const BATCHES_PER_S = 200;
/** As collector/ingest/ingest-queue.ts: observations that may wait, and when a sender that finds it full may come again. */
const QUEUED_MAX = 50_000;
const retryAfterS = (queued: number) => Math.ceil(5 + (10 * queued) / QUEUED_MAX);

type Sender = { attempt: number; waitingSinceMs: number; firstSuccessMs: number | undefined };

/**
 * T9 in virtual time: the agents' real rules of retrying against a model of the collector, which is away for ten minutes, comes back, and commits
 * 200 batches a second. Costs a second instead of a quarter of an hour and follows from its seed; `herd` is the same with real programs.
 */
export const herdVirtual: Scenario = async ({ chance }) => {
  const events = new EventQueue<number>();
  const senders: Sender[] = Array.from({ length: AGENTS }, () => ({ attempt: 0, waitingSinceMs: 0, firstSuccessMs: undefined }));
  for (let agent = 0; agent < AGENTS; agent++) events.add(chance() * EVERY_MS, agent);
  const arrivals = new Map<number, number>();
  const seen: Record<string, number> = {};
  let [freeAtMs, slowestMs] = [0, 0];

  const answerTo = (nowMs: number, observations: number): { answer: Answer; tookMs: number } => {
    if (nowMs < OUTAGE_MS) return { answer: { kind: "no_answer" }, tookMs: 0 };
    const queued = Math.max(0, ((freeAtMs - nowMs) / 1_000) * BATCHES_PER_S * observations);
    if (queued + observations > QUEUED_MAX) return { answer: { kind: "status", status: 429, retryAfterS: retryAfterS(queued) }, tookMs: 1 };
    freeAtMs = Math.max(freeAtMs, nowMs) + 1_000 / BATCHES_PER_S;
    const tookMs = freeAtMs - nowMs;
    return tookMs > SILENCE_MS ? { answer: { kind: "no_answer" }, tookMs: SILENCE_MS } : { answer: { kind: "status", status: 200 }, tookMs };
  };

  for (let next = events.next(); next !== undefined && next.atMs < OUTAGE_MS + CURRENT_WITHIN_MS; next = events.next()) {
    const { atMs, event: agent } = next;
    const sender = senders[agent];
    if (!sender) continue;
    const observations = Math.max(1, Math.floor((atMs - sender.waitingSinceMs) / EVERY_MS));
    const { answer, tookMs } = answerTo(atMs, observations);
    const step = stepAfter(answer, { attempt: sender.attempt, chance: chance() });
    if (atMs >= OUTAGE_MS) {
      const second = Math.floor(atMs / 1_000);
      arrivals.set(second, (arrivals.get(second) ?? 0) + 1);
      const status = answer.kind === "status" ? String(answer.status) : "none";
      seen[status] = (seen[status] ?? 0) + 1;
      slowestMs = Math.max(slowestMs, tookMs);
    }
    if (step.do === "settle") {
      sender.attempt = 0;
      sender.waitingSinceMs = atMs;
      sender.firstSuccessMs ??= atMs + tookMs - OUTAGE_MS;
      events.add(atMs + tookMs + EVERY_MS, agent);
    } else {
      sender.attempt++;
      events.add(atMs + tookMs + (step.do === "wait" ? step.waitMs : 0), agent);
    }
  }
  return judged(senders, arrivals, seen, slowestMs);
};

function judged(senders: readonly Sender[], arrivals: ReadonlyMap<number, number>, seen: Readonly<Record<string, number>>, slowestMs: number) {
  const successes = senders.flatMap(({ firstSuccessMs }) => (firstSuccessMs === undefined ? [] : [firstSuccessMs]));
  const meanPerS = [...arrivals.values()].reduce((sum, count) => sum + count, 0) / (CURRENT_WITHIN_MS / 1_000);
  const peak = Math.max(...arrivals.values()) / meanPerS;
  promise(
    successes.length === senders.length,
    `${successes.length} of ${senders.length} agents are current after five minutes; answers ${JSON.stringify(seen)}`,
  );
  promise(
    Object.keys(seen).every((status) => ["200", "429", "503"].includes(status)),
    `answers ${JSON.stringify(seen)}`,
  );
  promise(peak <= 3, `${peak.toFixed(1)} x the mean in the busiest second`);
  promise(slowestMs <= SILENCE_MS, `a request took ${(slowestMs / 1_000).toFixed(1)} s`);
  return {
    agents: senders.length,
    virtual: true,
    allCurrentAfterS: Math.round(Math.max(...successes) / 1_000),
    halfCurrentAfterS: Math.round(percentile(successes, 0.5) / 1_000),
    answers: seen,
    busiestSecondOverMean: Number(peak.toFixed(2)),
    slowestRequestS: Number((slowestMs / 1_000).toFixed(2)),
  };
}
