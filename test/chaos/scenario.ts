/** What a scenario gets. `full` asks for the figures of docs/protocol.md; without it the scenario is a short version of itself. */
export type ChaosContext = { readonly full: boolean; readonly seed: number; readonly chance: () => number; readonly print: (line: string) => void };
/** Breaks something on purpose and rejects when a promise of docs/protocol.md does not hold. Gives its figures. */
export type Scenario = (context: ChaosContext) => Promise<Readonly<Record<string, unknown>>>;

/** A promise did not hold. */
export class PromiseBroken extends Error {
  override readonly name = "PromiseBroken";
}

/** Rejects the scenario with what was seen. */
export function promise(holds: boolean, seen: string): asserts holds {
  if (!holds) throw new PromiseBroken(seen);
}

/** The value below which a share of the sorted numbers lies. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}
