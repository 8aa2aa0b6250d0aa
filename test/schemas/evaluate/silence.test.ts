import { describe, expect, it } from "vitest";
import { workingDaysBefore } from "#schemas/calendar.ts";
import { evaluate } from "#schemas/evaluate/evaluate.ts";
import type { Run } from "#schemas/facts.ts";
import type { Reading } from "#schemas/observation.ts";
import { calendar, DAY, facts, HOUR, MINUTE, measured, NOW, plan, requirement, seen } from "../../support/facts.ts";

const verdict = (id: string, more: Parameters<typeof facts>[0]) => {
  const [finding] = evaluate(plan, facts(more), NOW, [requirement(id)]);
  return `${finding?.state} ${finding?.reason}`;
};

describe("R10: a day on which nobody looked speaks against no device", () => {
  const days = workingDaysBefore(calendar, NOW, 10);
  const over = workingDaysBefore(calendar, NOW, 11).slice(1);
  const pcs = Array.from({ length: 7 }, (_, at) => ({ id: `pc-${at}`, role: "officer-pc" as const, address: `10.0.0.${at + 1}` }));
  const look = measured("office-devices", HOUR, [{ metric: "devices_seen", value: 0, labels: { role: "officer-pc" } }]);
  it.each<[string, Parameters<typeof facts>[0], string]>([
    ["no agent for two weeks", { centre: { devices: pcs } }, "unknown stale"],
    ["an agent that sees nothing at all", { centre: { devices: pcs }, runs: [look] }, "unknown device_offline"],
    ["two days with an agent", { centre: { devices: pcs }, presence: seen("printer-1", "printer", days.slice(0, 2)) }, "unknown stale"],
    ["two days, and a morning that is not over", { centre: { devices: pcs }, presence: seen("printer-1", "printer", days.slice(0, 3)) }, "unknown stale"],
    [
      "three days on which printers answered and PCs did not",
      { centre: { devices: pcs }, presence: seen("printer-1", "printer", over.slice(0, 3)) },
      "pending too_young",
    ],
    [
      "seven days: they may have been on for three others",
      { centre: { devices: pcs }, presence: seen("printer-1", "printer", over.slice(0, 7)) },
      "pending too_young",
    ],
    ["eight days", { centre: { devices: pcs }, presence: seen("printer-1", "printer", over.slice(0, 8)) }, "fail not_seen"],
    [
      "three days, and too few PCs in the list",
      { centre: { devices: pcs.slice(1) }, presence: seen("printer-1", "printer", over.slice(0, 3)) },
      "fail declared_short",
    ],
  ])("%s", (_, more, expected) => expect(verdict("R10", more)).toBe(expected));
});

describe("R16: portals that fall mute together are the centre's own line", () => {
  const ask = (target: string, up: 0 | 1, status?: number): Run[] =>
    [1, 6, 11, 16, 21].map((ago) => {
      const labels = { portal: target };
      const readings: Reading[] = [
        { metric: "portal_up", value: up, labels },
        ...(status === undefined ? [] : [{ metric: "portal_status" as const, value: status, labels }]),
      ];
      return measured("portal-http", ago * MINUTE, readings, { target });
    });
  it.each<[string, Run[], string]>([
    ["both mute", [...ask("vnpt-igate", 0), ...ask("dvc-quoc-gia", 0)], "unknown unheard"],
    ["one mute", [...ask("vnpt-igate", 0), ...ask("dvc-quoc-gia", 1, 200)], "fail target_down"],
    ["both answer with an error", [...ask("vnpt-igate", 0, 503), ...ask("dvc-quoc-gia", 0, 502)], "fail target_down"],
    ["one mute, one with an error", [...ask("vnpt-igate", 0), ...ask("dvc-quoc-gia", 0, 503)], "fail target_down"],
    ["one mute, the other never asked", ask("vnpt-igate", 0), "fail target_down"],
  ])("%s", (_, runs, expected) => expect(verdict("R16", { runs })).toBe(expected));
});

describe("R01: a speed test that never begins is the measure server's matter, and no device's password or power", () => {
  const ended = (outcome: Run["outcome"]): Run => ({ ...measured("link-bandwidth", HOUR, [{ metric: "download_mbps", value: 1 }]), outcome });
  it.each<[string, Run["outcome"], string]>([
    ["a lease that it refuses", { kind: "failed", reason: "refused" }, "unknown no_measure_server"],
    ["the same, told by an older agent", { kind: "failed", reason: "auth_failed" }, "unknown no_measure_server"],
    ["a server that says nothing", { kind: "failed", reason: "timeout" }, "unknown no_measure_server"],
    ["a test that broke off", { kind: "failed", reason: "server_lost" }, "unknown no_data"],
    ["the month's volume is used up", { kind: "skipped", reason: "budget" }, "pending budget"],
    ["one test's own volume is used up", { kind: "skipped", reason: "lease_used" }, "unknown lease_used"],
    ["no turn yet", { kind: "skipped", reason: "no_lease" }, "unknown no_data"],
  ])("%s", (_, outcome, expected) => expect(verdict("R01", { runs: [ended(outcome)] })).toBe(expected));
});

describe("R02: what is not known eases nothing", () => {
  const wifi = (more: Partial<Record<"wifi_utilisation_percent" | "dhcp_free" | "dhcp_leases", number>>) => {
    const readings = Object.entries({ wifi_clients: 60, ...more }).map(([metric, value]) => ({ metric: metric as Reading["metric"], value }));
    return [measured("wifi-clients", HOUR, readings)];
  };
  it.each<[string, Run[], string]>([
    ["sixty people on an eased network", wifi({ wifi_utilisation_percent: 40, dhcp_free: 100, dhcp_leases: 60 }), "pass capacity_demonstrated"],
    ["the same, utilisation not told", wifi({ dhcp_free: 100, dhcp_leases: 60 }), "pending not_yet_demonstrated"],
    ["the same, addresses not told", wifi({ wifi_utilisation_percent: 40 }), "pending not_yet_demonstrated"],
  ])("%s", (_, runs, expected) => expect(verdict("R02", { runs })).toBe(expected));

  it("an access point that was down when the centre fell silent may be up by now", () => {
    const runs = [HOUR, HOUR + 5 * MINUTE, HOUR + 10 * MINUTE].map((agoMs) =>
      measured("wifi-clients", agoMs, [{ metric: "wifi_ap_up", value: 0, labels: { ap: "ap-1" } }]),
    );
    expect(verdict("R02", { runs })).toBe("fail wifi_down");
    expect(verdict("R02", { runs, lastContactMs: NOW - HOUR })).toBe("unknown site_offline");
  });
});

describe("R05: a recorder that cannot be read is not proven by its neighbour", () => {
  const whole = {
    device: "nvr-1",
    channel: "1",
    name: "Quầy 1",
    verdict: "COMPLIANT",
    reasons: [],
    notes: [],
    method: "onvif-events",
    oldest: new Date(NOW - 31 * DAY).toISOString(),
    gaps: [],
    gapsTotal: 0,
    perDayMinutes: [],
    ring: "full",
    probes: [],
  };
  const window = { from: new Date(NOW - 30 * DAY).toISOString(), to: new Date(NOW).toISOString() };
  const evidence = { window, requiredDays: 30, lastDay: "2026-11-27", recorders: [], channels: [whole] };
  const proven = measured("recording-depth", 2 * HOUR, [{ metric: "recording_now", value: 1 }], { target: "nvr-1", evidence });
  const refused: Run = {
    ref: "0123456789abcdef:999",
    probe: "recording-depth",
    target: "nvr-2",
    atMs: NOW - HOUR,
    outcome: { kind: "failed", reason: "auth_failed" },
  };
  it.each<[string, Run[], string]>([
    ["one recorder, proven", [proven], "pass met"],
    ["one proven, one that refuses", [refused, proven], "unknown access_denied"],
    ["one that refuses", [refused], "unknown access_denied"],
  ])("%s", (_, runs, expected) => expect(verdict("R05", { runs })).toBe(expected));

  it("a depth that misses what is demanded is not told as that", () => {
    const short = { ...whole, verdict: "NON_COMPLIANT", reasons: ["RETENTION_SHORT"], oldest: new Date(NOW - 2 * HOUR - 29.97 * DAY).toISOString() };
    const run = measured("recording-depth", 2 * HOUR, [{ metric: "recording_now", value: 1 }], { evidence: { ...evidence, channels: [short] } });
    expect(evaluate(plan, facts({ runs: [run] }), NOW, [requirement("R05")])[0]).toMatchObject({ state: "fail", observed: 29.9, required: 30 });
  });
});
