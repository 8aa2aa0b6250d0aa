import { describe, expect, it } from "vitest";
import { type Circumstances, excuseOf } from "../../../agent/probes/link-bandwidth/excuse.ts";

const fail = { verdict: "fail", leans: "fail", lowMbps: 150, highMbps: 160 } as const;
const pass = { verdict: "pass", leans: "pass", lowMbps: 210, highMbps: 220 } as const;
const borderline = { verdict: "borderline", leans: "fail", lowMbps: 195, highMbps: 203 } as const;
const slow = {
  direction: "download",
  linkMbps: 155,
  decision: fail,
  isTcpLimited: false,
  isLanLimited: false,
  serverSaturated: false,
  foreignMbps: 0,
} as const;
const fast = { ...slow, linkMbps: 215, decision: pass } as const;

/** A line of 155 Mbps behind a cable of 1 Gbps, on an idle PC, against a floor of 200. */
const plain: Circumstances = {
  floorMbps: 200,
  directions: [slow],
  nicSpeedMbps: 1_000,
  medium: "ethernet",
  isTunnel: false,
  isProxied: false,
  loopBusyShare: 0.2,
  hostBusyShare: 0.3,
  loopDelayMs: 2,
};

describe("what a slow result is excused by", () => {
  it.each([
    ["nothing, when nothing disturbed it", {}, undefined],
    ["a cable that negotiated 100 Mbps", { nicSpeedMbps: 100 }, "nic_limited"],
    ["a cable of 200 Mbps cannot show 200 Mbps", { nicSpeedMbps: 200 }, "nic_limited"],
    ["not the cable whose speed nobody knows", { nicSpeedMbps: undefined }, undefined],
    ["a Wi-Fi uplink", { medium: "wifi", nicSpeedMbps: 866 }, "wifi_uplink"],
    ["an event loop that had no pause", { loopBusyShare: 0.95 }, "cpu_bound"],
    ["a PC whose cores were all busy", { hostBusyShare: 0.97 }, "cpu_bound"],
    ["a server that said it was at its limit", { directions: [{ ...slow, serverSaturated: true }] }, "server_saturated"],
    ["a PC whose timers come late", { loopDelayMs: 120 }, "cpu_bound"],
    ["a LAN that is full before the line is", { directions: [{ ...slow, isLanLimited: true }] }, "lan_limited"],
    ["a PC that is too busy to tell the LAN from the line", { hostBusyShare: 0.97, directions: [{ ...slow, isLanLimited: true }] }, "cpu_bound"],
    ["others who may have taken what was missing", { directions: [{ ...slow, linkMbps: 199, foreignMbps: 80, decision: borderline }] }, "contended"],
    ["not others, when we and they together stayed far below", { directions: [{ ...slow, foreignMbps: 30 }] }, undefined],
    ["TCP, when three times the streams brought more", { directions: [{ ...slow, isTcpLimited: true }] }, "loss_limited"],
    ["a proxy on the way", { isProxied: true }, "proxied"],
    ["a VPN", { isTunnel: true }, "proxied"],
    ["the floor lying inside the interval", { directions: [{ ...slow, linkMbps: 199, decision: borderline }] }, "borderline"],
    ["not the borderline direction when the other one fails", { directions: [slow, { ...slow, decision: borderline, linkMbps: 199 }] }, undefined],
    ["the nearest thing first", { nicSpeedMbps: 100, hostBusyShare: 1, isProxied: false }, "nic_limited"],
  ] satisfies [string, Partial<Circumstances>, string | undefined][])("%s", (_name, over, expected) => {
    expect(excuseOf({ ...plain, ...over })).toBe(expected);
  });

  it("a fail that nothing excuses stands, whatever disturbed the other direction", () => {
    const upload = { ...slow, direction: "upload", isTcpLimited: true } as const;
    expect(excuseOf({ ...plain, directions: [slow, upload] })).toBeUndefined();
    expect(excuseOf({ ...plain, directions: [{ ...slow, decision: borderline, linkMbps: 199 }, upload] })).toBe("loss_limited");
  });

  it("a result that passes in all directions needs no excuse", () => {
    expect(excuseOf({ ...plain, directions: [fast, { ...fast, direction: "upload" }], hostBusyShare: 1, medium: "wifi" })).toBeUndefined();
  });

  it("a disturbance of the direction that passes does not excuse the other", () => {
    expect(
      excuseOf({
        ...plain,
        directions: [
          { ...fast, serverSaturated: true },
          { ...slow, direction: "upload" },
        ],
      }),
    ).toBeUndefined();
  });

  it("without a floor, a full cable is still named", () => {
    expect(excuseOf({ ...plain, floorMbps: undefined, nicSpeedMbps: 160 })).toBe("nic_limited");
    expect(excuseOf({ ...plain, floorMbps: undefined })).toBeUndefined();
  });
});
