import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { DiscoveryEvidence } from "#schemas/discovery-evidence.ts";
import { Outcome, readingOf } from "#schemas/observation.ts";
import { requirePeer } from "../support/require-peer.ts";
import { LAN_HOOK_MS, runLan } from "./lan-run.ts";

const isRoot = userInfo().uid === 0;
const peers = ["avahi-daemon", "avahi-publish", "dbus-daemon", "wsdd", "cupsd", "lpadmin", "ip"] as const;

/** Namespaces need root. What stands behind the addresses is Debian's own: avahi for the machine, wsdd for the Windows PC, CUPS for the spooler. */
describe.skipIf(!isRoot || !requirePeer(...peers))("an office LAN", () => {
  const folder = mkdtempSync(join(tmpdir(), "hcc-office-"));
  let lines: string[] = [];
  beforeAll(async () => {
    lines = await runLan("office-lan.sh", folder);
  }, LAN_HOOK_MS);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const outcomeAt = (line: number) => Outcome.parse(JSON.parse(lines[line] ?? ""));

  it("discover --json proposes the machine once, with both its faces, and the PC", () => {
    const { proposals } = JSON.parse(lines[0] ?? "");
    expect(
      proposals.map(({ device, faces }: { device: Record<string, unknown>; faces: string[] }) => [device.address, device.role, faces.join("+"), device.model]),
    ).toEqual([
      ["10.88.0.20", "printer", "printer+scanner", "Canon MF264"],
      ["10.88.0.31", "officer-pc", "officer-pc", undefined],
    ]);
  });

  it("the daily search tells them to the province, without a MAC or a host's name", () => {
    const { found } = DiscoveryEvidence.parse(outcomeAt(1).evidence);
    expect(found.map(({ device, roles }) => [device, roles])).toEqual([
      ["mfp-1", ["printer", "scanner"]],
      ["pc-1", ["officer-pc"]],
    ]);
    expect(lines.join("\n")).not.toMatch(/([0-9a-f]{2}[:-]){5}[0-9a-f]{2}/i);
    expect(lines[1]).not.toContain("PC-01");
  });

  it("the spooler's local queues join a run; those of network printers do not", () => {
    const outcome = outcomeAt(2);
    if (outcome.kind !== "measured") throw new Error(lines[2]);
    const queues = outcome.readings.filter(({ metric, labels }) => metric === "device_up" && labels?.method === "spooler").map(({ labels }) => labels?.device);
    expect(queues).toContain("May_in_song_song");
    expect(queues).not.toContain("May_in_mang");
    expect(readingOf(outcome.readings, "printer_working", { device: "May_in_song_song" })).toBe(1);
  });

  it("a queue that was stopped does not work", () => {
    const outcome = outcomeAt(3);
    if (outcome.kind !== "measured") throw new Error(lines[3]);
    expect(readingOf(outcome.readings, "printer_working", { device: "May_in_song_song" })).toBe(0);
    expect(outcome.evidence?.devices).toContainEqual(expect.objectContaining({ device: "May_in_song_song", faults: ["stopped"] }));
  });
});
