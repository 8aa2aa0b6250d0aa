import type { Letter } from "../../store/outbox.ts";

/** Sends one letter. Resolves when the other side has taken it. @throws SendError */
export type Send = (letter: Letter, nowMs: number) => Promise<void>;

/** A letter was not taken. `final`: it never will be, as it is. `calm`: nothing is wrong over there, it only has to wait. */
export class SendError extends Error {
  override readonly name = "SendError";
  readonly final: boolean;
  readonly calm: boolean;
  readonly retryAfterS: number | undefined;
  constructor(message: string, { final = false, calm = false, retryAfterS }: { final?: boolean; calm?: boolean; retryAfterS?: number | undefined } = {}) {
    super(message);
    this.final = final;
    this.calm = calm;
    this.retryAfterS = retryAfterS;
  }
}

/** Longest wait for one answer, ms. */
export const SEND_MS = 15_000;
const REPLY_BYTES_MAX = 64 * 1024;
const RETRY_AFTER_MAX_S = 3_600;

/** What will not be taken however often it is sent. A wrong key or address is a setting that somebody will put right: the letter waits for that. */
const finalStatuses: ReadonlySet<number> = new Set([400, 405, 410, 411, 413, 414, 415, 422]);

/** Posts, waits for a yes and gives the answer's body. The address stays out of errors: it may hold a token. @throws SendError */
export async function post(url: string, headers: Readonly<Record<string, string>>, body: string, waitMs = SEND_MS): Promise<string> {
  const signal = AbortSignal.timeout(waitMs);
  const reply = await fetch(url, { method: "POST", headers, body, redirect: "manual", signal }).catch((error: unknown) => {
    throw new SendError(reasonOf(error));
  });
  const answer = await readShort(reply).catch((error: unknown) => {
    throw new SendError(`the answer broke off: ${reasonOf(error)}`);
  });
  if (reply.ok) return answer;
  const isRedirect = reply.status >= 300 && reply.status < 400;
  throw new SendError(`answered ${reply.status}`, { final: isRedirect || finalStatuses.has(reply.status), retryAfterS: retryAfter(reply) });
}

async function readShort(reply: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of reply.body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > REPLY_BYTES_MAX) break;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function retryAfter(reply: Response): number | undefined {
  const seconds = Number(reply.headers.get("retry-after"));
  return Number.isFinite(seconds) && seconds > 0 ? Math.min(seconds, RETRY_AFTER_MAX_S) : undefined;
}

function reasonOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return cause instanceof Error ? cause.message : String(cause);
}
