/** How often a search that broke off is begun again where it stopped. */
const RESUMES_MAX = 40;

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
    results.push(...found.results);
    if (found.complete) return { results, complete: true };
    const furthestMs = found.results.reduce((latest, result) => Math.max(latest, reachedMs(result)), startMs);
    if (furthestMs <= startMs) break;
    startMs = furthestMs;
  }
  return { results, complete: false };
}
