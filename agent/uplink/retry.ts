/** What came back for a batch: a status with what the collector said, or no answer at all. */
export type Answer =
  | { readonly kind: "status"; readonly status: number; readonly code?: string | undefined; readonly retryAfterS?: number | undefined }
  | { readonly kind: "no_answer" };

/**
 * What the sender does next with the batch that it has tried.
 * `settle`: committed. `refuse`: cut it down to the row at fault. `halve`: too large.
 * `plain`: refused in columns; the same again in the plain form. `new_stream`: another sender used these numbers. `wait`: the same bytes again later. `hold`: as `wait`, and a person has to act.
 */
export type Step =
  | { readonly do: "settle" }
  | { readonly do: "refuse"; readonly code: string }
  | { readonly do: "halve" }
  | { readonly do: "plain" }
  | { readonly do: "new_stream" }
  | { readonly do: "wait"; readonly waitMs: number }
  | { readonly do: "hold"; readonly reason: HoldReason; readonly waitMs: number };

/** Why the sender keeps its data and waits for a person. */
export const holdReasons = [
  "key_refused",
  "revoked",
  "centre_closed",
  "not_found",
  "redirected",
  "version_mismatch",
  "all_refused",
  "stream_conflict",
  "unexpected",
] as const;
export type HoldReason = (typeof holdReasons)[number];

const BASE_MS = 2_000;
/** The longest wait after a collector that answered and was busy. */
const BUSY_CAP_MS = 300_000;
/** The longest wait after none: a line that heals is to be seen within two minutes, the last try's ten seconds included. */
const SILENT_CAP_MS = 110_000;
const HOUR_MS = 3_600_000;
const KEY_RETRY_MS = 900_000;
/** A server may ask for some patience, not for silence. */
const RETRY_AFTER_MAX_MS = HOUR_MS;
/** So many single rows refused in a row are no poison: the collector refuses everything. */
export const SUSPECTS_MAX = 20;

/**
 * Full jitter: a random share of an exponentially growing span, so that thousands of agents do not come back together.
 * `chance` lies in 0..1; `capMs` is the longest span. Gives ms. (AWS Architecture Blog, "Exponential backoff and jitter".)
 */
function backoffMs(attempt: number, chance: number, capMs: number): number {
  return chance * Math.min(capMs, BASE_MS * 2 ** Math.min(attempt, 30));
}

/**
 * The answer table of docs/protocol.md. `attempt` counts the tries of this batch from 0, `chance` in 0..1 spreads the waits.
 * Data is never given up because of an answer to a whole batch, except row by row through `refuse`.
 * A 401 comes here only after the client has signed once more with the nonce that it brought.
 */
export function stepAfter(answer: Answer, { attempt, chance, columns = false }: { attempt: number; chance: number; columns?: boolean }): Step {
  if (answer.kind === "no_answer") return { do: "wait", waitMs: backoffMs(attempt, chance, SILENT_CAP_MS) };
  const { status, code, retryAfterS } = answer;
  const spread = 0.8 + 0.4 * chance;
  const busy = (): Step => ({ do: "wait", waitMs: patience(retryAfterS, chance) ?? backoffMs(attempt, chance, BUSY_CAP_MS) });
  const hold = (reason: HoldReason, waitMs: number): Step => ({ do: "hold", reason, waitMs: waitMs * spread });
  if (status >= 200 && status < 300) return { do: "settle" };
  if (status >= 300 && status < 400) return hold("redirected", HOUR_MS);
  if (columns && (status === 400 || status === 415 || status === 422)) return { do: "plain" };
  switch (status) {
    case 400:
    case 422:
      return { do: "refuse", code: code ?? `http_${status}` };
    case 401:
      return hold("key_refused", KEY_RETRY_MS);
    case 403:
      return hold(code === "centre_closed" ? "centre_closed" : "revoked", HOUR_MS);
    case 404:
    case 410:
      return hold("not_found", HOUR_MS);
    case 409:
      return { do: "new_stream" };
    case 413:
      return { do: "halve" };
    case 415:
    case 426:
      return hold("version_mismatch", HOUR_MS);
    case 408:
    case 425:
    case 429:
      return busy();
    default:
      return status >= 500 ? busy() : hold("unexpected", HOUR_MS);
  }
}

/** As long as the collector asked for, and up to a fifth more; undefined where it asked for nothing. */
function patience(retryAfterS: number | undefined, chance: number): number | undefined {
  return retryAfterS !== undefined && retryAfterS > 0 ? Math.min(retryAfterS * 1_000, RETRY_AFTER_MAX_MS) * (1 + 0.2 * chance) : undefined;
}
