import type { ProbeKind } from "#schemas/observation.ts";
import type { Probe } from "../probe.ts";
import { cameraPresence } from "./camera-presence/probe.ts";
import { cameraStream } from "./camera-stream/probe.ts";
import { deviceDiscovery } from "./device-discovery/probe.ts";
import { host } from "./host/probe.ts";
import { linkBandwidth } from "./link-bandwidth/probe.ts";
import { linkQuality } from "./link-quality/probe.ts";
import { officeDevices } from "./office-devices/probe.ts";
import { portalHttp } from "./portal-http/probe.ts";
import { recordingDepth } from "./recording-depth/probe.ts";
import { recordingWatch } from "./recording-watch/probe.ts";
import { vmsLink } from "./vms-link/probe.ts";
import { wifiClients } from "./wifi-clients/probe.ts";

/** Every probe of the agent, one line each; the folder's name is the kind. */
export const probes: ReadonlyMap<ProbeKind, Probe<never>> = new Map([
  entry(cameraPresence),
  entry(cameraStream),
  entry(recordingDepth),
  entry(deviceDiscovery),
  entry(recordingWatch),
  entry(host),
  entry(linkBandwidth),
  entry(linkQuality),
  entry(officeDevices),
  entry(portalHttp),
  entry(vmsLink),
  entry(wifiClients),
]);

/** Forgets the option type. Sound because only the runner calls `run`, and only with what the probe's own `options` parsed. */
function entry<Options>(probe: Probe<Options>): readonly [ProbeKind, Probe<never>] {
  return [probe.kind, probe as unknown as Probe<never>];
}
