import { describe, expect, it } from "vitest";
import { DiscoveryEvidence } from "#schemas/discovery-evidence.ts";
import type { Outcome } from "#schemas/observation.ts";
import { DeviceError } from "../../../agent/io/device-error.ts";
import type { Io } from "../../../agent/io/io.ts";
import { deviceDiscovery } from "../../../agent/probes/device-discovery/probe.ts";
import { observe } from "../../../agent/runner.ts";
import { probeContext } from "../../support/probe-context.ts";

/** Brother's printer, an MFP with a UUID, two Windows PCs of which one is declared, and a phone that tells nothing. */
const macs = { 20: "00:80:77:00:00:20", 21: "02:00:00:00:00:21", 31: "02:00:00:00:00:31", 32: "02:00:00:00:00:32", 40: "06:00:00:00:00:40" } as const;
const lan: Partial<Io> = {
  sweep: async () => {},
  readDefaultRoute: async () => undefined,
  readNeighbours: async () => Object.entries(macs).map(([host, mac]) => ({ address: `10.0.0.${host}`, mac, interface: "lan" })),
  mdnsBrowse: async () => [
    { type: "ipp", name: "MFP", host: "mfp.local", port: 631, addresses: ["10.0.0.21"], txt: { ty: "Kyocera M2540", uuid: "u-21" } },
    { type: "uscan", name: "MFP", host: "mfp.local", port: 80, addresses: ["10.0.0.21"], txt: { uuid: "u-21" } },
  ],
  wsdProbe: async ([type]) =>
    type === "wsdp:Device"
      ? [31, 32].map((host) => ({
          address: `10.0.0.${host}`,
          uuid: `urn:uuid:pc-${host}`,
          types: ["Device", "Computer"],
          scopes: [`ldap:///name/LAPTOP-${host}`],
          urls: [],
        }))
      : [],
  openSnmp: () => {
    throw new DeviceError("timeout", "nothing speaks SNMP here");
  },
};
const memory = () => {
  const values = new Map<string, unknown>();
  return { get: (key: string) => values.get(key), set: (key: string, value: unknown) => void values.set(key, value) };
};
const options = {
  networks: ["10.0.0.0/24"],
  targets: [
    { id: "pc-1", address: "10.0.0.31" },
    { id: "printer-1", address: "10.0.0.21" },
  ],
};
const run = (kept = memory(), io: Partial<Io> = {}) => observe(deviceDiscovery, options, probeContext({ io: { ...lan, ...io }, memory: kept }));
const evidenceOf = (outcome: Outcome) => DiscoveryEvidence.parse(outcome.evidence);

describe("device-discovery", () => {
  it("tells the equipment, with the declared device at whose address it answered, and counts PCs that are nobody's", async () => {
    const outcome = await run();
    const { found, unknownComputers, networks } = evidenceOf(outcome);
    expect(found.map(({ identity: _, ...rest }) => rest)).toEqual([
      { roles: ["printer"], address: "10.0.0.20", vendor: "Brother" },
      { roles: ["printer", "scanner"], address: "10.0.0.21", model: "Kyocera M2540", device: "printer-1" },
      { roles: ["officer-pc"], address: "10.0.0.31", device: "pc-1" },
    ]);
    expect({ unknownComputers, networks }).toEqual({ unknownComputers: 1, networks: ["10.0.0.0/24"] });
    expect(outcome).toMatchObject({ readings: expect.arrayContaining([{ metric: "devices_found", value: 2, labels: { role: "printer" } }]) });
  });

  it("neither a MAC, nor a name, nor anything of an undeclared PC or a phone leaves", async () => {
    const text = JSON.stringify(await run());
    expect(text).not.toMatch(/([0-9a-f]{2}[:-]){5}[0-9a-f]{2}/i);
    for (const word of ["LAPTOP", "10.0.0.32", "10.0.0.40", "u-21"]) expect(text).not.toContain(word);
  });

  it("an identity stays with the machine, and is another one under another key", async () => {
    const kept = memory();
    const identities = async (from: ReturnType<typeof memory>) => evidenceOf(await run(from)).found.map(({ identity }) => identity);
    const first = await identities(kept);
    expect(await identities(kept)).toEqual(first);
    const other = await identities(memory());
    expect(other.filter((identity) => first.includes(identity))).toEqual([]);
    expect(first.every((identity) => /^hash [0-9a-f]{8} [0-9a-f]{24}$/.test(identity))).toBe(true);
  });

  it("behind a router the UUID stands in for the address on the wire", async () => {
    const outcome = await run(memory(), { readNeighbours: async () => [], mdnsBrowse: async () => [] });
    expect(evidenceOf(outcome).found.map(({ address }) => address)).toEqual(["10.0.0.31"]);
  });

  it("without a network there is nothing to search", async () => {
    expect(await observe(deviceDiscovery, { networks: [] }, probeContext({ io: lan }))).toMatchObject({ kind: "skipped", reason: "no_target" });
  });
});
