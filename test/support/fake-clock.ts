import { renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Of Debian's package `libfaketime`. */
const LIBRARY = "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1";

/** The wall clock of other processes, off by what is set here, while they run. Their clock that counts from boot stays right. */
export class FakeClock {
  /** How far off it was, and since when, ms. */
  readonly history: { readonly sinceMs: number; readonly offMs: number }[] = [];
  readonly #file: string;

  /** Keeps its state in a folder. Needs `requirePeer("libfaketime")`. */
  constructor(folder: string) {
    this.#file = join(folder, "faketime");
    this.set(0);
  }

  /** What a process needs in its environment to live by this clock. */
  get environment(): Record<string, string> {
    return { LD_PRELOAD: LIBRARY, FAKETIME_TIMESTAMP_FILE: this.#file, FAKETIME_NO_CACHE: "1", FAKETIME_DONT_FAKE_MONOTONIC: "1", NO_FAKE_STAT: "1" };
  }

  get offMs(): number {
    return this.history.at(-1)?.offMs ?? 0;
  }

  set(offMs: number): void {
    writeFileSync(`${this.#file}.new`, `${offMs < 0 ? "-" : "+"}${(Math.abs(offMs) / 1_000).toFixed(3)}\n`);
    renameSync(`${this.#file}.new`, this.#file);
    this.history.push({ sinceMs: Date.now(), offMs });
  }

  /** Every offset that a process may have seen at a moment, within `marginMs`. */
  offsAround(atMs: number, marginMs: number): number[] {
    return this.history
      .filter(({ sinceMs }, index) => sinceMs <= atMs + marginMs && (this.history[index + 1]?.sinceMs ?? Number.POSITIVE_INFINITY) >= atMs - marginMs)
      .map(({ offMs }) => offMs);
  }
}
