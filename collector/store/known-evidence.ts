/** Bytes of a digest (SHA-256), and how many numbers they are. */
const DIGEST_BYTES = 32;
const DIGEST_WORDS = DIGEST_BYTES / 4;

/** An evidence as it is looked up: the site, and the SHA-256 of its text. */
export type EvidenceKey = { readonly siteId: number; readonly digest: Buffer };

/**
 * Ids of evidence by site and digest, in memory, each with the last day on which it was told (days since 1970, UTC). The whole digest is compared, so that equal
 * entries are equal evidence as surely as in the database, which knows evidence by the same digest. Plain numbers in a table of open addressing take a quarter of
 * what texts and objects took; pages of it that were never written take no memory. Starts anew when it holds as many as it may.
 */
export class KnownEvidence {
  readonly #max: number;
  /** The place of an entry, counted from 1; 0 where the slot is free. */
  readonly #slots: Int32Array;
  readonly #digests: Int32Array;
  readonly #sites: Int32Array;
  readonly #ids: Int32Array;
  readonly #days: Int32Array;
  #size = 0;

  constructor(max: number) {
    this.#max = max;
    // A power of two with a quarter of it free.
    this.#slots = new Int32Array(2 ** Math.ceil(Math.log2(max / 0.75)));
    this.#digests = new Int32Array(max * DIGEST_WORDS);
    this.#sites = new Int32Array(max);
    this.#ids = new Int32Array(max);
    this.#days = new Int32Array(max);
  }

  /** The id of evidence of which the database knows that it was told on `day` or later. */
  idOf(key: EvidenceKey, day: number): number | undefined {
    const place = (this.#slots[this.#slotOf(key)] ?? 0) - 1;
    return place < 0 || (this.#days[place] ?? 0) < day ? undefined : this.#ids[place];
  }

  set(key: EvidenceKey, id: number, day: number): void {
    let slot = this.#slotOf(key);
    if (this.#slots[slot] === 0) {
      if (this.#size === this.#max) {
        this.#forget();
        slot = this.#slotOf(key);
      }
      const place = this.#size++;
      this.#slots[slot] = place + 1;
      this.#sites[place] = key.siteId;
      for (let word = 0; word < DIGEST_WORDS; word++) this.#digests[place * DIGEST_WORDS + word] = key.digest.readInt32LE(word * 4);
    }
    const place = (this.#slots[slot] ?? 0) - 1;
    this.#ids[place] = id;
    this.#days[place] = day;
  }

  #forget(): void {
    this.#slots.fill(0);
    this.#size = 0;
  }

  /** The slot that holds a key, or the free one where it belongs. */
  #slotOf(key: EvidenceKey): number {
    const mask = this.#slots.length - 1;
    // A digest is evenly spread by itself; the odd factor parts sites that tell the same (2 to the 32 by the golden ratio).
    const mixed = Math.imul(key.siteId, 0x9e37_79b1);
    let slot = (key.digest.readInt32LE(0) ^ mixed ^ (mixed >>> 15)) & mask;
    while (this.#slots[slot] !== 0 && !this.#holds((this.#slots[slot] ?? 0) - 1, key)) slot = (slot + 1) & mask;
    return slot;
  }

  #holds(place: number, { siteId, digest }: EvidenceKey): boolean {
    if (this.#sites[place] !== siteId) return false;
    for (let word = 0; word < DIGEST_WORDS; word++) if (this.#digests[place * DIGEST_WORDS + word] !== digest.readInt32LE(word * 4)) return false;
    return true;
  }
}
