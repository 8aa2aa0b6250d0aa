import { setInterval as ticks } from "node:timers/promises";
import type { Logger } from "./logger.ts";

/** Something that the agent does again and again. */
export type Duty = {
  /** For the log, when it fails. */
  readonly name: string;
  readonly everyTicks: number;
  /** The first tick at which it is done; the very first is 0. */
  readonly firstTick: number;
  readonly run: () => void;
};

/** Does each duty at its ticks until `stop` aborts. One that throws is logged and done again at its next tick; the others do not notice. */
export async function keepTicking(duties: readonly Duty[], { tickMs, log }: { tickMs: number; log: Pick<Logger, "error"> }, stop: AbortSignal): Promise<void> {
  let tick = 0;
  try {
    for await (const _ of ticks(tickMs, undefined, { signal: stop })) {
      for (const duty of duties) if (tick >= duty.firstTick && (tick - duty.firstTick) % duty.everyTicks === 0) attempt(duty, log);
      tick++;
    }
  } catch (error) {
    if (!stop.aborted) throw error;
  }
}

/** Does a duty once and logs what it throws. */
export function attempt({ name, run }: Pick<Duty, "name" | "run">, log: Pick<Logger, "error">): void {
  try {
    run();
  } catch (error) {
    log.error("a part of the agent failed; the agent goes on", { part: name, error: String(error) });
  }
}
