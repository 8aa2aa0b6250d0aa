import type { EvidenceRef, FindingDetailValue, FindingPart, FindingReason, FindingState } from "../finding.ts";

/** What a rule says of one requirement, before the finding's frame is put around it. */
export type Judgement = {
  readonly state: FindingState;
  readonly reason: FindingReason;
  readonly observed?: number;
  readonly required?: number;
  readonly unit?: string;
  readonly detail?: Readonly<Record<string, FindingDetailValue>>;
  readonly parts?: readonly FindingPart[];
  readonly evidence?: readonly EvidenceRef[];
  readonly observedMs?: number;
  /** Every pass has one. */
  readonly validUntilMs?: number;
  /** An inspector said it. */
  readonly inspected?: boolean;
};

/** From worst to best, as a centre's state follows from the states of its parts. */
export const worstFirst: readonly FindingState[] = ["fail", "error", "unknown", "pending", "pass", "not_applicable"];

/** The worst of several parts; unknown when there are none. Of equals the first. */
export function worstPart(parts: readonly FindingPart[]): Pick<FindingPart, "state" | "reason"> {
  for (const state of worstFirst) {
    const found = parts.find((part) => part.state === state);
    if (found) return found;
  }
  return { state: "unknown", reason: "no_data" };
}

/** Of several parts the one with the least number, so that a sentence names the part that its number is of; of equals the first, and any before one without a number. */
export function lowestPart(parts: readonly FindingPart[]): FindingPart | undefined {
  const numberOf = ({ observed = Number.POSITIVE_INFINITY }: FindingPart) => observed;
  return parts.reduce<FindingPart | undefined>((low, part) => (low === undefined || numberOf(part) < numberOf(low) ? part : low), undefined);
}

/** The least of numbers, `Infinity` of none. There may be more of them than a call like `Math.min(...)` takes arguments: an agent names what it likes. */
export function least(values: readonly number[]): number {
  return values.reduce((known, value) => Math.min(known, value), Number.POSITIVE_INFINITY);
}

/** The greatest of as many numbers, `-Infinity` of none. */
export function greatest(values: readonly number[]): number {
  return values.reduce((known, value) => Math.max(known, value), Number.NEGATIVE_INFINITY);
}

/** The middle of a list of numbers, the mean of the two middle ones when it is even. The list is not empty. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const half = Math.floor(sorted.length / 2);
  const upper = sorted[half] ?? 0;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[half - 1] ?? upper)) / 2;
}
