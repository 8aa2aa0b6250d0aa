import { describe, expect, it } from "vitest";
import { assetLedger, type KnownDevice, type LedgerSides } from "#schemas/asset-ledger.ts";
import type { Device } from "#schemas/inventory.ts";

const SINCE = "2026-11-16";
const TODAY = "2026-11-27";
const printer = (more: Partial<Device> = {}): Device => ({ id: "printer-1", role: "printer", address: "10.0.0.20", ...more });
const found = (more: Partial<KnownDevice> = {}): KnownDevice => ({
  identity: "hash aaaaaaaa 01",
  roles: ["printer"],
  address: "10.0.0.20",
  firstDay: "2026-10-01",
  lastDay: TODAY,
  ...more,
});
const seen = (device: string, day = TODAY) => ({ device, role: "printer" as const, day });
const ledger = (sides: Partial<LedgerSides>) =>
  assetLedger({ declared: [], found: [], seen: [], sinceDay: SINCE, ...sides }).map(({ label, state }) => `${label} ${state}`);

describe("assetLedger", () => {
  it.each<[string, Partial<LedgerSides>, string[]]>([
    ["declared, found and seen", { declared: [printer()], found: [found()], seen: [seen("printer-1")] }, ["printer-1 matched"]],
    ["seen by its own probe is enough", { declared: [printer()], seen: [seen("printer-1", SINCE)] }, ["printer-1 matched"]],
    [
      "a serial number is followed to another address",
      { declared: [printer({ serial: "x1" })], found: [found({ address: "10.0.0.99", serial: "X1 " })] },
      ["printer-1 matched"],
    ],
    ["seen last before the window", { declared: [printer()], seen: [seen("printer-1", "2026-11-13")] }, ["printer-1 missing"]],
    ["never seen", { declared: [printer()] }, ["printer-1 missing"]],
    ["without an address and never seen it is on paper alone", { declared: [printer({ address: undefined as never })] }, ["printer-1 declared_only"]],
    ["a USB printer is known by its queue", { declared: [{ id: "p", name: "HP M404", role: "printer" }], seen: [seen("HP M404")] }, ["p matched"]],
    ["found and declared nowhere", { found: [found()] }, ["10.0.0.20 extra"]],
    ["a queue that nobody declared", { seen: [seen("HP M404")] }, ["HP M404 extra"]],
    ["met long ago and declared nowhere", { found: [found({ lastDay: "2026-11-13" })] }, []],
    ["another serial number in its place", { declared: [printer({ serial: "X1" })], found: [found({ serial: "X2" })] }, ["printer-1 replaced"]],
    [
      "another machine in its place, the old one gone",
      {
        declared: [printer()],
        found: [found({ identity: "hash aaaaaaaa 02", device: "printer-1", firstDay: "2026-11-20" }), found({ device: "printer-1", lastDay: "2026-11-19" })],
      },
      ["printer-1 replaced"],
    ],
    [
      "an agent that was set up anew says nothing of old hashes",
      {
        declared: [printer()],
        found: [found({ identity: "hash bbbbbbbb 02", device: "printer-1", firstDay: "2026-11-20" }), found({ device: "printer-1", lastDay: "2026-11-19" })],
      },
      ["printer-1 matched"],
    ],
    [
      "a PC's address may be given to another PC",
      {
        declared: [{ id: "pc-1", role: "officer-pc", address: "10.0.0.20" }],
        found: [
          found({ identity: "hash aaaaaaaa 02", roles: ["officer-pc"], device: "pc-1", firstDay: "2026-11-20" }),
          found({ roles: ["officer-pc"], device: "pc-1", lastDay: "2026-11-19" }),
        ],
      },
      ["pc-1 matched"],
    ],
    [
      "one serial number twice",
      { declared: [printer({ serial: "X1" }), printer({ id: "printer-2", address: "10.0.0.21", serial: "x1" })], seen: [seen("printer-1")] },
      ["printer-1 matched", "printer-2 duplicate"],
    ],
    [
      "one address as printer and copier",
      { declared: [printer(), printer({ id: "copier-1", role: "copier" })], found: [found()] },
      ["printer-1 matched", "copier-1 duplicate"],
    ],
    [
      "one machine found at two declared addresses",
      { declared: [printer(), printer({ id: "printer-2", address: "10.0.0.21", serial: "X1" })], found: [found({ serial: "X1" })] },
      ["printer-1 matched", "printer-2 duplicate"],
    ],
    [
      "a machine that prints and scans is both",
      { declared: [printer(), { id: "scanner-1", role: "scanner", address: "10.0.0.20" }], found: [found({ roles: ["printer", "scanner"] })] },
      ["printer-1 matched", "scanner-1 matched"],
    ],
  ])("%s", (_, sides, rows) => {
    expect(ledger(sides)).toEqual(rows);
  });

  it("keeps the last day on which a device answered in any way", () => {
    const [row] = assetLedger({ declared: [printer()], found: [found({ lastDay: "2026-11-20" })], seen: [seen("printer-1", "2026-11-24")], sinceDay: SINCE });
    expect(row).toMatchObject({ lastDay: "2026-11-24", found: { lastDay: "2026-11-20" } });
  });
});
