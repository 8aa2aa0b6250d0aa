/** What a row of a day says: under which key, and how much. The lower value is the one that counts. */
export type DayWord = { readonly key: string; readonly rank: number };

/**
 * What the database is known to hold of days, in memory: nearly every run tells of its day what an earlier one has told (the same device answered, its
 * printer has counted on), and that is not written again. Only what was committed gets in. Starts anew when it holds as many words as it may.
 */
export class KnownDays {
  readonly #max: number;
  readonly #ranks = new Map<string, number>();

  /** A hundred thousand words are what 3,300 centres tell in a day and a half: some 12 MB. */
  constructor(max = 100_000) {
    this.#max = max;
  }

  /** Whether the database may not know this yet. */
  isNews({ key, rank }: DayWord): boolean {
    return rank < (this.#ranks.get(key) ?? Number.POSITIVE_INFINITY);
  }

  /** Takes note of words that are committed. */
  keep(words: Iterable<DayWord>): void {
    for (const word of words) {
      if (!this.isNews(word)) continue;
      if (this.#ranks.size >= this.#max) this.#ranks.clear();
      this.#ranks.set(word.key, word.rank);
    }
  }

  /** The database holds less than it did: one that was restored, or a replica that took over. */
  forget(): void {
    this.#ranks.clear();
  }
}
