import type { Owner } from "./policy.ts";

/**
 * The way from a gateway PC to the province, cut into segments from the inside to the outside. `lan`: PC to gateway; `line`: gateway to the provider's
 * first router; `provider`: from there into the internet; `wan`: somewhere behind the gateway, where the provider's first router was never met;
 * `collector`: the province's own end.
 */
export const segments = ["lan", "line", "provider", "wan", "collector"] as const;
export type Segment = (typeof segments)[number];

/** Who puts a segment right. */
export const segmentOwners = { lan: "commune", line: "isp", provider: "isp", wan: "isp", collector: "province-it" } as const satisfies Record<Segment, Owner>;

/** Who answered on one walk along the way. Absent is what was not asked, or what never answers anybody and so says nothing by its silence. */
export type Walk = {
  /** The PC has a default route: a cable, and an address that somebody gave it. */
  readonly hasRoute: boolean;
  readonly gateway?: boolean | undefined;
  readonly isp?: boolean | undefined;
  readonly collector?: boolean | undefined;
  /** Anything outside that is neither the province's nor the provider's: portals, other measure servers. */
  readonly reference?: boolean | undefined;
};

/** What a walk proves: segments that carry, and the first one that does not. Behind a broken segment nothing is said. */
export type FaultLocation = { readonly whole: readonly Segment[]; readonly broken?: Segment };

/**
 * Names the broken segment of a walk. Whoever answers proves every segment before it, so that a mute router is no fault; silence counts from the
 * outside: only where everything outside is silent, the last one inside that answers shows where the way ends.
 */
export function locateFault({ hasRoute, gateway, isp, collector, reference }: Walk): FaultLocation {
  if (collector || reference) {
    const way = ["lan", ...(isp === undefined ? (["wan"] as const) : (["line", "provider"] as const))] as const;
    if (collector) return { whole: [...way, "collector"] };
    return collector === undefined ? { whole: way } : { whole: way, broken: "collector" };
  }
  const isAsked = collector !== undefined || reference !== undefined;
  if (isp) return isAsked ? { whole: ["lan", "line"], broken: "provider" } : { whole: ["lan", "line"] };
  if (gateway) return { whole: ["lan"], ...(isp === false ? { broken: "line" as const } : isAsked && { broken: "wan" as const }) };
  return { whole: [], ...((!hasRoute || gateway === false) && { broken: "lan" as const }) };
}
