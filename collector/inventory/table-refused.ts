import { text } from "#schemas/text/text.ts";
import type { Lang } from "#schemas/words.ts";

const FAULTS_SHOWN = 50;

/** A table that cannot be taken: one sentence for each thing that is wrong, with its row and column. */
export class TableRefused extends Error {
  override readonly name = "TableRefused";
  readonly faults: readonly string[];
  constructor(faults: readonly string[], options?: ErrorOptions) {
    super(faults[0] ?? "", options);
    this.faults = faults;
  }
}

/** The same as lines for a person: how much is wrong, the first faults, and how many more there are. */
export function refusalLines(lang: Lang, file: string, faults: readonly string[]): readonly string[] {
  const more = faults.length - FAULTS_SHOWN;
  return [
    text(lang, "inventory.refused", { file, count: faults.length }),
    ...faults.slice(0, FAULTS_SHOWN),
    ...(more > 0 ? [text(lang, "inventory.more", { count: more })] : []),
  ];
}
