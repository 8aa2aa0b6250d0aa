/** How a device is tied to the province's video system (pure). */

export type Tie = { readonly host: string; readonly enabled: boolean; readonly registered: boolean | undefined };

/** `PULLING`: nothing is registered, but the province's system fetches video by itself. */
export type VmsState = "REGISTERED_AND_PULLING" | "REGISTERED" | "PULLING" | "CONFIGURED_ONLY" | "NOT" | "UNKNOWN";

/**
 * Judges registrations and viewers against the official addresses of the province's system (fields/cameras.md §8).
 * Only an official address counts: a device that reports to somebody else is not connected. What it does not tell is unknown, and accuses nobody: whether
 * it is registered where it is set to be, and, where `viewers` is undefined, whether the province's system fetches video by itself. With `passesOn` any other
 * viewer may be one that passes the video on, as a recorder does that nobody has declared.
 */
export function judgeVms(ties: readonly Tie[], viewers: readonly string[] | undefined, official: readonly string[], passesOn = false): VmsState {
  const hosts = new Set(official.map(plain));
  const ours = ties.filter(({ host, enabled }) => enabled && hosts.has(plain(host)));
  const pulling = viewers?.some((viewer) => hosts.has(plain(viewer))) ?? false;
  const registered = ours.some((tie) => tie.registered === true);
  if (registered) return pulling ? "REGISTERED_AND_PULLING" : "REGISTERED";
  if (pulling) return "PULLING";
  if (ours.length > 0) return ours.some((tie) => tie.registered === undefined) ? "UNKNOWN" : "CONFIGURED_ONLY";
  // One that is switched on and whose address this firmware tells under another name may be the province's.
  if (ties.some(({ host, enabled }) => enabled && host === "")) return "UNKNOWN";
  const isSeenByNobody = viewers !== undefined && (!passesOn || viewers.length === 0);
  return ties.length > 0 && isSeenByNobody ? "NOT" : "UNKNOWN";
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
