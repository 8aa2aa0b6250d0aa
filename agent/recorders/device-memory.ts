import { z } from "zod";
import { type Recorder, type RecorderChannel, type RecorderDisk, recorderMethods } from "./recorder.ts";

/** What runs learn about one recorder. Pure. */
export const DeviceMemory = z.object({
  method: z.enum(recorderMethods).optional(),
  firmware: z.string().optional(),
  serial: z.string().optional(),
  firstSeenMs: z.number().optional(),
  /** When each channel was first seen, ms. */
  channels: z.record(z.string(), z.number()),
  /** When its clock was last seen wrong, ms: what was recorded then stands elsewhere in its lists. */
  clockWrongMs: z.number().optional(),
  /** Disks of the last run: one fewer is a fault. */
  disks: z.number(),
  /** Free space, and when it was read, while the disks still fill. */
  freeBytes: z.number().optional(),
  freeAtMs: z.number().optional(),
});
export type DeviceMemory = z.infer<typeof DeviceMemory>;

/** Reads what an earlier run left; anything odd counts as nothing. */
export function readDeviceMemory(raw: unknown): DeviceMemory {
  const parsed = DeviceMemory.safeParse(raw);
  return parsed.success ? parsed.data : { channels: {}, disks: 0 };
}

/** The memory after a run. Free space is kept from one day to the next, so that growth is measured over a day at least. */
export function learnDevice(
  before: DeviceMemory,
  recorder: Recorder,
  disks: readonly RecorderDisk[] | undefined,
  nowMs: number,
  channels: readonly RecorderChannel[],
  isClockWrong: boolean,
): DeviceMemory {
  const { firmware, serial } = recorder.identity;
  const free = disks?.reduce((sum, disk) => sum + (disk.freeBytes ?? 0), 0);
  const keepFree = before.freeAtMs !== undefined && nowMs - before.freeAtMs < 86_400_000;
  const clockWrongMs = isClockWrong ? nowMs : before.clockWrongMs;
  const seen = channels.map(({ channel }): [string, number] => [channel.slice(0, 128), before.channels[channel] ?? nowMs]);
  const kept = keepFree ? { freeBytes: before.freeBytes, freeAtMs: before.freeAtMs } : free ? { freeBytes: free, freeAtMs: nowMs } : {};
  return {
    method: recorder.method,
    ...(firmware === undefined ? {} : { firmware }),
    ...(serial === undefined ? {} : { serial }),
    firstSeenMs: before.firstSeenMs ?? nowMs,
    channels: Object.fromEntries(seen),
    disks: disks?.length ?? before.disks,
    ...(clockWrongMs === undefined ? {} : { clockWrongMs }),
    ...kept,
  };
}
