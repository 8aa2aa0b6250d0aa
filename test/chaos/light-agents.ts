import { setTimeout as sleep } from "node:timers/promises";
import { ClockWatch } from "../../agent/clock-state.ts";
import { CollectorClient, type CollectorReply, type CollectorRequest } from "../../agent/uplink/collector-client.ts";
import { Uplink } from "../../agent/uplink/uplink.ts";
import type { LoadAgent } from "../bench/load-agents.ts";
import { LightSpool, type Tell } from "./light-spool.ts";

/** One request of one agent; `status` 0 is no answer. */
export type Attempt = { readonly agent: number; readonly atMs: number; readonly elapsedMs: number; readonly status: number };
export type LightAgents = {
  readonly attempts: Attempt[];
  readonly spools: readonly LightSpool[];
  /** No agent takes a further observation; what waits is still delivered. */
  hush(): void;
  stop(): Promise<void>;
};

type Options = {
  readonly url: string;
  readonly agents: readonly LoadAgent[];
  readonly chance: () => number;
  readonly splayMs: number;
  /** Observations that wait before the first one is taken. */
  readonly backlog?: number;
  /** Time between two observations of an agent, ms. */
  readonly everyMs: number;
  /** What they tell; the spool's own default otherwise. */
  readonly tell?: Tell;
};

/** The client that also writes down when each request began, how long it took and what came. */
class WatchedClient extends CollectorClient {
  readonly #tell: (attempt: Omit<Attempt, "agent">) => void;
  constructor(options: ConstructorParameters<typeof CollectorClient>[0], tell: (attempt: Omit<Attempt, "agent">) => void) {
    super(options);
    this.#tell = tell;
  }

  override async send(request: CollectorRequest): Promise<CollectorReply> {
    const atMs = Date.now();
    const beganMs = performance.now();
    const tell = (status: number) => this.#tell({ atMs, elapsedMs: performance.now() - beganMs, status });
    try {
      const reply = await super.send(request);
      tell(reply.status);
      return reply;
    } catch (error) {
      tell(0);
      throw error;
    }
  }
}

/** Many agents in this process: the real uplink and its retries, with spools in memory. Each takes an observation now and then, at a phase of its own. */
export function startLightAgents({ url, agents, chance, splayMs, backlog = 0, everyMs, tell }: Options): LightAgents {
  const stop = new AbortController();
  const silence = new AbortController();
  const quiet = AbortSignal.any([stop.signal, silence.signal]);
  const attempts: Attempt[] = [];
  const startMs = Date.now();
  const begun = performance.now();
  const readClock = () => ({ wallMs: Date.now(), steadyMs: performance.now() - begun + 1e9 });
  const parts = agents.map(({ agent, key }, index) => {
    const spool = new LightSpool({ stream: (0x1000_0000 + index).toString(16).padStart(16, "0"), backlog, startMs, stepMs: everyMs, ...(tell && { tell }) });
    const client = new WatchedClient({ url, signer: { agent, key }, version: "chaos" }, (attempt) => void attempts.push({ ...attempt, agent: index }));
    const uplink = new Uplink({ spool, client, clock: new ClockWatch(), readClock, bootId: "light", log: () => undefined, chance, splayMs });
    return { spool, uplink, phaseMs: chance() * everyMs };
  });
  const running = parts.map(async ({ spool, uplink, phaseMs }) => {
    const sending = uplink.run(stop.signal);
    await sleep(phaseMs, undefined, { signal: quiet }).catch(() => undefined);
    while (!quiet.aborted) {
      spool.append(Date.now());
      uplink.notify();
      await sleep(everyMs, undefined, { signal: quiet }).catch(() => undefined);
    }
    await sending;
  });
  return {
    attempts,
    spools: parts.map(({ spool }) => spool),
    hush: () => silence.abort(),
    stop: async () => {
      stop.abort();
      await Promise.all(running);
    },
  };
}
