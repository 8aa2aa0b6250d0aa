import type { ProbeKind } from "#schemas/observation.ts";
import type { Probe } from "../probe.ts";

/** Every probe of the agent, one line each; the folder's name is the kind. */
export const probes: ReadonlyMap<ProbeKind, Probe<never>> = new Map<ProbeKind, Probe<never>>([]);
