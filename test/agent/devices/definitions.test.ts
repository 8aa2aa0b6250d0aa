import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Reading } from "#schemas/observation.ts";
import { identify, readSystem } from "../../../agent/devices/identify.ts";
import { readMetrics } from "../../../agent/devices/read-metrics.ts";
import { definitions, definitionsFolder } from "../../../agent/devices/registry.ts";
import { openSnmp } from "../../../agent/io/snmp.ts";
import { requirePeer } from "../../support/require-peer.ts";
import { type Snmpsim, startSnmpsim } from "../../support/snmpsim.ts";
import { projectRoot } from "../../support/source-files.ts";

const probeOf = { network: "wifi-clients", printer: "office-devices" } as const;
const fixtureOf = (kind: keyof typeof probeOf, id: string) => join(projectRoot, "test/fixtures", probeOf[kind], id);
const network = definitions().filter((definition) => definition.kind === "network");

describe("definitions", () => {
  it("every file of the folder is a definition and every definition has its recording and its expected answer", () => {
    const files = readdirSync(definitionsFolder).map((name) => name.replace(/\.json$/, ""));
    expect(
      definitions()
        .map(({ id }) => id)
        .sort(),
    ).toEqual(files.sort());
    for (const { kind, id } of definitions())
      for (const file of ["device.snmprec", "expected.json"]) expect(existsSync(join(fixtureOf(kind, id), file)), `${id}: ${file}`).toBe(true);
  });

  it("no fixture stands without its definition", () => {
    for (const kind of ["network", "printer"] as const) {
      const folders = readdirSync(join(projectRoot, "test/fixtures", probeOf[kind])).filter((name) => name !== "states");
      expect(folders.filter((id) => !definitions().some((definition) => definition.kind === kind && definition.id === id))).toEqual([]);
    }
  });
});

describe("docs/add-a-device.md", () => {
  const page = readFileSync(join(projectRoot, "docs/add-a-device.md"), "utf8");

  it("explains every word of the definition format", () => {
    const words = definitions().flatMap((definition) => [
      ...Object.keys(definition),
      ...(definition.kind === "network" ? definition.metrics.flatMap((source) => Object.keys(source)) : []),
    ]);
    expect([...new Set(words)].filter((word) => !page.includes(`\`${word}\``))).toEqual([]);
  });

  it("names files that exist", () => {
    const paths = [...page.matchAll(/`((?:agent|test|schemas)\/[^`<]*)/g)].map(([, path = ""]) => path);
    expect(paths.length).toBeGreaterThan(4);
    expect(paths.filter((path) => !existsSync(join(projectRoot, path)))).toEqual([]);
  });
});

describe.skipIf(!requirePeer("snmpsimd"))("every network definition against its recording", () => {
  let simulator: Snmpsim;
  beforeAll(async () => {
    simulator = await startSnmpsim(Object.fromEntries(definitions().map(({ kind, id }) => [id, join(fixtureOf(kind, id), "device.snmprec")])));
  });
  afterAll(() => simulator?.stop());

  it.each(network.map(({ id }) => [id]))("%s", async (id) => {
    using session = openSnmp({ address: "127.0.0.1", port: simulator.port, access: { version: "2c", community: id } }, AbortSignal.timeout(10_000));
    const definition = await identify(session, network, await readSystem(session));
    expect(definition?.id).toBe(id);
    if (!definition) return;
    const { totals, details } = await readMetrics(session, definition, "ap-1");
    const expected = JSON.parse(readFileSync(join(fixtureOf("network", id), "expected.json"), "utf8"));
    expect(Object.fromEntries(totals)).toEqual(expected.totals);
    for (const detail of expected.details as Reading[]) {
      const labels = expect.objectContaining(detail.labels ?? {});
      expect(details).toContainEqual({ ...detail, labels });
    }
    expect(JSON.stringify(details)).not.toMatch(/([0-9a-f]{2}[:-]){5}[0-9a-f]{2}/i);
  });
});
