import type { Target } from "#schemas/target.ts";
import { DeviceError } from "../io/device-error.ts";
import { type DeviceAccess, openDeviceSession } from "../io/device-session.ts";
import type { LanHttp } from "../io/lan-http.ts";
import { openOnvif } from "../io/onvif.ts";
import type { Pace } from "../io/pace.ts";
import type { Rtsp } from "../io/rtsp-video.ts";
import { SoapFault } from "../io/soap.ts";
import { openDahua } from "./dahua.ts";
import { openIsapi } from "./isapi.ts";
import { openOnvifRecorder } from "./onvif.ts";
import type { Recorder, RecorderMethod } from "./recorder.ts";

/** What a visit needs. `rtsp` and `lanHttp` are the clients of `Io`. */
export type Visit = { readonly lanHttp: LanHttp; readonly rtsp: Rtsp; readonly signal: AbortSignal; readonly nowMs: () => number; readonly pace: Pace };

/** How a target is reached over ONVIF: its `onvif` access, else the one for HTTP. */
export function onvifAccess({ address, port, onvif, http }: Target): DeviceAccess {
  const given = onvif ?? http;
  return { address, port: given?.port ?? port ?? (given?.tls ? 443 : 80), tls: given?.tls, user: given?.user, password: given?.password };
}

/** How a target's vendor API is reached: its `http` access, else the one for ONVIF. */
export function vendorAccess(target: Target): DeviceAccess {
  const { http, onvif, ...rest } = target;
  return onvifAccess({ ...rest, ...(http ? { onvif: http } : onvif ? { onvif } : {}) });
}

/**
 * Opens a recorder by the first method that answers. A vendor's own API tells more, so it goes first where credentials for it are given;
 * brands are told by what answers, not by labels. `learnt` is the method that worked before.
 * @throws DeviceError of the last method tried, or at once when the device is not there or refuses the login
 */
export async function openRecorder(target: Target, visit: Visit, learnt?: RecorderMethod): Promise<Recorder> {
  const usual: readonly RecorderMethod[] = target.http ? [...vendorMethods, "onvif"] : ["onvif", ...vendorMethods];
  return openFirst(target, visit, learnt ? [learnt, ...usual.filter((method) => method !== learnt)] : usual);
}

/** Vendors' own ways. */
const vendorMethods = ["isapi", "dahua"] as const;

/** Opens a recorder by a vendor's own way, whatever it says over ONVIF. @throws DeviceError as openRecorder */
export async function openVendor(target: Target, visit: Visit): Promise<Recorder> {
  return openFirst(target, visit, vendorMethods);
}

async function openFirst(target: Target, visit: Visit, order: readonly RecorderMethod[]): Promise<Recorder> {
  let last: DeviceError | undefined;
  for (const method of order) {
    try {
      return await openBy(method, target, visit);
    } catch (error) {
      const trouble = error instanceof SoapFault ? new DeviceError("unsupported", error.message, { cause: error }) : error;
      if (!(trouble instanceof DeviceError) || !mayBeOther.has(trouble.trouble)) throw trouble;
      last ??= trouble;
    }
  }
  // What it said first is what it is: the others are ways of other brands.
  const said = last === undefined || order.length < 2 ? "" : ` (${last.message.slice(0, 160)})`;
  throw new DeviceError("unsupported", `${target.address} tells of no recordings over ONVIF, ISAPI or Dahua CGI${said}`, { cause: last });
}

/** Answers that a device of another brand gives. */
const mayBeOther: ReadonlySet<string> = new Set(["unsupported", "bad_reply", "malformed", "no_such_object"]);

async function openBy(method: RecorderMethod, target: Target, { lanHttp, rtsp, signal, nowMs, pace }: Visit): Promise<Recorder> {
  const session = openDeviceSession(lanHttp, method === "onvif" ? onvifAccess(target) : vendorAccess(target), signal, pace);
  if (method === "isapi") return openIsapi(session, rtsp);
  if (method === "dahua") return openDahua(session, rtsp);
  const onvif = await openOnvif(session, nowMs);
  if (!onvif.has("tse") && !onvif.has("trc")) throw new DeviceError("unsupported", `${target.address} has no ONVIF recording service`);
  return openOnvifRecorder(onvif, rtsp, nowMs);
}
