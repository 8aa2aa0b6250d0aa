import type { AgentConfig } from "#schemas/agent-config.ts";
import type { Logger } from "./logger.ts";
import { pause } from "./pause.ts";

/** What keeping the configuration needs of the agent. */
export type Configured = {
  /** Asks the collector; undefined when there is nothing to be had. */
  readonly fetch: (stop: AbortSignal) => Promise<AgentConfig | undefined>;
  readonly use: (config: AgentConfig) => void;
  readonly renewKey: (stop: AbortSignal) => Promise<void>;
  readonly log: Pick<Logger, "error">;
  /** Replaced in tests. */
  readonly wait?: typeof pause;
};

const EVERY_MS = 300_000;
const RETRY_MS = 30_000;

/** Asks for the configuration now and then until `stop` aborts; the last good one stays in use meanwhile. Never rejects: what fails is logged and tried again. */
export async function keepConfigured(agent: Configured, stop: AbortSignal): Promise<void> {
  const { wait = pause } = agent;
  while (!stop.aborted) {
    const isDone = await renew(agent, stop).catch((error: unknown) => {
      agent.log.error("the configuration could not be renewed; it is tried again", { error: String(error) });
      return false;
    });
    await wait((isDone ? EVERY_MS : RETRY_MS) * (0.8 + 0.4 * Math.random()), stop);
  }
}

/** Whether there was a configuration. */
async function renew({ fetch, use, renewKey }: Configured, stop: AbortSignal): Promise<boolean> {
  const config = await fetch(stop);
  if (config === undefined) return false;
  use(config);
  await renewKey(stop);
  return true;
}
