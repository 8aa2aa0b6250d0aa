import type { StateChange } from "../io/onvif-search.ts";
import type { Interval } from "./recorder.ts";

/**
 * Turns "data present" changes into intervals, per track, then joined: a channel has data when any of its video tracks has.
 * A change of the start state stands for "since before the window". The open last interval ends at `openEndMs`, the newest
 * data that the device claims. Does no I/O.
 */
export function intervalsOf(changes: readonly StateChange[], openEndMs: number): Interval[] {
  const tracks = new Map<string, StateChange[]>();
  for (const change of changes) {
    const key = change.track ?? "";
    const list = tracks.get(key);
    if (list) list.push(change);
    else tracks.set(key, [change]);
  }
  return [...tracks.values()].flatMap((list) => intervalsOfTrack(list, openEndMs));
}

function intervalsOfTrack(changes: StateChange[], openEndMs: number): Interval[] {
  const ordered = changes.toSorted((a, b) => a.atMs - b.atMs || Number(a.present) - Number(b.present));
  const intervals: Interval[] = [];
  let sinceMs: number | undefined;
  for (const { atMs, present } of ordered) {
    if (present) sinceMs ??= atMs;
    else if (sinceMs !== undefined) {
      if (atMs > sinceMs) intervals.push({ startMs: sinceMs, endMs: atMs });
      sinceMs = undefined;
    }
  }
  if (sinceMs !== undefined && openEndMs > sinceMs) intervals.push({ startMs: sinceMs, endMs: openEndMs });
  return intervals;
}
