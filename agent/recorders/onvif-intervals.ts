import type { StateChange } from "../io/onvif-search.ts";
import type { Interval } from "./recorder.ts";

/**
 * Turns "data present" changes into intervals, per track, then joined: a channel has data when any of its video tracks has.
 * A change of the start state stands for "since before the window". Where a device leaves that out, a first change to "absent" says that there was
 * data before it: since `openStartMs`, the oldest that the device claims; `beginsOpen` when it claims none. The open last interval ends at
 * `openEndMs`, the newest data that the device claims. Does no I/O.
 */
export function intervalsOf(
  changes: readonly StateChange[],
  openStartMs: number | undefined,
  openEndMs: number,
): { readonly intervals: Interval[]; readonly beginsOpen: boolean } {
  const tracks = new Map<string, StateChange[]>();
  for (const change of changes) {
    const key = change.track ?? "";
    const list = tracks.get(key);
    if (list) list.push(change);
    else tracks.set(key, [change]);
  }
  const ordered = [...tracks.values()].map((list) => list.toSorted((a, b) => a.atMs - b.atMs || Number(a.present) - Number(b.present)));
  const beginsOpen = openStartMs === undefined && ordered.some(([first]) => first !== undefined && endsUntold(first));
  return { intervals: ordered.flatMap((list) => intervalsOfTrack(list, openStartMs, openEndMs)), beginsOpen };
}

function endsUntold({ present, isStart }: StateChange): boolean {
  return !present && !isStart;
}

function intervalsOfTrack(ordered: readonly StateChange[], openStartMs: number | undefined, openEndMs: number): Interval[] {
  const intervals: Interval[] = [];
  const [first] = ordered;
  let sinceMs = first && endsUntold(first) ? openStartMs : undefined;
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
