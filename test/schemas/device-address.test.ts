import { describe, expect, it } from "vitest";
import { type AddressFault, addressFault } from "#schemas/device-address.ts";
import { Centre, Inventory } from "#schemas/inventory.ts";
import { Target } from "#schemas/target.ts";
import { fieldFaults } from "#schemas/text/field-faults.ts";

describe("an address at which one device can be found", () => {
  it.each<[string, AddressFault | undefined]>([
    ["192.168.1.20", undefined],
    ["100.64.0.1", undefined],
    ["169.253.1.1", undefined],
    ["fd00::20", undefined],
    ["2001:db8::1", undefined],
    ["0.0.0.0", "none"],
    ["::", "none"],
    ["0:0:0:0:0:0:0:0", "none"],
    ["224.0.0.251", "many"],
    ["239.255.255.250", "many"],
    ["255.255.255.255", "many"],
    ["FF02::1", "many"],
    ["169.254.1.1", "passing"],
    ["fe80::1", "passing"],
    ["127.0.0.1", "self"],
    ["127.9.9.9", "self"],
    ["0:0:0:0:0:0:0:1", "self"],
    ["::ffff:127.0.0.1", "self"],
    ["::ffff:192.168.1.20", undefined],
  ])("%s: %s", (address, fault) => {
    expect(addressFault(address)).toBe(fault);
  });
});

describe("where it is refused", () => {
  const listOf = (address: string) => ({ centres: [{ code: "ia-grai", name: "Ia Grai", devices: [{ id: "p-1", role: "printer", address }] }] });
  const addresses = ["192.168.1.20", "127.0.0.1", "169.254.1.1", "224.0.0.251", "0.0.0.0"];

  it("a list may declare this PC, for the centre that is this PC; a probe may ask what a device gave itself", () => {
    expect(addresses.map((address) => Inventory.safeParse(listOf(address)).success)).toEqual([true, true, false, false, false]);
    expect(addresses.map((address) => Target.safeParse({ address }).success)).toEqual([true, true, true, false, false]);
  });

  it("what was declared before stays readable", () => {
    expect(addresses.every((address) => Centre.safeParse(listOf(address).centres[0]).success)).toBe(true);
  });

  it("the sentence names field and address, in the reader's language", () => {
    const { error } = Inventory.safeParse(listOf("0.0.0.0"));
    if (error === undefined) throw new Error("it was taken");
    expect(fieldFaults("vi", error, "list.json")).toContain('list.json: "centres.0.devices.0.address": “0.0.0.0” không phải địa chỉ của thiết bị nào');
    expect(fieldFaults("en", error, "list.json")).toContain("“0.0.0.0” is no device's address");
  });
});
