import { expect, it } from "vitest";
import { evaluate } from "#schemas/evaluate/evaluate.ts";
import { Evidence } from "#schemas/observation.ts";
import type { ChannelEvidence, RecordingEvidence } from "#schemas/recording-evidence.ts";
import { findingSentence } from "#schemas/text/finding-sentence.ts";
import { channelEvidence } from "../../support/channel-evidence.ts";
import { DAY, facts, HOUR, measured, NOW, plan, requirement } from "../../support/facts.ts";

const channel = (name: string, days: number | undefined, verdict: ChannelEvidence["verdict"], ...reasons: ChannelEvidence["reasons"]): ChannelEvidence => ({
  ...channelEvidence(name, verdict, ...reasons),
  ...(days !== undefined && { oldest: new Date(NOW - HOUR - days * DAY).toISOString() }),
});
const judge = (...channels: ChannelEvidence[]) => {
  const window = { from: new Date(NOW - 30 * DAY).toISOString(), to: new Date(NOW).toISOString() };
  const evidence = { window, requiredDays: 30, lastDay: "2026-11-27", recorders: [], channels } satisfies RecordingEvidence;
  const run = measured("recording-depth", HOUR, [{ metric: "recording_depth_days", value: 1 }], { evidence: Evidence.parse(evidence) });
  const [finding] = evaluate(plan, facts({ runs: [run] }), NOW, [requirement("R05")]);
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
