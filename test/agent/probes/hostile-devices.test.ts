import { describe, expect, it, onTestFinished } from "vitest";
import { discover } from "../../../agent/discover/discover.ts";
import { createIo } from "../../../agent/io/io.ts";
import { officeDevices } from "../../../agent/probes/office-devices/probe.ts";
import { wifiClients } from "../../../agent/probes/wifi-clients/probe.ts";
import { observe } from "../../../agent/runner.ts";
import { type Asked, answer, startHostileAgent } from "../../support/hostile-snmp.ts";
import { probeContext } from "../../support/probe-context.ts";

const evil = "\u001b[2J\u001b]0;owned\u0007<script src=//evil>\u202e\u0000</td>";
/** As much as one datagram of UDP carries beside its headers: the string of 64 KiB that no field of ours may grow to. */
const huge = Buffer.alloc(65_300, 0x41);
const after = (oid: string) => `${oid}.1`;

/** How a device may lie to everything that asks it over SNMP. */
const liars: Readonly<Record<string, (asked: Asked) => readonly Buffer[]>> = {
  "says one object for ever": (asked) => [answer(asked, [{ oid: "1.3.6.1.2.1.43.11.1.1.9.1.1", value: 1 }])],
  "sends noise": () => [Buffer.from("\u0000\u00ff garbage"), Buffer.from([0x30, 0x84, 0xff, 0xff, 0xff, 0xff])],
  "sends strings of 64 KiB": (asked) => [answer(asked, [{ oid: asked.pdu === 0xa0 ? asked.oid : after(asked.oid), value: huge }])],
  "puts escape sequences and HTML into every name": (asked) => [answer(asked, [{ oid: asked.pdu === 0xa0 ? asked.oid : after(asked.oid), value: evil }])],
};

const play = async (liar: (asked: Asked) => readonly Buffer[]) => {
  const agent = await startHostileAgent(liar);
  onTestFinished(() => agent.stop());
  return agent.port;
};
/** Neither a control character nor a long text may leave in what is stored or shown. */
const expectClean = (said: unknown) => {
  const text = JSON.stringify(said);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these must not be there
  expect(text).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e]|\\u00|\\u202/);
  expect(text.length).toBeLessThan(16_000);
};

describe.each(Object.entries(liars))("a device that %s", (_, liar) => {
  it("gives wifi-clients no number", async () => {
    const outcome = await observe(wifiClients, { address: "127.0.0.1", port: await play(liar) }, probeContext());
    expect(outcome.kind === "measured" ? outcome.readings.filter(({ metric }) => metric === "wifi_clients") : []).toEqual([]);
    expectClean(outcome);
  });

  it("is there or not for office-devices, and no printer that works", async () => {
    const target = { role: "printer", address: "127.0.0.1", snmp: { version: "2c", port: await play(liar) } };
    const outcome = await observe(officeDevices, { targets: [target] }, probeContext({ io: { tcpKnock: async () => "refused" } }));
    expect(outcome.kind).toBe("measured");
    expect(outcome.kind === "measured" && outcome.readings.some(({ metric, value }) => metric === "printer_working" && value === 1)).toBe(false);
    expectClean(outcome);
  });

  it("spoils no search of the LAN", async () => {
    const quiet = { sweep: async () => {}, mdnsBrowse: async () => [], wsdProbe: async () => [], readDefaultRoute: async () => undefined };
    const io = { ...createIo(), ...quiet, readNeighbours: async () => [] };
    const signal = AbortSignal.timeout(30_000);
    expectClean(await discover({ io, signal, subnets: ["127.0.0.0/30"], snmpPort: await play(liar), assumePc: true }));
    expect(signal.aborted).toBe(false);
  });
});
