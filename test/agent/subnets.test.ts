import { describe, expect, it } from "vitest";
import { lanGuard, outsideGuard } from "../../agent/subnets.ts";

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

describe("where a name of the collector's may lead", () => {
  const local = { localTest: false, allowedSubnets: ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"], probes: {} };
  const connected = () => ["192.168.1.0/24", "10.8.0.0/24"];
  const reaches = outsideGuard(local, "http://10.20.0.5:8890", connected);

  it.each<[string, string, string, boolean]>([
    ["to the Internet", "dichvucong.gov.vn", "203.113.188.1", true],
    ["to a network of the province that this PC is not in", "igate.tinh.vn", "198.18.20.7", true],
    ["to this PC", "igate.tinh.vn", "127.0.0.1", false],
    ["to this PC, IPv6", "igate.tinh.vn", "::1", false],
    ["to this PC, dressed as IPv6", "igate.tinh.vn", "::ffff:127.0.0.1", false],
    ["to cloud metadata", "igate.tinh.vn", "169.254.169.254", false],
    ["to a neighbour on the link", "igate.tinh.vn", "fe80::1", false],
    ["to everybody on the LAN", "igate.tinh.vn", "255.255.255.255", false],
    ["to no address", "igate.tinh.vn", "igate.tinh.vn", false],
    ["to the Internet over a network without IPv4", "dichvucong.gov.vn", "64:ff9b::cb71:bc01", true],
    ["to this PC over such a network", "igate.tinh.vn", "64:ff9b::7f00:1", false],
    ["to the LAN over such a network", "igate.tinh.vn", "64:ff9b::192.168.1.50", false],
    ["to nowhere over such a network", "igate.tinh.vn", "64:ff9b::1", false],
    ["to the collector's own host, wherever that is", "10.20.0.5", "127.0.0.1", true],
  ])("%s", (_, host, address, expected) => {
    expect(reaches(host, address)).toBe(expected);
  });

  it("to this PC where the collector runs on it", () => {
    const here = outsideGuard(local, "http://localhost:8890", connected);
    expect(["127.0.0.1", "::1", "192.168.1.50"].map((address) => here("igate.tinh.vn", address))).toEqual([true, true, false]);
  });

  it("not to a device of the LAN that this PC stands in, but where the commune's own file names it, or takes its network out", () => {
    const [printer, tunnel] = ["192.168.1.50", "10.8.0.1"];
    expect([printer, tunnel, "192.168.2.50"].map((address) => reaches("igate.tinh.vn", address))).toEqual([false, false, true]);
    const probes = { "link-quality": { hops: [{ hop: "switch", address: printer }] }, "portal-http": { url: "http://igate.tinh.vn/" } };
    const named = outsideGuard({ ...local, probes }, undefined, connected);
    expect([named(printer, printer), named("igate.tinh.vn", printer), named("do.tinh.vn", printer)]).toEqual([true, true, false]);
    const narrowed = outsideGuard({ ...local, allowedSubnets: ["192.168.1.0/24"] }, undefined, connected);
    expect([narrowed("do.tinh.vn", printer), narrowed("do.tinh.vn", tunnel)]).toEqual([false, true]);
    expect(outsideGuard({ ...local, localTest: true }, undefined, connected)("igate.tinh.vn", printer)).toBe(true);
  });
});
