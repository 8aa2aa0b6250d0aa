import { describe, expect, it } from "vitest";
import { isQueueStanding, isTcpLimited, lossShare, type Stage } from "../../../agent/probes/link-bandwidth/limit.ts";

/** A stage of 1 s at a rate, with a share of its segments sent again and round trips that grew by `queueMs`. */
function stage(linkMbps: number, lossPercent: number | undefined, queueMs: number): Stage {
  const bytes = (linkMbps * 1e6) / 8 / 10;
  const resent = lossPercent === undefined ? undefined : ((bytes / 1448) * lossPercent) / 100;
  return { linkMbps, samples: Array.from({ length: 10 }, () => ({ ms: 100, bytes, resent })), queuesMs: Array.from({ length: 10 }, () => queueMs) };
}

describe("after three times the streams, the limit was", () => {
  it.each([
    ["TCP: random loss stays what it was, the sum grows", stage(40, 0.5, 1), stage(118, 0.5, 1), true],
    ["TCP: the sum hardly grows, but the loss does not either", stage(150, 0.1, 2), stage(155, 0.12, 4), true],
    ["the line: its queue stands", stage(150, 0.1, 2), stage(185, 0.1, 40), false],
    ["the line: without a queue it drops more the more streams there are", stage(150, 0.05, 1), stage(151, 0.6, 1), false],
    ["the line: without a queue, from no loss at all", stage(150, 0, 1), stage(151, 0.2, 1), false],
    ["the line: nothing is lost and nothing gained", stage(150, 0, 1), stage(152, 0, 1), false],
    ["TCP: nothing is lost and much gained (a small window over a long way)", stage(60, 0, 1), stage(170, 0, 1), true],
    ["the line, where nobody tells the loss: nothing gained", stage(150, undefined, 1), stage(153, undefined, 1), false],
    ["TCP, where nobody tells the loss: gained", stage(150, undefined, 1), stage(190, undefined, 1), true],
  ])("%s", (_name, few, many, expected) => {
    expect(isTcpLimited(few, many)).toBe(expected);
  });
});

describe("the queue of a line", () => {
  it.each([
    ["stands when nearly every round trip grew", [30, 40, 12, 22, 35, 31, 18, 25, 40, 3], true],
    ["does not stand when it was empty now and then", [30, 40, 2, 22, 35, 1, 18, 25, 40, 3], false],
    ["is not known from a few round trips", [30, 40, 30, 40], false],
    ["is not known from none", [], false],
  ])("%s", (_name, queuesMs, expected) => {
    expect(isQueueStanding(queuesMs)).toBe(expected);
  });
});

describe("the share of segments sent again", () => {
  const sample = (ms: number, resent?: number) => ({ ms, bytes: 1_448_000, resent });
  it("counts the last part only: what slow start lost is not the line's", () => {
    expect(lossShare([sample(100, 900), sample(400, 10), sample(300, 10)])).toBeCloseTo(0.01, 6);
  });
  it("is unknown where one sample is", () => {
    expect(lossShare([sample(400, 1), sample(300)])).toBeUndefined();
  });
  it("is unknown of nothing", () => {
    expect(lossShare([])).toBeUndefined();
  });
});
