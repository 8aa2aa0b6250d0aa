/** Later than anything that is known: 2100-01-01. */
export const FOREVER_MS = 4_102_444_800_000;

/** The instant that is judged, and by when something had to be known to count. Without `knownMs` all that is known now counts. */
export type Moment = { readonly atMs: number; readonly knownMs?: number };
