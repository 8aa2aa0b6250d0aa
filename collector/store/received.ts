import type { Batch } from "#schemas/exchange.ts";
import type { FiledBatch } from "../ingest/filed.ts";
import type { Claim } from "./ledger.ts";
import type { CountedRun } from "./run-counts.ts";

/** A run as its row holds it. `seriesIds` and `vals` belong together place by place. */
export type RunRow = CountedRun & {
  readonly stream: string;
  readonly sourceId: number;
  readonly seriesIds: number[];
  readonly vals: number[];
  readonly evidenceId: number | null;
  /** What the other columns do not say of the observation. */
  readonly rest: Readonly<Record<string, unknown>> | null;
};
/** A batch that was received, checked and given its times. */
export type Received = {
  readonly siteId: number;
  readonly agentId: string;
  /** The reception point of the sender; absent at the main office. */
  readonly point?: string;
  readonly batch: Batch;
  readonly bodySha256: string;
  /** Bytes of its JSON, where it came as such. */
  readonly bodyBytes?: number;
  readonly receivedMs: number;
  /** Our clock minus the sender's, where it told its own, ms. */
  readonly clockOffsetMs?: number;
  readonly filed: FiledBatch;
};
/** What became of one batch: `conflict` means that its range came before with another content. */
export type Written = {
  readonly result: "stored" | "conflict";
  readonly ackedThrough: number;
  readonly accepted: number;
  readonly duplicates: number;
  /** From which number on the sender must send again; undefined nearly always. */
  readonly rewindTo: number | undefined;
};
/** A batch that is no conflict, with what of it is to be stored. */
export type Stored = { readonly received: Received; readonly claim: Claim; readonly runs: readonly RunRow[] };
