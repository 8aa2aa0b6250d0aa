import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Outcome, readingOf } from "#schemas/observation.ts";
import { requirePeer } from "../support/require-peer.ts";
import { LAN_HOOK_MS, runLan } from "./lan-run.ts";

const isRoot = userInfo().uid === 0;

/** Namespaces need root. The phones get their leases from a real dnsmasq by a real udhcpc, and answer nothing but ARP. */
describe.skipIf(!isRoot || !requirePeer("dnsmasq", "udhcpc", "snmpd", "ip"))("three phones on a LAN", () => {
  const folder = mkdtempSync(join(tmpdir(), "hcc-wifi-"));
  let lines: string[] = [];
  beforeAll(async () => {
    lines = await runLan("wifi-lan.sh", folder);
  }, LAN_HOOK_MS);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it.each([
    [0, "dhcp", "the server's lease file"],
    [1, "neighbours", "the router's table over SNMP, where there are no leases"],
    [2, "sweep", "this PC's own table after a sweep, where nobody else tells"],
  ])("are counted, line %i, by %s: %s", (line, method) => {
    const outcome = Outcome.parse(JSON.parse(lines[line] ?? ""));
    if (outcome.kind !== "measured") throw new Error(lines[line]);
    expect(readingOf(outcome.readings, "wifi_clients", { method })).toBe(3);
    expect(outcome.evidence?.method).toBe(method);
    // A table of addresses is never the count itself.
    expect(outcome.readings.filter(({ metric, labels }) => metric === "wifi_clients" && labels === undefined)).toEqual([]);
  });

  it("the server knew three MAC addresses, and none of them left", () => {
    const leases = readFileSync(join(folder, "leases"), "utf8").trim().split("\n");
    const macs = leases.map((line) => line.split(" ")[1] ?? "");
    expect(new Set(macs).size).toBe(3);
    expect(macs.filter((mac) => lines.join("\n").includes(mac))).toEqual([]);
  });
});
