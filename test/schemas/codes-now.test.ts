import { expect, it } from "vitest";
import type { KnownDevice } from "#schemas/asset-ledger.ts";
import { codesNow, type FormerDevice, underCodesNow } from "#schemas/codes-now.ts";
import type { Device } from "#schemas/inventory.ts";

const old = (more: Partial<FormerDevice> = {}): FormerDevice => ({ id: "p-1", role: "printer", address: "10.0.0.7", untilDay: "2026-11-20", ...more });
const now = (more: Partial<Device> = {}): Device => ({ id: "p-9", role: "printer", address: "10.0.0.7", ...more });
const met = (firstDay: string, lastDay: string, more: Partial<KnownDevice> = {}): KnownDevice => {
  return { identity: `hash aa ${firstDay}`, roles: ["printer"], address: "10.0.0.7", firstDay, lastDay, ...more };
};
const before = met("2026-11-02", "2026-11-19");

it.each<[string, FormerDevice, readonly Device[], readonly KnownDevice[], string | undefined]>([
  ["the same serial number, whatever the address", old({ serial: "x1" }), [now({ serial: "X1", address: "10.0.0.8" })], [], "p-9"],
  ["another serial number in the same place", old({ serial: "X1" }), [now({ serial: "X2" })], [before], undefined],
  ["a filler in place of a serial number", old({ serial: "-" }), [now({ serial: "-" })], [], undefined],
  ["the machine that a search met there before", old(), [now()], [before], "p-9"],
  ["the same address alone", old(), [now()], [], undefined],
  ["a machine that a search met there with the new code only", old(), [now()], [met("2026-11-20", "2026-11-21")], undefined],
  ["another machine that is there since", old(), [now()], [before, met("2026-11-20", "2026-11-21")], undefined],
  ["a machine without an address on the wire", old(), [now()], [met("2026-11-02", "2026-11-19", { identity: "serial X1" })], undefined],
  ["a machine whose own serial number is not the declared one", old(), [now({ serial: "X2" })], [{ ...before, serial: "X1" }], undefined],
  ["another address", old(), [now({ address: "10.0.0.8" })], [before], undefined],
  ["another kind of device", old({ serial: "X1" }), [now({ role: "scanner", serial: "X1" })], [], undefined],
  [
    "a printer that is a copier too: the same role first",
    old({ serial: "X1" }),
    [now({ id: "c-9", role: "copier", serial: "X1" }), now({ serial: "X1" })],
    [],
    "p-9",
  ],
  ["a printer that is a copier now", old({ serial: "X1" }), [now({ role: "copier", serial: "X1" })], [], "p-9"],
])("%s", (_, former, declared, found, code) => {
  expect(codesNow([former], declared, found).get("p-1")).toBe(code);
});

it("what answered under the old code answered under the present one", () => {
  const rows = [
    { device: "p-1", day: "2026-11-19" },
    { device: "p-2", day: "2026-11-19" },
  ];
  expect(underCodesNow(rows, [{ device: "p-1", now: "p-9" }]).map(({ device }) => device)).toEqual(["p-9", "p-2"]);
  expect(underCodesNow(rows, undefined)).toBe(rows);
});

it("what answered under a code that was taken off the list answered for no device that is there; what answers under it afterwards is another thing", () => {
  const rows = ["2026-11-18", "2026-11-19", "2026-11-20"].map((day) => ({ device: "p-1", day }));
  expect(underCodesNow(rows, [{ device: "p-1", goneFrom: "2026-11-19" }])).toEqual([{ device: "p-1", day: "2026-11-20" }]);
});
