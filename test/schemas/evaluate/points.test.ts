import { describe, expect, it } from "vitest";
import { workingDaysBefore } from "#schemas/calendar.ts";
import { foundIn } from "#schemas/evaluate/daily-facts.ts";
import { evaluate } from "#schemas/evaluate/evaluate.ts";
import { partAt, pointsIn } from "#schemas/evaluate/points.ts";
import type { Facts, PointContact, Run } from "#schemas/facts.ts";
import { type Finding, PARTS_MAX } from "#schemas/finding.ts";
import type { ProbeKind } from "#schemas/observation.ts";
import { findingSentence, sentenceAt } from "#schemas/text/finding-sentence.ts";
import { channelEvidence } from "../../support/channel-evidence.ts";
import { calendar, DAY, facts, HOUR, MINUTE, measured, NOW, plan, requirement, seen, speed } from "../../support/facts.ts";

const contact = { firstContactMs: NOW - 60 * DAY, lastContactMs: NOW - MINUTE };
const both: readonly PointContact[] = [
  { point: "main", ...contact },
  { point: "ia-ly", ...contact },
];
const silent = { point: "ia-ly", firstContactMs: NOW - 60 * DAY, lastContactMs: NOW - 2 * HOUR };
const at = (point: string, runs: readonly Run[]): Run[] => runs.map((run) => ({ ...run, point, ref: run.ref.replace(/^0/, "f") }));
const judge = (id: string, more: Parameters<typeof facts>[0]): Finding => {
  const [finding] = evaluate(plan, facts({ points: both, ...more }), NOW, [requirement(id)]);
  if (!finding) throw new Error("no finding");
  return finding;
};
const stateOf = ({ state, reason }: { state: string; reason: string }) => `${state} ${reason}`;
const partsOf = ({ parts = [] }: Finding) => parts.map(({ point, subject, ...part }) => `${point} ${subject} ${stateOf(part)}`);

const fast = [speed(240, 0), speed(250, 1)];
const slow = [speed(90, 0.1), speed(90, 1, "second"), speed(90, 2), speed(90, 3), speed(90, 4)];
const portals = (up: 0 | 1) =>
  ["vnpt-igate", "dvc-quoc-gia"].flatMap((target, first) =>
    Array.from({ length: 10 }, (_, count) => {
      const isUp = first === 0 ? up : 1;
      return measured("portal-http", count * 5 * MINUTE, [{ metric: "portal_up", value: isUp, labels: { portal: target } }], { target });
    }),
  );
const portalsAnswer = portals(1);

describe("R01: each reception point has a line of its own", () => {
  it("a slow line is a breach however fast the other one is, and is named", () => {
    const finding = judge("R01", { runs: [...fast, ...at("ia-ly", slow)] });
    expect(finding).toMatchObject({ state: "fail", reason: "below_floor", observed: 90, detail: { point: "ia-ly", below: 5 } });
    expect(partsOf(finding)).toEqual(["main main pass met", "ia-ly ia-ly fail below_floor"]);
    expect(finding.evidence[0]).toMatch(/^f/);
    expect(findingSentence("vi", finding)).toMatch(/^Điểm tiếp nhận ia-ly: Đo được 90 Mbps/);
    expect(findingSentence("en", judge("R01", { runs: [...slow, ...at("ia-ly", fast)] }))).toMatch(/^Main office: /);
  });

  it("two good lines are a pass, which ends with the first of them", () => {
    const finding = judge("R01", { runs: [...fast, ...at("ia-ly", [speed(210, 3)])] });
    expect(finding).toMatchObject({ state: "pass", observed: 210, validUntil: new Date(NOW + 4 * DAY).toISOString() });
    expect(finding.detail).not.toHaveProperty("point");
    expect(findingSentence("vi", finding)).toBe("Đo được 210 Mbps, yêu cầu 200 Mbps.");
  });

  it("a line that nobody measures is unknown beside one that is known", () => {
    expect(judge("R01", { runs: fast, points: [...both.slice(0, 1), { point: "ia-ly" }] })).toMatchObject({
      state: "unknown",
      reason: "no_data",
      detail: { point: "ia-ly" },
    });
  });

  it("a contract is that of the main office's line", () => {
    const { parts = [] } = judge("R01", { runs: [...slow, ...at("ia-ly", slow)], centre: { contractMbps: 100 } });
    expect(parts.map(({ detail }) => detail?.contractShort)).toEqual([true, undefined]);
  });
});

describe("R16: each point asks the portals over its own line", () => {
  it("what fails at one point is not drowned by the other", () => {
    const finding = judge("R16", { runs: [...portalsAnswer, ...at("ia-ly", portals(0))] });
    expect(finding).toMatchObject({ state: "fail", reason: "target_down", observed: 0, detail: { point: "ia-ly", subject: "vnpt-igate" } });
    expect(partsOf(finding)).toEqual([
      "main vnpt-igate pass met",
      "main dvc-quoc-gia pass met",
      "ia-ly vnpt-igate fail target_down",
      "ia-ly dvc-quoc-gia pass met",
    ]);
    expect(findingSentence("vi", finding)).toBe("Điểm tiếp nhận ia-ly: vnpt-igate không trả lời: chỉ 0 % lần hỏi thành công.");
  });

  it("a point that is silent is unknown, whatever the other says and whatever it said itself", () => {
    const old = (up: 0 | 1) => at("ia-ly", portals(up)).map((run) => ({ ...run, atMs: run.atMs - 5 * MINUTE }));
    const points = [...both.slice(0, 1), silent];
    for (const up of [0, 1] as const) {
      const stale = old(up).map((run) => ({ ...run, atMs: run.atMs - (up === 1 ? 2 * HOUR : 0) }));
      const finding = judge("R16", { runs: [...portalsAnswer, ...stale], points });
      expect(finding).toMatchObject({ state: "unknown", reason: "site_offline", detail: { point: "ia-ly" } });
      expect(partsOf(finding).at(-1)).toBe("ia-ly ia-ly unknown site_offline");
      expect(findingSentence("vi", finding)).toBe("Điểm tiếp nhận ia-ly mất liên lạc: máy tính cổng hoặc đường truyền ở đó đang ngắt.");
    }
  });
});

describe("what is in a LAN is judged by the agent of that LAN", () => {
  const wifi = (radios: number, agoMs: number) =>
    measured("wifi-clients", agoMs, [
      { metric: "wifi_clients", value: 10 },
      { metric: "wifi_limit_clients", value: 200 },
      { metric: "wifi_radios", value: radios },
      { metric: "wifi_utilisation_percent", value: 20, labels: { ap: "ap", radio: "1" } },
      { metric: "dhcp_free", value: 150 },
      { metric: "dhcp_leases", value: 50 },
    ]);
  const few = [1, 11, 21].map((minutes) => wifi(1, minutes * MINUTE));
  const enough = [2, 12, 22].map((minutes) => wifi(4, minutes * MINUTE));

  it("R02: a small Wi-Fi is confirmed by its own runs, between which the other point's come", () => {
    const finding = judge("R02", { runs: [...enough, ...at("ia-ly", few)] });
    expect(finding).toMatchObject({ state: "fail", reason: "capacity_insufficient", detail: { point: "ia-ly", short: "radios" } });
  });

  it("R02: a day's peak is of the whole centre and demonstrates no point's Wi-Fi", () => {
    const bare = (agoMs: number) => measured("wifi-clients", agoMs, [{ metric: "wifi_clients", value: 10 }]);
    const peaks: Facts["peaks"] = [{ metric: "wifi_clients", day: "2026-11-26", value: 70 }];
    expect(judge("R02", { runs: [...enough, ...at("ia-ly", [bare(MINUTE)])], peaks })).toMatchObject({
      state: "pending",
      reason: "not_yet_demonstrated",
      observed: 10,
    });
  });

  it("R02: a point that neither declares nor tells of a Wi-Fi is not held to have one, and a peak is of the one that has", () => {
    expect(stateOf(judge("R02", { runs: enough }))).toBe("pass capacity_supported");
    const peaks: Facts["peaks"] = [{ metric: "wifi_clients", day: "2026-11-26", value: 70 }];
    const calm = measured("wifi-clients", MINUTE, [
      { metric: "wifi_clients", value: 10 },
      { metric: "wifi_utilisation_percent", value: 20, labels: { ap: "ap", radio: "1" } },
      { metric: "dhcp_free", value: 150 },
      { metric: "dhcp_leases", value: 50 },
    ]);
    expect(stateOf(judge("R02", { runs: [calm], peaks }))).toBe("pass capacity_demonstrated");
  });

  it("R02: what a router at a point has told of its Wi-Fi is unknown once it falls silent, and not of no concern", () => {
    const router = { id: "r-2", role: "router" as const, point: "ia-ly" };
    expect(judge("R02", { runs: enough, centre: { devices: [{ ...router, address: "192.168.1.1" }] } })).toMatchObject({
      state: "unknown",
      detail: { point: "ia-ly" },
    });
    expect(judge("R02", { runs: enough, centre: { devices: [router] } }).state).toBe("pass");
  });

  it("R02: a Wi-Fi that only the commune's own settings name is unknown once its point is silent, however long, and not of no concern", () => {
    const points = (told: readonly ProbeKind[]) => [...both.slice(0, 1), { ...silent, lastContactMs: NOW - 9 * DAY, told }];
    expect(judge("R02", { runs: enough, points: points(["portal-http", "wifi-clients"]) })).toMatchObject({
      state: "unknown",
      reason: "site_offline",
      detail: { point: "ia-ly" },
    });
    expect(judge("R02", { runs: enough, points: points(["portal-http"]) }).state).toBe("pass");
  });

  it("R02: a point that declares an access point is held to have a Wi-Fi", () => {
    expect(judge("R02", { runs: enough, centre: { devices: [{ id: "ap-2", role: "access-point", point: "ia-ly" }] } })).toMatchObject({
      state: "unknown",
      reason: "no_data",
      detail: { point: "ia-ly" },
    });
  });

  const recorder = (id: string, point?: string) => ({ id, role: "recorder" as const, address: "192.168.1.250", ...(point && { point }) });
  const depth = (device: string, agoMs: number, verdict: "COMPLIANT" | "NON_COMPLIANT") =>
    measured("recording-depth", agoMs, [{ metric: "recording_depth_days", value: 31, labels: { channel: "1" } }], {
      evidence: JSON.parse(
        JSON.stringify({
          window: { from: new Date(NOW - 30 * DAY).toISOString(), to: new Date(NOW).toISOString() },
          requiredDays: 30,
          lastDay: "2026-11-26",
          recorders: [],
          channels: [{ ...channelEvidence("1", verdict, ...(verdict === "COMPLIANT" ? [] : ["RETENTION_SHORT" as const])), device }],
        }),
      ),
    });

  it("R05: the recorder of one point does not stand for that of the other, whichever told last", () => {
    const devices = [recorder("nvr-1"), recorder("nvr-2", "ia-ly")];
    const depthRule = plan.requirements.find(({ rule }) => rule.kind === "depth")?.id ?? "";
    const told = (first: "COMPLIANT" | "NON_COMPLIANT", second: "COMPLIANT" | "NON_COMPLIANT", agoMs: number) =>
      judge(depthRule, { centre: { devices }, runs: [depth("nvr-1", 2 * HOUR, first), ...at("ia-ly", [depth("nvr-2", agoMs, second)])] });
    expect(stateOf(told("COMPLIANT", "COMPLIANT", HOUR))).toBe("pass met");
    expect(told("COMPLIANT", "NON_COMPLIANT", HOUR)).toMatchObject({ state: "fail", detail: { point: "ia-ly" } });
    expect(told("COMPLIANT", "NON_COMPLIANT", 3 * HOUR)).toMatchObject({ state: "fail", detail: { point: "ia-ly" } });
    expect(told("NON_COMPLIANT", "COMPLIANT", 3 * HOUR)).toMatchObject({ state: "fail", detail: { point: "main" } });
  });
});

describe("R10: officers are of the centre, and so are the PCs that are counted", () => {
  const over = workingDaysBefore(calendar, NOW, 11).slice(1);
  const pcs = (from: number, to: number, point?: string) =>
    Array.from({ length: to - from }, (_, place) => ({
      id: `pc-${from + place}`,
      role: "officer-pc" as const,
      // The same addresses in both LANs.
      address: `192.168.1.${10 + place}`,
      ...(point && { point }),
    }));
  const devices = [...pcs(0, 4), ...pcs(4, 7, "ia-ly")];
  const answered = (count: number, on = over) => Array.from({ length: count }, (_, place) => seen(`pc-${place}`, "officer-pc", on)).flat();

  it("PCs of two LANs with the same addresses are two", () => {
    const finding = judge("R10", { presence: answered(7), centre: { devices } });
    expect(finding).toMatchObject({ state: "pass", observed: 7 });
    expect(finding.detail).not.toHaveProperty("duplicate");
    const oneLan = devices.map(({ point: _, ...one }) => one);
    expect(judge("R10", { presence: answered(7), centre: { devices: oneLan }, points: both.slice(0, 1) })).toMatchObject({
      observed: 4,
      detail: { duplicate: 3 },
    });
  });

  it("a point at which nobody looked makes none of its PCs missing", () => {
    const finding = judge("R10", { presence: answered(4), centre: { devices } });
    expect(finding).toMatchObject({ state: "unknown", reason: "stale", detail: { point: "ia-ly", watched: 0 } });
  });

  it("a PC that is missing where others answer is missing", () => {
    const presence = [...answered(4), ...seen("pc-4", "officer-pc", over), ...seen("pc-5", "officer-pc", over)];
    expect(stateOf(judge("R10", { presence, centre: { devices } }))).toBe("fail not_seen");
  });

  it("a machine that a search met in one LAN is not the one that is declared in the other", () => {
    const met = { identity: "hash a b", roles: ["printer" as const], address: "192.168.1.20", firstDay: over.at(-1) ?? "", lastDay: over[0] ?? "" };
    const printers = [{ id: "p-1", role: "printer" as const, address: "192.168.1.20" }];
    const r11 = (found: Facts["found"]) => judge("R11", { centre: { devices: printers, officers: 1 }, found, presence: answered(7) });
    expect(r11([met]).detail).toMatchObject({ matched: 1 });
    expect(r11([{ ...met, point: "ia-ly" }]).detail).toMatchObject({ missing: 1, extra: 1 });
  });

  it("a search's point is that of its agent, whatever it says itself", () => {
    const found = [{ identity: "hash a b", roles: ["printer" as const], address: "192.168.1.20", point: "elsewhere" }];
    const { outcome } = measured("device-discovery", 0, [{ metric: "devices_found", value: 1 }], { evidence: { networks: [], found, unknownComputers: 0 } });
    expect(foundIn("device-discovery", outcome, "ia-ly").map(({ point }) => point)).toEqual(["ia-ly"]);
    expect(foundIn("device-discovery", outcome)[0]).not.toHaveProperty("point");
  });
});

describe("what a policy demands at the main office alone", () => {
  const [line] = plan.requirements.filter(({ id }) => id === "R01").map((own) => ({ ...own, points: "main" as const }));
  const judged = (more: Parameters<typeof facts>[0]) => evaluate(plan, facts({ points: both, ...more }), NOW, line ? [line] : [])[0];

  it("is judged by that one's line, and says so", () => {
    const good = judged({ runs: [...fast, ...at("ia-ly", slow)] });
    expect(good).toMatchObject({ state: "pass", parts: [{ subject: "main", point: "main" }] });
    expect(judged({ runs: [...slow, ...at("ia-ly", fast)] })).toMatchObject({ state: "fail", detail: { point: "main" } });
  });

  it("is unknown where the main office measures nothing, however good another point is", () => {
    for (const points of [both.slice(1), [{ point: "main" }, ...both.slice(1)]])
      expect(judged({ runs: at("ia-ly", fast), points })).toMatchObject({ state: "unknown", reason: "no_data", detail: { point: "main" } });
  });
});

describe("one of the points of which a finding speaks", () => {
  const down = judge("R16", { runs: [...portals(0), ...at("ia-ly", portalsAnswer)] });

  it("has the state of its worst part, and a sentence of its own", () => {
    expect([partAt(down, "main")?.state, partAt(down, "ia-ly")?.state, partAt(down, "elsewhere")]).toEqual(["fail", "pass", undefined]);
    expect(pointsIn(down)).toEqual(["main", "ia-ly"]);
    expect(sentenceAt("vi", down, "main")).toBe(findingSentence("vi", down));
    expect(sentenceAt("vi", down, "ia-ly")).toBe("Điểm tiếp nhận ia-ly: Đạt ở 100 % số lần hỏi, yêu cầu từ 60 % trở lên.");
    const bothDown = judge("R16", { runs: [...portals(0), ...at("ia-ly", portals(0))] });
    expect(sentenceAt("en", bothDown, "ia-ly")).toBe("Reception point ia-ly: vnpt-igate does not answer: only 0 % of the tries succeeded.");
  });

  it("that is silent is told as that, and what has no sentence without more numbers has its short words", () => {
    const quiet = judge("R16", { runs: portals(0), points: [...both.slice(0, 1), silent] });
    expect(sentenceAt("en", quiet, "ia-ly")).toBe("Reception point ia-ly is not heard: its gateway PC or its line is off.");
    const bare = { ...down, parts: [{ subject: "vnpt-igate", point: "ia-ly", state: "fail" as const, reason: "target_down" as const }] };
    expect(sentenceAt("en", bare, "ia-ly")).toBe("Reception point ia-ly: vnpt-igate: does not answer");
  });

  it("is in the finding however many devices another one names", () => {
    const cameras = (count: number, at: 0 | 1, point?: string) =>
      Array.from({ length: 3 }, (_, run) =>
        measured(
          "camera-presence",
          run * 5 * MINUTE,
          Array.from({ length: count }, (_, name) => ({ metric: "camera_up" as const, value: at, labels: { camera: `c${name}` } })),
        ),
      ).map((run) => (point === undefined ? run : { ...run, point, ref: run.ref.replace(/^0/, "f") }));
    const finding = judge("R03", { runs: [...cameras(400, 1), ...cameras(1, 0, "ia-ly")] });
    expect(finding.parts).toHaveLength(PARTS_MAX / 2 + 1);
    expect([partAt(finding, "main")?.state, partAt(finding, "ia-ly")?.state]).toEqual(["pass", "fail"]);
  });
});

it("a centre of one point is judged as one of which no point was ever named", () => {
  const runs = [...fast, ...slow, ...portals(0), ...at("ia-ly", portalsAnswer)];
  const known = { centre: { devices: [{ id: "pc-1", role: "officer-pc" as const, address: "192.168.1.10" }] } };
  const named = evaluate(plan, facts({ ...known, runs, points: both.slice(0, 1) }), NOW);
  const unnamed = evaluate(plan, facts({ ...known, runs: runs.filter(({ point }) => point === undefined) }), NOW);
  expect(JSON.stringify(named)).toBe(JSON.stringify(unnamed));
});
