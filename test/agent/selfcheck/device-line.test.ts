import { describe, expect, it } from "vitest";
import type { Evidence, Outcome, Reading } from "#schemas/observation.ts";
import type { ChannelEvidence } from "#schemas/recording-evidence.ts";
import { bundledPolicy } from "../../../agent/bundled-policy.ts";
import { deviceLine, recordingLine, unseenLine, withDisks } from "../../../agent/selfcheck/device-line.ts";
import { countsForMs, keptLine } from "../../../agent/selfcheck/kept-evidence.ts";
import { type CheckLine, phrase, say } from "../../../agent/selfcheck/result.ts";
import { channelEvidence } from "../../support/channel-evidence.ts";

type Measured = Extract<Outcome, { kind: "measured" }>;
const measured = (...readings: Reading[]): Measured => ({ kind: "measured", readings });
const camera = (metric: Reading["metric"], value: number, name?: string): Reading => ({ metric, value, ...(name && { labels: { camera: name } }) });
const device = (metric: Reading["metric"], value: number, name: string): Reading => ({ metric, value, labels: { device: name } });
const stream = (value: number, name?: string): Reading => ({ metric: "camera_stream_up", value, ...(name && { labels: { camera: name, channel: "1" } }) });
const channel = (value: number, name?: string): Reading => ({ metric: "recording_now", value, ...(name && { labels: { channel: name } }) });
const asked = (...ids: string[]) => ids.map((id) => ({ id }));
const said = ({ detail }: CheckLine) => detail && say("en", detail);

describe("the line of a run over devices", () => {
  it.each<[string, string[], Measured, CheckLine["state"], string]>([
    ["all answer", ["a", "b"], measured(camera("camera_up", 1, "a"), camera("camera_up", 1, "b"), camera("camera_up", 1)), "ok", "2/2 devices answer"],
    ["a total is no device", ["a"], measured(camera("camera_up", 0, "a"), camera("camera_up", 0)), "warn", "0/1 devices answer (not: a)"],
    [
      "a link to the province that is down",
      ["a"],
      measured(camera("vms_link_up", 0, "a"), camera("vms_link_up", 0)),
      "warn",
      "0/1 devices linked to the province's system (not: a)",
    ],
    [
      "nobody watching is no fault",
      ["a"],
      measured(camera("vms_link_up", 1, "a"), camera("vms_pulling", 0, "a")),
      "ok",
      "1/1 devices linked to the province's system",
    ],
    [
      "a printer that answers and does not print",
      ["p"],
      measured(device("device_up", 1, "p"), device("printer_working", 0, "p")),
      "warn",
      "1/1 devices answer; 0/1 printers usable (not: p)",
    ],
    [
      "a silent printer is told once",
      ["p", "q"],
      measured(device("device_up", 0, "p"), device("printer_working", 0, "p"), device("device_up", 1, "q"), device("printer_working", 1, "q")),
      "warn",
      "1/2 devices answer (not: p); 1/1 printers usable",
    ],
    [
      "a scanner that is not ready",
      ["s"],
      measured(device("device_up", 1, "s"), device("scanner_ready", 0, "s")),
      "warn",
      "1/1 devices answer; 0/1 scanners ready (not: s)",
    ],
    ["a channel that rests", ["n"], measured(channel(1, "1"), channel(0, "2")), "warn", "1/2 channels recording (not: 2)"],
    ["a recorder of several that was not asked", ["n", "m"], measured(channel(1, "n/1")), "unknown", "1/1 channels recording; could not be asked: m"],
    ["a camera that refused the password", ["a", "b"], measured(camera("camera_up", 1, "a")), "unknown", "1/1 devices answer; could not be asked: b"],
    ["a run over devices that are declared no more", ["b"], measured(camera("camera_up", 1, "a")), "unknown", "1/1 devices answer; could not be asked: b"],
    ["every stream plays", ["a"], measured(stream(1, "a"), stream(1)), "ok", "1/1 streams bring video"],
    ["a stream that was refused", ["a"], measured(stream(1, "a")), "unknown", "1/1 streams bring video; some streams could not be asked for"],
    [
      "numbers that are no state",
      ["a"],
      measured({ metric: "wifi_clients", value: 7, labels: { method: "neighbours" } }, { metric: "dhcp_free", value: 40 }),
      "unknown",
      "2 numbers measured, but none tells whether the devices are well",
    ],
  ])("%s", (_, targets, outcome, state, words) => {
    const line = deviceLine(asked(...targets), outcome, bundledPolicy);
    expect([line.state, said(line)]).toEqual([state, words]);
  });

  it("says why a device could not be asked, and of a stream that was refused beside others that play", () => {
    const cameras = { cameras: [{ camera: "b", trouble: "auth_failed", said: "b refused" }] };
    const camerasLine = deviceLine(
      [{ id: "a" }, { id: "b", credential: "key-b" }],
      { ...measured(camera("camera_up", 1, "a")), evidence: cameras },
      bundledPolicy,
    );
    expect(said(camerasLine)).toBe("1/1 devices answer; could not be asked: b (wrong account or password)");
    expect(camerasLine).toMatchObject({ state: "unknown", owner: { key: "owner.dost" }, technical: "b refused" });
    expect(camerasLine.hint && say("en", camerasLine.hint)).toContain("hcc-agent creds add key-b");
    const streams = { streams: [{ camera: "a", channel: "2", packets: 0, rtspStatus: 0, trouble: "no_permission", said: "a forbids" }] };
    const streamsLine = deviceLine(asked("a"), { ...measured(stream(1, "a")), evidence: streams }, bundledPolicy);
    expect(streamsLine).toMatchObject({ state: "unknown", hint: { key: "selfcheck.hint.unasked.rights" }, technical: "a forbids" });
  });

  it("takes what to do from the rule that looks at the metric, and from the catalogue where no rule does", () => {
    const vms = bundledPolicy.requirements.find(({ id }) => id === "R04");
    const owner = phrase("owner.province-it");
    expect(deviceLine(asked("a"), measured(camera("vms_link_up", 0, "a")), bundledPolicy)).toMatchObject({ hint: vms?.advice, owner });
    const printer = deviceLine(asked("p"), measured(device("device_up", 1, "p"), device("printer_working", 0, "p")), bundledPolicy);
    expect(printer).toMatchObject({ hint: { key: "selfcheck.hint.bad.printer_working" }, owner: { key: "owner.commune" } });
  });

  it("names eight devices at most", () => {
    const names = Array.from({ length: 12 }, (_, index) => `c${index}`);
    const line = deviceLine(asked(...names), measured(...names.map((name) => camera("camera_up", 0, name))), bundledPolicy);
    expect(said(line)).toBe("0/12 devices answer (not: c0, c1, c2, c3, c4, c5, c6, c7, ...)");
  });
});

describe("the line of recordings", () => {
  const run = (...channels: ChannelEvidence[]): Measured => ({
    ...measured({ metric: "recording_depth_days", value: 12 }, channel(1, "1")),
    evidence: {
      window: { from: "2026-10-29T00:00:00.000Z", to: "2026-11-28T00:00:00.000Z" },
      requiredDays: 30,
      lastDay: "2026-11-28",
      recorders: [],
      channels: JSON.parse(JSON.stringify(channels)),
    },
  });

  it.each<[string, ChannelEvidence[], CheckLine["state"], string]>([
    ["all are kept", [channelEvidence("1", "COMPLIANT"), channelEvidence("2", "COMPLIANT")], "ok", "2/2 channels kept as required"],
    [
      "one is too short and one cannot be told",
      [
        channelEvidence("1", "COMPLIANT"),
        channelEvidence("2", "NON_COMPLIANT", "RETENTION_SHORT", "NOT_RECORDING"),
        channelEvidence("*", "UNVERIFIABLE", "AUTH_FAILED"),
      ],
      "warn",
      "1/3 channels kept as required; not met: nvr-1 2 (too few days kept, not recording now); unknown: nvr-1 (wrong user or password)",
    ],
    ["a new recorder", [channelEvidence("1", "TOO_YOUNG")], "unknown", "0/1 channels kept as required; unknown: nvr-1 1 (not watched long enough)"],
  ])("%s", (_, channels, state, words) => {
    const line = recordingLine(asked("nvr-1"), run(...channels), bundledPolicy);
    expect([line.state, said(line)]).toEqual([state, words]);
  });

  it.each<[string, ChannelEvidence["reasons"][number], string, string]>([
    ["a wrong password", "AUTH_FAILED", "hcc-agent creds add nvr-key", "owner.dost"],
    ["a recorder that is off", "OFFLINE", "Check the device's power", "owner.commune"],
    ["an account that may not play back", "NO_PERMISSION", "the right to view", "owner.dost"],
    ["a clock that is wrong", "CLOCK_WRONG", "Set the recorder's date", "owner.commune"],
    ["a recorder that tells too little", "OLDEST_ONLY", "account of the recorder's web page", "owner.province-it"],
    ["a recorder that records on motion", "EVENT_MODE", "record all day in place of on motion", "owner.vendor"],
  ])("%s: what to do and who does it", (_, reason, hint, owner) => {
    const line = recordingLine([{ id: "nvr-1", credential: "nvr-key" }], run(channelEvidence("*", "UNVERIFIABLE", reason)), bundledPolicy);
    expect(line.hint && say("en", line.hint)).toContain(hint);
    expect(line.owner).toEqual({ key: owner });
  });

  it.each<[string, Evidence, string | undefined, string | undefined]>([
    [
      "a clock that is wrong",
      { recorders: [{ device: "nvr-1", clock: "wrong", channels: [] }] },
      "nvr-1 (the device's clock is wrong)",
      "Set the recorder's date",
    ],
    [
      "no disk",
      { recorders: [{ device: "nvr-1", clock: "ok", disks: [], channels: [] }] },
      "nvr-1 (does not tell of anything recorded)",
      "See on the recorder",
    ],
    ["a recorder that refused the password", { recorders: [{ device: "nvr-1", channels: [], trouble: "auth_failed" }] }, undefined, undefined],
  ])("a look that saw no recording says why: %s", (_, evidence, why, hint) => {
    const line = unseenLine({ kind: "failed", reason: "unsupported", detail: "the recorder does not tell", evidence });
    expect(line && said(line)).toBe(why && `unknown: ${why}`);
    expect(line?.hint && say("en", line.hint)).toEqual(hint === undefined ? undefined : expect.stringContaining(hint));
  });

  describe("a look at recorders tells what they say of their disks", () => {
    const seen = (...disks: Evidence[]): Evidence => ({ recorders: [{ device: "nvr-1", clock: "ok", disks, channels: [] }] });
    const disk = (name: string, state: string, healthy?: boolean): Evidence => ({ disk: name, state, ...(healthy !== undefined && { healthy }) });
    const line = (evidence: Evidence) => {
      const look: Measured = { ...measured(channel(1, "1")), evidence };
      return withDisks(deviceLine(asked("nvr-1"), look, bundledPolicy), look);
    };

    it.each<[string, Evidence, CheckLine["state"], string]>([
      ["well", seen(disk("1", "ok", true)), "ok", "1/1 channels recording"],
      ["being repaired", seen(disk("1", "reparing")), "ok", "1/1 channels recording"],
      ["not told", { recorders: [{ device: "nvr-1", clock: "ok", channels: [] }] }, "ok", "1/1 channels recording"],
      [
        "one is broken, and the other still records",
        seen(disk("1", "ok", true), disk("2", "smartFailed", false)),
        "warn",
        "1/1 channels recording; the recorder reports a faulty disk: nvr-1 2 (smartFailed)",
      ],
      ["there is none", seen(), "warn", "1/1 channels recording; the recorder reports a faulty disk: nvr-1 (no disk is seen)"],
    ])("%s", (_, evidence, state, words) => {
      expect([line(evidence).state, said(line(evidence))]).toEqual([state, words]);
    });

    it("who mends a broken one, and what nobody should do", () => {
      const { hint, owner } = line(seen(disk("1", "error", false)));
      expect(hint && say("en", hint)).toContain("Do not format it yourself");
      expect(owner).toEqual({ key: "owner.vendor" });
    });
  });

  it("numbers without a verdict are not known to be enough", () => {
    expect(recordingLine(asked("nvr-1"), measured({ metric: "recording_depth_days", value: 40, labels: { channel: "1" } }), bundledPolicy).state).toBe(
      "unknown",
    );
  });

  it("a recorder that the run did not reach keeps the line from being green", () => {
    const line = recordingLine(asked("nvr-1", "nvr-2"), run(channelEvidence("1", "COMPLIANT")), bundledPolicy);
    expect([line.state, said(line)]).toEqual(["unknown", "1/1 channels kept as required; could not be asked: nvr-2"]);
  });

  it("a breach is for the rule's own owner", () => {
    const rule = bundledPolicy.requirements.find(({ id }) => id === "R05");
    expect(recordingLine(asked("nvr-1"), run(channelEvidence("1", "NON_COMPLIANT", "STORAGE_FAULT")), bundledPolicy)).toMatchObject({
      hint: rule?.advice,
      owner: { key: `owner.${rule?.owner}` },
    });
    // The plan's advice speaks of disks, and a recorder that was told to delete early needs none.
    const early = recordingLine(
      asked("nvr-1"),
      run(channelEvidence("1", "COMPLIANT"), channelEvidence("2", "NON_COMPLIANT", "CAP_BELOW_POLICY")),
      bundledPolicy,
    );
    expect(early.hint && say("en", early.hint)).toContain("switch deletion by days off");
  });
});

describe("a kept run", () => {
  it.each([
    ["camera-presence", 300, 90],
    ["vms-link", 900, 2_880],
    ["recording-depth", 86_400, 40 * 60],
    ["wifi-clients", 300, 24 * 60],
    ["link-bandwidth", 21_600, 7 * 1_440],
    ["office-devices", 600, 30],
    ["camera-stream", 3_600, 180],
  ] as const)("of %s counts as long as the rule says, else for three intervals", (probe, everyS, minutes) => {
    expect(countsForMs(bundledPolicy, { probe, everyS })).toBe(minutes * 60_000);
  });

  it("is what it was until its time is over, then unknown, whatever it said", () => {
    const nowMs = Date.UTC(2026, 10, 28, 3);
    const ago = (minutes: number) => new Date(nowMs - minutes * 60_000).toISOString();
    const clock = { countsMs: 90 * 60_000, nowMs, hint: phrase("selfcheck.hint.stale") };
    const good: CheckLine = { state: "ok", detail: phrase("selfcheck.count.devices", { up: 2, all: 2 }) };
    const bad: CheckLine = { ...good, state: "warn", hint: phrase("selfcheck.hint.devices_down"), owner: phrase("owner.commune") };
    expect(keptLine(bad, ago(90), clock)).toEqual({ ...bad, ageS: 5_400 });
    for (const line of [good, bad]) {
      const old = keptLine(line, ago(91), clock);
      expect([old.state, said(old), old.ageS, old.hint, old.owner]).toEqual([
        "unknown",
        "too old, a result counts for 1.5 h: 2/2 devices answer",
        5_460,
        clock.hint,
        undefined,
      ]);
    }
  });
});
