import { z } from "zod";
import type { DeviceIdentity } from "../io/onvif.ts";

/**
 * By how much a recorder's labels are ahead of UTC (fields/cameras.md §5: on many firmwares "Z" means local time). Pure; all times in ms.
 * One moment cannot always tell: a channel that ends at "now" records by one reading, and stopped by the other as long ago as the zone is wide.
 */

/** The ends of the newest recordings by channel, as labelled, and when they were asked for. */
const Seen = z.object({ atMs: z.number(), ends: z.record(z.string(), z.number()) });
export type Seen = z.infer<typeof Seen>;

/** What earlier visits found out: the proven offset, or what they saw when nothing was proven. Holds for one device with one firmware. */
const LabelMemory = z.object({
  serial: z.string().optional(),
  firmware: z.string().optional(),
  offsetMs: z.number().optional(),
  seen: Seen.optional(),
});
export type LabelMemory = z.infer<typeof LabelMemory>;

/** Under which key the labels of a device are kept. */
export function labelKey(device: string): string {
  return `labels/${device}`.slice(0, 256);
}

/** Reads what earlier visits left; another device, another firmware or anything odd counts as nothing. */
export function readLabelMemory(raw: unknown, { serial, firmware }: DeviceIdentity): LabelMemory {
  const { data } = LabelMemory.safeParse(raw);
  return data && data.serial === serial && data.firmware === firmware ? data : { serial, firmware };
}

/** The memory after a visit: what was proven stays until something else is. */
export function rememberLabels(before: LabelMemory, { learntMs, seen }: Pick<Labels, "learntMs" | "seen">): LabelMemory {
  const { serial, firmware } = before;
  const offsetMs = learntMs ?? before.offsetMs;
  return { serial, firmware, ...(offsetMs === undefined ? { seen } : { offsetMs }) };
}

/** How labels are read in a visit. */
export type Labels = {
  readonly offsetMs: number;
  /** `only`: such devices know no other; `guessed`: nothing proves it and nothing is remembered. */
  readonly basis: "only" | "proven" | "remembered" | "guessed";
  /** Other offsets that what was seen fits as well; while there are any, a verdict stands only if it is the same by all. */
  readonly rivals: readonly number[];
  /** The offset that this visit proved. */
  readonly learntMs: number | undefined;
  readonly seen: Seen;
};

export type LabelLimits = {
  /** How old the newest recording of a running channel may be. */
  readonly freshMs: number;
  /** How far a device's clock may be ahead. */
  readonly aheadMs: number;
};

/** Offsets that nothing speaks against: no recording ends in the future, and what grew since an earlier look does not end long before that look. */
export function possibleOffsets(offsets: readonly number[], seen: Seen, earlier: Seen | undefined, { freshMs, aheadMs }: LabelLimits): number[] {
  return offsets.filter((offsetMs) =>
    Object.entries(seen.ends).every(([channel, endMs]) => {
      const beforeMs = earlier?.ends[channel];
      const isTooOld = earlier !== undefined && beforeMs !== undefined && endMs > beforeMs && endMs - offsetMs < earlier.atMs - freshMs;
      return endMs - offsetMs <= seen.atMs + aheadMs && !isTooOld;
    }),
  );
}

/** Decides by what was seen now and earlier, else by what is remembered; else guesses, and names the rivals. */
export function settleLabels(offsets: readonly number[], seen: Seen, earlier: Seen | undefined, rememberedMs: number | undefined, limits: LabelLimits): Labels {
  const possible = possibleOffsets(offsets, seen, earlier, limits);
  const [only] = possible;
  if (only !== undefined && possible.length === 1) return { offsetMs: only, basis: "proven", rivals: [], learntMs: only, seen };
  // Where something speaks against each of them, some recording is mislabelled: that proves nothing.
  const open = possible.length > 0 ? possible : offsets;
  const looksRunning = (offsetMs: number) =>
    Object.values(seen.ends).some((endMs) => endMs - offsetMs >= seen.atMs - limits.freshMs && endMs - offsetMs <= seen.atMs + limits.aheadMs);
  if (rememberedMs !== undefined && offsets.includes(rememberedMs)) {
    // A recorder that was set to other labels looks by the old ones as if it had stopped.
    const rivals = open.filter((offsetMs) => offsetMs !== rememberedMs && looksRunning(offsetMs));
    return { offsetMs: rememberedMs, basis: "remembered", rivals, learntMs: undefined, seen };
  }
  const offsetMs = open.find(looksRunning) ?? open.at(-1) ?? 0;
  return { offsetMs, basis: "guessed", rivals: open.filter((other) => other !== offsetMs), learntMs: undefined, seen };
}

/** What a second look in the same visit adds to the first: growth proves, and without it what is remembered stands. */
export function confirmedBy(first: Labels, again: Labels): Labels {
  const seen = { atMs: first.seen.atMs, ends: { ...first.seen.ends, ...again.seen.ends } };
  if (again.basis === "proven" && again.offsetMs !== first.offsetMs)
    // All was asked for by the offset that is wrong: the next visit has the right one.
    return { ...first, basis: "guessed", rivals: [again.offsetMs], learntMs: again.learntMs, seen };
  if (again.basis === "proven") return { ...again, seen };
  return first.basis === "remembered" ? { ...first, rivals: [], seen } : { ...first, seen };
}
