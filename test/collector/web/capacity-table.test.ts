import { describe, expect, it } from "vitest";
import { evaluate } from "#schemas/evaluate/evaluate.ts";
import type { Reading } from "#schemas/observation.ts";
import { capacityTable } from "../../../collector/web/capacity-table.ts";
import { facts, HOUR, measured, NOW, plan, requirement } from "../../support/facts.ts";

/** Rows of the table as `what | value | source`. */
const rowsOf = (readings: readonly Reading[], line?: Parameters<typeof capacityTable>[2]) => {
  const targets = [{ target: "ap", method: "snmp:unifi-ap", wifi_limit_clients: 120 }];
  const run = measured("wifi-clients", HOUR, [...readings], { evidence: { method: "snmp:unifi-ap", targets } });
  const [finding] = evaluate(plan, facts({ runs: [run] }), NOW, [requirement("R02")]);
  if (!finding) throw new Error("no finding");
  const words = String(capacityTable("en", finding, line))
    .replaceAll("</tr>", "\n")
    .replaceAll(/<\/t[hd]>/g, "|")
    .replaceAll(/<[^>]*>/g, "");
  return words.split("\n").map((row) => row.trim().split("|").slice(0, 3));
};

describe("what speaks for and against the capacity of a Wi-Fi", () => {
  it("each number stands with its source, and what nobody tells is said to be unknown", () => {
    const rows = rowsOf(
      [
        { metric: "wifi_clients", value: 12 },
        { metric: "wifi_limit_clients", value: 120 },
      ],
      { mbps: 240, requirement: "R01" },
    );
    expect(rows).toContainEqual(["Most seen in working hours", "12", "snmp:unifi-ap"]);
    expect(rows).toContainEqual(["The configured maximum", "120", "snmp:unifi-ap"]);
    expect(rows).toContainEqual(["Line for each person, Mbps", "4.8", "R01"]);
    for (const what of ["The number of radios", "The DHCP address pool", "How long addresses stay leased (DHCP), hours", "Busiest air"])
      expect(rows).toContainEqual([what, "not known", "–"]);
  });

  it("a hint is no peak, and without a measured line nothing is said of it", () => {
    const rows = rowsOf([{ metric: "wifi_clients", value: 30, labels: { method: "dhcp" } }]);
    expect(rows).toContainEqual(["Most seen in working hours", "not known", "–"]);
    expect(rows).toContainEqual(["Hosts in a table of addresses (not people)", "30", "dhcp"]);
    expect(rows).toContainEqual(["Line for each person, Mbps", "not known", "–"]);
  });
});
