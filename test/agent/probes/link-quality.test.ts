import { describe, expect, it } from "vitest";
import { readingOf } from "#schemas/observation.ts";
import type { Io } from "../../../agent/io/io.ts";
import { burstStatistics } from "../../../agent/probes/link-quality/statistics.ts";
import { probes } from "../../../agent/probes/registry.ts";
import { observe } from "../../../agent/runner.ts";
import { probeContext } from "../../support/probe-context.ts";

describe("figures of a burst", () => {
  it.each([
    ["nothing came back", 10, [], { lossPercent: 100 }],
    ["one came back: no jitter", 10, [5], { lossPercent: 90, rttMinMs: 5, rttAvgMs: 5, rttP95Ms: 5, rttMaxMs: 5 }],
    ["all came back", 4, [1, 2, 3, 6], { lossPercent: 0, rttMinMs: 1, rttAvgMs: 3, rttP95Ms: 6, rttMaxMs: 6, jitterMs: 1.667 }],
    [
      "p95 of twenty is the nineteenth",
      20,
      Array.from({ length: 20 }, (_, index) => index + 1),
      { lossPercent: 0, rttMinMs: 1, rttAvgMs: 10.5, rttP95Ms: 19, rttMaxMs: 20, jitterMs: 1 },
    ],
    ["an answer that came twice is no gain", 2, [1, 1, 1], { lossPercent: 0, rttMinMs: 1, rttAvgMs: 1, rttP95Ms: 1, rttMaxMs: 1, jitterMs: 0 }],
  ])("%s", (_name, sent, rtts, expected) => {
    expect(burstStatistics(sent, rtts)).toEqual(expected);
  });
});

const answering =
  (...rttsMs: number[]): Io["icmpBurst"] =>
  async (_address, { count }) => ({ method: "icmp", sent: count, rttsMs });
const forbidden: Io["icmpBurst"] = async () => {
  throw new Error("not permitted");
};
const knocking =
  (...rttsMs: number[]): Io["tcpBurst"] =>
  async (_address, _port, { count }) => ({ method: "tcp", sent: count, rttsMs });
const gatewayAt =
  (gateway?: string): Io["readDefaultRoute"] =>
  async () =>
    gateway === undefined ? undefined : { interface: "eth0", gateway };
const hop = { hop: "reference", address: "192.0.2.9", tcpPort: 443 };

function ask(options: unknown, io: Partial<Io>) {
  const probe = probes.get("link-quality");
  if (!probe) throw new Error("link-quality is not registered");
  return observe(probe, options, probeContext({ io: { readDefaultRoute: gatewayAt("192.0.2.1"), ...io } }));
}

describe("the probe link-quality", () => {
  it.each([
    ["ICMP answers", { icmpBurst: answering(1, 2), tcpBurst: knocking() }, "icmp", 1],
    ["ICMP is dropped, TCP answers", { icmpBurst: answering(), tcpBurst: knocking(7) }, "tcp", 1],
    ["ICMP is forbidden here, TCP answers", { icmpBurst: forbidden, tcpBurst: knocking(7) }, "tcp", 1],
    ["nobody answers", { icmpBurst: answering(), tcpBurst: knocking() }, "icmp", 0],
    ["ICMP is forbidden and TCP is silent", { icmpBurst: forbidden, tcpBurst: knocking() }, "tcp", 0],
  ] satisfies [string, Partial<Io>, string, number][])("%s", async (_name, io, method, up) => {
    const outcome = await ask({ gateway: false, hops: [hop], count: 10 }, io);
    expect(outcome).toMatchObject({ kind: "measured", evidence: { reference: { method } } });
    expect(outcome.kind === "measured" && readingOf(outcome.readings, "hop_up", { hop: "reference" })).toBe(up);
  });

  it("finds the gateway itself", async () => {
    const outcome = await ask({}, { icmpBurst: answering(1) });
    expect(outcome).toMatchObject({ kind: "measured", evidence: { gateway: { address: "192.0.2.1" } } });
  });

  it.each([
    ["tells itself", async () => "198.51.100.1", "198.51.100.1"],
    ["tells nothing", async () => undefined, undefined],
    ["is the gateway again", async () => "192.0.2.1", undefined],
    ["cannot be asked", () => Promise.reject(new Error("not permitted")), undefined],
  ] satisfies [string, Io["hopTowards"], string | undefined][])("measures the provider's first router, which %s", async (_name, hopTowards, address) => {
    const outcome = await ask({ isp: true, hops: [hop] }, { icmpBurst: answering(1), hopTowards });
    const isp = outcome.evidence?.isp as { address: string } | undefined;
    expect(outcome.kind).toBe("measured");
    expect(isp?.address).toBe(address);
  });

  it("looks for no provider on the way to this very PC", async () => {
    const hopTowards = () => Promise.reject(new Error("was asked"));
    const outcome = await ask(
      { isp: true, hops: [{ hop: "collector", address: "127.0.0.1" }] },
      { icmpBurst: answering(1), hopTowards: hopTowards as Io["hopTowards"] },
    );
    expect(Object.keys(outcome.evidence ?? {})).toEqual(["gateway", "collector"]);
  });

  it.each([
    ["no default route and no other hop", {}, { readDefaultRoute: gatewayAt() }, "no_route"],
    ["no hop at all", { gateway: false }, {}, "bad_options"],
    ["no hop whose name resolves", { gateway: false, hops: [{ hop: "reference", address: "no-such-name.invalid" }] }, {}, "dns"],
    ["a hop that is an option of ping", { hops: [{ hop: "reference", address: "-f" }] }, {}, "bad_options"],
  ])("fails with a reason: %s", async (_name, options, io, reason) => {
    expect(await ask(options, io)).toMatchObject({ kind: "failed", reason });
  });

  describe("walks the way out and names the segment in which it ends", () => {
    const [gateway, isp, collector] = ["192.0.2.1", "198.51.100.1", "203.0.113.5"];
    const options = {
      isp: true,
      count: 2,
      hops: [{ hop: "collector", address: collector }],
      references: [{ host: "portal.example", port: 443 }],
    };
    /** One run in which only `alive` answer; `route` and `portal` as they are then. */
    const run = async (memory: ReturnType<typeof probeContext>["memory"], alive: readonly string[], { route = true, portal = true } = {}) => {
      const io: Partial<Io> = {
        readDefaultRoute: gatewayAt(route ? gateway : undefined),
        hopTowards: async () => (alive.includes(isp) && alive.includes(collector) ? isp : undefined),
        icmpBurst: async (address, { count }) => ({ method: "icmp", sent: count, rttsMs: alive.includes(address) ? [1, 1] : [] }),
        tcpBurst: async (_address, _port, { count }) => ({ method: "tcp", sent: count, rttsMs: [] }),
        tcpKnock: async () => (portal ? "open" : "silent"),
      };
      const probe = probes.get("link-quality");
      const outcome = await observe(probe as NonNullable<typeof probe>, options, probeContext({ io, memory }));
      if (outcome.kind !== "measured") throw new Error(JSON.stringify(outcome));
      return Object.fromEntries(outcome.readings.flatMap(({ metric, value, labels }) => (metric === "segment_up" ? [[labels?.segment, value]] : [])));
    };
    const all = [gateway, isp, collector];

    it.each([
      ["nothing is wrong", all, {}, { lan: 1, line: 1, provider: 1, collector: 1 }],
      ["the cable is out", [], { route: false, portal: false }, { lan: 0 }],
      ["the gateway is dead", [], { portal: false }, { lan: 0 }],
      ["the line is cut", [gateway], { portal: false }, { lan: 1, line: 0 }],
      ["the provider leads nowhere", [gateway, isp], { portal: false }, { lan: 1, line: 1, provider: 0 }],
      ["the province's end is down", [gateway, isp], { portal: true }, { lan: 1, line: 1, provider: 1, collector: 0 }],
    ])("after a run in which all was well: %s", async (_name, alive, more, expected) => {
      const { memory } = probeContext();
      await run(memory, all);
      expect(await run(memory, alive, more)).toEqual(expected);
    });

    it("names less where it has never met the routers, or where they never answer", async () => {
      expect(await run(probeContext().memory, [gateway], { portal: false })).toEqual({ lan: 1, wan: 0 });
      const { memory } = probeContext();
      await run(memory, [collector]);
      expect(await run(memory, [], { portal: false })).toEqual({});
    });

    it("forgets a provider when the gateway is another one", async () => {
      const { memory } = probeContext();
      await run(memory, all);
      memory.set("way", { gateway: { address: "192.0.2.77", answers: true }, isp: { address: isp, answers: true } });
      expect(await run(memory, [gateway], { portal: false })).toEqual({ lan: 1, wan: 0 });
    });
  });

  it("a hop that cannot be asked costs only its own readings", async () => {
    const outcome = await ask({ gateway: false, hops: [hop, { hop: "isp", address: "192.0.2.2" }] }, { icmpBurst: forbidden, tcpBurst: knocking(3) });
    if (outcome.kind !== "measured") throw new Error(JSON.stringify(outcome));
    expect(readingOf(outcome.readings, "hop_up", { hop: "reference" })).toBe(1);
    expect(readingOf(outcome.readings, "hop_up", { hop: "isp" })).toBeUndefined();
  });
});
