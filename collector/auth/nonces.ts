import { createHmac, timingSafeEqual } from "node:crypto";

/** A nonce lives for the day in which it was given and the next one. */
const EPOCH_MS = 86_400_000;

/** Nonces of an epoch, made from a secret that all collectors of one database share: nothing is stored, and each knows those of the others. */
export class Nonces {
  readonly #secret: string;
  /** Those that were asked for: today's and yesterday's. */
  readonly #made = new Map<number, string>();

  constructor(secret: string) {
    this.#secret = secret;
  }

  /** The nonce to sign with now. */
  current(nowMs: number): string {
    return this.#of(Math.floor(nowMs / EPOCH_MS));
  }

  isValid(nonce: string, nowMs: number): boolean {
    const epoch = Math.floor(nowMs / EPOCH_MS);
    return [epoch, epoch - 1].some((candidate) => equal(this.#of(candidate), nonce));
  }

  #of(epoch: number): string {
    const known = this.#made.get(epoch);
    if (known !== undefined) return known;
    const nonce = createHmac("sha256", this.#secret).update(`nonce ${epoch}`).digest("base64url").slice(0, 24);
    if (this.#made.size > 2) this.#made.clear();
    this.#made.set(epoch, nonce);
    return nonce;
  }
}

function equal(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}
