import { describe, expect, it } from "vitest";
import { lanGuard } from "../../agent/subnets.ts";

const allows = lanGuard({ allowedSubnets: ["10.1.0.0/16", "192.168.7.0/24", "fd00:1::/32"], localTest: false });

describe("which devices may be asked", () => {
  it.each<[string, string, boolean]>([
    ["inside an allowed network", "10.1.2.3", true],
    ["inside another", "192.168.7.9", true],
    ["inside an allowed IPv6 network", "fd00:1::5", true],
    ["the same address written otherwise", "fd00:0001:0:0:0:0:0:5", true],
    ["outside", "10.2.0.1", false],
    ["on the Internet", "8.8.8.8", false],
    ["this PC", "127.0.0.1", false],
    ["this PC, by another of its names", "127.8.8.8", false],
    ["this PC, IPv6", "::1", false],
    ["link-local, where cloud metadata lives", "169.254.169.254", false],
    ["link-local IPv6", "fe80::1", false],
    ["multicast", "224.0.0.251", false],
    ["multicast IPv6", "ff02::fb", false],
    ["broadcast", "255.255.255.255", false],
    ["no address at all", "0.0.0.0", false],
    ["an allowed address dressed as IPv6", "::ffff:10.1.2.3", false],
    ["and in hexadecimal", "::ffff:0a01:0203", false],
    ["a name", "printer.local", false],
    ["a number that some libraries take for an address", "167838211", false],
    ["an address with a leading zero", "010.1.2.3", false],
  ])("%s: %s", (_, address, expected) => {
    expect(allows(address)).toBe(expected);
  });

  it("loopback only where the centre is this very PC", () => {
    expect(lanGuard({ allowedSubnets: [], localTest: true })("127.0.0.1")).toBe(true);
  });

  it("a denied address stays denied when a network around it is allowed", () => {
    const wide = lanGuard({ allowedSubnets: ["0.0.0.0/0", "::/0"], localTest: false });
    expect(["127.0.0.1", "169.254.169.254", "fd00:ec2::254", "::ffff:127.0.0.1"].map(wide)).toEqual([false, false, false, false]);
    expect(wide("10.9.9.9")).toBe(true);
  });
});
