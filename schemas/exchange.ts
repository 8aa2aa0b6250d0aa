import { z } from "zod";
import { cleanText } from "./clean-text.ts";
import { AgentId, Code, Instant, Seq, StreamId } from "./ids.ts";
import { Observation } from "./observation.ts";

/** Version of the wire protocol; docs/protocol.md says what changes with it. */
export const PROTOCOL = 1;
/** Most observations in one batch. */
export const BATCH_OBSERVATIONS_MAX = 500;
/** Most bytes of a batch after decompression; a sender aims for an eighth of it. */
export const BATCH_BYTES_MAX = 4 * 1024 * 1024;
/** Most bytes of a batch on the wire. */
export const BATCH_WIRE_BYTES_MAX = 512 * 1024;

/** Sequence numbers that will never come, and why: what was evicted, lost or rejected stays counted. */
export const Gap = z.strictObject({ from: Seq, to: Seq, reason: z.enum(["evicted_disk_full", "spool_corrupt", "dead_letter"]) });
export type Gap = z.infer<typeof Gap>;

/** What one sender says at once: a contiguous range of its stream. A retry sends the identical bytes. The centre follows from the key, never from the body. */
export const Batch = z
  .strictObject({
    protocol: z.literal(PROTOCOL),
    stream: StreamId,
    from: Seq,
    to: Seq,
    sentAt: Instant,
    /** `backlog` observations revise the past and page nobody. */
    lane: z.enum(["live", "backlog"]),
    observations: z.array(Observation).max(BATCH_OBSERVATIONS_MAX),
    gaps: z.array(Gap).max(BATCH_OBSERVATIONS_MAX).default([]),
  })
  .check((context) => {
    const missing = firstUncovered(context.value);
    if (missing !== undefined)
      context.issues.push({ code: "custom", message: `seq ${missing} is neither an observation nor in a gap`, input: missing, path: ["observations"] });
  });
export type Batch = z.infer<typeof Batch>;

/** The first sequence number of `from..to` that the batch does not account for, or that it names twice or outside of its range. */
function firstUncovered(batch: { from: number; to: number; observations: readonly { seq: number }[]; gaps: readonly Gap[] }): number | undefined {
  if (batch.to < batch.from) return batch.from;
  const spans = [...batch.observations.map(({ seq }) => ({ from: seq, to: seq })), ...batch.gaps].sort((a, b) => a.from - b.from);
  let next = batch.from;
  for (const span of spans) {
    if (span.from !== next || span.to < span.from) return next;
    next = span.to + 1;
  }
  return next === batch.to + 1 ? undefined : next;
}

/** Most spans of shared faults in one answer. */
export const SHARED_FAULTS_MAX = 64;

/** A target that fails from many centres at once, by the collector's clock: from `from` to before `to`. Of later nobody has said anything yet. */
export const SharedFaultSpan = z.object({ target: Code, from: Instant, to: Instant });
export type SharedFaultSpan = z.infer<typeof SharedFaultSpan>;

/** The collector's answer, sent after commit. The agent may forget everything up to `ackedThrough`. */
export const IngestReply = z.object({
  ackedThrough: z.int().min(0),
  accepted: z.int().min(0),
  duplicates: z.int().min(0),
  rejected: z.array(z.object({ seq: Seq, code: z.string() })),
  serverTime: Instant,
  /** Shortest pause before the next batch, s. */
  minIntervalS: z.number().min(0),
  /** Backlog observations per second that this sender may send. */
  backlogRate: z.number().min(0),
  /** After a restored database: send again from this sequence number. */
  rewindTo: Seq.optional(),
  /** Forms of a batch that this collector takes beside the plain one, by name (`schemas/batch-columns.ts`). */
  forms: z.array(z.string().max(32)).max(16).optional(),
  /** What is nobody's own fault, for the self-check. A list that cannot be read is none: an answer must not be lost for it. */
  sharedFaults: z.array(SharedFaultSpan).max(SHARED_FAULTS_MAX).optional().catch(undefined),
  /** Nonce for the next signatures. */
  nonce: z.string(),
});
export type IngestReply = z.infer<typeof IngestReply>;

/** What an agent calls itself in `user-agent`; not signed, so that nothing rests on it. */
export function agentName(version: string): string {
  return `hcc-agent/${version}`;
}

/** The version in an agent's name; undefined for any other name. */
export function versionOfAgent(name: string | undefined): string | undefined {
  return /^hcc-agent\/([0-9A-Za-z.+-]{1,32})$/.exec(name ?? "")?.[1];
}

/** First words of an agent: its one-time code and the key that it made itself. `proof` signs `enrolText`. */
export const EnrolRequest = z.strictObject({
  code: z.string().min(8).max(80),
  publicKey: z.string().max(200),
  proof: z.string().max(200),
  /** Whoever has a code writes what he likes here. */
  hostName: z
    .string()
    .max(64)
    .transform((name) => cleanText(name, 64))
    .optional(),
  version: z
    .string()
    .max(32)
    .transform((version) => cleanText(version, 32)),
});
export type EnrolRequest = z.infer<typeof EnrolRequest>;

export const EnrolReply = z.object({
  agent: AgentId,
  centre: Code,
  /** The reception point that the code was made for. Absent = the main office. */
  point: Code.optional(),
  nonce: z.string(),
  serverTime: Instant,
  /** The province's key for configurations (base64 SPKI): from here on the agent takes no other. */
  configKey: z.string().max(200).optional(),
});
export type EnrolReply = z.infer<typeof EnrolReply>;

/** An agent's wish for a new key. The request is signed with the key that it has; `proof` signs `rotationText` with the new one. */
export const KeyRequest = z.strictObject({ publicKey: z.string().max(200), proof: z.string().max(200) });
export type KeyRequest = z.infer<typeof KeyRequest>;

/** How long the earlier key still counts after a change, ms: the answer may get lost, and the PC may be restored from yesterday. */
export const OLD_KEY_MS = 7 * 86_400_000;

/** The bytes that the new key of an agent signs. */
export function rotationText(agent: AgentId, publicKey: string): string {
  return ["hcc-watch/1", "key", agent, publicKey].join("\n");
}

/** Names of the headers that sign a request. */
export const signatureHeaders = { agent: "hcc-agent", nonce: "hcc-nonce", signature: "hcc-signature" } as const;

/** Header with the sender's clocks at the moment of sending: a frozen batch may be sent long after its `sentAt`. Not signed: it corrects times, it proves nothing. */
export const CLOCK_HEADER = "hcc-clock";

/** The sender's clocks when a request leaves: wall clock in ms since the epoch, and the monotonic clock of a boot in ms. */
export const SenderClock = z.strictObject({ wallMs: z.number(), bootId: z.string().max(40), uptimeMs: z.number().min(0) });
export type SenderClock = z.infer<typeof SenderClock>;

/** Writes the clocks as `wall;uptime;boot`. */
export function formatSenderClock({ wallMs, bootId, uptimeMs }: SenderClock): string {
  return `${Math.round(wallMs)};${Math.round(uptimeMs)};${bootId}`;
}

/** Reads what `formatSenderClock` wrote; undefined when it is anything else. */
export function parseSenderClock(header: string | undefined): SenderClock | undefined {
  const [wallMs, uptimeMs, ...boot] = header?.split(";") ?? [];
  return SenderClock.safeParse({ wallMs: Number(wallMs), uptimeMs: Number(uptimeMs), bootId: boot.join(";") }).data;
}

/**
 * The bytes that an agent signs with Ed25519 for each request. They hold no time of the agent's clock: a wrong clock must not lock it out.
 * `bodySha256` is the lower-case hex hash of the body as it goes over the wire, so of the compressed bytes and, without a body, of none. `path` has no query.
 */
export function signingText(request: { method: string; path: string; agent: AgentId; nonce: string; bodySha256: string }): string {
  return ["hcc-watch/1", request.method.toUpperCase(), request.path, request.agent, request.nonce, request.bodySha256].join("\n");
}

/** The bytes that an enrolling agent signs to prove that it holds the key. `publicKey` is the base64 SPKI of EnrolRequest. */
export function enrolText(code: string, publicKey: string): string {
  return ["hcc-watch/1", "enrol", code, publicKey].join("\n");
}
