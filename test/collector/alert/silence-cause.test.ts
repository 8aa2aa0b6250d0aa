import { describe, expect, it } from "vitest";
import type { Segment } from "#schemas/fault-location.ts";
import { causeOfSilence, type SilenceCause, type SilenceTrace, sharedCause } from "../../../collector/alert/silence-cause.ts";

const MINUTE = 60_000;
const [from, to] = [100 * MINUTE, 160 * MINUTE];
const walks = (...runs: [Segment, number][]) => new Map(runs);

describe("why a centre was silent", () => {
  it.each<[string, SilenceTrace, SilenceCause | undefined]>([
    ["the PC measured on, and the line was cut", { walks: walks(["line", 50]), bootMs: 0 }, "line"],
    ["most runs name the provider", { walks: walks(["line", 3], ["provider", 40]), bootMs: 0 }, "provider"],
    ["the router was dead", { walks: walks(["lan", 30]), bootMs: 0 }, "lan"],
    ["the province's end was down", { walks: walks(["collector", 30]), bootMs: 0 }, "collector"],
    ["the PC started meanwhile, its agent cut off", { walks: walks(), bootMs: 150 * MINUTE, endedWell: false }, "power"],
    ["one last run that saw the way break, then darkness", { walks: walks(["lan", 1]), bootMs: 150 * MINUTE, endedWell: false }, "power"],
    ["the PC started meanwhile, its agent had ended in order", { walks: walks(), bootMs: 150 * MINUTE, endedWell: true }, "off"],
    ["the PC started meanwhile, and cannot tell how its agent had ended", { walks: walks(), bootMs: 150 * MINUTE }, "dark"],
    ["the PC ran on, and cannot tell how its agent had ended", { walks: walks(), bootMs: 20 * MINUTE }, "agent"],
    ["the PC ran on, its agent did not", { walks: walks(), bootMs: 20 * MINUTE, endedWell: false }, "agent"],
    ["the PC has not told yet", { walks: walks() }, undefined],
  ])("%s", (_name, trace, cause) => {
    expect(causeOfSilence(trace, from, to)).toBe(cause);
  });

  it.each<[string, (SilenceCause | undefined)[], object | undefined]>([
    ["all alike", ["power", "power", "power"], { cause: "power", centres: 3 }],
    ["most alike", ["power", "power", "line", undefined], { cause: "power", centres: 2 }],
    ["hardly two alike", ["power", "line", "off", "lan", undefined], undefined],
    ["nobody tells", [undefined, undefined], undefined],
  ])("many together: %s", (_name, causes, shared) => {
    expect(sharedCause(causes)).toEqual(shared);
  });
});
