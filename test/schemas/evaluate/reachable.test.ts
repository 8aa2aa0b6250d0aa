import { describe, expect, it } from "vitest";
import { evaluate } from "#schemas/evaluate/evaluate.ts";
import { needsOf, requirementsTouchedBy } from "#schemas/evaluate/needs.ts";
import type { Run } from "#schemas/facts.ts";
import type { Device } from "#schemas/inventory.ts";
import { Evidence } from "#schemas/observation.ts";
import { findingSentence } from "#schemas/text/finding-sentence.ts";
import { channelEvidence } from "../../support/channel-evidence.ts";
import { calendar, DAY, facts, HOUR, MINUTE, measured, NOW, plan, requirement } from "../../support/facts.ts";

const portal = (target: string, agoMs: number, up: 0 | 1) =>
  measured("portal-http", agoMs, [{ metric: "portal_up", value: up, labels: { portal: target } }], { target });
const hour = (target: string, ups: readonly (0 | 1)[], fromMs = 0) => ups.map((up, at) => portal(target, fromMs + at * 5 * MINUTE, up));
const good: (0 | 1)[] = Array.from({ length: 10 }, () => 1);
const judge = (runs: readonly Run[], more: Parameters<typeof facts>[0] = {}, nowMs = NOW) =>
  evaluate(plan, facts({ runs, ...more }), nowMs, [requirement("R16")])[0];

describe("R16: portals answer in working hours", () => {
  it.each<[string, readonly Run[], string, string]>([
    ["both answer", [...hour("vnpt-igate", good), ...hour("dvc-quoc-gia", good)], "pass", "met"],
    ["a single miss is no breach", [...hour("vnpt-igate", [0, 1, 1, 1, 1, 1]), ...hour("dvc-quoc-gia", good)], "pass", "met"],
    ["most tries fail", [...hour("vnpt-igate", [0, 0, 0, 1, 0, 0]), ...hour("dvc-quoc-gia", good)], "fail", "target_down"],
    ["one portal was never asked", hour("vnpt-igate", good), "unknown", "no_data"],
    ["two tries are too few", [...hour("vnpt-igate", [1, 1]), ...hour("dvc-quoc-gia", good)], "unknown", "too_few_runs"],
    ["the last try is too old", [...hour("vnpt-igate", [1, 1, 1], 45 * MINUTE), ...hour("dvc-quoc-gia", good)], "unknown", "stale"],
    [
      "a try that could not leave the centre is the line's",
      [{ ...portal("vnpt-igate", 0, 1), outcome: { kind: "failed", reason: "no_route" } }],
      "unknown",
      "unheard",
    ],
  ])("%s", (_, runs, state, reason) => {
    expect(judge(runs)).toMatchObject({ state, reason });
  });

  describe("a portal that answers with another page", () => {
    const otherPage = (agoMs: number) => {
      const readings = [
        { metric: "portal_up", value: 0, labels: { portal: "vnpt-igate" } },
        { metric: "portal_status", value: 200, labels: { portal: "vnpt-igate" } },
      ] as const;
      return measured("portal-http", agoMs, readings, { target: "vnpt-igate", evidence: { expectedTextFound: false } });
    };
    const now = [0, 5, 10, 15].map((minutes) => otherPage(minutes * MINUTE));

    it("is told as that", () => {
      const finding = judge([...now, ...hour("dvc-quoc-gia", good)]);
      expect(finding).toMatchObject({ state: "fail", reason: "other_page", detail: { subject: "vnpt-igate", segment: "portal" } });
      expect(finding && findingSentence("vi", finding)).toBe(
        "vnpt-igate có trả lời, nhưng bằng một trang khác (có thể đang bảo trì): chỉ 0 % lần hỏi thấy đúng trang của cổng. Đường truyền của trung tâm vẫn thông: lỗi ở phía cổng.",
      );
    });

    it("and falls silent is down", () => {
      const runs = [...hour("vnpt-igate", [0, 0]), ...now.map((run) => ({ ...run, atMs: run.atMs - 10 * MINUTE })), ...hour("dvc-quoc-gia", good)];
      expect(judge(runs)).toMatchObject({ state: "fail", reason: "target_down" });
    });

    it("is unknown once the centre is silent", () => {
      const runs = [...now, ...hour("dvc-quoc-gia", good)];
      expect(judge(runs, { lastContactMs: NOW - 31 * MINUTE })).toMatchObject({ state: "unknown", reason: "site_offline" });
    });
  });

  it("names first the runs of the portal that it blames, each run once", () => {
    const [up, down] = [hour("vnpt-igate", good), hour("dvc-quoc-gia", [0, 0, 0, 0, 1, 0, 0, 0, 0, 0])];
    const finding = judge([...up, ...down]);
    expect(finding).toMatchObject({ state: "fail", observed: 10, detail: { subject: "dvc-quoc-gia" } });
    expect(finding?.evidence).toEqual([...down, ...up].map(({ ref }) => ref));
  });

  it("a portal that fails everywhere is not the centre's fault", () => {
    const runs = [...hour("vnpt-igate", [0, 0, 0, 0]), ...hour("dvc-quoc-gia", good)];
    expect(judge(runs, { sharedFaults: [{ target: "vnpt-igate", fromMs: NOW - 2 * HOUR, toMs: NOW + HOUR }] })).toMatchObject({
      state: "unknown",
      reason: "shared_fault",
      detail: { subject: "vnpt-igate" },
    });
  });

  describe("line or portal", () => {
    const failed = (target: string, agoMs: number, reason: "no_route" | "dns" | "tls"): Run => ({
      ...portal(target, agoMs, 1),
      outcome: { kind: "failed", reason },
    });
    const mute = (target: string, agoMs: number, reference?: "answered"): Run => {
      const run = portal(target, agoMs, 0);
      return reference ? { ...run, outcome: { ...run.outcome, evidence: { reference } } } : run;
    };
    const last = [0, 5, 10, 15, 20].map((minutes) => minutes * MINUTE);
    const both = (runOf: (target: string, agoMs: number) => Run) => last.flatMap((agoMs) => [runOf("vnpt-igate", agoMs), runOf("dvc-quoc-gia", agoMs)]);

    it.each<[string, readonly Run[], object]>([
      ["both are silent at once: the line, as far as anybody knows", both((target, agoMs) => mute(target, agoMs)), { state: "unknown", reason: "unheard" }],
      [
        "both are silent beside others that answer: the portals",
        both((target, agoMs) => mute(target, agoMs, "answered")),
        { state: "fail", reason: "target_down", detail: { segment: "portal" } },
      ],
      ["nobody outside answers: the line", both((target, agoMs) => failed(target, agoMs, "no_route")), { state: "unknown", reason: "unheard" }],
      [
        "this PC's clock is wrong: no certificate can be checked",
        both((target, agoMs) => ({ ...failed(target, agoMs, "tls"), outcome: { kind: "failed", reason: "tls", evidence: { pcClock: "wrong" } } })),
        { state: "unknown", reason: "pc_clock_wrong" },
      ],
      ["no name is known: the line", both((target, agoMs) => failed(target, agoMs, "dns")), { state: "unknown", reason: "unheard" }],
      [
        "the line was cut just now: what a portal did before is no state of now",
        [failed("vnpt-igate", 0, "no_route"), ...hour("vnpt-igate", [0, 0, 0, 0], 5 * MINUTE), ...hour("dvc-quoc-gia", good)],
        { state: "unknown", reason: "unheard" },
      ],
      [
        "the line is back: the portal's own answers count again, and those of the cut do not",
        [...hour("vnpt-igate", [1, 1, 1, 1]), ...last.map((agoMs) => failed("vnpt-igate", agoMs + 20 * MINUTE, "no_route")), ...hour("dvc-quoc-gia", good)],
        { state: "pass", reason: "met" },
      ],
      [
        "a box between that shows a certificate of its own is neither",
        [failed("vnpt-igate", 0, "tls"), ...hour("vnpt-igate", [1, 1, 1, 1], 5 * MINUTE), ...hour("dvc-quoc-gia", good)],
        { state: "pass", reason: "met" },
      ],
    ])("%s", (_, runs, expected) => {
      expect(judge(runs)).toMatchObject(expected);
    });
  });

  describe("portals that nobody hears at a centre whose agent is heard", () => {
    const mute = [...hour("vnpt-igate", [0, 0, 0, 0, 0]), ...hour("dvc-quoc-gia", [0, 0, 0, 0, 0])];

    it("are told as that, and no centre is said to be out of reach", () => {
      const finding = judge(mute, { lastContactMs: NOW - 2 * MINUTE });
      expect(finding).toMatchObject({ state: "unknown", reason: "unheard", detail: { subject: "vnpt-igate" } });
      for (const [lang, words] of [
        ["vi", "Máy tính cổng vẫn gửi kết quả về tỉnh, nhưng không vào được vnpt-igate"],
        ["en", "The gateway PC reports to the province, but did not hear vnpt-igate"],
      ] as const)
        expect(finding && findingSentence(lang, finding)).toContain(words);
    });

    it("are the silent centre's matter once it has been silent for half an hour", () => {
      expect(judge(mute, { lastContactMs: NOW - 31 * MINUTE })).toMatchObject({ state: "unknown", reason: "site_offline" });
    });
  });

  it("keeps over night, weekend and lunch what was true when the counter closed, and asks again when it opens", () => {
    const friday1655 = NOW + 6 * HOUR + 55 * MINUTE;
    const runs = [...hour("vnpt-igate", good, NOW - friday1655), ...hour("dvc-quoc-gia", good, NOW - friday1655)];
    const monday0720 = NOW + 3 * DAY - 2 * HOUR - 40 * MINUTE;
    expect(judge(runs, { lastContactMs: monday0720 }, friday1655 + 5 * HOUR)?.state).toBe("pass");
    expect(judge(runs, { lastContactMs: monday0720 }, monday0720)?.state).toBe("pass");
    expect(Date.parse(judge(runs, {}, friday1655)?.validUntil ?? "")).toBe(monday0720 + 15 * MINUTE);
    expect(judge(runs, { lastContactMs: monday0720 }, monday0720 + 16 * MINUTE)).toMatchObject({ state: "unknown", reason: "stale" });
  });

  it("what happens at night counts for nothing", () => {
    const night = NOW - 3 * HOUR - 10 * HOUR;
    const runs = [...hour("vnpt-igate", [0, 0, 0, 0, 0], NOW - night), ...hour("dvc-quoc-gia", [0, 0, 0, 0, 0], NOW - night)];
    expect(judge(runs)).toMatchObject({ state: "unknown", reason: "no_data" });
  });
});

describe("R03: cameras answer at any hour", () => {
  const cameras = (agoMs: number, ups: Record<string, 0 | 1>) =>
    measured(
      "camera-presence",
      agoMs,
      Object.entries(ups).map(([camera, value]) => ({ metric: "camera_up" as const, value, labels: { camera } })),
    );
  const judgeCameras = (runs: readonly Run[]) => evaluate(plan, facts({ runs }), NOW, [requirement("R03")])[0];

  it("each camera that the probe reports is a part, and the worst is the centre's", () => {
    const finding = judgeCameras([cameras(0, { a: 1, b: 0 }), cameras(30 * MINUTE, { a: 1, b: 0 })]);
    expect(finding).toMatchObject({ state: "fail", reason: "target_down", detail: { subject: "b", targets: 2 } });
    expect(finding?.parts?.map(({ subject, state }) => `${subject} ${state}`)).toEqual(["a pass", "b fail"]);
  });

  it("names the camera that its number is of", () => {
    const finding = judgeCameras([cameras(0, { a: 0, b: 0, c: 1 }), cameras(30 * MINUTE, { a: 0, b: 0 }), cameras(60 * MINUTE, { a: 1, b: 0 })]);
    expect(finding).toMatchObject({ state: "fail", observed: 0, detail: { subject: "b" } });
    const withNew = judgeCameras([cameras(0, { a: 0, d: 0 }), cameras(30 * MINUTE, { a: 0 }), cameras(60 * MINUTE, { a: 1 })]);
    expect(withNew).toMatchObject({ state: "fail", observed: 33.3, detail: { subject: "a" } });
    expect(withNew && findingSentence("vi", withNew)).toBe("a không trả lời: chỉ 33,3 % lần hỏi thành công.");
  });

  it.each<[string, number, object]>([
    ["while it is out nothing is known, once the last answer is old", 0, { state: "unknown", reason: "stale" }],
    ["once it is back the cameras are as good as before", 10, { state: "pass", observed: 100 }],
  ])("the gateway PC's cable was out for 100 minutes: %s", (_, backMinutes, expected) => {
    const out = Array.from(
      { length: 20 },
      (_, index): Run => ({ ...cameras((backMinutes + index * 5) * MINUTE, { a: 0 }), outcome: { kind: "failed", reason: "no_route" } }),
    );
    const before = Array.from({ length: 6 }, (_, index) => cameras((backMinutes + 100 + index * 5) * MINUTE, { a: 1 }));
    const after = Array.from({ length: backMinutes / 5 }, (_, index) => cameras(index * 5 * MINUTE, { a: 1 }));
    expect(judgeCameras([...after, ...out, ...before])).toMatchObject(expected);
  });

  describe("one that was taken off the list while it was down", () => {
    const before = [10, 15, 20, 25].map((minutes) => cameras(minutes * MINUTE, { a: 1, b: 0 }));
    const since = [0, 5].map((minutes) => cameras(minutes * MINUTE, { a: 1 }));
    const ofOther = (run: Run): Run => ({ ...run, ref: run.ref.replace(/^\w+/, "fedcba9876543210") });

    it("counts no more once its agent asks the others without it", () => {
      expect(judgeCameras(before)).toMatchObject({ state: "fail", detail: { subject: "b" } });
      expect(judgeCameras([...since, ...before])).toMatchObject({ state: "pass", detail: { targets: 1 } });
    });

    it("is unknown where the centre still declares it", () => {
      const devices: Device[] = ["a", "b"].map((id) => ({ id, role: "camera", address: "10.1.0.9" }));
      const [finding] = evaluate(plan, facts({ runs: [...since, ...before], centre: { devices } }), NOW, [requirement("R03")]);
      expect(finding).toMatchObject({ state: "unknown", reason: "not_asked", detail: { subject: "b" } });
    });

    it("is still down where another agent asks the others", () => {
      expect(judgeCameras([...since.map(ofOther), ...before])).toMatchObject({ state: "fail", detail: { subject: "b" } });
    });
  });

  describe("one that could not be asked", () => {
    const refused = (agoMs: number, trouble: string): Run => {
      const evidence = {
        cameras: [
          { camera: "a", clock: "ok" },
          { camera: "b", trouble, said: "x" },
        ],
      };
      return { ...cameras(agoMs, { a: 1 }), outcome: { ...cameras(agoMs, { a: 1 }).outcome, evidence } };
    };
    it.each([
      ["auth_failed", "access_denied"],
      ["no_route", "device_offline"],
      ["tls", "unverifiable"],
      ["constructor", "unverifiable"],
    ])("is not proven by those that answer: %s is %s", (trouble, reason) => {
      const finding = judgeCameras([0, 30, 60, 90].map((minutes) => refused(minutes * MINUTE, trouble)));
      expect(finding).toMatchObject({ state: "unknown", reason, detail: { targets: 2, subject: "b" } });
      expect(finding?.parts?.map(({ subject, state }) => `${subject} ${state}`)).toEqual(["a pass", "b unknown"]);
    });

    it("counts by what it last answered, for as long as that is fresh, and is a breach where it was down", () => {
      const earlier = (b: 0 | 1) => [30, 35, 40].map((minutes) => cameras(minutes * MINUTE, { a: 1, b }));
      expect(judgeCameras([refused(0, "device_busy"), ...earlier(1)])).toMatchObject({ state: "pass" });
      expect(judgeCameras([refused(0, "auth_failed"), ...earlier(0)])).toMatchObject({ state: "fail", detail: { subject: "b" } });
    });

    it("is forgotten once nobody names it", () => {
      expect(judgeCameras([cameras(0, { a: 1 }), refused(30 * MINUTE, "auth_failed")])).toMatchObject({ state: "pass", detail: { targets: 1 } });
    });

    it("a recorder that does not tell where it is registered is not proven by another one", () => {
      const evidence = {
        links: [
          { camera: "r1", state: "REGISTERED" },
          { camera: "r2", state: "UNKNOWN" },
        ],
      };
      const run = measured("vms-link", HOUR, [{ metric: "vms_link_up", value: 1, labels: { camera: "r1" } }], { evidence });
      expect(evaluate(plan, facts({ runs: [run] }), NOW, [requirement("R04")])[0]).toMatchObject({ state: "unknown", reason: "unverifiable" });
    });
  });

  describe("one that is declared and that nobody asks", () => {
    const camera = (at: number, address?: string): Device => ({ id: `cam-${at}`, role: "camera", ...(address && { address }) });
    const asked = [1, 2, 3, 4].map((at) => camera(at, `10.1.0.${at}`));
    const hidden = [5, 6, 7, 8].map((at) => camera(at));
    const devices = [...asked, ...hidden];
    const answers = [0, 30].map((minutes) => cameras(minutes * MINUTE, { "cam-1": 1, "cam-2": 1, "cam-3": 1, "cam-4": 1 }));
    const watch = (agoMs: number, recording: readonly (0 | 1)[]) =>
      measured(
        "recording-watch",
        agoMs,
        recording.map((value, at) => ({ metric: "recording_now" as const, value, labels: { channel: `D${at + 1}` } })),
      );
    const ones = (count: number): 1[] => Array.from({ length: count }, () => 1);
    const judged = (runs: readonly Run[], list: readonly Device[] = devices) =>
      evaluate(plan, facts({ runs, centre: { devices: [...list] } }), NOW, [requirement("R03")])[0];

    it("is not proven by the four of eight that answer", () => {
      const finding = judged(answers);
      expect(finding).toMatchObject({ state: "unknown", reason: "no_address", detail: { targets: 8, subject: "cam-5" } });
      expect(finding && findingSentence("vi", finding)).toContain("cam-5 có trong danh sách khai báo nhưng chưa có địa chỉ mạng");
    });

    it("says so where its address is one that the gateway PC does not ask", () => {
      expect(judged(answers, [...asked, camera(5, "192.168.77.5")])).toMatchObject({ state: "unknown", reason: "not_asked", detail: { subject: "cam-5" } });
    });

    it("does not hide a camera that is down", () => {
      const down = [0, 30].map((minutes) => cameras(minutes * MINUTE, { "cam-1": 0, "cam-2": 1 }));
      expect(judged(down)).toMatchObject({ state: "fail", detail: { subject: "cam-1" } });
    });

    it.each<[string, Run, object]>([
      ["as many channels record as cameras are declared", watch(HOUR, ones(8)), { state: "pass", reason: "met", detail: { targets: 8 } }],
      ["one channel less", watch(HOUR, ones(7)), { state: "unknown", reason: "no_address" }],
      ["a channel that does not record shows no camera", watch(HOUR, [...ones(7), 0]), { state: "unknown", reason: "no_address" }],
      ["a look of four hours ago", watch(4 * HOUR, ones(8)), { state: "unknown", reason: "no_address" }],
    ])("is known by the recorder: %s", (_, run, expected) => {
      const finding = judged([...answers, run]);
      expect(finding).toMatchObject(expected);
      if (finding?.state === "pass") expect(finding.evidence).toContain(run.ref);
    });

    describe("where it tells where each channel's picture comes from", () => {
      const told = (...sources: (string | undefined)[]) => {
        const channels = sources.map((source, at) => ({ channel: `D${at + 1}`, ...(source && { source }), recording: true }));
        const run = watch(HOUR, ones(sources.length));
        return { ...run, outcome: { ...run.outcome, evidence: Evidence.parse({ recorders: [{ device: "nvr-1", clock: "ok", channels }] }) } };
      };
      const behind = ["192.168.254.2", "192.168.254.3", "192.168.254.4", "analogue"];
      const door: Device = { id: "cam-4", role: "camera", address: "10.1.0.250" };
      it.each<[string, (string | undefined)[], readonly Device[] | undefined, string]>([
        ["four others stand behind it, beside the four that are asked alone", behind, undefined, "pass met"],
        ["three others and one that is asked alone", [...behind.slice(1), "10.1.0.1"], undefined, "unknown no_address"],
        ["all eight hang on it", [...behind, ...asked.flatMap(({ address }) => address ?? [])], undefined, "pass met"],
        ["a channel that does not tell may be one that is asked alone", [...behind.slice(1), undefined], undefined, "unknown no_address"],
        ["with four more that do not tell, one of five is none of the four", [...behind.slice(1), ...Array(5).fill(undefined)], undefined, "pass met"],
        ["one that is asked alone is reached through the recorder", behind, [...asked.slice(0, 3), door, ...hidden], "unknown no_address"],
      ])("%s", (_, sources, list, expected) => {
        const recorder: Device = { id: "nvr-1", role: "recorder", address: "10.1.0.250" };
        const up = [0, 30].map((minutes) => cameras(minutes * MINUTE, { "cam-1": 1, "cam-2": 1, "cam-3": 1, "cam-4": 1, "nvr-1": 1 }));
        const finding = judged([...up, told(...sources)], [recorder, ...(list ?? devices)]);
        expect(`${finding?.state} ${finding?.reason}`).toBe(expected);
      });

      it("two pictures of one camera's own card are one camera", () => {
        const run = told(undefined, undefined, undefined, undefined, undefined, undefined, undefined, undefined);
        const channels = [1, 2].map((at) => ({ channel: `D${at}`, recording: true }));
        const cards = asked.map(({ id }) => ({ device: id, clock: "ok", channels }));
        const readings = asked.flatMap(({ id }) =>
          channels.map(({ channel }) => ({ metric: "recording_now" as const, value: 1, labels: { channel: `${id}/${channel}` } })),
        );
        const outcome = { kind: "measured" as const, readings, evidence: Evidence.parse({ recorders: cards }) };
        expect(judged([...answers, { ...run, outcome }])).toMatchObject({ state: "unknown", reason: "no_address" });
      });
    });

    describe("a recorder alone is no camera", () => {
      const recorder: Device = { id: "nvr-1", role: "recorder", address: "10.1.0.250" };
      const up = [0, 30].map((minutes) => cameras(minutes * MINUTE, { "nvr-1": 1 }));
      const card = [0, 30].map((minutes) => cameras(minutes * MINUTE, { "nvr-1": 1, "cam-of-the-pc's-own-list": 1 }));
      it.each<[string, readonly Run[], string]>([
        ["nobody knows of any", up, "unknown no_camera"],
        ["none records", [...up, watch(HOUR, [0, 0])], "unknown no_camera"],
        ["one records", [...up, watch(HOUR, [1, 0])], "pass met"],
        ["a camera answers that is declared nowhere", card, "pass met"],
        ["it is down", [0, 30].map((minutes) => cameras(minutes * MINUTE, { "nvr-1": 0 })), "fail target_down"],
      ])("%s", (_, runs, expected) => {
        const finding = judged(runs, [recorder]);
        expect(`${finding?.state} ${finding?.reason}`).toBe(expected);
        for (const lang of ["vi", "en"] as const) expect(finding && findingSentence(lang, finding)).not.toMatch(/[{}]/);
      });
    });

    it("passes no longer than the recorder's word and the cameras' answers stand", () => {
      const end = (agoMs: number) => Date.parse(judged([...answers, watch(agoMs, ones(8))])?.validUntil ?? "");
      expect(end(2 * HOUR)).toBe(NOW + HOUR);
      expect(end(0)).toBe(NOW + 90 * MINUTE);
    });

    it("a recorder without an address is proven by no camera", () => {
      expect(judged(answers, [...asked, { id: "nvr-1", role: "recorder" }])).toMatchObject({ reason: "no_address", detail: { subject: "nvr-1" } });
    });

    it("what the rule needs of recorders is loaded, and their news are judged at once", () => {
      const needs = needsOf([requirement("R03")], calendar, NOW);
      expect(needs.runs.map(({ probe }) => probe)).toEqual(["camera-presence", "recording-watch"]);
      expect(requirementsTouchedBy(plan, new Set(["recording-watch"])).map(({ id }) => id)).toEqual(["R03"]);
    });

    describe("R04: recorders stand for their cameras", () => {
      const linkOf = (...names: string[]) =>
        measured(
          "vms-link",
          HOUR,
          names.map((name) => ({ metric: "vms_link_up" as const, value: 1, labels: { camera: name } })),
        );
      const link = linkOf("nvr-1");
      const depth = (count: number) => listing(Array.from({ length: count }, (_, at) => channelEvidence(`${at + 1}`, "COMPLIANT")));
      const listing = (channels: ReturnType<typeof channelEvidence>[]) => {
        const at = new Date(NOW).toISOString();
        const evidence = { window: { from: at, to: at }, requiredDays: 30, lastDay: "2026-11-27", recorders: [], channels };
        return measured("recording-depth", 8 * HOUR, [{ metric: "recording_depth_days", value: 30 }], { evidence: Evidence.parse(evidence) });
      };
      const recorder: Device = { id: "nvr-1", role: "recorder", address: "10.1.0.250" };
      const linked = (runs: readonly Run[], list: readonly Device[]) =>
        evaluate(plan, facts({ runs, centre: { devices: [...list] } }), NOW, [requirement("R04")])[0];

      it.each<[string, readonly Run[], readonly Device[], object]>([
        ["eight cameras on eight channels", [link, depth(8)], [recorder, ...devices], { state: "pass" }],
        [
          "eight cameras on four channels",
          [link, depth(4)],
          [recorder, ...devices],
          { state: "unknown", reason: "no_channel", detail: { declared: 8, channels: 4 } },
        ],
        [
          "one camera on a recorder that refused to list its channels",
          [link, listing([channelEvidence("*", "UNVERIFIABLE", "AUTH_FAILED")])],
          [recorder, camera(1)],
          { state: "unknown", reason: "no_channel", detail: { declared: 1, channels: 0 } },
        ],
        ["nobody knows the channels", [link], [recorder, ...devices], { state: "unknown", reason: "no_channel", detail: { declared: 8, channels: 0 } }],
        ["a second recorder without an address", [link, depth(8)], [recorder, { id: "nvr-2", role: "recorder" }], { state: "unknown", reason: "no_address" }],
        ["no camera is declared", [link], [recorder], { state: "pass" }],
        ["two cameras without a recorder, asked themselves", [linkOf("cam-1", "cam-2")], [camera(1, "10.1.0.1"), camera(2, "10.1.0.2")], { state: "pass" }],
        [
          "two cameras without a recorder, of which one was not asked",
          [linkOf("cam-1")],
          [camera(1, "10.1.0.1"), camera(2, "10.1.0.2")],
          { state: "unknown", reason: "not_asked", detail: { subject: "cam-2" } },
        ],
      ])("%s", (_, runs, list, expected) => {
        const finding = linked(runs, list);
        expect(finding).toMatchObject(expected);
        for (const lang of ["vi", "en"] as const) expect(finding && findingSentence(lang, finding)).not.toMatch(/[{}]/);
      });
    });
  });

  it("no camera is no pass", () => {
    expect(judgeCameras([])).toMatchObject({ state: "unknown", reason: "no_data" });
  });
});
