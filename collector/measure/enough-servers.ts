import type { PolicyProfile } from "#schemas/policy.ts";

/** Ids of the requirements whose breach is confirmed against more measure servers than there are: with these alone none of them ever fails. */
export function neverConfirmed({ requirements }: PolicyProfile, servers: number): string[] {
  return requirements.filter(({ rule }) => rule.kind === "floor" && rule.breach.servers > servers).map(({ id }) => id);
}
