import { describe, expect, it } from "vitest";
import { evaluate } from "#schemas/evaluate/evaluate.ts";
import type { Device } from "#schemas/inventory.ts";
import { Evidence } from "#schemas/observation.ts";
import type { ChannelEvidence, RecordingEvidence } from "#schemas/recording-evidence.ts";
import { findingSentence } from "#schemas/text/finding-sentence.ts";
import { channelEvidence } from "../../support/channel-evidence.ts";
import { DAY, facts, HOUR, measured, NOW, plan, requirement } from "../../support/facts.ts";

const channel = (name: string, days: number | undefined, verdict: ChannelEvidence["verdict"], ...reasons: ChannelEvidence["reasons"]): ChannelEvidence => ({
  ...channelEvidence(name, verdict, ...reasons),
  ...(days !== undefined && { oldest: new Date(NOW - HOUR - days * DAY).toISOString() }),
});
const judge = (...channels: ChannelEvidence[]) => judgeWith([], ...channels);
const judgeWith = (devices: readonly Device[], ...channels: ChannelEvidence[]) => {
  const window = { from: new Date(NOW - 30 * DAY).toISOString(), to: new Date(NOW).toISOString() };
  const evidence = { window, requiredDays: 30, lastDay: "2026-11-27", recorders: [], channels } satisfies RecordingEvidence;
  const run = measured("recording-depth", HOUR, [{ metric: "recording_depth_days", value: 1 }], { evidence: Evidence.parse(evidence) });
  const [finding] = evaluate(plan, facts({ runs: [run], centre: { devices: [...devices] } }), NOW, [requirement("R05")]);
  if (!finding) throw new Error("nothing was judged");
  return finding;
};

it("a breach has the number of the channel that it names, though a camera that is new holds less", () => {
  const finding = judge(channel("1", 40, "COMPLIANT"), channel("2", 25, "NON_COMPLIANT", "RETENTION_SHORT"), channel("3", 5, "TOO_YOUNG"));
  expect(finding).toMatchObject({ state: "fail", reason: "retention_short", observed: 25, detail: { channel: "2", bad: 2, channels: 3 } });
  expect(findingSentence("vi", finding)).toMatch(/^Kênh 2 chỉ giữ được 25 ngày, cần 30 ngày/);
});

it("of channels with the same breach it names the one that holds least", () => {
  const [long, short] = [channel("1", 25, "NON_COMPLIANT", "RETENTION_SHORT"), channel("2", 12, "NON_COMPLIANT", "RETENTION_SHORT")];
  expect(judge(long, short)).toMatchObject({ observed: 12, detail: { channel: "2" } });
  expect(judge(short, long)).toMatchObject({ observed: 12, detail: { channel: "2" } });
});

it("a breach of a channel of which no day is known has no number of another one", () => {
  const finding = judge(channel("1", undefined, "NON_COMPLIANT", "STORAGE_FAULT"), channel("2", 31, "COMPLIANT"));
  expect(finding).toMatchObject({ state: "fail", reason: "storage_fault", detail: { channel: "1" } });
  expect(finding).not.toHaveProperty("observed");
});

it("where all keep enough the least is shown, and where some are new they are pending", () => {
  expect(judge(channel("1", 40, "COMPLIANT"), channel("2", 31, "COMPLIANT"))).toMatchObject({ state: "pass", observed: 31 });
  expect(judge(channel("1", 40, "COMPLIANT"), channel("2", 5, "TOO_YOUNG"))).toMatchObject({ state: "pending", observed: 5, detail: { channel: "2" } });
});

it("what cannot be concluded says why: a clerk who reads that the device tells too little does not look at its schedule", () => {
  const finding = judge(channel("1", 40, "COMPLIANT"), channel("2", 31, "UNVERIFIABLE", "EVENT_MODE"));
  expect(finding).toMatchObject({ state: "unknown", reason: "unverifiable", detail: { channel: "2", doubt: "EVENT_MODE" } });
  expect(findingSentence("vi", finding)).toContain("Lý do: chỉ ghi khi có chuyển động.");
  expect(judge(channel("1", 31, "UNVERIFIABLE", "AUTH_FAILED")).detail).not.toHaveProperty("doubt");
});

describe("what is declared and in no list of recordings", () => {
  const recorder: Device = { id: "nvr-1", role: "recorder", address: "10.1.0.250" };
  const camera = (at: number): Device => ({ id: `cam-${at}`, role: "camera", address: `10.1.0.${at}` });
  const two = [channel("1", 40, "COMPLIANT"), channel("2", 31, "COMPLIANT")];
  const card = { ...channel("1", 40, "COMPLIANT"), device: "cam-1" };

  it.each<[string, readonly Device[], readonly ChannelEvidence[], string]>([
    ["as many channels as cameras", [recorder, camera(1), camera(2)], two, "pass met"],
    ["a spare channel", [recorder, camera(1)], two, "pass met"],
    ["a camera more than the recorder has channels", [recorder, camera(1), camera(2), camera(3)], two, "unknown no_channel"],
    ["a second recorder without an address", [recorder, { id: "nvr-2", role: "recorder" }], two, "unknown no_address"],
    ["a second recorder that is not asked", [recorder, { ...recorder, id: "nvr-2", address: "10.8.0.1" }], two, "unknown not_asked"],
    ["a camera that keeps its own, beside one that nobody knows", [camera(1), camera(2)], [card, { ...card, channel: "2" }], "unknown no_channel"],
    ["a camera that keeps its own", [camera(1)], [card], "pass met"],
  ])("%s", (_, devices, channels, expected) => {
    const finding = judgeWith(devices, ...channels);
    expect(`${finding.state} ${finding.reason}`).toBe(expected);
    for (const lang of ["vi", "en"] as const) expect(findingSentence(lang, finding)).not.toMatch(/[{}]/);
  });

  it("does not hide a breach, and is told with both numbers", () => {
    const devices = [recorder, camera(1), camera(2), camera(3)];
    expect(judgeWith(devices, channel("1", 12, "NON_COMPLIANT", "RETENTION_SHORT"))).toMatchObject({ state: "fail", reason: "retention_short", observed: 12 });
    expect(findingSentence("vi", judgeWith(devices, ...two))).toMatch(/^Khai báo 3 camera nhưng các đầu ghi chỉ cho thấy 2 kênh/);
  });
});
