import { describe, expect, it } from "vitest";
import { evaluate } from "#schemas/evaluate/evaluate.ts";
import { needOf } from "#schemas/evaluate/needs.ts";
import type { Reading } from "#schemas/observation.ts";
import { findingSentence } from "#schemas/text/finding-sentence.ts";
import { calendar, facts, HOUR, MINUTE, measured, NOW, plan, requirement } from "../../support/facts.ts";

/** Air and addresses that leave room, as far as a row of the table says nothing else. */
const room = { wifi_utilisation_percent: 40, dhcp_free: 100, dhcp_leases: 12 };

const wifi = (
  values: Partial<
    Record<"wifi_clients" | "wifi_limit_clients" | "wifi_radios" | "wifi_utilisation_percent" | "dhcp_free" | "dhcp_leases" | "dhcp_lease_s", number>
  >,
  more: readonly Reading[] = [],
) => measured("wifi-clients", HOUR, [...Object.entries(values).map(([metric, value]) => ({ metric, value }) as Reading), ...more]);
/** Three runs in a row that say the same. */
const thrice = (...said: Parameters<typeof wifi>) => [0, 5, 10].map((minutes) => ({ ...wifi(...said), atMs: NOW - HOUR - minutes * MINUTE }));
const judge = (runs: ReturnType<typeof wifi>[], peak?: number) =>
  evaluate(plan, facts({ runs, peaks: peak === undefined ? [] : [{ metric: "wifi_clients", day: "2026-11-20", value: peak }] }), NOW, [requirement("R02")])[0];

describe("R02: fifty people at once", () => {
  it.each([
    ["a peak of 55 without overload shows it", [wifi({ ...room, wifi_clients: 12 })], 55, "pass", "capacity_demonstrated"],
    [
      "the same peak on an overloaded channel does not",
      [wifi({ ...room, wifi_clients: 12, wifi_utilisation_percent: 95 })],
      55,
      "pending",
      "not_yet_demonstrated",
    ],
    ["twelve people for a month are never a fail", [wifi({ wifi_clients: 12 })], 12, "pending", "not_yet_demonstrated"],
    [
      "limits and radios that suffice support it",
      [wifi({ ...room, wifi_clients: 12, wifi_limit_clients: 120, wifi_radios: 2 })],
      12,
      "pass",
      "capacity_supported",
    ],
    [
      "limits alone do not, while nobody knows how busy the air is",
      [wifi({ wifi_clients: 12, wifi_limit_clients: 120, wifi_radios: 2 })],
      12,
      "pending",
      "not_yet_demonstrated",
    ],
    ["a configured limit of 40 is too small", thrice({ wifi_clients: 12, wifi_limit_clients: 40, wifi_radios: 2 }), 12, "fail", "capacity_insufficient"],
    ["one radio is too few", thrice({ wifi_clients: 12, wifi_radios: 1 }), 12, "fail", "capacity_insufficient"],
    ["a DHCP pool of 40 is too small", thrice({ wifi_clients: 12, dhcp_free: 28, dhcp_leases: 12 }), 12, "fail", "capacity_insufficient"],
    [
      "addresses that stay taken for a week, with few left",
      thrice({ wifi_clients: 12, dhcp_free: 30, dhcp_leases: 170, dhcp_lease_s: 604_800 }),
      12,
      "fail",
      "capacity_insufficient",
    ],
    ["leases of a week with room to spare", [wifi({ ...room, wifi_clients: 12, dhcp_lease_s: 604_800 })], 55, "pass", "capacity_demonstrated"],
    [
      "leases of an hour, with few left",
      [wifi({ wifi_clients: 12, dhcp_free: 30, dhcp_leases: 170, dhcp_lease_s: 3_600 })],
      12,
      "pending",
      "not_yet_demonstrated",
    ],
    ["no measurement is unknown", [], undefined, "unknown", "no_data"],
    [
      "neighbours alone tell nothing",
      [wifi({}, [{ metric: "wifi_clients", value: 30, labels: { method: "neighbours" } }])],
      undefined,
      "unknown",
      "unverifiable",
    ],
  ] as const)("%s", (_, runs, peak, state, reason) => {
    expect(judge([...runs], peak)).toMatchObject({ state, reason, required: 50 });
  });

  it("a device that says 0 while hosts are seen proves nothing, whatever its limits", () => {
    const evidence = { method: "snmp:omada", contradiction: [{ target: "eap", clients: 0, neighbours: 4 }] };
    const readings = Object.entries({ ...room, wifi_limit_clients: 120, wifi_radios: 2 }).map(([metric, value]) => ({ metric, value }) as Reading);
    expect(judge([measured("wifi-clients", HOUR, readings, { evidence })], 60)).toMatchObject({
      state: "unknown",
      reason: "contradiction",
      detail: { method: "snmp:omada" },
    });
  });

  it("how people were counted stands beside the verdict, and a hint stays a hint", () => {
    const hint: Reading = { metric: "wifi_clients", value: 30, labels: { method: "dhcp" } };
    expect(judge([measured("wifi-clients", HOUR, [hint], { evidence: { method: "dhcp" } })])).toMatchObject({
      state: "unknown",
      reason: "unverifiable",
      detail: { method: "dhcp", hosts: 30 },
    });
  });

  it("each number says who told it, and what nobody told is not there", () => {
    const targets = [
      { target: "ctl", state: "answered", method: "snmp:cisco-wlc", wifi_clients: 12, wifi_limit_clients: 120 },
      { target: "gw", state: "answered", method: "api:mikrotik", dhcp_leases: 12, dhcp_free: 100 },
      "noise",
    ];
    const readings: Reading[] = [
      ...Object.entries({ wifi_clients: 12, wifi_limit_clients: 120, dhcp_leases: 12, dhcp_free: 100, dhcp_lease_s: 5_400 }).map(
        ([metric, value]) => ({ metric, value }) as Reading,
      ),
      { metric: "wifi_ap_up", value: 1, labels: { ap: "ctl" } },
    ];
    const [finding] = [judge([measured("wifi-clients", HOUR, readings, { evidence: { method: "snmp:cisco-wlc", targets, leaseS: 5_400 } })])];
    expect(finding?.detail).toEqual({
      peak: 12,
      limit: 120,
      limitFrom: "snmp:cisco-wlc",
      free: 100,
      freeFrom: "api:mikrotik",
      pool: 112,
      poolFrom: "api:mikrotik",
      leaseHours: 1.5,
      leaseHoursFrom: "dhcp",
      points: "1/1",
      method: "snmp:cisco-wlc",
    });
  });

  const ap = (name: string, value: 0 | 1): Reading => ({ metric: "wifi_ap_up", value, labels: { ap: name } });
  const enough = { ...room, wifi_clients: 12, wifi_limit_clients: 120, wifi_radios: 2 };

  it("an access point that stays down is a breach, and is named as what it is", () => {
    const finding = judge(thrice(enough, [ap("ap-1", 1), ap("ap-2", 0)]), 60);
    expect(finding).toMatchObject({ state: "fail", reason: "wifi_down", detail: { subject: "ap-2" } });
    // The peak is a number of people, no share of tries.
    expect(finding && [findingSentence("vi", finding), findingSentence("en", finding)]).toEqual([
      "Wi-Fi: ap-2 đang tắt hoặc không trả lời.",
      "Wi-Fi: ap-2 is off or does not answer.",
    ]);
  });

  it("one that restarts is silent in one run, and a radio that waits for its channel is missing in one: neither is a breach", () => {
    const [newest, ...before] = thrice(enough, [ap("ap-2", 1)]);
    const restarts = { ...wifi(enough, [ap("ap-2", 0)]), atMs: newest?.atMs ?? 0 };
    expect(judge([restarts, ...before], 60)).toMatchObject({ state: "pending", reason: "wifi_unconfirmed" });
    expect(judge([{ ...wifi({ ...enough, wifi_radios: 1 }), atMs: restarts.atMs }, ...before], 60)).toMatchObject({
      state: "pending",
      reason: "wifi_unconfirmed",
    });
    // Two that take turns are not one that is gone.
    const turns = thrice(enough).map((run, at) => ({ ...wifi(enough, [ap(`ap-${at % 2}`, 0)]), atMs: run.atMs }));
    expect(judge(turns, 60)).toMatchObject({ state: "pending" });
  });

  it("a run in which some devices could not be asked proves no shortage", () => {
    const runs = thrice({ ...enough, wifi_limit_clients: 30, wifi_radios: 1 }).map((run) => ({
      ...run,
      outcome: { ...run.outcome, evidence: { partial: true } } as typeof run.outcome,
    }));
    expect(judge(runs, 12)).toMatchObject({ state: "unknown", reason: "unverifiable" });
  });

  it("access points that are switched off for the night or the weekend are no breach, and what held at closing time holds at the opening", () => {
    const at = (time: string, value: 0 | 1) => ({ ...wifi(enough, [ap("ap-1", value)]), atMs: Date.parse(`${time}+07:00`) });
    const friday = ["2026-11-20T16:45", "2026-11-20T16:50", "2026-11-20T16:55"].map((time) => at(time, 1));
    const closed = ["2026-11-20T18:00", "2026-11-21T12:00", "2026-11-23T06:40", "2026-11-23T06:45", "2026-11-23T06:50"].map((time) => at(time, 0));
    const stateAt = (time: string, runs = [...friday, ...closed]) => {
      const nowMs = Date.parse(`${time}+07:00`);
      const asked = needOf(requirement("R02").rule, calendar, nowMs)?.spans ?? [];
      const loaded = runs.filter(({ atMs }) => asked.some(({ fromMs, toMs }) => fromMs < atMs && atMs <= toMs));
      return evaluate(plan, facts({ runs: loaded, lastContactMs: nowMs }), nowMs, [requirement("R02")])[0]?.reason;
    };
    expect(["2026-11-20T18:30", "2026-11-22T12:00", "2026-11-23T07:02"].map((time) => stateAt(time))).toEqual(Array(3).fill("capacity_supported"));
    // An agent that measures nothing while the counters are open is another matter.
    expect(stateAt("2026-11-23T09:00")).toBe("stale");
    const open = ["2026-11-23T07:10", "2026-11-23T07:15", "2026-11-23T07:20"].map((time) => at(time, 0));
    expect(stateAt("2026-11-23T07:25", [...friday, ...closed, ...open])).toBe("wifi_down");
    expect(stateAt("2026-11-24T18:00", [at("2026-11-23T16:00", 1)])).toBe("stale");
  });
});
