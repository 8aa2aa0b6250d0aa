/** A list in groups of so many, the last one with what is left. Pure. */
export function* groupsOf<T>(all: readonly T[], count: number): Generator<readonly T[]> {
  for (let from = 0; from < all.length; from += count) yield all.slice(from, from + count);
}
