/** Slots of a table that is new, and the share of them that is taken at most. */
const SLOTS_MIN = 1 << 12;
const FILL_MAX = 0.7;
/** Most names, over all owners together. */
const NAMES_MAX = 1 << 20;

/**
 * Ids by owner (a site, a source) and name, in memory. A fleet has some hundreds of thousands of them, and most names are those of many owners: each name
 * stands once, and what is left of an entry are two numbers in a table of open addressing, 17 bytes instead of 150. Starts anew when it holds as many as it may.
 */
export class NamedIds {
  readonly #max: number;
  readonly #names = new Map<string, number>();
  /** Owner and name as one number, 0 where the slot is free: an owner has no number below 1. */
  #keys = new Float64Array(SLOTS_MIN);
  #ids = new Int32Array(SLOTS_MIN);
  #size = 0;

  constructor(max: number) {
    this.#max = max;
  }

  get(owner: number, name: string): number | undefined {
    const number = this.#names.get(name);
    if (number === undefined) return undefined;
    const slot = this.#slotOf(owner * NAMES_MAX + number);
    return this.#keys[slot] === 0 ? undefined : this.#ids[slot];
  }

  set(owner: number, name: string, id: number): void {
    if (this.#size >= this.#max || this.#names.size >= NAMES_MAX) this.forget();
    let number = this.#names.get(name);
    if (number === undefined) {
      number = this.#names.size;
      this.#names.set(name, number);
    }
    if (this.#size >= this.#keys.length * FILL_MAX) this.#grow();
    this.#put(owner * NAMES_MAX + number, id);
  }

  /** The slot that holds a key, or the free one where it belongs. */
  #slotOf(key: number): number {
    const mask = this.#keys.length - 1;
    // Neighbours (an owner's names) spread over the table: the odd factor is 2 to the 32 by the golden ratio.
    let slot = (Math.imul(key % 0x1_0000_0000, 0x9e37_79b1) ^ Math.imul(key / 0x1_0000_0000, 0x85eb_ca6b)) >>> 0;
    slot = (slot ^ (slot >>> 15)) & mask;
    while (this.#keys[slot] !== 0 && this.#keys[slot] !== key) slot = (slot + 1) & mask;
    return slot;
  }

  #put(key: number, id: number): void {
    const slot = this.#slotOf(key);
    if (this.#keys[slot] === 0) this.#size++;
    this.#keys[slot] = key;
    this.#ids[slot] = id;
  }

  #grow(): void {
    const [keys, ids] = [this.#keys, this.#ids];
    this.#keys = new Float64Array(keys.length * 2);
    this.#ids = new Int32Array(keys.length * 2);
    this.#size = 0;
    for (let slot = 0; slot < keys.length; slot++) if (keys[slot]) this.#put(keys[slot] ?? 0, ids[slot] ?? 0);
  }

  forget(): void {
    this.#names.clear();
    this.#keys = new Float64Array(SLOTS_MIN);
    this.#ids = new Int32Array(SLOTS_MIN);
    this.#size = 0;
  }
}
