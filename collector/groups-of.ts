/** A list in groups of so many, the last one with what is left; what makes its members as they are asked for makes a group at a time. Pure. */
export function* groupsOf<T>(all: Iterable<T>, count: number): Generator<readonly T[]> {
  let group: T[] = [];
  for (const one of all) {
    group.push(one);
    if (group.length < count) continue;
    yield group;
    group = [];
  }
  if (group.length > 0) yield group;
}
