import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { uptime } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { writeFileAtomic } from "./atomic-file.ts";
import type { ClockReading } from "./clock-state.ts";

const BootMark = z.object({ bootId: z.string().max(40), wallMs: z.number(), steadyMs: z.number() });
/** Two starts belong to one boot when the clocks agree this well, ms. */
const SAME_BOOT_MS = 120_000;

/** The clock that counts from boot and goes on while this PC sleeps. */
export function steadyMs(): number {
  return uptime() * 1_000;
}

/** Both clocks of this PC now. */
export function readClock(): ClockReading {
  return { wallMs: Date.now(), steadyMs: steadyMs() };
}

/** Name of this boot of the PC. Linux has one; elsewhere the agent draws its own and keeps it as long as both clocks fit. */
export function readBootId(dataDir: string, now: ClockReading): string {
  try {
    return readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim().slice(0, 40);
  } catch {
    return ownBootId(join(dataDir, "boot.json"), now);
  }
}

/** The name that the agent drew for this boot in `file`, a new one after a restart of the PC. */
export function ownBootId(file: string, now: ClockReading): string {
  const mark = readMark(file);
  const isSame = mark !== undefined && now.steadyMs >= mark.steadyMs && Math.abs(now.wallMs - mark.wallMs - (now.steadyMs - mark.steadyMs)) < SAME_BOOT_MS;
  if (isSame) return mark.bootId;
  const bootId = randomUUID();
  try {
    writeFileAtomic(file, JSON.stringify({ bootId, ...now }));
  } catch {
    // A disk that does not take it costs the next start of this boot another name, and the agent goes on.
  }
  return bootId;
}

function readMark(file: string): z.infer<typeof BootMark> | undefined {
  try {
    return BootMark.safeParse(JSON.parse(readFileSync(file, "utf8"))).data;
  } catch {
    return undefined;
  }
}
