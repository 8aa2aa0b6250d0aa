import { z } from "zod";
import type { Evidence } from "./observation.ts";

/** What a bandwidth test's evidence says of one direction, as agent/probes/link-bandwidth/evidence.ts writes it; anything else is left out. */
const DirectionEvidence = z
  .object({
    lowMbps: z.number(),
    highMbps: z.number(),
    streams: z.number(),
    lossPercent: z.number(),
    foreignMbps: z.number(),
    passMs: z.number(),
    carriedMs: z.number(),
    fell: z.boolean(),
  })
  .partial();
const TestEvidence = z.object({ download: DirectionEvidence, nic: z.object({ medium: z.string(), speedMbps: z.number().optional() }).partial() }).partial();
export type TestEvidence = z.infer<typeof TestEvidence>;

/** What is known of a bandwidth test besides its numbers; nothing where its evidence says nothing that is understood. */
export function testEvidence(evidence: Evidence | undefined): TestEvidence {
  return TestEvidence.safeParse(evidence ?? {}).data ?? {};
}

/** How long the download of a full-length test carried, s, and whether its rate fell for good meanwhile. */
export type Carried = { readonly carriedS: number; readonly fell: boolean | undefined };

/** Of a full-length test (docs/line.md) only; undefined for a short one. */
export function carriedOf({ download }: TestEvidence): Carried | undefined {
  if (download?.passMs === undefined || download.carriedMs === undefined) return undefined;
  return { carriedS: Math.round(download.carriedMs / 100) / 10, fell: download.fell };
}
