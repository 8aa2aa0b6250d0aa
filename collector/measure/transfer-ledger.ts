import { type LeaseClaims, MEASURE_STREAMS_MAX } from "#schemas/measure.ts";
import { Pacer } from "./pacer.ts";

/** Most leases that are remembered at once; expired ones are forgotten first. */
const TRANSFERS_MAX = 1_000;
// The clock tolerance of tokens plus the time that a last stream may take to notice.
const KEEP_AFTER_EXPIRY_MS = 60_000;

/** What one lease has moved so far; `pacer` is the agent's, where the server caps the rate. */
export type Transfer = { readonly claims: LeaseClaims; readonly pacer: Pacer | undefined; receivedBytes: number; sentBytes: number; streams: number };

/** Bytes that the lease still allows. */
export function bytesLeft({ claims, receivedBytes, sentBytes }: Transfer): number {
  return Math.max(0, claims.bytesMax - receivedBytes - sentBytes);
}

/** Counts bytes and streams per lease, in memory: a lease lives for minutes, and the server needs no database. */
export class TransferLedger {
  readonly #transfers = new Map<string, Transfer>();
  readonly #rateMaxMbps: number | undefined;

  /** `rateMaxMbps` caps what one agent moves, all its leases and streams together. */
  constructor(rateMaxMbps?: number) {
    this.#rateMaxMbps = rateMaxMbps;
  }

  /** The lease's account; undefined when too many leases are open. */
  open(claims: LeaseClaims, nowMs: number): Transfer | undefined {
    const known = this.#transfers.get(claims.lease);
    if (known) return known;
    if (this.#transfers.size >= TRANSFERS_MAX) this.#forgetExpired(nowMs);
    if (this.#transfers.size >= TRANSFERS_MAX) return undefined;
    const transfer: Transfer = { claims, pacer: this.#pacerOf(claims.agent), receivedBytes: 0, sentBytes: 0, streams: 0 };
    this.#transfers.set(claims.lease, transfer);
    return transfer;
  }

  /** Takes one of the lease's streams; false when all are taken or nothing is left to move. */
  takeStream(transfer: Transfer): boolean {
    if (transfer.streams >= MEASURE_STREAMS_MAX || bytesLeft(transfer) === 0) return false;
    transfer.streams++;
    return true;
  }

  /** Streams open now, of all leases. */
  get streams(): number {
    let sum = 0;
    for (const { streams } of this.#transfers.values()) sum += streams;
    return sum;
  }

  #pacerOf(agent: string): Pacer | undefined {
    if (this.#rateMaxMbps === undefined) return undefined;
    const known = this.#transfers.values().find(({ claims }) => claims.agent === agent);
    return known?.pacer ?? new Pacer(this.#rateMaxMbps, performance.now());
  }

  #forgetExpired(nowMs: number): void {
    for (const [lease, { claims, streams }] of this.#transfers) {
      if (streams === 0 && claims.expiresMs + KEEP_AFTER_EXPIRY_MS < nowMs) this.#transfers.delete(lease);
    }
  }
}
