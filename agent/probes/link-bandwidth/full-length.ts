import type { ProbeMemory } from "../../probe.ts";
import type { DirectionResult } from "./direction.ts";

const KEY = "full-length";
/** Of the lease's bytes a direction that has to carry long takes so many parts, and any other one part. */
const FULL_LENGTH_PARTS = 3;

/** Whether a short test would say nothing of this line: the last full-length one did not pass, or the rate fell in a short one since. */
export function asksFullLength(memory: ProbeMemory): boolean {
  return memory.get(KEY) === true;
}

/** Keeps what a test of the directions with a floor says about the next one. */
export function rememberFullLength(memory: ProbeMemory, held: readonly Pick<DirectionResult, "decision" | "estimate" | "passMs">[]): void {
  const hasPassed = held.every(({ decision }) => decision.verdict === "pass");
  const wasFullLength = held.length > 0 && held.every(({ passMs }) => passMs !== undefined);
  const asks = !hasPassed && (wasFullLength || held.some(({ estimate }) => estimate.fell !== undefined));
  if (wasFullLength ? asks !== asksFullLength(memory) : asks) memory.set(KEY, asks);
}

/** Pure. How much of the bytes that are left the first of `directions` may use, so that the next one is not starved. */
export function bytesOfFirst(bytesLeft: number, directions: readonly { readonly passMs: number | undefined }[]): number {
  const parts = directions.map(({ passMs }) => (passMs === undefined ? 1 : FULL_LENGTH_PARTS));
  return (bytesLeft * (parts[0] ?? 1)) / parts.reduce((sum, part) => sum + part, 0);
}
