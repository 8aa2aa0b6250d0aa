import { afterEach, describe, expect, test } from "vitest";
import { Outcome } from "#schemas/observation.ts";
import { DeviceError, type DeviceTrouble } from "../../../agent/io/device-error.ts";
import type { Io } from "../../../agent/io/io.ts";
import { lanHttp } from "../../../agent/io/lan-http.ts";
import { type Probe, ProbeError, type ProbeMemory } from "../../../agent/probe.ts";
import { cameraPresence } from "../../../agent/probes/camera-presence/probe.ts";
import { cameraStream } from "../../../agent/probes/camera-stream/probe.ts";
import { judgeVms, type VmsState } from "../../../agent/probes/vms-link/judge.ts";
import { vmsLink } from "../../../agent/probes/vms-link/probe.ts";
import { probeContext } from "../../support/probe-context.ts";
import type { Protocol } from "../../support/recorder/http-side.ts";
import { healthy, type Scenario, sameOnAll } from "../../support/recorder/scenario.ts";
import { type RunningRecorder, startRecorder } from "../../support/recorder/start-recorder.ts";

const NOW_MS = Date.UTC(2026, 10, 28, 18, 7, 30);
const login = { user: "viewer", password: "p@ss word" };
const running: RunningRecorder[] = [];

afterEach(async () => {
  await Promise.all(running.splice(0).map(({ close }) => close()));
});

async function ask<O>(probe: Probe<O>, options: Record<string, unknown>, io: Partial<Io> = {}, memory?: ProbeMemory) {
  const context = probeContext({
    nowMs: () => NOW_MS,
    ...(memory && { memory }),
    io: { lanHttp: (request) => lanHttp({ ...request, deadlineMs: 1_500 }), ...io },
  });
  return probe.run(probe.options.parse({ requestsPerSecond: 1000, ...options }), context).then(
    (measured) => Outcome.parse({ kind: "measured", ...measured }),
    (error: unknown) => {
      if (error instanceof ProbeError) return Outcome.parse({ kind: "failed", reason: error.reason, detail: error.message, evidence: error.evidence });
      throw error;
    },
  );
}

async function start(over: Partial<Scenario> = {}, protocols: readonly Protocol[] = ["onvif"]) {
  const recorder = await startRecorder(
    healthy(() => NOW_MS, over),
    protocols,
  );
  running.push(recorder);
  return recorder;
}

const total = (outcome: Outcome, metric: string) =>
  outcome.kind === "measured" ? outcome.readings.find((reading) => reading.metric === metric && reading.labels === undefined)?.value : undefined;
const clock = (skewMs: number, localAsUtc = false, tellsUtc = true, tellsLocal = true) => ({ clock: { skewMs, localAsUtc, tellsUtc, tellsLocal } });

describe("camera-presence", () => {
  test.each<[string, Partial<Scenario>, string, number | undefined]>([
    ["a right clock", {}, "ok", 0],
    ["a minute ahead drifts", clock(60_000), "warn", 60],
    ["ten minutes behind is wrong", clock(-600_000), "wrong", -600],
    ["local time as UTC is mislabelled, the picture may be right", clock(0, true), "zone_mislabelled", 25_200],
    ["seven hours ahead in both is wrong", clock(25_200_000), "wrong", 25_200],
    ["without UTC the local time counts with its zone", clock(60_000, false, false), "warn", 60],
    ["silence is unknown, never now", clock(0, false, false, false), "unknown", undefined],
  ])("clock: %s", async (_, over, verdict, skewS) => {
    const { port } = await start(over);
    const outcome = await ask(cameraPresence, { address: "127.0.0.1", port, onvif: login });
    expect(outcome.evidence).toMatchObject({ cameras: [{ clock: verdict, serial: "00123456789012345678", firmware: "5.10", model: "NVR & more" }] });
    expect(total(outcome, "camera_clock_skew_s")).toBe(skewS);
    expect(total(outcome, "camera_up")).toBe(1);
    expect(total(outcome, "camera_profiles")).toBe(2);
  });

  test("a closed port is a camera that is down, not a failure", async () => {
    const { port, close } = await start();
    await close();
    const outcome = await ask(cameraPresence, { address: "127.0.0.1", port, onvif: login });
    expect(total(outcome, "camera_up")).toBe(0);
    expect(outcome.evidence).toMatchObject({ cameras: [{ trouble: "refused" }] });
  });

  test("a wrong password is our failure, and the password stands nowhere", async () => {
    const { port } = await start();
    const outcome = await ask(cameraPresence, { address: "127.0.0.1", port, onvif: { user: "viewer", password: "s3cret-word" } });
    expect(outcome).toMatchObject({ kind: "failed", reason: "auth_failed" });
    expect(JSON.stringify(outcome)).not.toContain("s3cret-word");
  });

  test("of two cameras the worse one is the total", async () => {
    const [alive, gone] = [await start(), await start()];
    await gone.close();
    const targets = [alive, gone].map(({ port }, index) => ({ id: `cam-${index + 1}`, address: "127.0.0.1", port, onvif: login }));
    const outcome = await ask(cameraPresence, { targets });
    expect(total(outcome, "camera_up")).toBe(0);
    expect(outcome.kind === "measured" && outcome.readings).toContainEqual({ metric: "camera_up", value: 1, labels: { camera: "cam-1" } });
  });
});

describe("this PC's own cable", () => {
  /** What a device's silence looks like to this PC, whose table of routes has a way out or not. */
  const away = (trouble: DeviceTrouble, hasRoute: boolean): Partial<Io> => ({
    lanHttp: () => Promise.reject(new DeviceError(trouble, "10.9.9.2 could not be reached")),
    rtsp: {
      watchStream: () => Promise.reject(new DeviceError(trouble, "10.9.9.2 could not be reached")),
      fetchFrame: () => Promise.reject(new Error("not asked")),
    },
    readDefaultRoute: async () => (hasRoute ? { interface: "eth0", gateway: "10.9.8.1" } : undefined),
    attachedNetworks: () => ["10.9.8.5/24"],
    readNeighbours: async () => [{ address: "10.9.8.1", mac: "02:00:00:00:00:01", interface: "eth0" }],
  });
  const down = { kind: "measured", readings: [{ value: 0 }, { value: 0 }] };
  const cutOff = { kind: "failed", reason: "no_route" };
  test.each<[string, DeviceTrouble, boolean, object]>([
    ["silence, and a way out: the camera is down", "timeout", true, down],
    ["nobody has its address, and a way out: the camera is down", "unreachable", true, down],
    ["silence, and no way out", "timeout", false, cutOff],
    ["nobody has its address, and no way out", "unreachable", false, cutOff],
    ["no route, whatever the table says", "no_route", true, cutOff],
    ["no name, which is the resolver's word", "dns", true, { kind: "failed", reason: "dns" }],
    ["refused: somebody is there, so there is a way", "refused", false, down],
  ])("%s", async (_, trouble, hasRoute, expected) => {
    const target = { id: "cam-1", address: "10.9.9.2", onvif: login };
    expect(await ask(cameraPresence, target, away(trouble, hasRoute))).toMatchObject(expected);
    expect(await ask(cameraStream, { ...target, rtsp: { path: "/live/1" } }, away(trouble, hasRoute))).toMatchObject(expected);
  });

  test("a cable that came out while there is another way out: the camera is not down", async () => {
    const memory = new Map<string, unknown>();
    const kept = { get: (key: string) => memory.get(key), set: (key: string, value: unknown) => void memory.set(key, value) };
    const stick: Partial<Io> = { ...away("timeout", true), attachedNetworks: () => ["192.168.8.100/24"] };
    const cabled: Partial<Io> = { ...stick, attachedNetworks: () => ["10.9.9.5/24", "192.168.8.100/24"] };
    const target = { id: "cam-1", address: "10.9.9.2", onvif: login };
    for (const [io, expected] of [
      [cabled, down],
      [stick, { ...cutOff, detail: expect.stringContaining("network cable") }],
      [cabled, down],
    ] as const) {
      expect(await ask(cameraPresence, target, io, kept)).toMatchObject(expected);
      expect(await ask(cameraStream, { ...target, rtsp: { path: "/live/1" } }, io, kept)).toMatchObject(expected);
    }
  });

  test("a table that cannot be read leaves the camera down", async () => {
    const io = { ...away("timeout", true), readDefaultRoute: () => Promise.reject(new Error("no table")) };
    expect(await ask(cameraPresence, { address: "10.9.9.2", onvif: login }, io)).toMatchObject(down);
  });
});

describe("camera-stream", () => {
  test("video arrives on both channels", async () => {
    const { port } = await start();
    const outcome = await ask(cameraStream, { address: "127.0.0.1", port, onvif: login });
    expect(total(outcome, "camera_stream_up")).toBe(1);
    expect(outcome.evidence).toMatchObject({ streams: [{ channel: "Channel 1", packets: 3, codec: "H264" }, { channel: "Channel 2" }] });
  });

  test("a dead channel describes its stream all the same, and is down", async () => {
    const channels = [...sameOnAll(1, []), ...sameOnAll(1, [], { dead: true })];
    const { port } = await start({ channels });
    const outcome = await ask(cameraStream, { address: "127.0.0.1", port, onvif: login, withinSeconds: 0.3 });
    expect(total(outcome, "camera_stream_up")).toBe(0);
    expect(outcome.kind === "measured" && outcome.readings.map(({ value }) => value)).toEqual([1, 0, 0]);
    expect(outcome.evidence).toMatchObject({ streams: [{ up: true }, { up: false, rtspStatus: 200, packets: 0 }] });
  });

  test.each<[string, Record<string, unknown>, unknown]>([
    ["a known address needs no ONVIF", { path: "/live/1" }, { kind: "measured" }],
    ["an unknown path is a stream that is down", { path: "/live/9" }, { kind: "measured", evidence: { streams: [{ up: false, rtspStatus: 404 }] } }],
  ])("%s", async (_, rtsp, expected) => {
    const { rtspPort } = await start();
    const outcome = await ask(cameraStream, { address: "127.0.0.1", http: login, rtsp: { port: rtspPort, ...rtsp } });
    expect(outcome).toMatchObject(expected as Record<string, unknown>);
  });

  test("a refused login is our failure", async () => {
    const { rtspPort } = await start();
    const outcome = await ask(cameraStream, { address: "127.0.0.1", http: { user: "viewer", password: "no" }, rtsp: { port: rtspPort, path: "/live/1" } });
    expect(outcome).toMatchObject({ kind: "failed", reason: "auth_failed" });
  });
});

describe("vms-link", () => {
  const official = "198.51.100.20";
  test.each<[string, Protocol, NonNullable<Scenario["vms"]>, string, number]>([
    ["registered and watched", "isapi", { host: official, registered: true, pulling: true }, "REGISTERED_AND_PULLING", 1],
    ["registered", "isapi", { host: official, registered: true, pulling: false }, "REGISTERED", 1],
    ["watched without registration", "isapi", { host: official, registered: false, pulling: true }, "PULLING", 1],
    ["set up only", "isapi", { host: official, registered: false, pulling: false }, "CONFIGURED_ONLY", 0],
    ["registered somewhere else", "isapi", { host: "203.0.113.9", registered: true, pulling: true }, "NOT", 0],
    ["registered and watched", "dahua", { host: official, registered: true, pulling: true }, "REGISTERED_AND_PULLING", 1],
    ["registered somewhere else", "dahua", { host: "203.0.113.9", registered: true, pulling: true }, "NOT", 0],
    ["an uplink that stands", "onvif", { host: official, registered: true, pulling: false }, "REGISTERED", 1],
    ["an uplink that does not", "onvif", { host: official, registered: false, pulling: false }, "CONFIGURED_ONLY", 0],
  ])("%s, by %s", async (_, protocol, vms, state, up) => {
    const { port } = await start({ vms }, [protocol]);
    const outcome = await ask(vmsLink, { id: "nvr-1", address: "127.0.0.1", port, http: login, vmsHosts: [official] });
    expect(outcome.evidence).toMatchObject({ links: [{ camera: "nvr-1", state }] });
    expect(total(outcome, "vms_link_up")).toBe(up);
    // Whoever else watches is nobody's business.
    expect(JSON.stringify(outcome)).not.toContain("203.0.113.9");
  });

  const told = (host: string, registered: boolean | undefined, enabled = true) => ({ host, enabled, registered });
  const elsewhere = "192.0.2.9";
  test.each<[string, ReturnType<typeof told>[], string[] | undefined, boolean, VmsState]>([
    ["a recorder that does not tell whether it is registered is unknown", [told(official, undefined)], [], false, "UNKNOWN"],
    ["one that does not tell who watches may be watched by the province", [told(official, false, false)], undefined, false, "UNKNOWN"],
    ["one that reports to an address that was not understood may report to the province", [told("", true)], [], false, "UNKNOWN"],
    ["an address that was not understood and is switched off accuses", [told("", undefined, false)], [], false, "NOT"],
    ["one that others watch is not connected", [told(official, false, false)], [elsewhere], false, "NOT"],
    ["a camera that others watch may be passed on by them", [told(official, false, false)], [elsewhere], true, "UNKNOWN"],
    ["a camera that nobody watches is not connected", [told(official, false, false)], [], true, "NOT"],
    ["a camera that the province watches is connected", [told(official, false, false)], [elsewhere, official], true, "PULLING"],
    ["a camera that fails to register is set up only", [told(official, false)], [elsewhere], true, "CONFIGURED_ONLY"],
  ])("%s", (_, ties, viewers, passesOn, state) => expect(judgeVms(ties, viewers, [official], passesOn)).toBe(state));

  test("a camera's other viewer may be a recorder that nobody declared: no reading accuses it", async () => {
    const { port } = await start({ vms: { host: elsewhere, registered: false, pulling: true } }, ["isapi"]);
    const options = { id: "cam-1", address: "127.0.0.1", port, http: login, vmsHosts: [official] };
    expect(await ask(vmsLink, { ...options, role: "camera" })).toMatchObject({ kind: "failed", reason: "unsupported" });
    expect(total(await ask(vmsLink, { ...options, role: "recorder" }), "vms_link_up")).toBe(0);
  });

  test("without official addresses nothing is asked", async () => {
    await expect(ask(vmsLink, { address: "127.0.0.1", http: login })).rejects.toMatchObject({ reason: "no_target" });
  });

  test("a device that tells nothing is unknown, not unconnected", async () => {
    const { port } = await start({}, ["onvif"]);
    expect(await ask(vmsLink, { address: "127.0.0.1", port, http: login, vmsHosts: [official] })).toMatchObject({ kind: "failed", reason: "unsupported" });
  });
});
