import { describe, expect, it, onTestFinished } from "vitest";
import { readingOf } from "#schemas/observation.ts";
import { judgeIppPrinter } from "../../../agent/devices/printer-ipp.ts";
import { judgePrinter, type PrinterColumns } from "../../../agent/devices/printer-snmp.ts";
import { officeDevices } from "../../../agent/probes/office-devices/probe.ts";
import { observe } from "../../../agent/runner.ts";
import { type Asked, answer, startHostileAgent } from "../../support/hostile-snmp.ts";
import { probeContext } from "../../support/probe-context.ts";

describe("no fault is a proof only where the printer has told its state", () => {
  const bits = (...octets: number[]) => Uint8Array.from(octets);
  const at = (value: number | Uint8Array) => new Map([["1", value]]);
  it.each<[string, PrinterColumns, boolean | undefined]>([
    ["it tells supplies and pages alone", { pages: at(1234) }, undefined],
    ["its status is unknown, and nothing else is told", { deviceStatus: at(1), printerStatus: at(2) }, undefined],
    ["another row has a status, its own has none", { deviceType: new Map([["2", "1.3.6.1.2.1.25.3.1.5"]]), deviceStatus: at(2) }, undefined],
    ["its status is unknown, but it is idle", { deviceStatus: at(1), printerStatus: at(3) }, true],
    ["it is running, and has no octet of errors", { deviceStatus: at(2), errorState: at(bits()) }, true],
    ["it tells no error and nothing else", { errorState: at(bits(0)) }, true],
    ["it tells a jam and nothing else", { errorState: at(bits(0x04)) }, false],
    ["it is down", { deviceStatus: at(5) }, false],
  ])("SNMP: %s", (_, columns, working) => {
    expect(judgePrinter(columns).working).toBe(working);
  });

  it.each<[string, Parameters<typeof judgeIppPrinter>[0], boolean | undefined]>([
    ["no state", new Map([["printer-name", ["x"]]]), undefined],
    ["a state that is none", new Map([["printer-state", ["idle"]]]), undefined],
    ["no state, but an error", new Map([["printer-state-reasons", ["media-jam-error"]]]), false],
    ["idle", new Map([["printer-state", [3]]]), true],
  ])("IPP: %s", (_, attributes, working) => {
    expect(judgeIppPrinter(attributes).working).toBe(working);
  });
});

describe("printers that answer SNMP in their own way", () => {
  const system: Readonly<Record<string, string>> = { "1.3.6.1.2.1.1.1.0": "MFP", "1.3.6.1.2.1.1.2.0": "1.3.6.1.4.1.99999.1", "1.3.6.1.2.1.1.5.0": "MFP" };
  const healthy: readonly (readonly [string, number | Buffer | { oid: string }])[] = [
    ["1.3.6.1.2.1.25.3.2.1.2.1", { oid: "1.3.6.1.2.1.25.3.1.5" }],
    ["1.3.6.1.2.1.25.3.2.1.5.1", 2],
    ["1.3.6.1.2.1.25.3.5.1.1.1", 3],
    ["1.3.6.1.2.1.25.3.5.1.2.1", Buffer.from([0])],
    ["1.3.6.1.2.1.43.5.1.1.1.1", 1],
    ["1.3.6.1.2.1.43.10.2.1.4.1.1", 1234],
    ["1.3.6.1.3.1", 0],
  ];
  const following = (oid: string) => healthy.find(([own]) => own.startsWith(`${oid}.`)) ?? healthy.find(([own]) => own === "1.3.6.1.3.1");

  const play = async (isDropped: (asked: Asked) => boolean) => {
    const agent = await startHostileAgent((asked) => {
      if (isDropped(asked)) return [];
      if (asked.oids.every((oid) => oid in system))
        return [
          answer(
            asked,
            asked.oids.map((oid) => ({ oid, value: oid.endsWith(".2.0") ? { oid: system[oid] ?? "" } : (system[oid] ?? "") })),
          ),
        ];
      if (asked.pdu === 0xa0) return [answer(asked, [{ oid: asked.oid, value: 0 }], 2)];
      const [oid, value] = following(asked.oid) ?? ["1.3.6.1.3.1", 0];
      return [answer(asked, [{ oid, value }])];
    });
    onTestFinished(agent.stop);
    const target = { id: "may-in", role: "printer", address: "127.0.0.1", snmp: { version: "2c", community: "public", port: agent.port } };
    const outcome = await observe(
      officeDevices,
      { targets: [target] },
      probeContext({ io: { tcpKnock: async (_address, port) => (port === 9100 ? "open" : "refused") } }),
    );
    if (outcome.kind !== "measured") throw new Error(JSON.stringify(outcome));
    return {
      up: readingOf(outcome.readings, "device_up", { device: "may-in", method: "snmp" }),
      working: readingOf(outcome.readings, "printer_working"),
      pages: readingOf(outcome.readings, "printer_pages"),
      evidence: JSON.stringify(outcome.evidence),
    };
  };

  it("one that knows SNMPv1 alone is asked in it", async () => {
    expect(await play(({ version }) => version !== 0)).toMatchObject({ up: 1, working: 1, pages: 1234 });
  });

  it("one that falls silent once it has told its state has told its state; the evidence says what is missing", async () => {
    const { evidence, ...told } = await play(({ oid }) => oid.startsWith("1.3.6.1.2.1.43.10"));
    expect(told).toEqual({ up: 1, working: 1, pages: undefined });
    expect(evidence).toContain('"reason":"timeout"');
  });
});
