import { createHash, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { gzipSync } from "node:zlib";
import { type Batch, EnrolReply, enrolText, IngestReply, PROTOCOL, signatureHeaders, signingText } from "#schemas/exchange.ts";
import { Problem } from "#schemas/problem.ts";

/** An answer as the suite reads it: `reply` and `problem` are there when the body is one. */
export type WireAnswer = {
  readonly status: number;
  readonly reply: IngestReply | undefined;
  readonly problem: Problem | undefined;
  readonly body: unknown;
};
/** What may be wrong about a request on purpose. */
export type Twist = {
  readonly nonce?: string;
  readonly key?: KeyObject;
  readonly signedPath?: string;
  readonly signedBody?: Uint8Array;
  readonly unsigned?: boolean;
  readonly encoding?: string;
};

const ANSWER_MS = 15_000;

/** The smallest sender of the protocol: a key of its own, one stream after another, nothing kept. It stands on docs/protocol.md and schemas/exchange.ts alone. */
export class WireSender {
  readonly url: string;
  readonly #key = generateKeyPairSync("ed25519");
  #agent = "agt-0000000000000000";
  #nonce = "";

  constructor(url: string) {
    this.url = url.replace(/\/$/, "");
  }

  get publicKey(): string {
    return this.#key.publicKey.export({ format: "der", type: "spki" }).toString("base64");
  }

  /** `POST /v1/enrol`; the identity is taken on when the collector gives one. `proofOf` signs another code than the one that is shown. */
  async enrol(code: string, { proofOf = code }: { proofOf?: string } = {}): Promise<WireAnswer & { readonly enrolled: EnrolReply | undefined }> {
    const proof = sign(null, Buffer.from(enrolText(proofOf, this.publicKey)), this.#key.privateKey).toString("base64");
    const answer = await this.#ask("POST", "/v1/enrol", Buffer.from(JSON.stringify({ code, publicKey: this.publicKey, proof, version: "conformance" })), {});
    const enrolled = answer.status < 300 ? EnrolReply.safeParse(answer.body).data : undefined;
    if (enrolled) [this.#agent, this.#nonce] = [enrolled.agent, enrolled.nonce];
    return { ...answer, enrolled };
  }

  /** Sends bytes as a batch; an object is written as JSON first. The nonce of an answer is used from then on. */
  async send(body: Uint8Array | object, twist: Twist = {}): Promise<WireAnswer> {
    const bytes = body instanceof Uint8Array ? body : Buffer.from(JSON.stringify(body));
    const answer = await this.#ask("POST", "/v1/batches", bytes, this.#headers("POST", "/v1/batches", bytes, twist));
    this.#nonce = answer.reply?.nonce ?? (twist.nonce === undefined ? this.#nonce : (answer.problem?.nonce ?? this.#nonce));
    return answer;
  }

  /** As `send`, compressed: the signature covers what goes over the wire. */
  sendGzip(body: Uint8Array | object): Promise<WireAnswer> {
    return this.send(gzipSync(body instanceof Uint8Array ? body : JSON.stringify(body)), { encoding: "gzip" });
  }

  /** A signed question without a body. */
  get(path: string, twist: Twist = {}): Promise<WireAnswer> {
    return this.#ask("GET", path, undefined, this.#headers("GET", path, new Uint8Array(), twist));
  }

  #headers(method: string, path: string, body: Uint8Array, twist: Twist): Record<string, string> {
    const nonce = twist.nonce ?? this.#nonce;
    const bodySha256 = createHash("sha256")
      .update(twist.signedBody ?? body)
      .digest("hex");
    const text = signingText({ method, path: twist.signedPath ?? path, agent: this.#agent, nonce, bodySha256 });
    const own: Record<string, string> = {
      [signatureHeaders.agent]: this.#agent,
      [signatureHeaders.nonce]: nonce,
      [signatureHeaders.signature]: sign(null, Buffer.from(text), twist.key ?? this.#key.privateKey).toString("base64"),
    };
    return { ...(!twist.unsigned && own), ...(twist.encoding && { "content-encoding": twist.encoding }) };
  }

  async #ask(method: string, path: string, body: Uint8Array | undefined, headers: Record<string, string>): Promise<WireAnswer> {
    const answer = await fetch(`${this.url}${path}`, {
      method,
      headers: { "content-type": "application/json", ...headers },
      redirect: "manual",
      signal: AbortSignal.timeout(ANSWER_MS),
      ...(body && { body: new Uint8Array(body) }),
    });
    const json: unknown = await answer.json().catch(() => undefined);
    const { status } = answer;
    return { status, body: json, reply: status < 300 ? IngestReply.safeParse(json).data : undefined, problem: Problem.safeParse(json).data };
  }
}

type Shape = { readonly stream: string; readonly from: number; readonly count: number; readonly agoMs?: number; readonly gaps?: Batch["gaps"] };

/** A valid batch of `host` observations, a second apart, the newest a moment ago. */
export function wireBatch({ stream, from, count, agoMs = 0, gaps = [] }: Shape) {
  const nowMs = Date.now() - agoMs;
  const observations = Array.from({ length: count }, (_, index) => ({
    seq: from + index,
    probe: "host",
    takenAt: new Date(nowMs - (count - index) * 1_000).toISOString(),
    uptimeMs: (from + index) * 1_000,
    bootId: "conformance",
    clock: "ok",
    elapsedMs: 1,
    outcome: { kind: "failed", reason: "unsupported", detail: `conformance ${from + index}` } as Record<string, unknown>,
  }));
  const to = Math.max(from + count - 1, ...gaps.map((gap) => gap.to));
  return { protocol: PROTOCOL, stream, from, to, sentAt: new Date(nowMs).toISOString(), lane: "live" as const, observations, gaps };
}
