import { z } from "zod";
import { AgentId, Code, Instant } from "./ids.ts";

/** Application bytes in one full TCP segment over Ethernet with time stamps, and the frame that carries it (without preamble and checksum). */
export const SEGMENT_BYTES = 1448;
export const FRAME_BYTES = 1514;
/** Bytes on the wire for each byte of a TCP stream over IPv4. */
export const HEADER_FACTOR = FRAME_BYTES / SEGMENT_BYTES;
/** Over IPv6, whose header is 20 bytes longer: without them a line of just the floor would fail it. */
export const HEADER_FACTOR_V6 = FRAME_BYTES / (SEGMENT_BYTES - 20);

/** Paths of a measure server. Each needs a lease in `authorization: Bearer <token>`; answers carry `hcc-measure: 1`. */
export const measurePaths = {
  /** Answers 204 at once: round trips. */
  ping: "/v1/measure/ping",
  /** Incompressible bytes until the client hangs up or the lease is used up. */
  down: "/v1/measure/down",
  /** Takes a body without end and counts it. */
  up: "/v1/measure/up",
  /** One `MeasureTick` per line and 100 ms, until the client hangs up. */
  watch: "/v1/measure/watch",
} as const;

/** Marks an answer as the measure server's own, so that a login page on the line is not taken for it. */
export const MEASURE_HEADER = "hcc-measure";
/** Most connections that one lease may hold open, both directions together. */
export const MEASURE_STREAMS_MAX = 16;

/** What the server has seen of one lease's transfer so far. Times are the server's monotonic clock. */
export const MeasureTick = z.object({
  atMs: z.number(),
  receivedBytes: z.number().min(0),
  sentBytes: z.number().min(0),
  /** The server itself was at its limit since the last tick: processor, event loop, or its own cap on the rate. */
  saturated: z.boolean(),
  /** TCP segments that the server's host had to send again since the test began; absent where the system does not tell. */
  resent: z.number().min(0).optional(),
});
export type MeasureTick = z.infer<typeof MeasureTick>;

/** What a lease allows. The collector signs it, the measure server checks it without a database. */
export const LeaseClaims = z.strictObject({
  lease: z.string().regex(/^[a-f0-9]{16}$/),
  agent: AgentId,
  server: Code,
  notBeforeMs: z.number(),
  expiresMs: z.number(),
  /** Both directions together. */
  bytesMax: z.number().positive(),
});
export type LeaseClaims = z.infer<typeof LeaseClaims>;

/** The agent asks for a test. Without `server` the collector chooses. `fullLength`: a short one would say nothing of this line (`Lease.passMs`). */
export const LeaseRequest = z.strictObject({ server: Code.optional(), fullLength: z.boolean().optional() });
export type LeaseRequest = z.infer<typeof LeaseRequest>;

/** Right to one test, now. `token` is a secret of minutes: it travels in a header, never in a URL. */
export const Lease = z.object({
  id: z.string(),
  token: z.string().max(1_000),
  server: z.object({ id: Code, url: z.url({ protocol: /^https?$/ }) }),
  expiresAt: Instant,
  bytesMax: z.number().positive(),
  /** Longest time that one direction may take, ms; shorter when the month's data is nearly used up. */
  capMs: z.number().positive(),
  /** Full-length test: the shortest time that a direction with a floor must carry before a pass may end it, ms. Absent for a short test. */
  passMs: z.number().positive().optional(),
});
export type Lease = z.infer<typeof Lease>;

/** Why no lease was given. `not_due`: the site's own slot comes later. */
export const leaseRefusals = ["budget", "full", "no_server", "not_due"] as const;

/** The collector's answer. `retryAfterS` is when asking again makes sense, spread over the sites. */
export const LeaseReply = z.discriminatedUnion("granted", [
  z.object({ granted: z.literal(true), lease: Lease }),
  z.object({ granted: z.literal(false), reason: z.enum(leaseRefusals), retryAfterS: z.number().min(1) }),
]);
export type LeaseReply = z.infer<typeof LeaseReply>;

/** The agent hands the slot back early. A test that crashed never does; its lease expires. */
export const LeaseReturn = z.strictObject({ usedBytes: z.number().min(0) });
export type LeaseReturn = z.infer<typeof LeaseReturn>;
