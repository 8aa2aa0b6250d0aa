import { isIPv6 } from "node:net";
import * as snmp from "net-snmp";
import type { SnmpAccess } from "#schemas/target.ts";
import { DeviceError } from "./device-error.ts";
import { type Pace, unpaced } from "./pace.ts";
import { snmpFault } from "./snmp-fault.ts";
import { compareOids, OCTETS_MAX, oidIsUnder, type SnmpRow, type SnmpValue } from "./snmp-value.ts";

/** Most rows and octets that one walk may bring. */
export const WALK_ROWS_MAX = 5_000;
export const WALK_OCTETS_MAX = 2 * 1024 * 1024;
/** Time that one request waits for its answer, and how often it is sent again. */
export const SNMP_REQUEST_MS = 1_000;
const RETRIES = 1;
const OIDS_PER_GET = 10;

/** How a device wants to be asked; part of its definition. */
export type SnmpManners = {
  readonly maxRepetitions?: number | undefined;
  readonly oidsPerRequest?: number | undefined;
  readonly requestMs?: number | undefined;
  readonly pace?: Pace | undefined;
};

/** One visit to one device: one socket, one request at a time. Close it with `using` or `[Symbol.dispose]()`. */
export type SnmpSession = Disposable & {
  /** Asks for single objects; those that the device does not have are absent. @throws DeviceError */
  get(oids: readonly string[], manners?: SnmpManners): Promise<ReadonlyMap<string, SnmpValue>>;
  /** The object `oid`, or the first below it; undefined when there is neither. @throws DeviceError */
  first(oid: string): Promise<SnmpValue | undefined>;
  /** All objects below `base`; a walk that breaks off gives nothing but its error. @throws DeviceError */
  walk(base: string, manners?: SnmpManners): Promise<readonly SnmpRow[]>;
};

export type SnmpDevice = { readonly address: string; readonly port: number; readonly access: SnmpAccess };
/** Opens a visit. `signal` is the absolute deadline of the whole visit. @throws DeviceError unsupported */
export type OpenSnmp = (device: SnmpDevice, signal: AbortSignal, manners?: SnmpManners) => SnmpSession;

export const openSnmp: OpenSnmp = ({ address, port, access }, signal, manners = {}) => {
  const device = `${address}:${port}`;
  const session = createSession({ address, port, access }, manners.requestMs ?? SNMP_REQUEST_MS);
  const pace = manners.pace ?? unpaced;

  /** Sends one request and waits for its answer, its timeout, a fault of the session or the end of the visit. */
  const ask = async <Answer>(start: (done: (error: unknown, answer?: Answer) => void) => void): Promise<Answer> => {
    await pace(signal).catch(() => {});
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    const late = () => reject(new DeviceError("timeout", `the run ended before ${device} had answered SNMP`));
    session.current = reject;
    signal.addEventListener("abort", late, { once: true });
    if (signal.aborted) late();
    else start((error, answer) => (error || answer === undefined ? reject(error ?? new Error("no answer")) : resolve(answer)));
    try {
      const answer = await promise;
      session.hasAnswered = true;
      return answer;
    } catch (error) {
      const fault = snmpFault(error, device);
      // Its engine has answered, and what is encrypted for it it has not.
      if (fault.trouble === "timeout" && session.heard && !session.hasAnswered && access.version === "3" && access.privacy)
        throw new DeviceError("auth_failed", `${device} speaks SNMPv3 but cannot read what it is sent; check protocol and key of privacy`, { cause: error });
      // Garbage alone may come from anyone; garbage and no answer is the device's own.
      if (fault.trouble === "timeout" && session.sawGarbage) throw new DeviceError("malformed", `${device} answered with what is not SNMP`, { cause: error });
      throw fault;
    } finally {
      signal.removeEventListener("abort", late);
      session.current = undefined;
    }
  };
  return {
    first: async (oid) => {
      const own = (await getAll(ask, session, [oid], 1)).get(oid);
      if (own !== undefined) return own;
      const [next] = await nextRows(ask, session, oid, 1);
      return next && oidIsUnder(next.oid, oid) ? snmpValueOf(next) : undefined;
    },
    get: (oids, own = manners) => getAll(ask, session, oids, access.version === "1" ? 1 : (own.oidsPerRequest ?? OIDS_PER_GET)),
    walk: (base, own = manners) => walkAll(ask, session, base, access.version === "1" ? 1 : (own.maxRepetitions ?? 10), device),
    [Symbol.dispose]: () => session.end(),
  };
};

type Ask = <Answer>(start: (done: (error: unknown, answer?: Answer) => void) => void) => Promise<Answer>;

/** v1 refuses a whole request for one missing object, so there each object is asked alone. */
async function getAll(ask: Ask, session: GuardedSession, oids: readonly string[], perRequest: number): Promise<ReadonlyMap<string, SnmpValue>> {
  const found = new Map<string, SnmpValue>();
  for (let index = 0; index < oids.length; index += perRequest) {
    const part = oids.slice(index, index + perRequest);
    const varbinds = await ask<snmp.Varbind[]>((done) => session.get([...part], done)).catch((error: unknown) => {
      if (!(error instanceof DeviceError)) throw error;
      if (error.trouble === "no_such_object" && part.length === 1) return [];
      // Small agents cannot put several objects into one answer: some say so, others answer one of them, or say nothing.
      const isSmall = error.trouble === "bad_reply" || (session.hasAnswered && (error.trouble === "timeout" || error.trouble === "malformed"));
      if (part.length > 1 && isSmall) return undefined;
      throw error;
    });
    if (varbinds === undefined) {
      for (const [oid, value] of await getAll(ask, session, part, 1)) found.set(oid, value);
      continue;
    }
    for (const varbind of varbinds) {
      const value = snmpValueOf(varbind);
      if (value !== undefined) found.set(varbind.oid, value);
    }
  }
  return found;
}

/** Own loop instead of `subtree`: that accepts an OID that repeats, and goes on for ever. */
async function walkAll(ask: Ask, session: GuardedSession, base: string, maxRepetitions: number, device: string): Promise<readonly SnmpRow[]> {
  const rows: SnmpRow[] = [];
  let octets = 0;
  let last = base;
  for (;;) {
    const step = await nextRows(ask, session, last, maxRepetitions);
    if (step.length === 0) return rows;
    for (const varbind of step) {
      const value = snmpValueOf(varbind);
      if (value === undefined || !oidIsUnder(varbind.oid, base)) return rows;
      if (compareOids(varbind.oid, last) <= 0) throw new DeviceError("malformed", `${device} does not count upwards below ${base}; the walk was given up`);
      last = varbind.oid;
      octets += Buffer.isBuffer(varbind.value) ? varbind.value.length : 8;
      rows.push({ oid: last, value });
    }
    if (rows.length > WALK_ROWS_MAX || octets > WALK_OCTETS_MAX)
      throw new DeviceError("malformed", `${device} has more than ${WALK_ROWS_MAX} rows or ${WALK_OCTETS_MAX} bytes below ${base}`);
  }
}

async function nextRows(ask: Ask, session: GuardedSession, last: string, maxRepetitions: number): Promise<readonly snmp.Varbind[]> {
  if (maxRepetitions > 1 && session.bulk !== "refused") {
    const rows = await ask<(snmp.Varbind | snmp.Varbind[])[]>((done) => session.getBulk([last], 0, maxRepetitions, done)).catch((error: unknown) => {
      // Some agents refuse or drop GETBULK and answer all else.
      const mayBeBulk = error instanceof DeviceError && (error.trouble === "bad_reply" || error.trouble === "timeout");
      if (!mayBeBulk || !session.hasAnswered || session.bulk === "works") throw error;
      return undefined;
    });
    session.bulk = rows === undefined ? "refused" : "works";
    if (rows !== undefined) return rows.flat();
  }
  return ask<snmp.Varbind[]>((done) => session.getNext([last], done)).catch((error: unknown) => {
    // The end of the tree in v1.
    if (error instanceof DeviceError && error.trouble === "no_such_object") return [];
    throw error;
  });
}

/** undefined for "no such object", "no such instance", "end of view" and for types that no definition reads. */
function snmpValueOf(varbind: snmp.Varbind): SnmpValue | undefined {
  if (snmp.isVarbindError(varbind)) return undefined;
  const { type, value } = varbind;
  if (type === snmp.ObjectType.Counter64 && Buffer.isBuffer(value)) return Number(value.length === 0 ? 0n : BigInt(`0x${value.toString("hex")}`));
  // A copy: a slice would keep the whole datagram in memory.
  if (Buffer.isBuffer(value)) return Uint8Array.from(value.subarray(0, OCTETS_MAX));
  return typeof value === "number" || typeof value === "string" ? value : undefined;
}

/** A session that no datagram can bring down: what the library throws while it reads becomes the fault of the request under way. */
class GuardedSession extends snmp.Session {
  current: ((error: unknown) => void) | undefined;
  sawGarbage = false;
  /** Whether anything came back at all, and whether a question has been answered. */
  heard = false;
  hasAnswered = false;
  bulk: "untried" | "works" | "refused" = "untried";
  private ended = false;

  end(): void {
    if (!this.ended) this.close();
    this.ended = true;
  }

  override onMsg(buffer: Buffer): void {
    this.heard = true;
    try {
      super.onMsg(buffer);
    } catch (error) {
      this.sawGarbage = true;
      this.current?.(error instanceof snmp.ResponseInvalidError ? error : new snmp.ResponseInvalidError("unreadable", 0));
    }
  }

  override onError(error: unknown): void {
    this.current?.(error);
  }
}

function createSession({ address, port, access }: SnmpDevice, timeout: number): GuardedSession {
  const device = `${address}:${port}`;
  const options = {
    transport: isIPv6(address) ? ("udp6" as const) : ("udp4" as const),
    port,
    timeout,
    retries: RETRIES,
    reportOidMismatchErrors: true,
  };
  const session =
    access.version === "3"
      ? new GuardedSession(address, userOf(access, device), { ...options, version: snmp.Version3, context: access.context ?? "" })
      : new GuardedSession(address, access.community, { ...options, version: access.version === "1" ? snmp.Version1 : snmp.Version2c });
  session.on("error", () => {
    session.sawGarbage = true;
  });
  return session;
}

function userOf({ user, auth, privacy }: Extract<SnmpAccess, { version: "3" }>, device: string): snmp.User {
  if (privacy?.protocol === "des")
    throw new DeviceError("unsupported", `${device}: snmp.privacy.protocol "des" is too weak for OpenSSL 3; set AES on the device and "aes" here`);
  if (privacy && !auth) throw new DeviceError("unsupported", `${device}: snmp.privacy needs snmp.auth`);
  if (!auth) return { name: user, level: snmp.SecurityLevel.noAuthNoPriv };
  const signed = { name: user, authProtocol: snmp.AuthProtocols[auth.protocol], authKey: auth.key };
  if (!privacy) return { ...signed, level: snmp.SecurityLevel.authNoPriv };
  return { ...signed, level: snmp.SecurityLevel.authPriv, privProtocol: snmp.PrivProtocols[privacy.protocol], privKey: privacy.key };
}
