import { readdirSync, readFileSync } from "node:fs";

/** CPU time of one process without its children, us; 0 when it is gone. */
export function cpuUsOf(pid: number): number {
  const stat = statOf(pid);
  return stat ? stat.own * TICK_US : 0;
}

/** CPU time of a process and of its children, living and ended, us: of a postmaster with its backends, of a server with its workers. */
export function treeCpuUs(root: number): number {
  const ticks = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map((name) => {
      const stat = statOf(Number(name));
      if (!stat) return 0;
      if (Number(name) === root) return stat.own + stat.ended;
      return stat.parent === root ? stat.own : 0;
    });
  return ticks.reduce((sum, value) => sum + value, 0) * TICK_US;
}

/** The most memory that a process ever held, bytes. */
export function peakMemoryOf(pid: number): number {
  return Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) * 1_024;
}

/** Linux counts CPU time in hundredths of a second. */
const TICK_US = 10_000;

/** proc(5), /proc/PID/stat, behind the name in brackets. */
function statOf(pid: number): { parent: number; own: number; ended: number } | undefined {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
      .replace(/^.*\) /s, "")
      .split(" ")
      .map(Number);
    return { parent: fields[1] ?? 0, own: (fields[11] ?? 0) + (fields[12] ?? 0), ended: (fields[13] ?? 0) + (fields[14] ?? 0) };
  } catch {
    return undefined;
  }
}
