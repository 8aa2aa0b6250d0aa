import { type Lease, LeaseReply, type LeaseRequest, type LeaseReturn } from "#schemas/measure.ts";
import type { Outcome } from "#schemas/observation.ts";
import type { CollectorClient } from "./uplink/collector-client.ts";

/** A lease to measure now, or the outcome that says why not and when to ask again. */
export type LeaseResult = { readonly lease: Lease } | { readonly skipped: Outcome; readonly retryAfterMs: number | undefined };

const ASK_AGAIN_MIN_MS = 60_000;
/** A collector that is away is asked again long before the next ordinary run. */
const AWAY_MS = 900_000;

/** Asks the collector for the right to load a measure server, so that not all sites do it at once. */
export async function askLease(client: CollectorClient, request: LeaseRequest, signal: AbortSignal): Promise<LeaseResult> {
  const skipped = (reason: "budget" | "no_lease", detail: string, retryAfterMs?: number): LeaseResult => ({
    skipped: { kind: "skipped", reason, detail },
    retryAfterMs,
  });
  const reply = await client.send({ method: "POST", path: "/v1/leases", body: Buffer.from(JSON.stringify(request)), signal }).catch(() => undefined);
  // A collector of before full-length tests refuses what it does not know: a short test is better than none.
  if (reply?.status === 422 && request.fullLength) return askLease(client, { ...request, fullLength: undefined }, signal);
  if (reply === undefined) return skipped("no_lease", "the collector does not answer", AWAY_MS);
  const answer = LeaseReply.safeParse(reply.body);
  if (reply.status >= 300 || !answer.success) return skipped("no_lease", `the collector answers ${reply.status} ${reply.problem?.code ?? ""}`, AWAY_MS);
  if (answer.data.granted) return { lease: answer.data.lease };
  const { reason, retryAfterS } = answer.data;
  return skipped(reason === "budget" ? "budget" : "no_lease", reason, Math.max(ASK_AGAIN_MIN_MS, retryAfterS * 1_000));
}

/** Hands the slot back. Best effort: a lease that is not handed back expires by itself. */
export async function returnLease(client: CollectorClient, lease: Lease, outcome: Outcome, signal: AbortSignal): Promise<void> {
  const body: LeaseReturn = { usedBytes: usedBytes(outcome) };
  const path = `/v1/leases/${encodeURIComponent(lease.id)}/return`;
  await client.send({ method: "POST", path, body: Buffer.from(JSON.stringify(body)), signal }).catch(() => undefined);
}

function usedBytes(outcome: Outcome): number {
  if (outcome.kind !== "measured") return Math.max(0, Number(outcome.evidence?.spentBytes ?? 0)) || 0;
  return outcome.readings.filter(({ metric }) => metric === "bandwidth_test_bytes").reduce((sum, { value }) => sum + value, 0);
}
