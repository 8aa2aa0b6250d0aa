import { describe, expect, it } from "vitest";
import { answerOf, columnOf } from "../../../agent/devices/aggregate.ts";
import { Definition, type MetricSource } from "../../../agent/devices/definition.ts";
import { candidates } from "../../../agent/devices/identify.ts";
import { combine } from "../../../agent/devices/read-metrics.ts";
import type { SnmpValue } from "../../../agent/io/snmp-value.ts";

const source = (over: Partial<MetricSource> = {}) => ({
  metric: "wifi_clients",
  oid: "1.3.6.1.4.1.5.1",
  aggregate: "sum",
  object: "X::y",
  verified: ["mib"],
  ...over,
});
const definition = (id: string, match: object, over: object = {}) =>
  Definition.parse({ kind: "network", id, vendor: "V", scope: "ap", match, metrics: [source()], ...over });
const sources = (...list: Partial<MetricSource>[]): readonly MetricSource[] => {
  const parsed = definition("x", { sysObjectId: ["1.3.6.1.4.1.5"] }, { metrics: list.map(source) });
  return parsed.kind === "network" ? parsed.metrics : [];
};

describe("candidates", () => {
  const vendor = definition("vendor", { sysObjectId: ["1.3.6.1.4.1.41112"], exclude: ["1.3.6.1.4.1.41112.1.4"] });
  const product = definition("product", { sysObjectId: ["1.3.6.1.4.1.41112.1.6"] });
  const described = definition("described", { sysObjectId: ["1.3.6.1.4.1.41112"], sysDescr: "^UAP" });
  const general = definition("general", { sysObjectId: "any", probe: { oid: "1.3.6.1.2.1.4.1.0" } }, { priority: 900 });
  const known = [general, vendor, product, described];

  it.each([
    ["the longest prefix first", "1.3.6.1.4.1.41112.1.6.3", "", ["product", "vendor", "described", "general"]],
    ["whose sysDescr fits before all", "1.3.6.1.4.1.41112.1.6.3", "UAP-AC", ["described", "product", "vendor", "general"]],
    ["prefixes end at dots", "1.3.6.1.4.1.411120.1", "", ["general"]],
    ["excluded branches", "1.3.6.1.4.1.41112.1.4.2", "", ["described", "general"]],
    ["no sysObjectID at all", "", "", ["general"]],
  ])("%s", (_, objectId, descr, ids) => {
    expect(candidates(known, { objectId, descr, name: "" }).map(({ id }) => id)).toEqual(ids);
  });
});

describe("the definition format", () => {
  it.each([
    ["an OID with a leading dot", { match: { sysObjectId: [".1.3.6"] } }, "match.sysObjectId"],
    ["any without a probe", { match: { sysObjectId: "any" } }, "match.probe"],
    ["an unknown metric", { metrics: [{ ...source(), metric: "guests" }] }, "metrics.0.metric"],
    ["a pattern that is none", { match: { sysObjectId: ["1.3"], sysDescr: "(" } }, "match.sysDescr"],
    ["a word that does not exist", { colour: "red" }, ""],
  ])("refuses %s", (_, over, field) => {
    const parsed = Definition.safeParse({
      kind: "network",
      id: "x",
      vendor: "V",
      scope: "ap",
      match: { sysObjectId: ["1.3.6"] },
      metrics: [source()],
      ...over,
    });
    expect(parsed.error?.issues.map(({ path }) => path.join(".")).join(" ")).toContain(field);
    expect(parsed.success).toBe(false);
  });
});

const mac = (hex: string) => Uint8Array.from(Buffer.from(hex, "hex"));

describe("tables of addresses", () => {
  const rows = (values: Readonly<Record<string, SnmpValue>>) => new Map(Object.entries(values));
  const inWifi = (address: string) => address.startsWith("192.168.9.") || address.startsWith("fd00:0:0:9:");
  const hosts = (over: Partial<MetricSource>, values: Readonly<Record<string, SnmpValue>>, own: Readonly<Record<string, SnmpValue>> = {}) => {
    const [one] = sources({ aggregate: "countRows", distinct: "mac", notIn: "1.9", ...over });
    return one && answerOf(one, (oid) => rows(oid === "1.9" ? own : values), "ap", inWifi).total;
  };
  const [first, second, third] = [mac("020000000001"), mac("020000000002"), mac("020000000003")];

  it.each<[string, Partial<MetricSource>, Readonly<Record<string, SnmpValue>>, number | undefined]>([
    ["of IPv4", { address: { from: 1, as: "ipv4" } }, { "3.192.168.9.5": first, "3.192.168.9.6": second, "4.192.168.1.5": third }, 2],
    [
      "of both families",
      { address: { from: 1, as: "inet" } },
      {
        "3.1.4.192.168.9.5": first,
        "3.2.16.253.0.0.0.0.0.0.9.0.0.0.0.0.0.0.1": second,
        "3.2.16.254.128.0.0.0.0.0.0.0.0.0.0.0.0.0.1": third,
        "3.16.4.1": third,
      },
      2,
    ],
    ["none of which is on the Wi-Fi tells no number", { address: { from: 1, as: "ipv4" } }, { "4.192.168.1.5": first }, undefined],
  ])("%s", (_, over, values, expected) => {
    expect(hosts(over, values)).toBe(expected);
  });

  it("the router's own interfaces are no hosts", () => {
    expect(hosts({ address: { from: 1, as: "ipv4" } }, { "3.192.168.9.1": first, "3.192.168.9.6": second }, { 3: first })).toBe(1);
  });

  it("a server's leases in networks that the Wi-Fi does not use are left out, and none of its own is no zero", () => {
    const leases: Partial<MetricSource> = { metric: "dhcp_free", aggregate: "sum", distinct: undefined, notIn: undefined, address: { from: 0, as: "ipv4" } };
    expect([hosts(leases, { "192.168.9.0": 40, "192.168.1.0": 100 }), hosts(leases, { "192.168.1.0": 100 })]).toEqual([40, undefined]);
  });
});

describe("totals", () => {
  const column = (values: Readonly<Record<string, SnmpValue>>) =>
    columnOf(
      "b",
      Object.entries(values).map(([index, value]) => ({ oid: `b.${index}`, value })),
    );
  const total = (over: Partial<MetricSource>, values: Readonly<Record<string, SnmpValue>>) => {
    const [one] = sources(over);
    return one && answerOf(one, () => column(values), "ap").total;
  };

  it.each<[string, Partial<MetricSource>, Readonly<Record<string, SnmpValue>>, number | undefined]>([
    ["rows add up", {}, { 1: 2, 2: 3 }, 5],
    ["no row is no number", {}, {}, undefined],
    ["zero is a number", {}, { 1: 0 }, 0],
    ["one unreadable row voids the sum", {}, { 1: 2, 2: Buffer.from("many") }, undefined],
    ["text that is a number counts", {}, { 1: Buffer.from(" 7 ") }, 7],
    ["an invalid value voids a limit", { metric: "wifi_limit_clients", invalid: [0] }, { 1: 40, 2: 0 }, undefined],
    ["an empty table is not zero", { aggregate: "countRows" }, {}, undefined],
    ["unless the probe has shown it", { aggregate: "countRows", emptyIsZero: true }, {}, 0],
    ["a station on two radios counts once", { aggregate: "countRows", distinct: { from: 0, length: 2 } }, { "1.2.9": 1, "1.2.10": 1, "1.3.9": 1 }, 2],
    [
      "the greatest of a percentage, without what is invalid",
      { metric: "wifi_utilisation_percent", aggregate: "perRowMax", invalid: [255] },
      { 1: 255, 2: 37 },
      37,
    ],
    [
      "a table of addresses counts machines, octet by octet, and neither broadcast, nor multicast, nor what is no address",
      { aggregate: "countRows", distinct: "mac" },
      {
        1: mac("daa119f0e0f0"),
        2: mac("daa119f0e0f1"),
        3: mac("daa119f0e0f1"),
        4: mac("ffffffffffff"),
        5: mac("01005e000016"),
        6: mac("000000000000"),
        7: mac(""),
      },
      2,
    ],
    ["one reading a row has no total", { aggregate: "perRow" }, { 1: 5 }, undefined],
  ])("%s", (_, over, values, expected) => {
    expect(total(over, values)).toBe(expected);
  });

  it.each<[string, readonly (readonly [Partial<MetricSource>, number | undefined])[], number | undefined]>([
    [
      "alternatives: the first that answers",
      [
        [{}, undefined],
        [{}, 4],
        [{}, 9],
      ],
      4,
    ],
    [
      "additive families: all that answer",
      [
        [{ family: "a", combine: "additive" }, 4],
        [{ family: "b", combine: "additive" }, undefined],
        [{ family: "c", combine: "additive" }, 2],
      ],
      6,
    ],
    [
      "limits: the least",
      [
        [{ family: "a", combine: "least" }, 90],
        [{ family: "b", combine: "least" }, 60],
      ],
      60,
    ],
    ["nobody answers", [[{}, undefined]], undefined],
  ])("%s", (_, list, expected) => {
    const parsed = sources(...list.map(([over]) => over));
    const answers = parsed.map((one, index) => ({ source: one, answer: { total: list[index]?.[1], details: [] } }));
    expect(combine(answers).totals.get("wifi_clients")).toBe(expected);
  });
});
