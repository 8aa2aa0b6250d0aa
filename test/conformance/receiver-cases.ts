import { createHash, generateKeyPairSync, randomBytes } from "node:crypto";
import { gzipSync } from "node:zlib";
import { AgentConfig } from "#schemas/agent-config.ts";
import { COLUMNS, toColumns } from "#schemas/batch-columns.ts";
import { BATCH_BYTES_MAX, BATCH_WIRE_BYTES_MAX, Batch } from "#schemas/exchange.ts";
import { type Case, demand } from "./case.ts";
import { type WireAnswer, WireSender, wireBatch } from "./wire-sender.ts";

/** `sender` is enrolled by the first cases. `code` is open and belongs to a centre that may hold the suite's observations. */
export type ReceiverContext = { readonly sender: WireSender; readonly code: string };

const newStream = () => randomBytes(8).toString("hex");
/** The stream that the cases of delivery fill, in their order. */
const stream = newStream();

function seen({ status, problem, reply }: WireAnswer): string {
  return `${status} ${problem?.code ?? (reply ? JSON.stringify(reply) : "")}`.trim();
}

function demandStatus(answer: WireAnswer, ...statuses: number[]): void {
  demand(statuses.includes(answer.status), `${seen(answer)} instead of ${statuses.join(" or ")}`);
  if (answer.status >= 400) demand(answer.problem?.status === answer.status, `${answer.status} without a Problem of the same status as its body`);
}

/** The collector has taken the batch: `accepted` rows were new, and the stream is complete up to `through`. */
function demandStored(answer: WireAnswer, { accepted, duplicates = 0, through }: { accepted: number; duplicates?: number; through: number }): void {
  demandStatus(answer, 200, 201, 202);
  const { reply } = answer;
  demand(reply !== undefined, "a 2xx answer whose body is no IngestReply");
  const got = `accepted ${reply.accepted}, duplicates ${reply.duplicates}, ackedThrough ${reply.ackedThrough}`;
  const wanted = `accepted ${accepted}, duplicates ${duplicates}, ackedThrough ${through}`;
  demand(got === wanted, `${got} instead of ${wanted}`);
}

const first = wireBatch({ stream, from: 1, count: 5 });
const poison = (change: (observation: Record<string, unknown>) => void) => {
  const batch = wireBatch({ stream: newStream(), from: 1, count: 2 });
  change(batch.observations[1] as Record<string, unknown>);
  return batch;
};

/** Three measured runs and one that failed, with a gap behind them. */
function measuredBatch(own: string, from = 2): Batch {
  const batch = wireBatch({ stream: own, from, count: 4, gaps: [{ from: from + 4, to: from === 2 ? 20 : from + 19, reason: "evicted_disk_full" }] });
  for (const [index, observation] of batch.observations.slice(1).entries())
    observation.outcome = { kind: "measured", readings: [{ metric: "loss_percent", value: index, labels: { hop: "gateway" } }] };
  return Batch.parse(batch);
}

const enrolment: Case<ReceiverContext>[] = [
  {
    id: "enrol-proof",
    clause: "Enrolment",
    sentence: "a key whose possession is not proven gets no identity, and the code stays open",
    run: async ({ sender, code }) => demandStatus(await sender.enrol(code, { proofOf: `${code}0` }), 400, 401, 403, 422),
  },
  {
    id: "enrol",
    clause: "Enrolment",
    sentence: "an open code and a proven key become an agent of the code's centre",
    run: async ({ sender, code }) => {
      const answer = await sender.enrol(code);
      demandStatus(answer, 200, 201);
      demand(answer.enrolled !== undefined, "a 2xx answer whose body is no EnrolReply");
    },
  },
  {
    id: "enrol-again",
    clause: "Enrolment",
    sentence: "the same code with the same key gives the same agent: an answer that got lost costs no new code",
    run: async ({ sender, code }) => {
      const [one, two] = [await sender.enrol(code), await sender.enrol(code)];
      demand(one.enrolled !== undefined && one.enrolled.agent === two.enrolled?.agent, `${one.enrolled?.agent} and then ${two.enrolled?.agent}`);
    },
  },
  {
    id: "enrol-once",
    clause: "Enrolment",
    sentence: "a used code with another key is refused",
    run: async ({ sender, code }) => demandStatus(await new WireSender(sender.url).enrol(code), 403, 409, 410, 422),
  },
];

const delivery: Case<ReceiverContext>[] = [
  {
    id: "store",
    clause: "Answers",
    sentence: "a batch is answered with what was stored",
    run: async ({ sender }) => demandStored(await sender.send(first), { accepted: 5, through: 5 }),
  },
  {
    id: "retry",
    clause: "Promises",
    sentence: "the same bytes again are a repetition, not new rows",
    run: async ({ sender }) => demandStored(await sender.send(first), { accepted: 0, duplicates: 5, through: 5 }),
  },
  {
    id: "gzip",
    clause: "Batch",
    sentence: "a compressed body is signed as it goes over the wire",
    run: async ({ sender }) => demandStored(await sender.sendGzip(wireBatch({ stream, from: 6, count: 5 })), { accepted: 5, through: 10 }),
  },
  {
    id: "out-of-order",
    clause: "Batch",
    sentence: "a range that comes early is stored, and ackedThrough stays at the unbroken prefix",
    run: async ({ sender }) => demandStored(await sender.send(wireBatch({ stream, from: 21, count: 5 })), { accepted: 5, through: 10 }),
  },
  {
    id: "fill-hole",
    clause: "Batch",
    sentence: "the range that was missing moves ackedThrough over both",
    run: async ({ sender }) => demandStored(await sender.send(wireBatch({ stream, from: 11, count: 10 })), { accepted: 10, through: 25 }),
  },
  {
    id: "overlap",
    clause: "Promises",
    sentence: "a range that reaches over known rows brings only what is missing",
    run: async ({ sender }) => demandStored(await sender.send(wireBatch({ stream, from: 24, count: 5 })), { accepted: 3, duplicates: 2, through: 28 }),
  },
  {
    id: "gap",
    clause: "Promises",
    sentence: "a gap accounts for its numbers",
    run: async ({ sender }) => {
      const batch = wireBatch({ stream, from: 29, count: 2, gaps: [{ from: 31, to: 40, reason: "evicted_disk_full" }] });
      demandStored(await sender.send(batch), { accepted: 2, through: 40 });
    },
  },
  {
    id: "at-once",
    clause: "Promises",
    sentence: "the same batch three times at once is stored once",
    run: async ({ sender }) => {
      const batch = wireBatch({ stream, from: 41, count: 5 });
      const answers = await Promise.all([sender.send(batch), sender.send(batch), sender.send(batch)]);
      const accepted = answers.map(({ reply }) => reply?.accepted ?? 0).reduce((sum, count) => sum + count, 0);
      demand(accepted === 5, `${accepted} rows were accepted in all, of 5: ${answers.map(seen).join("; ")}`);
    },
  },
  {
    id: "old-time",
    clause: "Time",
    sentence: "an observation of a time that cannot be true is rejected by number, and the rest is stored",
    run: async ({ sender }) => {
      const batch = wireBatch({ stream, from: 46, count: 3 });
      const [, middle] = batch.observations;
      if (middle) middle.takenAt = "1999-01-01T00:00:00.000Z";
      const answer = await sender.send(batch);
      demandStatus(answer, 200);
      demand(JSON.stringify(answer.reply?.rejected.map(({ seq }) => seq)) === "[47]", `rejected ${JSON.stringify(answer.reply?.rejected)}`);
      demand(answer.reply?.ackedThrough === 48, `ackedThrough ${answer.reply?.ackedThrough}: a rejected number is accounted for`);
    },
  },
  {
    id: "columns",
    clause: "Columns",
    sentence: "a batch in columns is stored as the batch that it means, or refused by a receiver that does not name the form",
    run: async ({ sender }) => {
      const own = newStream();
      const before = await sender.send(wireBatch({ stream: own, from: 1, count: 1 }));
      const isNamed = before.reply?.forms?.includes(COLUMNS) === true;
      const batch = measuredBatch(own);
      const answer = await sender.sendGzip(toColumns(batch) ?? {});
      if (!isNamed) return demandStatus(answer, 400, 415, 422);
      demandStored(answer, { accepted: 4, through: 20 });
      demandStored(await sender.send(toColumns(measuredBatch(own, 21)) ?? {}), { accepted: 4, through: 40 });
    },
  },
  {
    id: "columns-unfit",
    clause: "Columns",
    sentence: "columns that do not fit together, or bring a value out of its bounds, are refused as a whole",
    run: async ({ sender }) => {
      const columns = toColumns(measuredBatch(newStream()));
      demand(columns !== undefined, "the suite has no columns");
      demandStatus(await sender.send({ ...columns, values: columns.values.slice(1) }), 400, 415, 422);
      demandStatus(await sender.send({ ...columns, values: columns.values.map(() => 101) }), 400, 415, 422);
      demandStatus(await sender.send({ ...columns, runs: columns.runs.map(() => 99) }), 400, 415, 422);
      demandStatus(await sender.send({ ...columns, centre: "another" }), 400, 415, 422);
    },
  },
  {
    id: "config",
    clause: "Enrolment",
    sentence: "the configuration names targets and rules",
    run: async ({ sender }) => {
      const answer = await sender.get("/v1/config");
      demandStatus(answer, 200);
      const config = AgentConfig.safeParse(answer.body);
      demand(config.success, config.success ? "" : `${config.error.issues[0]?.path.join(".")}: ${config.error.issues[0]?.message}`);
    },
  },
];

const signatures: Case<ReceiverContext>[] = [
  ["unsigned", "a request without a signature gets 401", { unsigned: true }],
  ["other-key", "a signature of another key gets 401", { key: generateKeyPairSync("ed25519").privateKey }],
  ["other-body", "a signature over another body gets 401", { signedBody: createHash("sha256").digest() }],
  ["other-path", "a signature over another path gets 401", { signedPath: "/v1/config" }],
].map(([id, sentence, twist]) => ({
  id: id as string,
  clause: "Signature",
  sentence: sentence as string,
  run: async ({ sender }: ReceiverContext) => demandStatus(await sender.send(wireBatch({ stream, from: 49, count: 1 }), twist as object), 401),
}));

const nonce: Case<ReceiverContext> = {
  id: "nonce",
  clause: "Signature",
  sentence: "an old nonce gets 401 with the one to sign with, and the same request signed with it is taken",
  run: async ({ sender }) => {
    const batch = wireBatch({ stream, from: 49, count: 1 });
    const answer = await sender.send(batch, { nonce: "0".repeat(24) });
    demandStatus(answer, 401);
    demand(answer.problem?.nonce !== undefined, "a 401 that brings no nonce");
    demandStored(await sender.send(batch), { accepted: 1, through: 49 });
  },
};

/** Nothing of these may be stored, and none may end in a 5xx: that would be sent again for ever. */
const refusals: Case<ReceiverContext>[] = (
  [
    [
      "hole",
      "a batch with a hole is refused",
      [400, 422],
      () => Buffer.from(JSON.stringify({ ...wireBatch({ stream: newStream(), from: 1, count: 2 }), to: 9 })),
    ],
    ["centre", "a batch that names a centre is refused: the centre follows from the key", [400, 422], () => json({ ...first, centre: "another" })],
    ["unknown-kind", "an unknown probe is refused", [400, 422], () => json(poison((row) => Object.assign(row, { probe: "shell" })))],
    ["wrong-type", "a number as text is refused", [400, 422], () => json(poison((row) => Object.assign(row, { elapsedMs: "1" })))],
    [
      "huge-number",
      "a number that no double holds is refused",
      [400, 422],
      () => Buffer.from(JSON.stringify(first).replace('"elapsedMs":1', '"elapsedMs":1e400')),
    ],
    ["not-a-number", "NaN is no JSON", [400, 422], () => Buffer.from(JSON.stringify(first).replace('"elapsedMs":1', '"elapsedMs":NaN'))],
    ["proto", "a key named __proto__ is refused", [400, 422], () => Buffer.from(JSON.stringify(first).replace("{", '{"__proto__":{"admin":true},'))],
    ["deep", "JSON that is nested without end is refused", [400, 422], () => Buffer.from(`${"[".repeat(200_000)}${"]".repeat(200_000)}`)],
    ["broken", "a body that ends in the middle is refused", [400, 422], () => json(first).subarray(0, 100)],
    ["wire-size", "more than the wire may carry is refused", [413], () => Buffer.alloc(BATCH_WIRE_BYTES_MAX + 1, 0x20)],
  ] as const
).map(([id, sentence, statuses, body]) => ({
  id: `refuse-${id}`,
  clause: "Answers",
  sentence,
  run: async ({ sender }: ReceiverContext) => demandStatus(await sender.send(body()), ...statuses),
}));

const encodings: Case<ReceiverContext>[] = [
  {
    id: "refuse-bomb",
    clause: "Answers",
    sentence: "a body that inflates without end is refused",
    run: async ({ sender }) => demandStatus(await sender.send(gzipSync(Buffer.alloc(BATCH_BYTES_MAX * 16)), { encoding: "gzip" }), 413),
  },
  {
    id: "refuse-gzip",
    clause: "Answers",
    sentence: "a body that is no gzip although it says so is refused",
    run: async ({ sender }) => demandStatus(await sender.send(json(first), { encoding: "gzip" }), 400, 422),
  },
  {
    id: "refuse-encoding",
    clause: "Answers",
    sentence: "an encoding of its own is refused",
    run: async ({ sender }) => demandStatus(await sender.send(json(first), { encoding: "br" }), 415),
  },
  {
    id: "hostile-text",
    clause: "Batch",
    sentence: "a device's text with NUL, escape sequences and half a surrogate pair never ends in a 5xx",
    run: async ({ sender }) => {
      const batch = poison((row) => Object.assign(row, { outcome: { kind: "failed", reason: "timeout", detail: "a\u0000b\u001b[31m\ud800\u202e" } }));
      demandStatus(await sender.send(batch), 200, 400, 422);
    },
  },
];

/** Last: a collector may freeze the key of a stream that is told in two ways. */
const conflict: Case<ReceiverContext> = {
  id: "conflict",
  clause: "Answers",
  sentence: "the same range with other bytes gets 409",
  run: async ({ sender }) => demandStatus(await sender.send({ ...first, sentAt: new Date(0).toISOString() }), 409),
};

function json(value: object): Buffer {
  return Buffer.from(JSON.stringify(value));
}

/** What a receiver is held against, in the order in which it must run. */
export const receiverCases: readonly Case<ReceiverContext>[] = [...enrolment, ...delivery, ...signatures, nonce, ...refusals, ...encodings, conflict];
