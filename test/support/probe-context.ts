import { createIo, type Io } from "../../agent/io/io.ts";
import type { ProbeContext } from "../../agent/probe.ts";
import type { RunContext } from "../../agent/runner.ts";

/** A probe's surroundings for tests: the real clients unless `io` replaces some, a memory of this call, a deadline of 15 s. */
export function probeContext({ io, ...over }: Partial<Omit<ProbeContext, "io">> & { readonly io?: Partial<Io> } = {}): ProbeContext & RunContext {
  const memory = new Map<string, unknown>();
  return {
    signal: AbortSignal.timeout(15_000),
    fetch,
    mayReach: () => true,
    memory: { get: (key) => memory.get(key), set: (key, value) => void memory.set(key, value) },
    log: () => {},
    nowMs: Date.now,
    trustedMs: Date.now,
    steadyMs: () => performance.now(),
    ...over,
    io: { ...createIo(), ...io },
  };
}
