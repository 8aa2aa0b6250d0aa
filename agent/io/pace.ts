import { setTimeout as sleep } from "node:timers/promises";
import { DeviceError } from "./device-error.ts";

/** Waits until the next request may go out. @throws DeviceError timeout when the run ends before */
export type Pace = (signal: AbortSignal) => Promise<void>;

/** No limit: for one-off runs by hand and for tests. */
export const unpaced: Pace = async () => {};

/** At most `perSecond` requests, evenly spread: recorders of small sites stall under bursts. */
export function createPace(perSecond: number): Pace {
  const spacingMs = 1000 / perSecond;
  let nextMs = 0;
  return async (signal) => {
    const nowMs = performance.now();
    const dueMs = Math.max(nowMs, nextMs);
    nextMs = dueMs + spacingMs;
    // Timers are no finer; what is not waited for now is waited for with the next requests.
    if (dueMs - nowMs > 2) await sleep(dueMs - nowMs, undefined, { signal }).catch(ended);
  };
}

function ended(cause: unknown): never {
  throw new DeviceError("timeout", "the time for this device was over before it could be asked everything", { cause });
}
