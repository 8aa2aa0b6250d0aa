import { readdirSync, readFileSync } from "node:fs";

/** CPU time of one process without its children, us; 0 when it is gone. */
export function cpuUsOf(pid: number): number {
  const stat = statOf(pid);
  return stat ? stat.own * TICK_US : 0;
}

/** CPU time of a process and of its children, living and ended, us: of a postmaster with its backends, of a server with its workers. */
export function treeCpuUs(root: number): number {
  const ticks = allPids().map((pid) => {
    const stat = statOf(pid);
    if (!stat) return 0;
    if (pid === root) return stat.own + stat.ended;
    return stat.parent === root ? stat.own : 0;
  });
  return ticks.reduce((sum, value) => sum + value, 0) * TICK_US;
}

/** The memory that a process has now, bytes: what it shares with others by its share (proc(5), smaps_rollup, Pss). 0 when it is gone. */
export function memoryOf(pid: number): number {
  try {
    return Number(/^Pss:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, "utf8"))?.[1] ?? 0) * 1_024;
  } catch {
    return 0;
  }
}

/** The memory of a process and of its children, bytes. */
export function treeMemoryOf(root: number): number {
  const tree = allPids().filter((pid) => pid === root || statOf(pid)?.parent === root);
  return tree.reduce((sum, pid) => sum + memoryOf(pid), 0);
}

/** The most memory that a process ever held, bytes. */
export function peakMemoryOf(pid: number): number {
  return Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) * 1_024;
}

/** Linux counts CPU time in hundredths of a second. */
const TICK_US = 10_000;

function allPids(): number[] {
  return readdirSync("/proc").map(Number).filter(Number.isInteger);
}

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
