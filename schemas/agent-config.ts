import { z } from "zod";
import { Calendar } from "./calendar.ts";
import { AgentId, Code, Instant } from "./ids.ts";
import { Centre } from "./inventory.ts";
import { ProbeKind } from "./observation.ts";
import { PolicyProfile } from "./policy.ts";

/** One probe to run again and again. `options` are the probe's own; credentials in them are names kept on the gateway PC. */
export const Assignment = z.strictObject({
  id: Code,
  probe: ProbeKind,
  target: Code.optional(),
  everyS: z
    .number()
    .min(15)
    .max(7 * 86_400),
  /** Vietnam local times between which the run may start. */
  window: z.strictObject({ from: z.string().regex(/^\d\d:\d\d$/), to: z.string().regex(/^\d\d:\d\d$/) }).optional(),
  /** The run needs a lease of a measure server first. */
  lease: z.boolean().default(false),
  options: z.record(z.string(), z.json()),
});
export type Assignment = z.infer<typeof Assignment>;

/** A speed-test server that agents of this province may use. */
export const MeasureServer = z.strictObject({ id: Code, url: z.url({ protocol: /^https?$/ }) });
export type MeasureServer = z.infer<typeof MeasureServer>;

/** What the collector tells an agent: whom to measure and by which rules. It names targets, never commands. */
export const AgentConfig = z.object({
  agent: AgentId,
  version: z.int().min(1),
  issuedAt: Instant,
  centre: Centre,
  policy: PolicyProfile,
  calendar: Calendar,
  measureServers: z.array(MeasureServer).max(16),
});
export type AgentConfig = z.infer<typeof AgentConfig>;
