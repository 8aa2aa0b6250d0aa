import { cpus } from "node:os";

/** What all cores of this PC have done since it started, ms. */
export type CpuTimes = { readonly idle: number; readonly total: number };

/** The same as of now; zeros where the system tells none. */
export function cpuTimes(): CpuTimes {
  const times = cpus().map((cpu) => cpu.times);
  const idle = times.reduce((sum, time) => sum + time.idle, 0);
  return { idle, total: times.reduce((sum, { user, nice, sys, idle: rest, irq }) => sum + user + nice + sys + rest + irq, 0) };
}

/** Busy share of all cores between two readings; undefined where the system tells no times. Pure. */
export function busyShare(before: CpuTimes, after: CpuTimes): number | undefined {
  const total = after.total - before.total;
  return total > 0 ? 1 - (after.idle - before.idle) / total : undefined;
}
