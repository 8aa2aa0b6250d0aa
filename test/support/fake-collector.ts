import { createHash, createPublicKey, verify } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { gunzipSync } from "node:zlib";
import type { AgentConfig } from "#schemas/agent-config.ts";
import { COLUMNS } from "#schemas/batch-columns.ts";
import {
  Batch,
  CLOCK_HEADER,
  EnrolRequest,
  enrolText,
  type IngestReply,
  parseSenderClock,
  type SenderClock,
  signatureHeaders,
  signingText,
} from "#schemas/exchange.ts";
import type { Observation } from "#schemas/observation.ts";
import { problem } from "#schemas/problem.ts";
import { parseBatch } from "../../collector/ingest/read-body.ts";

/** What happens to one batch instead of an ordinary answer. `drop_answer`: committed, but the connection breaks before the answer. */
export type Fault = { status: number; headers?: Record<string, string>; body?: unknown } | "drop_request" | "drop_answer" | "silence" | "rogue_200";
export type FakeOptions = {
  /** Asked for each batch that parses; undefined lets it through. */
  fault?: (batch: Batch, count: number) => Fault | undefined;
  /** Rows that are rejected one by one inside an accepted batch. */
  rejects?: (observation: Observation) => string | undefined;
  reply?: (batch: Batch) => Partial<IngestReply>;
  config?: AgentConfig;
  /** The reception point for which its codes are. */
  point?: string;
  nonce?: () => string;
  /** Names the columnar form in its answers; `false` refuses it all the same. */
  columns?: boolean;
};

type Answer = { status: number; body: unknown; headers?: Record<string, string> } | "drop" | "silence";

function answer(status: number, body: unknown, headers: Record<string, string> = {}): Answer {
  return { status, body, headers };
}

const AGENT = "agt-0123456789abcdef";

/** A collector in memory that keeps the delivery contract: checks signatures, keeps a ledger, answers after storing. */
export class FakeCollector {
  readonly stored = new Map<string, Observation>();
  readonly gaps: { stream: string; from: number; to: number; reason: string }[] = [];
  readonly ledger = new Map<string, string>();
  readonly batches: { batch: Batch; bytes: Buffer }[] = [];
  /** Rows that were sent again although the collector had them. */
  duplicates = 0;
  conflicts = 0;
  /** What the senders' clocks said with each batch. */
  readonly clocks: (SenderClock | undefined)[] = [];
  badSignatures = 0;
  publicKey: string | undefined;
  options: FakeOptions;
  readonly agent = AGENT;
  readonly #server: Server;

  private constructor(options: FakeOptions) {
    this.options = options;
    this.#server = createServer((request, response) => void this.#handle(request, response).catch(() => response.destroy()));
  }

  static async start(options: FakeOptions = {}, port = 0): Promise<FakeCollector> {
    const fake = new FakeCollector(options);
    await new Promise<void>((resolve) => fake.#server.listen(port, "127.0.0.1", resolve));
    return fake;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const bytes = Buffer.concat(chunks);
    const answer = this.#answer(request, bytes);
    if (answer === "silence") return;
    if (answer === "drop") {
      request.socket.destroy();
      return;
    }
    response.writeHead(answer.status, { "content-type": "application/json", ...answer.headers }).end(JSON.stringify(answer.body));
  }

  #answer(request: IncomingMessage, bytes: Buffer): Answer {
    if (request.url === "/v1/enrol") return this.#enrol(bytes);
    if (!this.#isSigned(request, bytes)) {
      this.badSignatures++;
      return answer(401, problem(401, "nonce_stale", "sign again", { nonce: this.#nonce() }));
    }
    if (request.url === "/v1/batches") {
      this.clocks.push(parseSenderClock(String(request.headers[CLOCK_HEADER])));
      return this.#ingest(bytes);
    }
    if (request.url === "/v1/config" && this.options.config !== undefined) return answer(200, this.options.config);
    return answer(404, problem(404, "not_found", "no such route"));
  }

  #nonce(): string {
    return this.options.nonce?.() ?? "n1";
  }

  #enrol(bytes: Buffer): Answer {
    const { code, publicKey, proof } = EnrolRequest.parse(JSON.parse(bytes.toString()));
    const key = createPublicKey({ key: Buffer.from(publicKey, "base64"), format: "der", type: "spki" });
    if (!verify(null, Buffer.from(enrolText(code, publicKey)), key, Buffer.from(proof, "base64")))
      return answer(422, problem(422, "proof_invalid", "no proof"));
    if (code !== "good-code") return answer(403, problem(403, "code_unknown", "this code is not open"));
    this.publicKey = publicKey;
    const { point } = this.options;
    return answer(201, { agent: AGENT, centre: "centre-a", ...(point !== undefined && { point }), nonce: this.#nonce(), serverTime: new Date().toISOString() });
  }

  #isSigned(request: IncomingMessage, body: Buffer): boolean {
    if (this.publicKey === undefined) return true;
    const header = (name: string) => String(request.headers[name] ?? "");
    const nonce = header(signatureHeaders.nonce);
    const agent = header(signatureHeaders.agent);
    const bodySha256 = createHash("sha256").update(body).digest("hex");
    const text = signingText({ method: request.method ?? "", path: request.url ?? "", agent, nonce, bodySha256 });
    const key = createPublicKey({ key: Buffer.from(this.publicKey, "base64"), format: "der", type: "spki" });
    return nonce === this.#nonce() && verify(null, Buffer.from(text), key, Buffer.from(header(signatureHeaders.signature), "base64"));
  }

  #ingest(bytes: Buffer): Answer {
    const parsed = this.#parse(gunzipSync(bytes));
    if (!parsed.success) return answer(422, problem(422, "batch_invalid", "the batch is not valid", { cause: parsed.error }));
    const batch = parsed.data;
    this.batches.push({ batch, bytes });
    const fault = this.options.fault?.(batch, this.batches.length);
    if (fault === "drop_request") return "drop";
    if (fault === "silence") return "silence";
    if (fault === "rogue_200") return answer(200, { welcome: "to the hotel's network" });
    if (typeof fault === "object") return answer(fault.status, fault.body ?? problem(Math.max(400, fault.status), "fault", "a fault"), fault.headers);
    const reply = this.#commit(batch, bytes);
    if (reply === undefined) return answer(409, problem(409, "stream_conflict", "same range, other bytes"));
    return fault === "drop_answer" ? "drop" : answer(200, { ...reply, ...this.options.reply?.(batch) });
  }

  /** Columns only where the answers of this collector name them. */
  #parse(body: Buffer) {
    const isColumnar = Object.hasOwn(JSON.parse(body.toString()) as object, "form");
    return isColumnar && this.options.columns === true ? parseBatch(body) : Batch.safeParse(JSON.parse(body.toString()));
  }

  #commit(batch: Batch, bytes: Buffer): IngestReply | undefined {
    const range = `${batch.stream}:${batch.from}-${batch.to}`;
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    const known = this.ledger.get(range);
    if (known !== undefined && known !== sha256) {
      this.conflicts++;
      return undefined;
    }
    this.ledger.set(range, sha256);
    const rejected: { seq: number; code: string }[] = [];
    let accepted = 0;
    for (const observation of batch.observations) {
      const code = this.options.rejects?.(observation);
      const place = `${batch.stream}:${observation.seq}`;
      if (code !== undefined) rejected.push({ seq: observation.seq, code });
      else if (this.stored.has(place)) this.duplicates++;
      else {
        this.stored.set(place, observation);
        accepted++;
      }
    }
    if (known === undefined) this.gaps.push(...batch.gaps.map((gap) => ({ stream: batch.stream, ...gap })));
    const duplicates = batch.observations.length - accepted - rejected.length;
    return {
      ackedThrough: batch.to,
      accepted,
      duplicates,
      rejected,
      serverTime: new Date().toISOString(),
      minIntervalS: 0,
      backlogRate: 1e6,
      ...(this.options.columns !== undefined && { forms: [COLUMNS] }),
      nonce: this.#nonce(),
    };
  }
}
