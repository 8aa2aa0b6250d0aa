import { z } from "zod";
import { FoundDevice } from "./asset-ledger.ts";

/** Most devices that one search tells of. */
export const FOUND_MAX = 200;

/** What a search of the LAN leaves as evidence. */
export const DiscoveryEvidence = z.strictObject({
  /** Networks that were looked at. */
  networks: z.array(z.string().max(43)).max(64),
  found: z.array(FoundDevice).max(FOUND_MAX),
  /** Hosts that look like PCs and are declared nowhere. They may be a citizen's, so they are counted and nothing else. */
  unknownComputers: z.int().min(0),
  /** Devices beyond the limit. */
  dropped: z.int().min(0).optional(),
});
export type DiscoveryEvidence = z.infer<typeof DiscoveryEvidence>;
