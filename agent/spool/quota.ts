import type { ProbeKind } from "#schemas/observation.ts";

/** What a stored observation is worth when space runs out: samples come again in minutes, evidence of a requirement does not. */
export const grades = { sample: 0, evidence: 1 } as const;
export type Grade = (typeof grades)[keyof typeof grades];

/** Probes that run every few minutes; all others give rare evidence. */
const sampled: ReadonlySet<ProbeKind> = new Set<ProbeKind>(["host", "link-quality", "portal-http", "wifi-clients"]);

export function gradeOf(probe: ProbeKind): Grade {
  return sampled.has(probe) ? grades.sample : grades.evidence;
}

export type QuotaLimits = {
  readonly spoolBytesMax: number;
  readonly waitingMsMax: number;
  readonly diskFreeBytesMin: number;
  /** A small disk keeps this share free instead. */
  readonly diskFreeShareMin: number;
};

const MIB = 1024 * 1024;
const DAY_MS = 86_400_000;

export const quotaLimits: QuotaLimits = {
  spoolBytesMax: 512 * MIB,
  waitingMsMax: 30 * DAY_MS,
  diskFreeBytesMin: 200 * MIB,
  diskFreeShareMin: 0.05,
};

/** How long answered rows stay that no rule looks at, for a collector that restores an older database: fields/reliability-security.md B2. */
export const ACKED_KEEP_MS = 2 * DAY_MS;
/** Evidence stays longer, as the memory of the self-check. */
export const EVIDENCE_KEEP_MS = 45 * DAY_MS;

export type Space = { readonly spoolBytes: number; readonly diskFreeBytes: number; readonly diskBytes: number };

/** Bytes that the spool must give up now; 0 when all limits hold. Never more than it has. */
export function bytesToFree(space: Space, limits: QuotaLimits = quotaLimits): number {
  const overQuota = space.spoolBytes - limits.spoolBytesMax;
  const reserve = Math.min(limits.diskFreeBytesMin, space.diskBytes * limits.diskFreeShareMin);
  const underReserve = reserve - space.diskFreeBytes;
  return Math.min(space.spoolBytes, Math.max(0, overQuota, underReserve));
}

/** What goes first when space runs out. Gap records and dead letters are small, bounded and never evicted. */
export const evictionOrder = ["acked", "waiting_sample", "waiting_evidence"] as const;
export type Victim = (typeof evictionOrder)[number];

export type Span = { readonly from: number; readonly to: number };

/** Joins ascending sequence numbers into spans: 1 2 3 7 8 becomes 1-3 and 7-8. */
export function spansOf(seqs: readonly number[]): Span[] {
  const spans: { from: number; to: number }[] = [];
  for (const seq of seqs) {
    const last = spans.at(-1);
    if (last !== undefined && last.to + 1 === seq) last.to = seq;
    else spans.push({ from: seq, to: seq });
  }
  return spans;
}
