/** How a device is tied to the province's video system (pure). */

export type Tie = { readonly host: string; readonly enabled: boolean; readonly registered: boolean | undefined };

/** `PULLING`: nothing is registered, but the province's system fetches video by itself. */
export type VmsState = "REGISTERED_AND_PULLING" | "REGISTERED" | "PULLING" | "CONFIGURED_ONLY" | "NOT" | "UNKNOWN";

/**
 * Judges registrations and viewers against the official addresses of the province's system (fields/cameras.md §8).
 * Only an official address counts: a device that reports to somebody else is not connected.
 */
export function judgeVms(ties: readonly Tie[], viewers: readonly string[] | undefined, official: readonly string[]): VmsState {
  const hosts = new Set(official.map(plain));
  const ours = ties.filter(({ host, enabled }) => enabled && hosts.has(plain(host)));
  const pulling = viewers?.some((viewer) => hosts.has(plain(viewer))) ?? false;
  const registered = ours.some((tie) => tie.registered === true);
  if (registered) return pulling ? "REGISTERED_AND_PULLING" : "REGISTERED";
  if (pulling) return "PULLING";
  if (ours.length > 0) return "CONFIGURED_ONLY";
  return ties.length > 0 ? "NOT" : "UNKNOWN";
}

/** Whether an address is one of the official ones. */
export function isOfficial(host: string, official: readonly string[]): boolean {
  return official.some((each) => plain(each) === plain(host));
}

function plain(host: string): string {
  return host
    .trim()
    .toLowerCase()
    .replace(/^::ffff:/, "")
    .replace(/\.$/, "");
}
