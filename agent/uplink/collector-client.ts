import { request as httpRequest, type IncomingMessage } from "node:http";
import { request as httpsRequest } from "node:https";
import { agentName } from "#schemas/exchange.ts";
import { Problem } from "#schemas/problem.ts";
import { isDateFault } from "../date-fault.ts";
import { type Signer, signedHeaders } from "./signature.ts";

export type CollectorReply = {
  readonly status: number;
  readonly body: unknown;
  readonly problem: Problem | undefined;
  readonly retryAfterS: number | undefined;
};
export type CollectorRequest = {
  readonly method: "GET" | "POST" | "DELETE";
  /** Path with an optional query. */
  readonly path: string;
  readonly body?: Uint8Array;
  readonly gzip?: boolean;
  /** Further headers, asked for when the connection stands and they leave at once. */
  readonly headers?: () => Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
};
export type ClientOptions = {
  readonly url: string;
  /** PEM of a private certificate authority; the collector must then be certified by it. */
  readonly ca?: string | undefined;
  readonly signer?: Signer | undefined;
  readonly version: string;
  /** Silence on the connection after which an answer is no longer awaited, ms. */
  readonly idleMs?: number;
};

const REPLY_BYTES_MAX = 4 * 1024 * 1024;
const IDLE_MS = 10_000;
/** A full batch over 64 kbit/s takes about a minute. */
const WHOLE_MS = 120_000;
const RETRY_AFTER_S_MAX = 3_600;

/**
 * The agent's one way to its collector. TLS is verified always, redirects are never followed, answers and waits are bounded.
 * Signed requests carry the newest nonce; when the collector answers 401 with another one, the request is signed with that once more.
 */
export class CollectorClient {
  readonly #options: ClientOptions;
  #nonce = "";
  #signer: Signer | undefined;
  #dateFault: string | undefined;

  constructor(options: ClientOptions) {
    this.#options = options;
    this.#signer = options.signer;
  }

  /** Signs with another key from now on. */
  useKey(key: Signer["key"]): void {
    if (this.#signer !== undefined) this.#signer = { ...this.#signer, key };
  }

  /** The nonce of an answer, for the next signature. */
  useNonce(nonce: string): void {
    this.#nonce = nonce;
  }

  /** Why the last request met no trust, where the dates of the collector's certificate were it (OpenSSL's name). */
  dateFault(): string | undefined {
    return this.#dateFault;
  }

  /** Rejects when there is no answer; every answer with a status resolves. */
  async send(request: CollectorRequest): Promise<CollectorReply> {
    const first = await this.#once(request);
    const nonce = first.problem?.nonce;
    if (first.status !== 401 || nonce === undefined || this.#signer === undefined) return first;
    this.#nonce = nonce;
    return this.#once(request);
  }

  #once({ method, path, body = new Uint8Array(), gzip = false, headers: own, signal }: CollectorRequest): Promise<CollectorReply> {
    const url = new URL(path, this.#options.url);
    const { ca, version } = this.#options;
    const signer = this.#signer;
    const headers = {
      accept: "application/json",
      "user-agent": agentName(version),
      ...(method === "POST" && { "content-type": "application/json", "content-length": body.length }),
      ...(gzip && { "content-encoding": "gzip" }),
      ...(signer && signedHeaders(signer, { method, path: url.pathname, body, nonce: this.#nonce })),
    };
    const whole = AbortSignal.any([signal, AbortSignal.timeout(WHOLE_MS)]);
    const options = { method, headers, signal: whole, timeout: this.#options.idleMs ?? IDLE_MS };
    return new Promise((resolve, reject) => {
      const onReply = (message: IncomingMessage) => {
        this.#dateFault = undefined;
        readReply(message).then(resolve, reject);
      };
      const sending =
        url.protocol === "https:" ? httpsRequest(url, { ...options, ...(ca !== undefined && { ca: [ca] }) }, onReply) : httpRequest(url, options, onReply);
      sending.once("timeout", () => sending.destroy(Object.assign(new Error("the collector does not answer"), { code: "ETIMEDOUT" })));
      sending.once("error", (error: NodeJS.ErrnoException) => {
        this.#dateFault = isDateFault(error.code) ? error.code : undefined;
        reject(error);
      });
      sending.once("socket", (socket) => {
        const write = () => {
          for (const [name, value] of Object.entries(own?.() ?? {})) sending.setHeader(name, value);
          sending.end(body);
        };
        if (socket.connecting) socket.once(url.protocol === "https:" ? "secureConnect" : "connect", write);
        else write();
      });
    });
  }
}

async function readReply(message: IncomingMessage): Promise<CollectorReply> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of message as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > REPLY_BYTES_MAX) throw new Error(`the collector's answer is larger than ${REPLY_BYTES_MAX} bytes`);
    chunks.push(chunk);
  }
  const status = message.statusCode ?? 0;
  const body = jsonOf(Buffer.concat(chunks).toString("utf8"));
  const problem = status >= 400 ? Problem.safeParse(body).data : undefined;
  return { status, body, problem, retryAfterS: problem?.retryAfterS ?? secondsOf(message.headers["retry-after"]) };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** `Retry-After` in seconds; its form as a date is ignored, since it needs a right clock. */
function secondsOf(header: string | undefined): number | undefined {
  if (header === undefined || !/^\d{1,9}$/.test(header)) return undefined;
  return Math.min(Number(header), RETRY_AFTER_S_MAX);
}
