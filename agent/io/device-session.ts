import { DeviceError } from "./device-error.ts";
import { type DigestChallenge, digestAuthorization, readDigestChallenge } from "./http-digest.ts";
import type { LanHttp, LanReply } from "./lan-http.ts";
import { type Login, loginGuard } from "./login-guard.ts";
import { type Pace, unpaced } from "./pace.ts";

/** How a device is reached and who we are there. */
export type DeviceAccess = {
  readonly address: string;
  readonly port: number;
  readonly tls?: boolean | undefined;
  readonly user?: string | undefined;
  readonly password?: string | undefined;
};

export type DeviceCall = {
  readonly method: "GET" | "POST";
  readonly path: string;
  readonly contentType?: string;
  readonly body?: string;
  readonly capBytes?: number;
  readonly deadlineMs?: number;
};

/** Whether a refusal says that the login was right and only its nonce too old (RFC 7616 §3.3). */
function saysStale(challenges: readonly string[]): boolean {
  return challenges.some((challenge) => /\bstale\s*=\s*"?true\b/i.test(challenge.slice(0, 4096)));
}

/** One visit to one device: Digest is answered once, a wrong password is tried once, requests keep the pace. */
export type DeviceSession = {
  readonly access: DeviceAccess;
  readonly signal: AbortSignal;
  readonly pace: Pace;
  /** Sends with Digest if the device asks for it. A 401 without a usable challenge comes back as the reply. @throws DeviceError auth_failed */
  readonly send: (call: DeviceCall) => Promise<LanReply>;
  /** Sends without any credentials; what comes back is the reply, a 401 included. */
  readonly sendOpen: (call: DeviceCall) => Promise<LanReply>;
  /** Notes that the device refused our credentials: nothing else is sent with them in this visit. @throws always */
  readonly refuse: () => never;
};

/**
 * Says why a 401 stands at the end of a call. Old firmware asks for the password in clear (Basic), which is never sent: whoever sits on the line
 * could ask for it as well.
 */
export function loginMissing({ challenges }: LanReply, { address, port, user }: DeviceAccess): DeviceError {
  const device = `${address}:${port}`;
  if (user !== undefined && challenges.some((challenge) => /^\s*basic\b/i.test(challenge)))
    return new DeviceError(
      "auth_failed",
      `${device} asks for the password in clear (Basic), which is not sent; update its firmware, or set its login to Digest`,
    );
  return new DeviceError("auth_failed", `${device} asks for a login that it was not given`);
}

/** Opens a visit. `pace` bounds the requests per second; without it they go as fast as the answers come. */
export function openDeviceSession(lanHttp: LanHttp, access: DeviceAccess, signal: AbortSignal, pace: Pace = unpaced): DeviceSession {
  const { address, port, tls, user, password } = access;
  let challenge: DigestChallenge | undefined;
  let count = 0;
  let refused = false;
  let service = "";
  const login = (): Login => ({ address, port, service, user, password });

  const refusal = () =>
    new DeviceError("auth_failed", `${address}:${port} refused user name or password; it was asked once only, so that it does not lock us out`);
  const refuse = (): never => {
    refused = true;
    if (user !== undefined) loginGuard.refused(login());
    throw refusal();
  };
  const exchange = async (call: DeviceCall, authorization?: string): Promise<LanReply> => {
    await pace(signal);
    const headers: Record<string, string> = {};
    if (call.contentType) headers["content-type"] = call.contentType;
    if (authorization) headers.authorization = authorization;
    const { method, path, body, capBytes, deadlineMs } = call;
    return lanHttp({ address, port, tls, method, path, headers, body, signal, capBytes, deadlineMs });
  };
  const answer = (call: DeviceCall, given: DigestChallenge): string => {
    count += 1;
    return digestAuthorization({ challenge: given, user: user ?? "", password: password ?? "", method: call.method, uri: call.path, count });
  };

  const send = async (call: DeviceCall): Promise<LanReply> => {
    if (refused) throw refusal();
    service = call.path.split("/")[1] ?? "";
    if (user !== undefined) loginGuard.check(login());
    const first = await exchange(call, challenge && answer(call, challenge));
    if (first.status !== 401 || user === undefined) return first;
    const fresh = readDigestChallenge(first.challenges);
    if (fresh === undefined) return first;
    // A nonce that worked before may expire; the same nonce refused means that the password is no longer right.
    if (challenge?.nonce === fresh.nonce) refuse();
    challenge = fresh;
    count = 0;
    const second = await exchange(call, answer(call, fresh));
    const renewed = second.status === 401 && saysStale(second.challenges) ? readDigestChallenge(second.challenges) : undefined;
    if (renewed) [challenge, count] = [renewed, 0];
    const last = renewed ? await exchange(call, answer(call, renewed)) : second;
    if (last.status === 401) refuse();
    loginGuard.accepted(login());
    return last;
  };
  return { access, signal, pace, send, sendOpen: (call) => exchange(call), refuse };
}
