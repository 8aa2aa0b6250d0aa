import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import type { MetricName } from "#schemas/metrics.ts";
import { definitions } from "../../../agent/devices/registry.ts";
import { projectRoot } from "../../support/source-files.ts";

/** What vendors' MIBs, public code and captures say, gathered apart from the definitions: kind of number, OID, how its rows join, name of the object. */
const Fact = z.tuple([z.string(), z.string(), z.enum(["sum", "scalar", "countRows", "perRow", "perRowMax"]), z.string()]);
const Facts = z.record(z.string(), z.strictObject({ sysObjectId: z.array(z.string()), exclude: z.array(z.string()), facts: z.array(Fact) }));
const known = Facts.parse(JSON.parse(readFileSync(join(projectRoot, "test/fixtures/wifi-oid-facts.json"), "utf8")));

/** Our metrics for each kind of number that the facts know. */
const metricsOf: Readonly<Record<string, readonly MetricName[]>> = {
  apStatus: ["wifi_ap_up"],
  arpNeighbours: ["wifi_clients"],
  channelUtilisationPercent: ["wifi_utilisation_percent"],
  clients: ["wifi_clients"],
  clientsPerAp: ["wifi_clients"],
  clientsPerRadio: ["wifi_clients"],
  clientsPerSsid: ["wifi_clients"],
  clientsPerSsid24: ["wifi_clients"],
  clientsPerSsid5: ["wifi_clients"],
  dhcpFree: ["dhcp_free"],
  dhcpLeases: ["dhcp_leases"],
  dhcpUsagePercent: ["dhcp_used_percent"],
  fdbMacs: ["wifi_clients"],
  maxClientsPerApType: ["wifi_limit_clients"],
  maxClientsPerRadio: ["wifi_limit_clients"],
  maxClientsPerSsid: ["wifi_limit_clients"],
  maxClientsSystem: ["wifi_limit_clients"],
  ssidUp: ["wifi_ssid_up"],
};

/** Listed row by row, and added up by us: limits of all access points or names, and the pools of all subnets, are limits of the whole. */
const added: ReadonlySet<string> = new Set([
  "1.3.6.1.4.1.9.9.512.1.1.1.1.22",
  "1.3.6.1.4.1.25053.1.2.2.1.1.2.2.1.19",
  "1.3.6.1.4.1.12356.101.14.3.1.11",
  "1.3.6.1.4.1.311.1.3.2.1.1.2",
  "1.3.6.1.4.1.311.1.3.2.1.1.3",
]);

describe("what is known of vendors' objects", () => {
  it("is 77 facts of 24 families", () => {
    expect(Object.keys(known)).toHaveLength(24);
    expect(Object.values(known).flatMap(({ facts }) => facts)).toHaveLength(77);
  });

  const rows = Object.entries(known).flatMap(([id, { facts }]) => facts.map((fact) => [id, ...fact] as const));
  it.each(rows)("%s: %s at %s is read as it is meant", (id, kind, oid, aggregate, object) => {
    const definition = definitions().find((one) => one.kind === "network" && one.id === id);
    if (definition?.kind !== "network") throw new Error(`no definition ${id}`);
    const wanted = metricsOf[kind] ?? [];
    const source = definition.metrics.find((one) => one.oid === oid && wanted.includes(one.metric));
    expect(source, object).toBeDefined();
    expect(source?.aggregate).toBe(added.has(oid) ? "sum" : aggregate);
  });

  it.each(Object.entries(known))("%s is told from others by the same numbers", (id, { sysObjectId, exclude }) => {
    const match = definitions().find((one) => one.id === id)?.match;
    expect(match?.sysObjectId).toEqual(sysObjectId.length === 0 ? "any" : sysObjectId);
    expect(match?.exclude).toEqual(exclude);
  });

  it("a family that no fact speaks of is the printers' own", () => {
    expect(definitions().flatMap(({ id }) => (id in known ? [] : [id]))).toEqual(["printer-mib"]);
  });
});
