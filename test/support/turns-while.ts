import { setImmediate as turn } from "node:timers/promises";

/** How many turns the event loop makes while something is done: what holds it from its beginning to its end leaves none. */
export async function turnsWhile(work: () => Promise<unknown>): Promise<number> {
  let turns = 0;
  let isDone = false;
  const done = work().finally(() => {
    isDone = true;
  });
  for (; !isDone; turns++) await turn();
  await done;
  return turns;
}
