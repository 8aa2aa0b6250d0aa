import { z } from "zod";
import { cleanText } from "#schemas/clean-text.ts";
import type { Evidence, Reading } from "#schemas/observation.ts";
import { type Target, targetLabel, targetOptions } from "#schemas/target.ts";
import { DeviceError, type DeviceTrouble } from "../../io/device-error.ts";
import { createPace } from "../../io/pace.ts";
import { SoapFault } from "../../io/soap.ts";
import { defineProbe, type ProbeContext, ProbeError, ProbeSkip } from "../../probe.ts";
import { readVmsTies } from "../../recorders/vms-registrations.ts";
import { isOfficial, judgeVms, type VmsState } from "./judge.ts";

const DEVICE_MS = 30_000;

const Options = targetOptions({
  /** Requests per second that one device gets: small recorders stall under bursts. */
  requestsPerSecond: z.number().positive().max(1_000).default(2),
  /** Official addresses of the province's video system; anything else does not count. Without them nothing is asked. */
  vmsHosts: z.array(z.string().trim().min(1).max(253)).max(16).default([]),
});
type Options = z.infer<typeof Options>;

/** Asks recorders and cameras whether they are registered at the province's video system and watched from there; see README.md. */
export const vmsLink = defineProbe({
  kind: "vms-link",
  options: Options,
  deadlineMs: ({ targets }) => DEVICE_MS * Math.min(targets.length, 20),
  async run(options, context) {
    if (options.vmsHosts.length === 0) throw new ProbeSkip("no_target", "vmsHosts is empty: set the official addresses of the province's video system");
    const links: Link[] = [];
    for (const target of options.targets) links.push(await askLink(target, options, context));
    const readings: Reading[] = links.flatMap(({ camera, state, pulling }) =>
      state === "UNKNOWN"
        ? []
        : [
            { metric: "vms_link_up", value: isUp(state) ? 1 : 0, labels: { camera } } as const,
            ...(pulling === undefined ? [] : [{ metric: "vms_pulling", value: pulling ? 1 : 0, labels: { camera } } as const]),
          ],
    );
    const evidence = {
      links: links.map(({ trouble, said, pulling, ...rest }) => ({
        ...rest,
        ...(trouble ? { trouble, said } : {}),
        ...(pulling === undefined ? {} : { pulling }),
      })),
    };
    const known = links.filter(({ state }) => state !== "UNKNOWN");
    if (readings.length === 0) throw notAsked(links, evidence);
    const worst = known.some(({ state }) => !isUp(state)) ? 0 : 1;
    return { readings: worst === 0 || known.length === links.length ? [...readings, { metric: "vms_link_up", value: worst }] : readings, evidence };
  },
});

type Link = {
  readonly camera: string;
  readonly state: VmsState;
  readonly pulling: boolean | undefined;
  readonly protocol: string;
  /** Kinds of registrations, and whether each is set to an official address. */
  readonly registrations: { kind: string; official: boolean; enabled: boolean; registered: string }[];
  readonly trouble?: DeviceTrouble;
  readonly said?: string;
};

function isUp(state: VmsState): boolean {
  return state === "REGISTERED_AND_PULLING" || state === "REGISTERED" || state === "PULLING";
}

async function askLink(target: Target, { vmsHosts, requestsPerSecond }: Options, { io, signal, nowMs, log }: ProbeContext): Promise<Link> {
  const camera = cleanText(targetLabel(target));
  try {
    const ends = AbortSignal.any([signal, AbortSignal.timeout(DEVICE_MS)]);
    const { registrations, viewers, protocol } = await readVmsTies(target, {
      lanHttp: io.lanHttp,
      rtsp: io.rtsp,
      signal: ends,
      nowMs,
      pace: createPace(requestsPerSecond),
    });
    return {
      camera,
      state: judgeVms(registrations, viewers, vmsHosts, target.role === "camera"),
      pulling: viewers?.some((viewer) => isOfficial(viewer, vmsHosts)),
      protocol,
      registrations: registrations.map(({ kind, host, enabled, registered }) => ({
        kind,
        official: isOfficial(host, vmsHosts),
        enabled,
        registered: registered === undefined ? "unknown" : String(registered),
      })),
    };
  } catch (error) {
    const trouble = error instanceof DeviceError ? error.trouble : error instanceof SoapFault ? "unsupported" : undefined;
    if (trouble === undefined) throw error;
    log("device could not be asked for its link to the province's system", { camera, trouble });
    const said = cleanText(error instanceof Error ? error.message : "", 300);
    return { camera, state: "UNKNOWN", pulling: undefined, protocol: "none", registrations: [], trouble, said };
  }
}

function notAsked(links: readonly Link[], evidence: Evidence): ProbeError | ProbeSkip {
  const { trouble = "unsupported", said = "the device does not tell whether it is tied to the province's system" } = links[0] ?? {};
  return trouble === "device_busy" ? new ProbeSkip(trouble, said, evidence) : new ProbeError(trouble, said, evidence);
}
