/** One demand of docs/protocol.md that a program can be held against. `run` rejects with what was seen instead. */
export type Case<Context> = {
  /** Stable: results of two programs are compared by it. */
  readonly id: string;
  /** Heading of docs/protocol.md under which the demand stands. */
  readonly clause: string;
  readonly sentence: string;
  readonly run: (context: Context) => Promise<void>;
};
export type Verdict = { readonly id: string; readonly clause: string; readonly sentence: string; readonly fault?: string };

/** Runs the cases one after another, since later ones build on what earlier ones stored. A case that fails ends only itself. */
export async function judgeCases<Context>(cases: readonly Case<Context>[], context: Context, say: (verdict: Verdict) => void): Promise<Verdict[]> {
  const verdicts: Verdict[] = [];
  for (const { id, clause, sentence, run } of cases) {
    const fault = await run(context).then(
      () => undefined,
      (error: unknown) => (error instanceof Error ? error.message : String(error)),
    );
    const verdict = { id, clause, sentence, ...(fault !== undefined && { fault }) };
    say(verdict);
    verdicts.push(verdict);
  }
  return verdicts;
}

/** One line for a person. */
export function verdictLine({ id, clause, sentence, fault }: Verdict): string {
  return fault === undefined ? `pass ${id} ${sentence}` : `FAIL ${id} ${sentence}\n     seen: ${fault.split("\n")[0]}\n     docs/protocol.md, "${clause}"`;
}

/** Rejects the case with what was seen. */
export function demand(holds: boolean, seen: string): asserts holds {
  if (!holds) throw new Error(seen);
}
