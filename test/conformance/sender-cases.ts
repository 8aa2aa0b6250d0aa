import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { type Case, demand } from "./case.ts";
import type { Arrived, SenderBench } from "./sender-bench.ts";

/** `patienceMs`: how long a batch is waited for. `silenceMs`: how long a sender may wait for an answer that does not come. */
export type SenderContext = { readonly bench: SenderBench; readonly patienceMs: number; readonly silenceMs: number };

const rangeOf = ({ batch: { stream, from, to } }: Arrived) => `${stream} ${from}-${to}`;
const sha = ({ bytes }: Arrived) => createHash("sha256").update(bytes).digest("hex").slice(0, 12);

function demandSameBytes(first: Arrived, again: Arrived): void {
  demand(first.bytes.equals(again.bytes), `${rangeOf(first)} (${sha(first)}) and then ${rangeOf(again)} (${sha(again)})`);
}

/** A case in which one batch meets a fault, and the same bytes have to come again. */
function comesAgain(
  id: string,
  sentence: string,
  fault: (first: Arrived) => void,
  more: (first: Arrived, again: Arrived) => void = () => undefined,
): Case<SenderContext> {
  return {
    id,
    clause: "Answers",
    sentence,
    run: async ({ bench, patienceMs, silenceMs }) => {
      const first = await bench.next(patienceMs);
      fault(first);
      const again = await bench.next(patienceMs + silenceMs);
      again.accept();
      demandSameBytes(first, again);
      more(first, again);
    },
  };
}

/** The next batch with at least `rows` rows; smaller ones are accepted on the way. */
async function batchOf(rows: number, { bench, patienceMs }: SenderContext): Promise<Arrived> {
  for (let tries = 0; tries < 100; tries++) {
    const arrived = await bench.next(patienceMs);
    if (arrived.batch.observations.length >= rows) return arrived;
    arrived.accept();
  }
  throw new Error(`no batch of ${rows} observations came; give the sender more of them to send`);
}

const RETRY_AFTER_S = 1;
const DEAD_ROW = "conformance_row";

/** What a sender is held against, in the order in which it must run. The last ones stop a sender, as they should. */
export const senderCases: readonly Case<SenderContext>[] = [
  {
    id: "enrolled",
    clause: "Enrolment",
    sentence: "the sender enrols with its code and an Ed25519 key whose possession it proves, and sends a batch",
    run: async ({ bench, patienceMs }) => {
      const first = await bench.next(patienceMs);
      first.accept();
      demand(bench.isEnrolled, "a batch came without an enrolment");
    },
  },
  comesAgain(
    "retry-after",
    "after a 503 the same bytes come again, not before Retry-After",
    (first) => first.refuse(503, { headers: { "retry-after": String(RETRY_AFTER_S) } }),
    (first, again) => demand(again.atMs - first.atMs >= RETRY_AFTER_S * 1_000 - 50, `again after ${Math.round(again.atMs - first.atMs)} ms`),
  ),
  comesAgain("broken", "after a broken connection the same bytes come again", (first) => first.drop()),
  comesAgain("lost-answer", "after a commit whose answer got lost the same bytes come again", (first) => first.acceptInSilence()),
  comesAgain("rogue-200", "a 200 that is not the collector's is no answer", (first) => first.refuse(200, { body: { welcome: "to the network" } })),
  comesAgain("silence", "a collector that takes the batch and never answers is given up, and the same bytes come again", (first) => first.ignore()),
  comesAgain(
    "nonce",
    "a 401 with another nonce is answered by the same bytes, signed with that nonce",
    (first) => first.refuse(401, { nonce: "conformance-nonce" }),
    (_, again) => demand(again.nonce === "conformance-nonce", `signed with ${again.nonce}`),
  ),
  {
    id: "too-large",
    clause: "Answers",
    sentence: "a 413 makes the next batches smaller, and they cover the same numbers",
    run: async (context) => {
      const first = await batchOf(2, context);
      first.refuse(413);
      const next = await context.bench.next(context.patienceMs);
      next.accept();
      demand(next.batch.from === first.batch.from && next.batch.to < first.batch.to, `${rangeOf(first)} and then ${rangeOf(next)}`);
    },
  },
  {
    id: "poison",
    clause: "Answers",
    sentence: "a row that makes its batch refused is found: its neighbours are delivered, and it becomes a gap",
    run: async (context) => {
      const { bench, patienceMs } = context;
      const first = await batchOf(2, context);
      const { stream, observations } = first.batch;
      const bad = observations[1]?.seq ?? 0;
      let arrived = first;
      // Halving finds one row of 500 in nine steps; then the rest and the gap come.
      for (let turn = 0; turn < 60 && bench.committed.get(stream)?.get(bad) !== "gap"; turn++) {
        if (arrived.batch.observations.some(({ seq }) => seq === bad)) arrived.refuse(422, { code: DEAD_ROW });
        else arrived.accept();
        if (bench.committed.get(stream)?.get(bad) !== "gap") arrived = await bench.next(patienceMs);
      }
      demand(bench.committed.get(stream)?.get(bad) === "gap", `number ${bad} was not told as a gap`);
      const missing = observations.map(({ seq }) => seq).filter((seq) => seq !== bad && bench.committed.get(stream)?.get(seq) !== "observation");
      demand(missing.length === 0, `its neighbours ${missing.join(", ")} were not delivered`);
    },
  },
  {
    id: "rejected-row",
    clause: "Answers",
    sentence: "a number that an answer rejects is not sent again",
    run: async (context) => {
      const first = await batchOf(1, context);
      const seq = first.batch.observations[0]?.seq ?? 0;
      first.accept({ rejected: [{ seq, code: "time_out_of_bounds" }] });
      const next = await context.bench.next(context.patienceMs);
      next.accept();
      demand(!next.batch.observations.some((observation) => observation.seq === seq && next.batch.stream === first.batch.stream), `${seq} came again`);
    },
  },
  {
    id: "rewind",
    clause: "After the answer",
    sentence: "rewindTo brings the delivered ranges again, with the same bytes",
    run: async (context) => {
      const { bench, patienceMs } = context;
      const one = await batchOf(1, context);
      one.accept({ rewindTo: one.batch.from });
      let again = await bench.next(patienceMs);
      for (let turn = 0; turn < 20 && again.batch.from !== one.batch.from; turn++) {
        again.accept();
        again = await bench.next(patienceMs);
      }
      again.accept();
      demandSameBytes(one, again);
    },
  },
  {
    id: "conflict",
    clause: "Answers",
    sentence: "after a 409 the numbers go on in a new stream",
    run: async (context) => {
      const first = await batchOf(1, context);
      first.refuse(409, { code: "stream_conflict" });
      const next = await context.bench.next(context.patienceMs);
      next.accept();
      demand(next.batch.stream !== first.batch.stream, `stream ${first.batch.stream} went on`);
      demand(next.batch.from === 1, `the new stream begins at ${next.batch.from}`);
    },
  },
  {
    id: "accounted",
    clause: "Promises",
    sentence: "every number below the last one was told as an observation or as a gap",
    run: async ({ bench }) => {
      for (const stream of [...bench.committed.keys()].slice(-1))
        demand(bench.unaccounted(stream).length === 0, `${stream}: ${bench.unaccounted(stream).join(", ")}`);
    },
  },
  {
    id: "redirect",
    clause: "Answers",
    sentence: "a redirect is not followed",
    run: async ({ bench, patienceMs, silenceMs }) => {
      const first = await bench.next(patienceMs);
      first.refuse(307, { headers: { location: `${bench.url}/elsewhere` } });
      await sleep(Math.min(1_000, silenceMs));
      demand(!bench.paths.includes("/elsewhere"), "the request went on to where the redirect pointed");
    },
  },
  {
    id: "always",
    clause: "Batch",
    sentence: "every request was signed by the enrolled key, every batch was whole, and only one was in flight at a time",
    run: async ({ bench }) => demand(bench.faults.length === 0, bench.faults.join("; ")),
  },
];
