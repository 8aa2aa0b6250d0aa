import { describe, expect, it } from "vitest";
import { isQueueInLan, meetRouter } from "../../../agent/probes/link-bandwidth/lan.ts";
import type { RoundTrip } from "../../../agent/probes/link-bandwidth/limit.ts";
import { probeContext } from "../../support/probe-context.ts";

describe("where the queue of a full test stands", () => {
  it.each([
    ["before the router, when the way to it grew as the way to the server", [40, 42, 38, 41], [41, 40, 43, 39, 42], true],
    ["behind it, when the way to the router stayed as it was", [0.2, 0.1, 0.3, 0.2], [41, 40, 43, 39, 42], false],
    ["behind it, when a busy PC made both late", [8, 12, 9, 11], [48, 52, 47, 50, 51], false],
    ["nowhere, when nothing grew", [0.3, 0.1, 0.2, 0.2], [0.4, 0.2, 0.3, 0.2, 0.3], false],
    ["nobody knows where, when the router answered twice", [40, 42], [41, 40, 43, 39, 42], false],
    ["nobody knows where, when the server answered never", [40, 42, 41], [], false],
    ["before it, though one knock met an empty queue", [40, 0.2, 41], [41, 40, 43, 39, 42], true],
  ])("%s", (_name, router, server, expected) => {
    expect(isQueueInLan(router, server)).toBe(expected);
  });
});

describe("the router of this LAN", () => {
  const meet = (route: { interface: string; gateway?: string } | undefined, rttsMs: readonly number[], serverAddress = "203.0.113.9") =>
    meetRouter(
      "eth0",
      serverAddress,
      probeContext({ io: { readDefaultRoute: async () => route, tcpBurst: async (_address, _port, { count }) => ({ method: "tcp", sent: count, rttsMs }) } }),
    );
  const home = { interface: "eth0", gateway: "192.168.1.1" };

  it.each([
    ["is met by the middle of its answers", home, [0.4, 0.9, 0.5, 3, 0.6], 0.6],
    ["is not there without a default route", undefined, [0.4], undefined],
    ["is not there on a point-to-point line", { interface: "eth0" }, [0.4], undefined],
    ["is not the one of another interface", { ...home, interface: "eth1" }, [0.4], undefined],
    ["tells nothing when it is silent", home, [], undefined],
    ["is the provider's own when it is far away", home, [4.2, 3.9, 4], undefined],
    ["is the provider's own when its address is public", { ...home, gateway: "203.0.113.1" }, [0.4], undefined],
  ])("%s", async (_name, route, rttsMs, expected) => {
    expect((await meet(route, rttsMs))?.idleRttMs).toBe(expected);
  });

  it("is no router when it is the measure server", async () => {
    expect(await meet(home, [0.4], "192.168.1.1")).toBeUndefined();
  });

  it("is asked again and again until the test ends", async () => {
    const stop = new AbortController();
    const trips: RoundTrip[] = [];
    const lan = await meet(home, [0.5]);
    const sampled = lan?.sample(trips, stop.signal);
    await expect.poll(() => trips.length).toBeGreaterThan(1);
    stop.abort();
    await sampled;
    expect(trips[0]).toEqual({ atMs: expect.any(Number), rttMs: 0.5 });
  });
});
