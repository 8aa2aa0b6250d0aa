import { getHeapStatistics } from "node:v8";
import { mutate, type Random } from "../support/recorder/mutate.ts";
import { damageBytes } from "./damage-bytes.ts";
import type { FuzzTarget } from "./fuzz-target.ts";

export const CASE_MS_MAX = 50;
export const CASE_BYTES_MAX = 32 * 1024 * 1024;

export type FuzzFigures = { readonly cases: number; readonly refused: number; readonly slowestMs: number; readonly largestBytes: number };
/** A parser let something escape, took too long or too much. The message holds the input as base64. */
export class FuzzFailure extends Error {
  override readonly name = "FuzzFailure";
}

/** Feeds a parser damaged input. Time is this thread's processor time, so a busy machine fails nothing. @throws FuzzFailure */
export async function runTarget(target: FuzzTarget, cases: number, random: Random): Promise<FuzzFigures> {
  let [refused, slowestMs, largestBytes] = [0, 0, 0];
  for (let index = 0; index < cases; index++) {
    const input = damaged(target.samples[index % target.samples.length] ?? Buffer.alloc(0), random);
    const before = { heap: usedBytes(), cpu: process.threadCpuUsage() };
    if (await refuses(target, input)) refused++;
    const { user, system } = process.threadCpuUsage(before.cpu);
    const took = { ms: (user + system) / 1_000, bytes: usedBytes() - before.heap };
    slowestMs = Math.max(slowestMs, took.ms);
    largestBytes = Math.max(largestBytes, took.bytes);
    if (took.ms > CASE_MS_MAX && (await slowAgain(target, input))) throw failure(target, input, `took ${took.ms.toFixed(0)} ms`);
    if (took.bytes > CASE_BYTES_MAX) throw failure(target, input, `took ${(took.bytes / 2 ** 20).toFixed(0)} MiB`);
  }
  return { cases, refused, slowestMs, largestBytes };
}

/** True when the parser says that the input is not valid, in the way in which it may. */
async function refuses({ parse, throws = [], ...target }: FuzzTarget, input: Buffer): Promise<boolean> {
  try {
    // Most parsers answer at once: waiting for those would cost more than they do.
    const answer = parse(input);
    if (answer instanceof Promise) await answer;
    return false;
  } catch (error) {
    if (throws.some((kind) => error instanceof kind)) return true;
    throw failure({ ...target }, input, error instanceof Error ? (error.stack ?? error.message) : String(error));
  }
}

/** A collection of garbage or the compiler may fall into one case; the input itself is slow each time. */
async function slowAgain(target: FuzzTarget, input: Buffer): Promise<boolean> {
  for (let turn = 0; turn < 3; turn++) {
    const before = process.threadCpuUsage();
    await refuses(target, input);
    const { user, system } = process.threadCpuUsage(before);
    if ((user + system) / 1_000 <= CASE_MS_MAX) return false;
  }
  return true;
}

function damaged(sample: Buffer, random: Random): Buffer {
  if (random() < 0.5) return damageBytes(sample, random);
  return Buffer.from(mutate(sample.toString("latin1"), random), "latin1");
}

function usedBytes(): number {
  const { used_heap_size: heap, external_memory: external } = getHeapStatistics();
  return heap + external;
}

function failure({ name }: Pick<FuzzTarget, "name">, input: Buffer, what: string): FuzzFailure {
  return new FuzzFailure(`${name}: ${what}\ninput (base64): ${input.toString("base64").slice(0, 4_000)}`);
}
