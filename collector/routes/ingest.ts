import { Hono } from "hono";
import { COLUMNS } from "#schemas/batch-columns.ts";
import { CLOCK_HEADER, type IngestReply, parseSenderClock } from "#schemas/exchange.ts";
import type { SharedFault } from "#schemas/facts.ts";
import { problem } from "#schemas/problem.ts";
import { type Acceptor, CentreEnded, StreamConflict } from "../ingest/accept.ts";
import { BatchUnwritable, IngestBusy } from "../ingest/ingest-queue.ts";
import { readBatch } from "../ingest/read-body.ts";
import { toldOf } from "../jobs/shared-faults.ts";
import { centreClosed, type SignedDeps, type SignedEnv } from "./signed.ts";

export type IngestDeps = Pick<SignedDeps, "nonces" | "clock" | "onClosedCentre"> & {
  readonly accept: Acceptor;
  readonly onConflict: (agentId: string, message: string) => Promise<void>;
  /** What is known of faults that centres share, without asking anybody: an answer waits for nothing. */
  readonly sharedFaults: () => readonly SharedFault[];
};

/** `POST /v1/batches`: answers after the commit. The centre follows from the key, which the guard has checked. */
export function ingestRoutes({ accept, onConflict, onClosedCentre, nonces, clock, sharedFaults }: IngestDeps): Hono<SignedEnv> {
  return new Hono<SignedEnv>().post("/v1/batches", async (c) => {
    const { batch, bodyBytes } = await readBatch(c.var.wire, c.req.header("content-encoding"));
    if (!batch.success) return c.json(problem(422, "batch_invalid", "the batch is not valid", { cause: batch.error }), 422);
    const { siteId, agentId, point } = c.var.agent;
    const senderClock = parseSenderClock(c.req.header(CLOCK_HEADER));
    try {
      const reply = await accept(
        { siteId, agentId, point, endMs: c.var.endMs },
        {
          batch: batch.data,
          bodySha256: c.var.bodySha256,
          bodyBytes,
          arrivedMs: c.var.arrivedMs,
          nowMs: clock(),
          ...(senderClock && { clock: senderClock }),
        },
      );
      const faults = toldOf(sharedFaults());
      return c.json({ ...reply, forms: [COLUMNS], ...(faults.length > 0 && { sharedFaults: faults }), nonce: nonces.current(clock()) } satisfies IngestReply);
    } catch (error) {
      if (error instanceof StreamConflict) {
        await onConflict(agentId, error.message);
        return c.json(problem(409, "stream_conflict", error.message), 409);
      }
      if (error instanceof CentreEnded) {
        if (error.partly)
          return c.json(problem(422, "centre_closed_within", "the centre was closed while this was taken; send what came before it apart"), 422);
        onClosedCentre?.(c.var.agent);
        return centreClosed(c);
      }
      if (error instanceof BatchUnwritable) return c.json(problem(422, "batch_unwritable", error.message), 422);
      if (!(error instanceof IngestBusy)) throw error;
      c.header("retry-after", String(error.retryAfterS));
      return c.json(problem(429, "busy", "too much waits to be stored", { retryAfterS: error.retryAfterS }), 429);
    }
  });
}
