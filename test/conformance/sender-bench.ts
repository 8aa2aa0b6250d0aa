import { createHash, createPublicKey, type KeyObject, randomBytes, verify } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { gunzipSync } from "node:zlib";
import type { AgentConfig } from "#schemas/agent-config.ts";
import { BATCH_BYTES_MAX, Batch, EnrolRequest, enrolText, type IngestReply, signatureHeaders, signingText } from "#schemas/exchange.ts";
import { problem } from "#schemas/problem.ts";

const AGENT = "agt-c0f0000000000000";

/** A batch that waits for its answer. */
export type Arrived = {
  readonly batch: Batch;
  readonly bytes: Buffer;
  readonly nonce: string;
  readonly atMs: number;
  /** Commits the batch and answers for it. */
  accept(more?: Partial<IngestReply>): void;
  /** Commits the batch, and the answer gets lost. */
  acceptInSilence(): void;
  refuse(status: number, more?: { headers?: Record<string, string>; body?: unknown; nonce?: string; code?: string }): void;
  /** Breaks the connection. */
  drop(): void;
  /** Never answers; the sender has to give up. */
  ignore(): void;
};

/** The receiving side of the sender's cases: checks what holds for every request, and hands each batch to the case that waits for one. */
export class SenderBench {
  /** What no request may ever do, found on the way. */
  readonly faults: string[] = [];
  readonly paths: string[] = [];
  /** What was committed, by stream: number -> how it was told. */
  readonly committed = new Map<string, Map<number, "observation" | "gap">>();
  nonce = randomBytes(9).toString("base64url");
  readonly #code: string;
  readonly #config: AgentConfig | undefined;
  readonly #server: Server;
  #key: KeyObject | undefined;
  #inFlight = 0;
  #arrived: Arrived[] = [];
  #waiting: ((arrived: Arrived) => void) | undefined;

  private constructor(code: string, config: AgentConfig | undefined) {
    this.#code = code;
    this.#config = config;
    this.#server = createServer((request, response) => void this.#handle(request, response).catch(() => response.destroy()));
  }

  static async open({
    code,
    port = 0,
    host = "127.0.0.1",
    config,
  }: {
    code: string;
    port?: number;
    host?: string;
    config?: AgentConfig;
  }): Promise<SenderBench> {
    const bench = new SenderBench(code, config);
    await new Promise<void>((resolve) => bench.#server.listen(port, host, resolve));
    return bench;
  }

  get url(): string {
    const { address, port } = this.#server.address() as AddressInfo;
    return `http://${address}:${port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** The next batch that comes. Rejects when none comes in time. */
  next(withinMs: number): Promise<Arrived> {
    const ready = this.#arrived.shift();
    if (ready) return Promise.resolve(ready);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting = undefined;
        reject(new Error(`no batch came within ${Math.round(withinMs / 1_000)} s`));
      }, withinMs);
      this.#waiting = (arrived) => {
        clearTimeout(timer);
        this.#waiting = undefined;
        resolve(arrived);
      };
    });
  }

  /** Commits what nobody waits for, so that a case that failed does not stop the sender. */
  acceptRest(): void {
    for (const arrived of this.#arrived.splice(0)) arrived.accept();
  }

  get isEnrolled(): boolean {
    return this.#key !== undefined;
  }

  /** Numbers below the highest committed one of a stream that were never told. */
  unaccounted(stream: string): number[] {
    const told = this.committed.get(stream) ?? new Map();
    return Array.from({ length: Math.max(0, ...told.keys()) }, (_, index) => index + 1).filter((seq) => !told.has(seq));
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.paths.push(request.url ?? "");
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const bytes = Buffer.concat(chunks);
    const path = (request.url ?? "").split("?")[0] ?? "";
    if (path === "/v1/enrol") this.#enrol(bytes, response);
    else if (!this.#isSigned(request, path, bytes)) write(response, 401, problem(401, "signature_wrong", "not signed by the enrolled key"));
    else if (request.headers[signatureHeaders.nonce] !== this.nonce) write(response, 401, problem(401, "nonce_expired", "sign again", { nonce: this.nonce }));
    else if (path === "/v1/batches" && request.method === "POST") this.#batch(request, bytes, response);
    else if (path === "/v1/config" && this.#config) write(response, 200, this.#config);
    else write(response, 404, problem(404, "not_found", "not part of this bench"));
  }

  #enrol(bytes: Buffer, response: ServerResponse): void {
    const key = this.#enrolledKey(bytes);
    if (typeof key === "string") {
      this.faults.push(key);
      write(response, 422, problem(422, "conformance", key));
      return;
    }
    this.#key = key;
    write(response, 200, { agent: AGENT, centre: "conformance", nonce: this.nonce, serverTime: new Date().toISOString() });
  }

  /** The proven key of an enrolment, or what is wrong with it. */
  #enrolledKey(bytes: Buffer): KeyObject | string {
    const request = EnrolRequest.safeParse(JSON.parse(bytes.toString("utf8")));
    if (!request.success) return "an enrolment that is no EnrolRequest";
    const { code, publicKey, proof } = request.data;
    const key = createPublicKey({ key: Buffer.from(publicKey, "base64"), format: "der", type: "spki" });
    if (key.asymmetricKeyType !== "ed25519") return "a key that is not Ed25519";
    if (!verify(null, Buffer.from(enrolText(code, publicKey)), key, Buffer.from(proof, "base64"))) return "a key without a proof of its possession";
    return code === this.#code ? key : "an enrolment with another code";
  }

  #isSigned(request: IncomingMessage, path: string, body: Buffer): boolean {
    const header = (name: string) => String(request.headers[name] ?? "");
    const bodySha256 = createHash("sha256").update(body).digest("hex");
    const text = signingText({ method: request.method ?? "", path, agent: AGENT, nonce: header(signatureHeaders.nonce), bodySha256 });
    const isSigned = this.#key !== undefined && verify(null, Buffer.from(text), this.#key, Buffer.from(header(signatureHeaders.signature), "base64"));
    if (!isSigned || header(signatureHeaders.agent) !== AGENT) this.faults.push(`${request.method} ${path}: not signed by the enrolled key`);
    return isSigned;
  }

  #batch(request: IncomingMessage, bytes: Buffer, response: ServerResponse): void {
    const plain = request.headers["content-encoding"] === "gzip" ? gunzipSync(bytes, { maxOutputLength: BATCH_BYTES_MAX }) : bytes;
    const batch = Batch.safeParse(JSON.parse(plain.toString("utf8")));
    if (!batch.success) {
      this.faults.push(`a batch that is none: ${batch.error.issues[0]?.message}`);
      write(response, 422, problem(422, "batch_invalid", "not a batch", { cause: batch.error }));
      return;
    }
    if (++this.#inFlight > 1) this.faults.push("two batches in flight at once");
    response.once("close", () => this.#inFlight--);
    const arrived = this.#arrivedOf(batch.data, bytes, String(request.headers[signatureHeaders.nonce]), response);
    if (this.#waiting) this.#waiting(arrived);
    else this.#arrived.push(arrived);
  }

  #arrivedOf(batch: Batch, bytes: Buffer, nonce: string, response: ServerResponse): Arrived {
    return {
      batch,
      bytes,
      nonce,
      atMs: performance.now(),
      accept: (more = {}) => write(response, 200, { ...this.#commit(batch), ...more }),
      acceptInSilence: () => {
        this.#commit(batch);
        response.destroy();
      },
      refuse: (status, { headers = {}, body, code = "conformance", nonce: fresh } = {}) => {
        if (fresh !== undefined) this.nonce = fresh;
        write(response, status, body ?? problem(Math.max(400, status), code, "refused on purpose", fresh === undefined ? {} : { nonce: fresh }), headers);
      },
      drop: () => void response.destroy(),
      ignore: () => undefined,
    };
  }

  #commit({ stream, observations, gaps, from, to }: Batch): IngestReply {
    const told = this.committed.get(stream) ?? new Map<number, "observation" | "gap">();
    this.committed.set(stream, told);
    for (const { seq } of observations) told.set(seq, "observation");
    for (const gap of gaps) for (let seq = gap.from; seq <= Math.min(gap.to, gap.from + 1_000_000); seq++) told.set(seq, "gap");
    const accepted = to - from + 1;
    const serverTime = new Date().toISOString();
    return { ackedThrough: to, accepted, duplicates: 0, rejected: [], serverTime, minIntervalS: 0, backlogRate: 1e6, nonce: this.nonce };
  }
}

function write(response: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}): void {
  response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(body));
}
