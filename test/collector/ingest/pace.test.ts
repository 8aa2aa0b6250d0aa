import { describe, expect, it } from "vitest";
import { Pace } from "../../../collector/ingest/pace.ts";

/** What the last of so many senders is told when all were heard within a minute. */
function toldTo(senders: number, queued = 0): number {
  const pace = new Pace();
  let told = 0;
  for (let sender = 0; sender < senders; sender++) told = pace.intervalS(`agt-${sender}`, queued, (sender * 59_000) / senders);
  return told;
}

describe("the pace of senders", () => {
  it.each([
    ["the agents of a province send as they like", 135, 0, 0],
    ["3,300 agents are spread to 150 requests a second", 3_300, 0, 22],
    ["nobody waits so long that a run is seen too late", 10_000, 0, 45],
    ["a long queue makes a few wait, too", 3, 20_001, 10],
  ])("%s", (_, senders, queued, seconds) => {
    expect(toldTo(senders, queued)).toBe(seconds);
  });

  it("forgets who was not heard for a minute", () => {
    const pace = new Pace();
    for (let sender = 0; sender < 300; sender++) pace.intervalS(`agt-${sender}`, 0, 0);
    expect(pace.intervalS("agt-0", 0, 59_999)).toBe(2);
    expect(pace.intervalS("agt-0", 0, 60_000)).toBe(0);
  });
});
