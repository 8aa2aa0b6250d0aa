/** Most pages that may wait at once; more are told to come back by plain reload. */
export const LISTENERS_MAX = 400;
const EVERY_MS = 3_000;

export type LiveRevision = {
  /** Calls `listener` with the revision now and whenever it changes, until the returned function is called; undefined when too many listen. */
  readonly listen: (listener: (revision: string) => void) => (() => void) | undefined;
};

/** Asks the store for its revision every 3 s, once for all listeners, and not at all while nobody listens. A failed question is asked again. */
export function liveRevision(revision: () => Promise<string>, everyMs = EVERY_MS): LiveRevision {
  const listeners = new Set<(revision: string) => void>();
  let known: string | undefined;
  let asking = false;

  const ask = async () => {
    const next = await revision().catch(() => known);
    if (next !== undefined && next !== known) {
      known = next;
      for (const listener of listeners) listener(next);
    }
    asking = listeners.size > 0;
    if (asking) setTimeout(ask, everyMs).unref();
  };

  return {
    listen(listener) {
      if (listeners.size >= LISTENERS_MAX) return undefined;
      listeners.add(listener);
      if (known !== undefined) listener(known);
      if (!asking) void ask();
      asking = true;
      return () => void listeners.delete(listener);
    },
  };
}
