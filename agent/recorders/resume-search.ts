/** How often a search that broke off is begun again where it stopped. */
const RESUMES_MAX = 40;

/** Most results that are kept: 31 days of pieces of half a minute. */
const RESULTS_MAX = 100_000;

export type Found<T> = { readonly results: readonly T[]; readonly complete: boolean };

/**
 * Repeats a search of a span from where it broke off, as when the recorder forgot its token between two pages.
 * Ends when the list is complete or a try brings nothing new. Does no I/O of its own.
 * @param reachedMs how far in time a result reaches
 */
export async function resumeSearch<T>(fromMs: number, search: (fromMs: number) => Promise<Found<T>>, reachedMs: (result: T) => number): Promise<Found<T>> {
  const results: T[] = [];
  let startMs = fromMs;
  for (let tries = 0; tries <= RESUMES_MAX; tries++) {
    const found = await search(startMs);
    for (const result of found.results.slice(0, RESULTS_MAX - results.length)) results.push(result);
    if (found.complete || results.length >= RESULTS_MAX) return { results, complete: found.complete && results.length < RESULTS_MAX };
    const furthestMs = found.results.reduce((latest, result) => Math.max(latest, reachedMs(result)), startMs);
    if (furthestMs <= startMs) break;
    startMs = furthestMs;
  }
  return { results, complete: false };
}
