import { describe, expect, it } from "vitest";
import { type FaultLocation, locateFault, segments, type Walk } from "../../schemas/fault-location.ts";

const [yes, no] = [true, false];
const hasRoute = true;

describe("the broken segment of a walk", () => {
  it.each([
    ["all answer", { hasRoute, gateway: yes, isp: yes, collector: yes, reference: yes }, "lan line provider collector", undefined],
    ["no cable, no address", { hasRoute: false, collector: no, reference: no }, "", "lan"],
    ["the gateway is dead", { hasRoute, gateway: no, isp: no, collector: no, reference: no }, "", "lan"],
    ["the gateway is dead, and nothing else is asked", { hasRoute, gateway: no }, "", "lan"],
    ["the line is cut", { hasRoute, gateway: yes, isp: no, collector: no, reference: no }, "lan", "line"],
    ["the line is cut, and nothing outside is asked", { hasRoute, gateway: yes, isp: no }, "lan", "line"],
    ["behind the gateway nobody answers, whose first router was never met", { hasRoute, gateway: yes, collector: no, reference: no }, "lan", "wan"],
    ["the provider leads nowhere", { hasRoute, gateway: yes, isp: yes, collector: no, reference: no }, "lan line", "provider"],
    ["the provider leads nowhere, and its first router is all that answers", { hasRoute, gateway: no, isp: yes, collector: no }, "lan line", "provider"],
    ["the province's end is down", { hasRoute, gateway: yes, isp: yes, collector: no, reference: yes }, "lan line provider", "collector"],
    ["the province's end is down behind an unknown provider", { hasRoute, gateway: yes, collector: no, reference: yes }, "lan wan", "collector"],
    [
      "references are silent while the province answers",
      { hasRoute, gateway: yes, isp: yes, collector: yes, reference: no },
      "lan line provider collector",
      undefined,
    ],
    ["a gateway that never answers is no fault", { hasRoute, gateway: no, isp: no, collector: yes }, "lan line provider collector", undefined],
    ["a gateway that never answers hides where the way ends", { hasRoute, collector: no, reference: no }, "", undefined],
    ["a provider's router that keeps silent is no fault", { hasRoute, gateway: yes, isp: no, reference: yes }, "lan line provider", undefined],
    ["only the gateway is asked", { hasRoute, gateway: yes }, "lan", undefined],
    ["nobody is asked", { hasRoute }, "", undefined],
  ] satisfies [string, Walk, string, FaultLocation["broken"]][])("%s", (_name, walk, whole, broken) => {
    expect(locateFault(walk)).toEqual({ whole: whole === "" ? [] : whole.split(" "), ...(broken && { broken }) });
  });

  it("never blames what an answer has proven, and never lies behind a segment that it calls broken", () => {
    const maybe = [true, false, undefined];
    let walks = 0;
    for (const gateway of maybe)
      for (const isp of maybe)
        for (const collector of maybe)
          for (const reference of maybe)
            for (const route of [true, false]) {
              const { whole, broken } = locateFault({ hasRoute: route, gateway, isp, collector, reference });
              if (gateway || isp || collector || reference) expect(whole).toContain("lan");
              if (collector) expect(broken).toBeUndefined();
              if (reference) expect([undefined, "collector"]).toContain(broken);
              if (broken) for (const one of whole) expect(segments.indexOf(one)).toBeLessThan(segments.indexOf(broken));
              walks++;
            }
    expect(walks).toBe(162);
  });
});
