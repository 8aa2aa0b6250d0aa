import { createHash } from "node:crypto";
import { BATCH_OBSERVATIONS_MAX, type Batch, PROTOCOL } from "#schemas/exchange.ts";
import { groupsOf } from "../groups-of.ts";
import type { Acceptor, Sender } from "../ingest/accept.ts";
import type { CentreProfile } from "./profile.ts";
import type { Unnumbered } from "./simulate.ts";

/** Number of the next observation of each centre's stream, by centre code. */
export type NextSeqs = Record<string, number>;

/** A simulated agent: the centre that it stands for and the identity that it was enrolled with. */
export type DemoAgent = { readonly profile: CentreProfile; readonly sender: Sender; readonly stream: string };

/** Name of a simulated agent's stream: the same demo made again tells the same stream. */
export function streamOf(seed: number, centre: string): string {
  return createHash("sha256").update(`demo ${seed} ${centre}`).digest("hex").slice(0, 16);
}

/**
 * Sends what one agent observed through the collector's own door, in as many batches as the protocol asks for, and moves its number on.
 * The same observations at the same instant make the same bytes, so a step that was cut off can be sent again.
 */
export async function sendObservations(
  accept: Acceptor,
  { profile, sender, stream }: DemoAgent,
  observations: readonly Unnumbered[],
  next: NextSeqs,
  nowMs: number,
): Promise<void> {
  const { code } = profile.centre;
  for (const group of groupsOf(observations, BATCH_OBSERVATIONS_MAX)) {
    const first = next[code] ?? 1;
    const part = group.map((observation, index) => ({ ...observation, seq: first + index }));
    const batch: Batch = {
      protocol: PROTOCOL,
      stream,
      from: first,
      to: first + part.length - 1,
      sentAt: new Date(nowMs).toISOString(),
      lane: "live",
      observations: part,
      gaps: [],
    };
    await accept(sender, { batch, bodySha256: createHash("sha256").update(JSON.stringify(batch)).digest("hex"), nowMs });
    next[code] = first + part.length;
  }
}
