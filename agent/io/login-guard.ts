import { createHash } from "node:crypto";
import { DeviceError } from "./device-error.ts";

/** A login at one service of a device: the same name may have another password, or no right at all, at another one. */
export type Login = {
  readonly address: string;
  readonly port: number;
  readonly service: string;
  readonly user: string | undefined;
  readonly password: string | undefined;
};

const HOUR_MS = 3_600_000;
/** How long a refused login rests, by how often in a row it was refused. Recorders lock a user out after 3 to 7 wrong tries (fields/cameras.md). */
const RESTS_MS = [HOUR_MS, 4 * HOUR_MS, 24 * HOUR_MS] as const;
const LOGINS_MAX = 1_000;

/** Remembers, until this process ends, which logins were refused, so that probes that come every few minutes do not lock us out. */
export class LoginGuard {
  readonly #refused = new Map<string, { readonly untilMs: number; readonly times: number }>();
  readonly #nowMs: () => number;

  constructor(nowMs: () => number = () => performance.now()) {
    this.#nowMs = nowMs;
  }

  /** @throws DeviceError auth_failed while this very login rests; another password may be tried at once */
  check(login: Login): void {
    const known = this.#refused.get(keyOf(login));
    const leftMs = known === undefined ? 0 : known.untilMs - this.#nowMs();
    if (leftMs <= 0) return;
    throw new DeviceError(
      "auth_failed",
      `${login.address}:${login.port} refused user name or password before; it is asked again in ${Math.ceil(leftMs / 60_000)} minutes, or at once after "creds add" with another password`,
    );
  }

  refused(login: Login): void {
    const key = keyOf(login);
    const times = this.#refused.get(key)?.times ?? 0;
    // The oldest goes first: a list of devices that never ends must not fill the memory.
    this.#refused.delete(key);
    const oldest = this.#refused.keys().next().value;
    if (this.#refused.size >= LOGINS_MAX && oldest !== undefined) this.#refused.delete(oldest);
    const restMs = RESTS_MS[Math.min(times, RESTS_MS.length - 1)] ?? HOUR_MS;
    this.#refused.set(key, { untilMs: this.#nowMs() + restMs, times: times + 1 });
  }

  accepted(login: Login): void {
    this.#refused.delete(keyOf(login));
  }
}

/** One for the process: a device counts all of our tries together. */
export const loginGuard = new LoginGuard();

/** The password does not lie in memory in clear for longer than a visit takes. */
function keyOf({ address, port, service, user, password }: Login): string {
  return createHash("sha256")
    .update(JSON.stringify([address, port, service, user, password]))
    .digest("base64");
}
