import { afterEach, expect, test } from "vitest";
import { RecordingEvidence } from "#schemas/recording-evidence.ts";
import { lanHttp } from "../../../agent/io/lan-http.ts";
import { rtsp } from "../../../agent/io/rtsp-video.ts";
import { ProbeError } from "../../../agent/probe.ts";
import { recordingDepth } from "../../../agent/probes/recording-depth/probe.ts";
import { recordingWatch } from "../../../agent/probes/recording-watch/probe.ts";
import { probeContext } from "../../support/probe-context.ts";
import type { Protocol } from "../../support/recorder/http-side.ts";
import { DAY_MS, HOUR_MS, healthy, passing, type Scenario, sameOnAll, without } from "../../support/recorder/scenario.ts";
import { type RunningRecorder, startRecorder } from "../../support/recorder/start-recorder.ts";

const NOW_MS = Date.UTC(2026, 10, 28, 18, 7, 30);
const running: RunningRecorder[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map(({ close }) => close()));
});

const whole = [{ startMs: NOW_MS - 45 * DAY_MS, endMs: NOW_MS }];
const withGap = without(whole, { startMs: NOW_MS - 10 * DAY_MS, endMs: NOW_MS - 10 * DAY_MS + 3 * HOUR_MS });
const nothingListed: Scenario["lacks"] = new Set(["recordings", "find-recordings", "summary"]);

type Visit = { readonly memory?: Map<string, unknown>; readonly refusesVendor?: boolean };

/** A recorder that is entered with an account of ONVIF only, as it is by the answer of a search for devices. */
async function begin(over: Partial<Scenario>, protocols: readonly Protocol[], { memory = new Map(), refusesVendor = false }: Visit) {
  const scenario = passing(healthy(() => NOW_MS, { channels: sameOnAll(1, withGap), ...over }));
  const recorder = await startRecorder(scenario, protocols);
  running.push(recorder);
  const target = { id: "nvr-1", address: "127.0.0.1", port: recorder.port, onvif: { user: "viewer", password: "p@ss word" } };
  const context = probeContext({
    nowMs: scenario.nowMs,
    memory: { get: (key) => memory.get(key), set: (key, value) => void memory.set(key, JSON.parse(JSON.stringify(value))) },
    io: {
      rtsp,
      lanHttp: async (request) =>
        refusesVendor && !request.path.startsWith("/onvif/") ? { status: 401, headers: {}, challenges: [], body: "" } : lanHttp(request),
    },
  });
  return { target, context };
}

async function told(over: Partial<Scenario>, protocols: readonly Protocol[], given: Visit = {}) {
  const { target, context } = await begin(over, protocols, given);
  const options = recordingDepth.options.parse({ ...target, policy: { requestsPerSecond: 1000, replaySamples: 0 } });
  const evidence = await recordingDepth.run(options, context).then(
    (measured) => measured.evidence,
    (error: unknown) => (error instanceof ProbeError ? error.evidence : Promise.reject(error)),
  );
  return RecordingEvidence.parse(evidence).channels.map(({ verdict, reasons, method }) => [verdict, ...reasons, method].join(" "));
}

test.each<[string, Scenario["lacks"], Protocol, string]>([
  ["lists nothing, over isapi", nothingListed, "isapi", "NON_COMPLIANT GAPS isapi-search"],
  ["lists nothing, over dahua", nothingListed, "dahua", "NON_COMPLIANT GAPS dahua-find"],
  ["tells no gaps, over isapi", new Set(["find-events"]), "isapi", "NON_COMPLIANT GAPS isapi-search"],
  ["tells all over ONVIF itself", new Set(), "isapi", "NON_COMPLIANT GAPS onvif-events"],
])("a recorder that over ONVIF %s", async (_, lacks, vendor, expected) => {
  expect(await told({ lacks }, ["onvif", vendor])).toEqual([expected]);
});

test("the hourly look asks a recorder in the same way as the night's", async () => {
  const { target, context } = await begin({ lacks: nothingListed }, ["onvif", "isapi"], {});
  const { readings } = await recordingWatch.run(recordingWatch.options.parse({ ...target, requestsPerSecond: 1000 }), context);
  expect(readings).toEqual([{ metric: "recording_now", value: 1, labels: { channel: "101" } }]);
});

test.each<[string, Scenario["lacks"], Protocol[], boolean, string]>([
  ["that lists nothing, and whose own way refuses the account, says so", nothingListed, ["onvif", "isapi"], true, "UNVERIFIABLE AUTH_FAILED none"],
  [
    "that tells no gaps, and whose own way refuses the account, is left at that",
    new Set(["find-events"]),
    ["onvif", "isapi"],
    true,
    "UNVERIFIABLE OLDEST_ONLY onvif-recordings",
  ],
  ["that lists nothing and has no other way has no recordings", nothingListed, ["onvif"], false, "UNVERIFIABLE NO_RECORDER none"],
])("a recorder %s", async (_, lacks, protocols, refusesVendor, expected) => {
  expect(await told({ lacks }, protocols, { refusesVendor })).toEqual([expected]);
});

test("a way that was learnt is kept: nobody tries a password elsewhere each night", async () => {
  const memory = new Map<string, unknown>();
  const lacks: Scenario["lacks"] = new Set(["find-events"]);
  expect(await told({ lacks }, ["onvif"], { memory })).toEqual(["UNVERIFIABLE OLDEST_ONLY onvif-recordings"]);
  expect(await told({ lacks }, ["onvif", "isapi"], { memory })).toEqual(["UNVERIFIABLE OLDEST_ONLY onvif-recordings"]);
});
