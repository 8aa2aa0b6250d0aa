import { NamedIds } from "./named-ids.ts";

/** What a row of a day says of a site: what it speaks of (with the day), and how much. The lower rank is the one that counts. */
export type DayWord = { readonly siteId: number; readonly name: string; readonly rank: number };

/** More than 3,300 centres tell in a day, with 30 devices each: in 3 MB where centres name their devices alike, in 20 where no two do. */
const WORDS_MAX = 100_000;
const INT_MAX = 0x7fff_ffff;

/**
 * What the database is known to hold of days, in memory: nearly every run tells of its day what an earlier one has told (the same device answered, its
 * printer has counted on), and that is not written again. Only what was committed gets in. Starts anew when it holds as many words as it may.
 */
export class KnownDays {
  readonly #max: number;
  #ranks: NamedIds;

  constructor(max = WORDS_MAX) {
    this.#max = max;
    this.#ranks = new NamedIds(max);
  }

  /** Whether the database may not know this yet. */
  isNews({ siteId, name, rank }: DayWord): boolean {
    return rank < (this.#ranks.get(siteId, name) ?? Number.POSITIVE_INFINITY);
  }

  /** Takes note of words that are committed. What is no whole number is known less exactly, and written again rather than lost. */
  keep(words: Iterable<DayWord>): void {
    for (const word of words) if (this.isNews(word) && Math.abs(word.rank) < INT_MAX) this.#ranks.set(word.siteId, word.name, Math.ceil(word.rank));
  }

  /** The database holds less than it did: one that was restored, or a replica that took over. */
  forget(): void {
    this.#ranks = new NamedIds(this.#max);
  }
}
