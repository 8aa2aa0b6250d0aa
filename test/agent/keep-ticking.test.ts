import { expect, it } from "vitest";
import { keepTicking } from "../../agent/keep-ticking.ts";

it("does each duty at its ticks, and one that throws keeps no other from being done", async () => {
  const stop = new AbortController();
  const done: string[] = [];
  const logged: string[] = [];
  let tick = -1;
  const failing = () => {
    tick++;
    if (tick === 7) stop.abort();
    throw new Error(`disk I/O error at ${tick}`);
  };
  const duties = [
    { name: "failing", everyTicks: 1, firstTick: 0, run: failing },
    { name: "status", everyTicks: 3, firstTick: 0, run: () => void done.push(`status ${tick}`) },
    { name: "upkeep", everyTicks: 2, firstTick: 4, run: () => void done.push(`upkeep ${tick}`) },
  ];
  const error = (_message: string, fields = {}) => void logged.push(Object.values(fields).join(": "));
  await keepTicking(duties, { tickMs: 1, log: { error } }, stop.signal);
  expect(done).toEqual(["status 0", "status 3", "upkeep 4", "status 6", "upkeep 6"]);
  expect(logged).toHaveLength(8);
  expect(logged[0]).toBe("failing: Error: disk I/O error at 0");
});
