import { z } from "zod";
import { Calendar } from "./calendar.ts";
import { FormerCode } from "./codes-now.ts";
import { AgentId, Code, Instant } from "./ids.ts";
import { Centre, NewlyDeclared } from "./inventory.ts";
import { ProbeKind } from "./observation.ts";
import { Phones } from "./phones.ts";
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

/** Longest text of a signed configuration. */
const SEAL_TEXT_MAX = 1024 * 1024;

/** A configuration's text with its signature. */
export const ConfigSeal = z.strictObject({ payload: z.string().max(SEAL_TEXT_MAX), signature: z.string().max(100) });
export type ConfigSeal = z.infer<typeof ConfigSeal>;

/** Most codes that are told of one centre which it declares no more. */
export const FORMER_CODES_MAX = 2_000;

/** Most other reception points of a centre that its agents are told of. */
export const POINTS_MAX = 64;

/** What the collector tells an agent: whom to measure and by which rules. It names targets, never commands. */
export const AgentConfig = z.object({
  agent: AgentId,
  version: z.int().min(1),
  issuedAt: Instant,
  /** With the devices of the agent's own reception point alone: of the others it knows neither LAN nor line. */
  centre: Centre,
  /** The reception point at which the agent stands. Absent = the main office, or an older collector. */
  point: Code.optional(),
  /** The other points of the centre. Absent = none, or an older collector. */
  otherPoints: z.array(Code).max(POINTS_MAX).optional(),
  /** Of its devices those that were declared lately: by the rules they are not missing yet. Absent = an older collector, which does not tell. */
  newlyDeclared: z.array(NewlyDeclared).max(2_000).optional(),
  /** What became of codes that were declared lately and are no more: what answered under them counts for the same device. Absent = an older collector. */
  formerCodes: z.array(FormerCode).max(FORMER_CODES_MAX).optional(),
  /** Whom the centre calls, for its self-check. */
  phones: Phones.optional(),
  policy: PolicyProfile,
  calendar: Calendar,
  measureServers: z.array(MeasureServer).max(16),
  /** The same, signed offline: where an agent knows the province's key, this alone counts. */
  seal: ConfigSeal.optional(),
});
export type AgentConfig = z.infer<typeof AgentConfig>;

/** What is signed offline for one centre. It holds no agent: an agent that is replaced needs no new signature. */
export const SealedConfig = AgentConfig.omit({ agent: true, seal: true }).extend({ expiresAt: Instant });
export type SealedConfig = z.infer<typeof SealedConfig>;

/** The bytes under the province's signature: the text as it is carried, so that nothing depends on how JSON is written. */
export function sealText(payload: string): string {
  return `hcc-watch/1\nconfig\n${payload}`;
}
