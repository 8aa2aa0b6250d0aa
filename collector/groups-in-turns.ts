import { setImmediate as turn } from "node:timers/promises";
import { groupsOf } from "./groups-of.ts";

/** A list in groups of so many, each in a turn of its own: between two of them the collector does what waits. */
export async function* groupsInTurns<T>(all: Iterable<T>, count: number): AsyncGenerator<readonly T[]> {
  let isFirst = true;
  for (const group of groupsOf(all, count)) {
    if (!isFirst) await turn();
    isFirst = false;
    yield group;
  }
}
