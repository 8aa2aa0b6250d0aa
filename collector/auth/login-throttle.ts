import { isIP } from "node:net";

/** Failures count together for so long from the first one on, ms. */
export const WINDOW_MS = 15 * 60_000;
const KEYS_MAX = 20_000;

/** Failures that one key may have within a window before it has to wait for the next. */
const limits = { pair: 5, network: 30, login: 50, device: 10 } as const;

/** Where a try to sign in comes from. `device` is set for a browser that has signed in as this very login before. */
export type Try = { readonly login: string; readonly address: string; readonly device?: string | undefined };

/**
 * Slows guessing down without letting anyone lock others out. A strange browser counts against its login and network together, its network, and
 * the login as a whole; a browser that has signed in before counts for itself alone, so that no stranger's failures keep its owner from signing in. Knows what one collector has seen.
 */
export class LoginThrottle {
  readonly #failures = new Map<string, { count: number; endsMs: number }>();

  /** Seconds to wait before the next try; 0 when it may be made. */
  waitS(from: Try, nowMs: number): number {
    const waits = keysOf(from).map(([key, limit]) => {
      const known = this.#failures.get(key);
      return known && known.endsMs > nowMs && known.count >= limit ? known.endsMs - nowMs : 0;
    });
    return Math.ceil(Math.max(...waits) / 1_000);
  }

  /** Counts a try as failed; also before its outcome is known, so that tries at the same moment do not all pass as the first. */
  failed(from: Try, nowMs: number): void {
    for (const [key] of keysOf(from)) {
      const known = this.#failures.get(key);
      this.#failures.delete(key);
      this.#failures.set(key, known && known.endsMs > nowMs ? { ...known, count: known.count + 1 } : { count: 1, endsMs: nowMs + WINDOW_MS });
    }
    // The oldest go first: a flood of invented logins makes room for itself, not for tries at real ones within their window.
    for (const key of this.#failures.keys()) {
      if (this.#failures.size <= KEYS_MAX) break;
      this.#failures.delete(key);
    }
  }

  /** Takes back what `failed` counted for a try that turned out right, and forgets the failures of its pair or device. */
  succeeded(from: Try): void {
    this.takeBack(from);
    const [own] = keysOf(from);
    if (own) this.#failures.delete(own[0]);
  }

  /** Takes back what `failed` counted for a try that was not made. */
  takeBack(from: Try): void {
    for (const [key] of keysOf(from)) {
      const known = this.#failures.get(key);
      if (known) this.#failures.set(key, { ...known, count: known.count - 1 });
    }
  }

  /** Has the tries of a key, one of `keysOf`, wait until its window ends: others have counted as many as may fail. */
  close(key: string, endsMs: number): void {
    this.#failures.set(key, { count: Number.MAX_SAFE_INTEGER, endsMs });
  }
}

/** What a try is counted by, its own key first, and how many within a window may fail by each. */
export function keysOf({ login, address, device }: Try): readonly (readonly [string, number])[] {
  if (device !== undefined) return [[`device ${login} ${device}`, limits.device]];
  const network = networkOf(address);
  return [
    [`pair ${login} ${network}`, limits.pair],
    [`network ${network}`, limits.network],
    [`login ${login}`, limits.login],
  ];
}

/** What counts together: IPv6 users hold a whole /64, however its zeros are written; IPv4 counts by address. */
export function networkOf(address: string): string {
  if (isIP(address) !== 6 || address.startsWith("::ffff:")) return address;
  const [head = "", tail = ""] = address.split("::");
  const [left, right] = [head, tail].map((part) => part.split(":").filter((group) => group !== "")) as [string[], string[]];
  const groups = [...left, ...Array<string>(Math.max(0, GROUPS - left.length - right.length)).fill("0"), ...right];
  return `${groups
    .slice(0, GROUPS / 2)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(":")}::/64`;
}

/** Groups of 16 bits in an IPv6 address. */
const GROUPS = 8;
