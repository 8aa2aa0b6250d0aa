import { z } from "zod";
import { cleanText } from "#schemas/clean-text.ts";
import type { Evidence, Reading } from "#schemas/observation.ts";
import { type Target, targetLabel, targetOptions } from "#schemas/target.ts";
import { DeviceError, type DeviceTrouble } from "../../io/device-error.ts";
import { openDeviceSession } from "../../io/device-session.ts";
import { type Onvif, openOnvif } from "../../io/onvif.ts";
import { listProfiles } from "../../io/onvif-media.ts";
import { createPace } from "../../io/pace.ts";
import { SoapFault } from "../../io/soap.ts";
import { openWays, type Ways } from "../../io/ways.ts";
import { defineProbe, type ProbeContext, ProbeError, ProbeSkip } from "../../probe.ts";
import { type ClockSample, judgeClock } from "../../recorders/clock.ts";
import { onvifAccess } from "../../recorders/open-recorder.ts";

const DEVICE_MS = 30_000;
const CLOCK_SAMPLES = 3;

const Options = targetOptions({
  /** Requests per second that one device gets: small recorders stall under bursts. */
  requestsPerSecond: z.number().positive().max(1_000).default(2),
  /** From which skew a clock is told as drifting and as wrong, seconds, and the zone of the place, minutes ahead of UTC. */
  clock: z
    .strictObject({ warnSeconds: z.number().positive(), failSeconds: z.number().positive(), zoneMinutes: z.int().min(-840).max(840) })
    .default({ warnSeconds: 30, failSeconds: 120, zoneMinutes: 420 }),
});
type Options = z.infer<typeof Options>;

/** Asks cameras and recorders who they are, what time they have and which streams they offer; see README.md. */
export const cameraPresence = defineProbe({
  kind: "camera-presence",
  options: Options,
  deadlineMs: ({ targets }) => DEVICE_MS * Math.min(targets.length, 20),
  async run(options, context) {
    const ways = openWays(
      options.targets.map(({ address }) => address),
      context,
    );
    const results: Presence[] = [];
    for (const target of options.targets) results.push(await askCamera(target, options, context, ways));
    const evidence = { cameras: results.map((result) => result.evidence) };
    const readings = results.flatMap((result) => result.readings);
    const [only] = results;
    if (readings.length === 0) throw notAsked(only, evidence);
    const isUp = readings.flatMap(({ metric, value }) => (metric === "camera_up" ? value : []));
    const worst = Math.min(...isUp);
    // The total stands when each camera was asked or one is down; numbers of a single camera are its totals too.
    const total: Reading[] = worst === 0 || isUp.length === results.length ? [{ metric: "camera_up", value: worst }] : [];
    const single = results.length === 1 ? readings.filter(({ metric }) => metric !== "camera_up").map(({ metric, value }) => ({ metric, value })) : [];
    return { readings: [...readings, ...total, ...single], evidence };
  },
});

function notAsked(first: Presence | undefined, evidence: Evidence): ProbeError | ProbeSkip {
  const { trouble = "internal", said = "" } = first ?? {};
  return trouble === "device_busy" ? new ProbeSkip(trouble, said, evidence) : new ProbeError(trouble, said, evidence);
}

type Json = string | number | boolean;
type Presence = {
  readonly readings: readonly Reading[];
  readonly evidence: Record<string, Json>;
  readonly trouble: DeviceTrouble | undefined;
  readonly said: string;
};

/** Troubles that mean "nobody is there"; the others mean that somebody is, or that we could not even knock. */
const down: ReadonlySet<DeviceTrouble> = new Set(["refused", "timeout", "unreachable", "server_lost"]);
/** Those of them that this PC's own missing cable brings as well. */
const silent: ReadonlySet<DeviceTrouble> = new Set(["timeout", "unreachable"]);

async function askCamera(target: Target, options: Options, context: ProbeContext, ways: Ways): Promise<Presence> {
  const camera = cleanText(targetLabel(target));
  const labels = { camera };
  try {
    const { io, signal, nowMs } = context;
    const session = openDeviceSession(
      io.lanHttp,
      onvifAccess(target),
      AbortSignal.any([signal, AbortSignal.timeout(DEVICE_MS)]),
      createPace(options.requestsPerSecond),
    );
    const onvif = await openOnvif(session, nowMs);
    const samples = await readClock(onvif, nowMs);
    const clock = judgeClock(samples, options.clock);
    const identity = await onvif.identity();
    const profiles = onvif.has("trt") || onvif.has("tr2") ? (await listProfiles(onvif)).length : undefined;
    const told = Object.fromEntries(Object.entries(identity).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])));
    const zone = samples[0]?.zone;
    await ways.answered(target.address);
    return {
      readings: [
        { metric: "camera_up", value: 1, labels },
        ...(clock.skewS === undefined ? [] : [{ metric: "camera_clock_skew_s", value: clock.skewS, labels } as const]),
        ...(profiles === undefined ? [] : [{ metric: "camera_profiles", value: profiles, labels } as const]),
      ],
      evidence: {
        camera,
        ...told,
        clock: clock.verdict,
        clockSource: clock.source,
        ...(zone === undefined ? {} : { zone: cleanText(zone, 64) }),
        ...(samples[0]?.kind === undefined ? {} : { clockKind: cleanText(samples[0].kind, 32) }),
        ...(samples[0]?.daylightSavings === undefined ? {} : { daylightSavings: samples[0].daylightSavings }),
        recordingService: onvif.has("tse"),
      },
      trouble: undefined,
      said: "",
    };
  } catch (error) {
    return troubled(target, error, context, ways);
  }
}

async function readClock(onvif: Onvif, nowMs: () => number): Promise<(ClockSample & { kind: string | undefined; daylightSavings: boolean | undefined })[]> {
  const samples = [];
  for (let index = 0; index < CLOCK_SAMPLES; index++) {
    const sentMs = nowMs();
    const time = await onvif.deviceTime();
    samples.push({ ...time, sentMs, receivedMs: nowMs() });
  }
  return samples;
}

async function troubled(target: Target, error: unknown, { log }: ProbeContext, ways: Ways): Promise<Presence> {
  const met = error instanceof DeviceError ? error.trouble : error instanceof SoapFault ? "unsupported" : undefined;
  if (met === undefined) throw error;
  const cutOff = silent.has(met) ? await ways.cutOff(target.address) : undefined;
  const trouble = cutOff === undefined ? met : "no_route";
  const camera = cleanText(targetLabel(target));
  const said = cutOff ?? cleanText(error instanceof Error ? error.message : "", 300);
  log("camera could not be asked", { camera, trouble });
  const readings: Reading[] = down.has(trouble) ? [{ metric: "camera_up", value: 0, labels: { camera } }] : [];
  return { readings, evidence: { camera, trouble, said }, trouble, said };
}
