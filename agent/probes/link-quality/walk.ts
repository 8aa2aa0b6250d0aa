import { z } from "zod";
import { locateFault, type Walk } from "#schemas/fault-location.ts";
import type { Reading } from "#schemas/observation.ts";
import { isThisPc } from "../../io/references.ts";
import type { ProbeMemory } from "../../probe.ts";

/** A router that was met, and whether it ever answered an echo request: only then does its silence say something. */
const Router = z.object({ address: z.string(), answers: z.boolean() });
const Way = z.object({ gateway: Router, isp: Router.optional() });
type Way = z.infer<typeof Way>;

const KEY = "way";

/** The way out as earlier runs through the same gateway have met it. */
export function knownWay(memory: ProbeMemory, gateway: string): Way {
  const kept = Way.safeParse(memory.get(KEY)).data;
  return kept?.gateway.address === gateway ? kept : { gateway: { address: gateway, answers: false } };
}

/** One hop of a run: `up` is undefined where this PC could not ask it. */
export type MetHop = { readonly hop: string; readonly address: string; readonly up: boolean | undefined };

/** Keeps what a run has met for the next one. */
export function rememberWay(memory: ProbeMemory, way: Way, hops: readonly MetHop[]): Way {
  const met = (name: string, before: Way["isp"]) => {
    const now = hops.find(({ hop }) => hop === name);
    return now && { address: now.address, answers: now.up === true || (before?.address === now.address && before.answers) };
  };
  const isp = met("isp", way.isp) ?? way.isp;
  const next: Way = { gateway: met("gateway", way.gateway) ?? way.gateway, ...(isp && { isp }) };
  if (JSON.stringify(next) !== JSON.stringify(memory.get(KEY))) memory.set(KEY, next);
  return next;
}

/** Who answered, as `locateFault` takes it. A router that never answers says nothing; a name that cannot be looked up is silent. */
export function walkOf(hops: readonly MetHop[], way: Way | undefined, hasRoute: boolean, isReferenceUp: boolean | undefined): Walk {
  const isUp = (own: readonly MetHop[]) => {
    const asked = own.flatMap(({ up }) => up ?? []);
    return asked.length === 0 ? undefined : asked.includes(true);
  };
  const named = (name: string) => hops.filter(({ hop, address }) => hop === name && !isThisPc(address));
  const others = hops.filter(({ hop, address }) => !["gateway", "isp", "collector"].includes(hop) && !isThisPc(address));
  const references = [isUp(others), isReferenceUp].filter((up) => up !== undefined);
  return {
    hasRoute,
    gateway: way?.gateway.answers ? isUp(named("gateway")) : undefined,
    isp: way?.isp?.answers ? isUp(named("isp")) : undefined,
    collector: isUp(named("collector")),
    reference: references.length === 0 ? undefined : references.includes(true),
  };
}

/** What a walk says of each segment: nothing of those behind a broken one. */
export function segmentReadings(walk: Walk): Reading[] {
  const { whole, broken } = locateFault(walk);
  const reading = (segment: string, value: number): Reading => ({ metric: "segment_up", value, labels: { segment } });
  return [...whole.map((segment) => reading(segment, 1)), ...(broken ? [reading(broken, 0)] : [])];
}
