import { type Segment, segments } from "#schemas/fault-location.ts";

/**
 * Why a centre was silent, as its agent tells afterwards. `power`: its PC was dark and had not been shut down; `off`: it was shut down; `dark`: one of the
 * two, and the PC cannot tell which, as on Windows; `agent`: the PC was not started anew, so that the agent did not run on it or it slept (what Fast Startup of Windows
 * makes of a shutdown, too); a segment: PC and agent ran on, and the way out ended there.
 */
export const silenceCauses = ["power", "off", "dark", "agent", ...segments] as const;
export type SilenceCause = (typeof silenceCauses)[number];

/** What a centre's agent left of a silence. */
export type SilenceTrace = {
  /** Runs of the silence that found the way out broken, by segment. */
  readonly walks: ReadonlyMap<Segment, number>;
  /** When the PC that speaks again was started; absent when it has not told. */
  readonly bootMs?: number | undefined;
  /** Whether the agent had ended in order before it was started again; absent when nothing tells. */
  readonly endedWell?: boolean | undefined;
};

/** A silence is older than its problem by the minutes that it takes to be sure, ms. */
export const SILENCE_BEFORE_MS = 5 * 60_000;
/** Runs that name a segment, before it is believed: one alone may be the moment in which everything went dark. */
const WALKS_MIN = 2;

/**
 * The most probable cause of a silence between two instants. What was measured meanwhile is the best witness; else whether the PC was started anew.
 * Undefined while the agent has not told enough.
 */
export function causeOfSilence({ walks, bootMs, endedWell }: SilenceTrace, fromMs: number, toMs: number): SilenceCause | undefined {
  const [most] = [...walks].filter(([, runs]) => runs >= WALKS_MIN).sort(([a, some], [b, more]) => more - some || segments.indexOf(a) - segments.indexOf(b));
  if (most) return most[0];
  if (bootMs === undefined) return undefined;
  if (bootMs <= fromMs || bootMs > toMs) return "agent";
  if (endedWell === undefined) return "dark";
  return endedWell ? "off" : "power";
}

/** What most of many silences that began together were caused by, and of how many; undefined when fewer than half tell the same. */
export function sharedCause(causes: readonly (SilenceCause | undefined)[]): { cause: SilenceCause; centres: number } | undefined {
  const told = Map.groupBy(causes, (cause) => cause);
  const [first] = silenceCauses.map((cause) => ({ cause, centres: told.get(cause)?.length ?? 0 })).sort((a, b) => b.centres - a.centres);
  return first && first.centres > 0 && 2 * first.centres >= causes.length ? first : undefined;
}
