type Entry<Event> = { readonly atMs: number; readonly order: number; readonly event: Event };

/** Events of a simulation in the order of their time; equal times come in the order of adding. A binary heap. */
export class EventQueue<Event> {
  readonly #heap: Entry<Event>[] = [];
  #added = 0;

  add(atMs: number, event: Event): void {
    this.#heap.push({ atMs, order: this.#added++, event });
    let at = this.#heap.length - 1;
    while (at > 0 && this.#isBefore(at, (at - 1) >> 1)) at = this.#swap(at, (at - 1) >> 1);
  }

  next(): { readonly atMs: number; readonly event: Event } | undefined {
    const [first] = this.#heap;
    const last = this.#heap.pop();
    if (first === undefined || last === undefined || this.#heap.length === 0) return first;
    this.#heap[0] = last;
    let at = 0;
    for (;;) {
      const left = 2 * at + 1;
      if (left >= this.#heap.length) return first;
      const least = left + 1 < this.#heap.length && this.#isBefore(left + 1, left) ? left + 1 : left;
      if (!this.#isBefore(least, at)) return first;
      at = this.#swap(at, least);
    }
  }

  #isBefore(one: number, other: number): boolean {
    const [a, b] = [this.#heap[one], this.#heap[other]];
    return a !== undefined && b !== undefined && (a.atMs - b.atMs || a.order - b.order) < 0;
  }

  #swap(one: number, other: number): number {
    const [a, b] = [this.#heap[one], this.#heap[other]];
    if (a && b) [this.#heap[one], this.#heap[other]] = [b, a];
    return other;
  }
}
