import { afterEach, describe, expect, test } from "vitest";
import { type ChannelEvidence, RecordingEvidence } from "#schemas/recording-evidence.ts";
import { type LanReply, type LanRequest, lanHttp } from "../../../agent/io/lan-http.ts";
import { type Rtsp, rtsp } from "../../../agent/io/rtsp-video.ts";
import { ProbeError, ProbeSkip } from "../../../agent/probe.ts";
import { recordingDepth } from "../../../agent/probes/recording-depth/probe.ts";
import { probeContext } from "../../support/probe-context.ts";
import type { Protocol } from "../../support/recorder/http-side.ts";
import { DAY_MS, filesOf, HOUR_MS, healthy, passing, type Scenario, sameOnAll, without } from "../../support/recorder/scenario.ts";
import { type RunningRecorder, startRecorder } from "../../support/recorder/start-recorder.ts";

const NOW_MS = Date.UTC(2026, 10, 28, 18, 7, 30);
const login = { user: "viewer", password: "p@ss word" };
const running: RunningRecorder[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map(({ close }) => close()));
});

type Alter = (request: LanRequest, reply: LanReply) => string | undefined;
type Visit = { readonly alter?: Alter; readonly memory?: Map<string, unknown>; readonly replay?: Partial<Rtsp>; readonly nowMs?: number };

/** One visit to a recorder some of whose answers are others than the mock's. */
async function visit(
  over: Partial<Scenario>,
  protocol: Protocol,
  { alter, memory = new Map(), replay, nowMs = NOW_MS }: Visit = {},
): Promise<RecordingEvidence> {
  const recorded = [{ startMs: nowMs - 45 * DAY_MS, endMs: nowMs }];
  const scenario = passing(healthy(() => nowMs, { channels: sameOnAll(1, recorded), ...over }));
  const recorder = await startRecorder(scenario, [protocol]);
  running.push(recorder);
  const policy = { requestsPerSecond: 1000, replaySamples: 1 };
  const options = recordingDepth.options.parse({ id: "nvr-1", address: "127.0.0.1", port: recorder.port, onvif: login, policy });
  const context = probeContext({
    nowMs: scenario.nowMs,
    memory: { get: (key) => memory.get(key), set: (key, value) => void memory.set(key, JSON.parse(JSON.stringify(value))) },
    io: {
      rtsp: { ...rtsp, ...replay },
      lanHttp: async (request) => {
        const reply = await lanHttp(request);
        const body = reply.status === 401 ? undefined : alter?.(request, reply);
        return body === undefined ? reply : { ...reply, status: 200, body };
      },
    },
  });
  const evidence = await recordingDepth.run(options, context).then(
    (measured) => measured.evidence,
    (error: unknown) => {
      if (error instanceof ProbeError || error instanceof ProbeSkip) return error.evidence;
      throw error;
    },
  );
  return RecordingEvidence.parse(evidence);
}

const said = ({ channels }: RecordingEvidence) => channels.map(({ verdict, reasons }: ChannelEvidence) => [verdict, ...reasons].join(" "));
const page = '<html><head><meta charset="utf-8"/><title>Login</title></head><body>found</body></html>';

describe("an answer of 200 that is none", () => {
  test.each<[string, Protocol, string, string, string]>([
    ["a login page for a search", "isapi", "/ContentMgmt/search", page, "UNVERIFIABLE NO_API"],
    ["a login page for a search", "dahua", "findNextFile", page, "UNVERIFIABLE NO_API"],
    ["a login page for the disks", "isapi", "/ContentMgmt/Storage", page, "COMPLIANT"],
    ["a login page for the disks", "dahua", "getDeviceAllInfo", page, "COMPLIANT"],
    ["an error for the disks", "dahua", "getDeviceAllInfo", "Error\r\nBad Request!\r\n", "COMPLIANT"],
    ["rows of something else for a search", "dahua", "findNextFile", "result=true\r\n", "UNVERIFIABLE INCOMPLETE"],
    [
      "the vendor's word that it is busy",
      "isapi",
      "/ContentMgmt/search",
      "<ResponseStatus><statusCode>2</statusCode><statusString>Device Busy</statusString></ResponseStatus>",
      "UNVERIFIABLE DEVICE_BUSY",
    ],
    [
      "a search that failed",
      "isapi",
      "/ContentMgmt/search",
      "<CMSearchResult><responseStatus>false</responseStatus><responseStatusStrg>FAILED</responseStatusStrg></CMSearchResult>",
      "UNVERIFIABLE INCOMPLETE",
    ],
  ])("%s, over %s", async (_, protocol, path, body, expected) => {
    expect(said(await visit({}, protocol, { alter: (request) => (request.path.includes(path) ? body : undefined) }))).toEqual([expected]);
  });
});

describe("a list that breaks off", () => {
  test.each<[Protocol]>([["onvif"], ["isapi"], ["dahua"]])("is no breach by what it leaves out, over %s", async (protocol) => {
    const recorded = filesOf([{ startMs: NOW_MS - 45 * DAY_MS, endMs: NOW_MS }], 0, NOW_MS).map(({ startMs, endMs }) => ({ startMs, endMs: endMs - 1_000 }));
    // The first finder's pages are told; those that begin again where it stopped are not.
    const alter: Alter = ({ path }) => (path.includes("findNextFile") && !path.includes("object=1001") ? "result=true" : undefined);
    const { channels } = await visit({ channels: sameOnAll(1, recorded), pageResults: 5, pagesOfToken: 1 }, protocol, { alter });
    expect(channels).toMatchObject([{ verdict: "UNVERIFIABLE", reasons: ["INCOMPLETE"], perDayMinutes: [] }]);
    expect(channels[0]?.recordingNow).not.toBe(false);
  });
});

describe("tracks of an ONVIF recording", () => {
  const recorded = without([{ startMs: NOW_MS - 45 * DAY_MS, endMs: NOW_MS }], { startMs: NOW_MS - 15 * DAY_MS, endMs: NOW_MS - 12 * DAY_MS });
  const channels = sameOnAll(1, recorded);

  test("sound that goes on does not hide a picture that is gone", async () => {
    const sound = (body: string): string => {
      const track = "<tt:Track><tt:TrackToken>AUDIO001</tt:TrackToken><tt:TrackType>Audio</tt:TrackType></tt:Track><tt:RecordingStatus>";
      const [start = ""] = body.match(/<tt:Result>.*?<\/tt:Result>/s) ?? [];
      return body.replace("<tt:RecordingStatus>", track).replace(start, start + start.replaceAll("VIDEO001", "AUDIO001"));
    };
    expect(said(await visit({ channels }, "onvif", { alter: (_, { body }) => sound(body) }))).toEqual(["NON_COMPLIANT GAPS"]);
    const configured = (body: string) =>
      sound(body)
        .replace("<tt:TrackType>Audio</tt:TrackType>", "<tt:TrackType/>")
        .replace(
          "</tt:Tracks>",
          "<tt:Track><tt:TrackToken>AUDIO001</tt:TrackToken><tt:Configuration><tt:TrackType>Audio</tt:TrackType></tt:Configuration></tt:Track></tt:Tracks>",
        );
    expect(said(await visit({ channels }, "onvif", { alter: (_, { body }) => configured(body) }))).toEqual(["NON_COMPLIANT GAPS"]);
  });

  test("a device that leaves out the state at the start had data before the first end of data", async () => {
    const short = sameOnAll(
      1,
      without([{ startMs: NOW_MS - 45 * DAY_MS, endMs: NOW_MS }], { startMs: NOW_MS - 15 * DAY_MS, endMs: NOW_MS - 15 * DAY_MS + HOUR_MS / 2 }),
    );
    const startless: Alter = (_, { body }) =>
      body.replace(/<tt:Result>(?:(?!<\/tt:Result>).)*<tt:StartStateEvent>true<\/tt:StartStateEvent><\/tt:Result>/s, "");
    expect(said(await visit({ channels: short }, "onvif", { alter: startless }))).toEqual(["COMPLIANT"]);
    expect(said(await visit({ channels: short, lacks: new Set(["find-recordings"]) }, "onvif", { alter: startless }))).toEqual(["UNVERIFIABLE INCOMPLETE"]);
  });
});

describe("playback that does not work", () => {
  const answers = (status: number): Partial<Rtsp> => ({
    fetchFrame: async () => ({ frameTime: "none", frameUtcMs: undefined, codec: undefined, bytes: 0, status }),
  });
  test.each<[string, number, string]>([
    ["forbidden", 403, "UNVERIFIABLE NO_API"],
    ["of a kind that is not spoken", 461, "UNVERIFIABLE NO_API"],
    ["with an option that is not known", 551, "UNVERIFIABLE NO_API"],
    ["at an address that does not exist for any time", 404, "UNVERIFIABLE CONTRADICTION"],
    ["without any picture", 200, "NON_COMPLIANT REPLAY_FAILED_AT_30D"],
    ["that knows no such time", 457, "NON_COMPLIANT REPLAY_FAILED_AT_30D"],
  ])("%s", async (_, status, expected) => {
    for (const protocol of ["onvif", "dahua"] as const) expect(said(await visit({}, protocol, { replay: answers(status) }))).toEqual([expected]);
  });
});

test("files older than the window may go in any order: nothing of the thirty days was deleted", async () => {
  for (const protocol of ["onvif", "isapi", "dahua"] as const) {
    const memory = new Map<string, unknown>();
    const ring = (nowMs: number, days: number) => [{ startMs: nowMs - days * DAY_MS, endMs: nowMs }];
    await visit({ channels: sameOnAll(1, ring(NOW_MS - DAY_MS, 45)) }, protocol, { memory, nowMs: NOW_MS - DAY_MS });
    // One old file is still on the other disk.
    const ragged = without(ring(NOW_MS, 30.9), { startMs: NOW_MS - 30.7 * DAY_MS, endMs: NOW_MS - 30.3 * DAY_MS });
    expect(said(await visit({ channels: sameOnAll(1, ragged) }, protocol, { memory })), protocol).toEqual(["COMPLIANT"]);
  }
});

test("a clock that was a day behind and is right again: what it moved is no gap", async () => {
  const memory = new Map<string, unknown>();
  const clock = { skewMs: -DAY_MS, localAsUtc: false, tellsUtc: true, tellsLocal: true };
  expect(said(await visit({ clock }, "onvif", { memory, nowMs: NOW_MS - 3 * DAY_MS }))).toEqual(["UNVERIFIABLE CLOCK_WRONG"]);
  const moved = sameOnAll(1, without([{ startMs: NOW_MS - 45 * DAY_MS, endMs: NOW_MS }], { startMs: NOW_MS - 3 * DAY_MS, endMs: NOW_MS - 2 * DAY_MS }));
  expect(said(await visit({ channels: moved }, "onvif", { memory }))).toEqual(["UNVERIFIABLE CLOCK_WRONG"]);
  expect(said(await visit({ channels: moved }, "onvif"))).toEqual(["NON_COMPLIANT GAPS"]);
  const later = NOW_MS + 28 * DAY_MS;
  const gone = sameOnAll(1, without([{ startMs: later - 45 * DAY_MS, endMs: later }], { startMs: later - 5 * DAY_MS, endMs: later - 4 * DAY_MS }));
  expect(said(await visit({ channels: gone }, "onvif", { memory, nowMs: later }))).toEqual(["NON_COMPLIANT GAPS"]);
});

test("a file that is still being written, listed with its planned end, is recorded until now", async () => {
  const nowMs = NOW_MS + 40 * 60_000;
  const planned: Alter = ({ path }, { body }) =>
    path.includes("findNextFile") ? body.replace(/EndTime=2026-11-29 01:4[78]:\d\d/g, "EndTime=2026-11-29 02:00:00") : undefined;
  const [channel] = (await visit({}, "dahua", { alter: planned, nowMs })).channels;
  expect(channel).toMatchObject({ verdict: "COMPLIANT", reasons: [] });
  expect(Date.parse(channel?.newest ?? "")).toBeLessThan(nowMs + 5 * 60_000);
});

describe("places of a Dahua recorder without a camera", () => {
  const slots =
    (deviceType: string, enable: string, dark = "Error: No Events"): Alter =>
    ({ path }, { body }) => {
      if (path.includes("getSystemInfo")) return body.replace("NVR-MOCK", deviceType);
      if (path.includes("code=VideoLoss")) return dark;
      return path.includes("name=RemoteDevice")
        ? [0, 1].map((index) => `table.RemoteDevice.uuid:System_CONFIG_NETCAMERA_INFO_${index}.Enable=${index === 0 ? "true" : enable}`).join("\r\n")
        : undefined;
    };
  const full = [{ startMs: NOW_MS - 45 * DAY_MS, endMs: NOW_MS }];
  const old = [{ startMs: NOW_MS - 45 * DAY_MS, endMs: NOW_MS - 2 * DAY_MS }];
  test.each<[string, string, string, typeof full, string[]]>([
    ["nothing hangs on it and nothing is recorded: no channel", "NVR5216", "false", [], ["COMPLIANT"]],
    ["a camera that was switched off in its menu", "NVR5216", "false", old, ["COMPLIANT", "NON_COMPLIANT NOT_RECORDING"]],
    ["a camera that never recorded", "NVR5216", "true", [], ["COMPLIANT", "NON_COMPLIANT NOT_RECORDING"]],
    ["an analogue input, of which the list says nothing", "XVR5116", "false", [], ["COMPLIANT", "NON_COMPLIANT NOT_RECORDING"]],
  ])("%s", async (_, deviceType, enable, second, expected) => {
    const channels = [...sameOnAll(1, full), ...sameOnAll(1, second)];
    expect(said(await visit({ channels }, "dahua", { alter: slots(deviceType, enable) }))).toEqual(expected);
  });

  test.each<[string, string, string, string, typeof full, string[]]>([
    ["an analogue input without a picture", "XVR5116", "false", "channels[0]=1", [], ["COMPLIANT"]],
    ["another input than the one without a picture", "XVR5116", "false", "channels[0]=2", [], ["COMPLIANT", "NON_COMPLIANT NOT_RECORDING"]],
    ["an analogue input whose camera died two days ago", "XVR5116", "false", "channels[0]=1", old, ["COMPLIANT", "NON_COMPLIANT NOT_RECORDING"]],
    ["a networked camera in the place of an analogue one", "XVR5116", "true", "channels[0]=1", [], ["COMPLIANT", "NON_COMPLIANT NOT_RECORDING"]],
    ["a networked camera that is away", "NVR5216", "true", "channels[0]=1", [], ["COMPLIANT", "NON_COMPLIANT NOT_RECORDING"]],
  ])("%s", async (_, deviceType, enable, dark, second, expected) => {
    const channels = [...sameOnAll(1, full), ...sameOnAll(1, second)];
    expect(said(await visit({ channels }, "dahua", { alter: slots(deviceType, enable, dark) }))).toEqual(expected);
  });
});

describe("places of an ISAPI recorder without a camera", () => {
  const full = [{ startMs: NOW_MS - 45 * DAY_MS, endMs: NOW_MS }];
  const old = [{ startMs: NOW_MS - 45 * DAY_MS, endMs: NOW_MS - 2 * DAY_MS }];
  type Input = Scenario["channels"][number]["input"];
  test.each<[string, Input, Input, typeof full, string[]]>([
    ["no camera was added to it", undefined, "unset", [], ["COMPLIANT"]],
    ["the camera that was added never recorded", undefined, undefined, [], ["COMPLIANT", "NON_COMPLIANT NOT_RECORDING"]],
    ["its camera was taken out, and its recordings are still there", undefined, "unset", old, ["COMPLIANT", "NON_COMPLIANT NOT_RECORDING"]],
    ["an analogue input without a picture", "analogue", "no_signal", [], ["COMPLIANT"]],
    ["an analogue input that is switched off", "analogue", "switched_off", [], ["COMPLIANT"]],
    ["an analogue input whose camera died two days ago", "analogue", "no_signal", old, ["COMPLIANT", "NON_COMPLIANT NOT_RECORDING"]],
    ["an analogue input with a picture that never recorded", "analogue", "analogue", [], ["COMPLIANT", "NON_COMPLIANT NOT_RECORDING"]],
    ["behind the analogue inputs, where no networked camera was added", "analogue", "unset", [], ["COMPLIANT"]],
  ])("%s", async (_, first, second, recorded, expected) => {
    const channels = [...sameOnAll(1, full, { input: first }), ...sameOnAll(1, recorded, { input: second })];
    expect(said(await visit({ channels }, "isapi"))).toEqual(expected);
  });

  test("a list of inputs that was not told says nothing of them", async () => {
    const channels = [...sameOnAll(1, full), ...sameOnAll(1, [], { input: "unset" })];
    for (const list of [page, '<InputProxyChannelList size="16"/>'])
      expect(said(await visit({ channels }, "isapi", { alter: ({ path }) => (path.endsWith("InputProxy/channels") ? list : undefined) }))).toContain(
        "NON_COMPLIANT NOT_RECORDING",
      );
  });

  test("an input whose camera the agent once saw recording stays a channel, however long it has been without a picture", async () => {
    const memory = new Map<string, unknown>();
    const before = NOW_MS - 40 * DAY_MS;
    const recorded = [{ startMs: before - 45 * DAY_MS, endMs: before }];
    const input = "analogue" as const;
    await visit({ channels: [...sameOnAll(1, recorded, { input }), ...sameOnAll(1, recorded, { input })] }, "isapi", { memory, nowMs: before });
    const channels = [...sameOnAll(1, full, { input }), ...sameOnAll(1, [], { input: "no_signal" as const })];
    expect(said(await visit({ channels }, "isapi", { memory }))).toEqual(["COMPLIANT", "NON_COMPLIANT NOT_RECORDING"]);
  });
});

test("a schedule of motion under a default of all hours is recording on motion", async () => {
  const motion = Array.from({ length: 45 * 4 }, (_, index) => ({
    startMs: NOW_MS - (index + 1) * 6 * HOUR_MS,
    endMs: NOW_MS - (index + 1) * 6 * HOUR_MS + HOUR_MS,
  })).toReversed();
  const action = (mode: string) =>
    `<ScheduleAction><Actions><Record>true</Record><ActionRecordingMode>${mode}</ActionRecordingMode></Actions></ScheduleAction>`;
  const withBlock =
    (wrap: (block: string) => string, ...modes: string[]): Alter =>
    ({ path }, { body }) => {
      const block = wrap(`<ScheduleBlock>${modes.map(action).join("")}</ScheduleBlock>`);
      return path.endsWith("/record/tracks")
        ? body.replace("</DefaultRecordingMode>", `</DefaultRecordingMode><TrackSchedule>${block}</TrackSchedule>`)
        : undefined;
    };
  const scheduled = (...modes: string[]) => withBlock((block) => `<ScheduleBlockList>${block}</ScheduleBlockList>`, ...modes);
  const channels = sameOnAll(1, motion);
  // Some firmware leaves the list around the block out.
  expect(said(await visit({ channels }, "isapi", { alter: withBlock((block) => block, "MOTION", "MOTION") }))).toEqual(["UNVERIFIABLE EVENT_MODE"]);
  expect(said(await visit({ channels }, "isapi", { alter: scheduled("MOTION", "MOTION") }))).toEqual(["UNVERIFIABLE EVENT_MODE"]);
  expect(said(await visit({ channels }, "isapi", { alter: scheduled("CMR", "MOTION") }))).toEqual(["UNVERIFIABLE EVENT_MODE"]);
  expect(said(await visit({ channels }, "isapi", { alter: scheduled("CMR", "CMR") }))).toEqual(["NON_COMPLIANT NOT_RECORDING GAPS"]);
});

test("a search may take as long as a busy recorder needs, other questions not", async () => {
  for (const [protocol, slow] of [
    ["isapi", /ContentMgmt\/search/],
    ["dahua", /findFile|findNextFile/],
    ["onvif", /Find(Recordings|Events)|SearchResults/],
  ] as const) {
    const waits = new Map<boolean, Set<number>>();
    const alter: Alter = ({ path, body, deadlineMs }) => {
      const isSlow = slow.test(`${path} ${String(body).match(/Body><tse:(\w+)/)?.[1]}`);
      waits.set(isSlow, (waits.get(isSlow) ?? new Set()).add(deadlineMs ?? 10_000));
      return undefined;
    };
    expect(said(await visit({}, protocol, { alter }))).toEqual(["COMPLIANT"]);
    expect([...(waits.get(true) ?? [])], protocol).toEqual([60_000]);
    expect([...(waits.get(false) ?? [])], protocol).toEqual([10_000]);
  }
});
