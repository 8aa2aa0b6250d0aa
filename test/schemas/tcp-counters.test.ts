import { describe, expect, it } from "vitest";
import { parseResentSegments } from "#schemas/tcp-counters.ts";

describe("/proc/net/snmp", () => {
  it.each([
    ["tells the segments sent again", "Ip: a b\nIp: 1 2\nTcp: RtoMin RetransSegs OutRsts\nTcp: 200 42 7\n", 42],
    ["of another shape tells nothing", "Tcp: RtoMin\n", undefined],
    ["may be empty", "", undefined],
  ])("%s", (_name, text, expected) => {
    expect(parseResentSegments(text)).toBe(expected);
  });
});
