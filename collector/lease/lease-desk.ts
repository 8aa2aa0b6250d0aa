import type { LeaseReply, LeaseRequest } from "#schemas/measure.ts";
import { signLease } from "../measure/lease-token.ts";
import type { LeaseRules, LeaseServer } from "./lease-rules.ts";
import type { LeaseStore } from "./lease-store.ts";
import { type Asker, decideSlot, type GrantedLease, monthStartMs, retryAtNextTurnS, serverOrder } from "./slots.ts";

export type LeaseDesk = {
  /** Grants a test or says when to ask again. */
  ask(asker: Asker, request: LeaseRequest): Promise<LeaseReply>;
  /** Takes a lease back. false when the agent holds no such lease: it expired, or belongs to another. */
  giveBack(lease: string, agent: string, usedBytes: number): Promise<boolean>;
};

export type LeaseDeskOptions = {
  readonly store: LeaseStore;
  readonly servers: readonly LeaseServer[];
  readonly rules: LeaseRules;
  /** Shared with the measure servers. */
  readonly secret: string;
  readonly nowMs: () => number;
  /** 16 hexadecimal digits, never twice the same. */
  readonly newId: () => string;
};

const NO_SERVER_RETRY_S = 3_600;

/** Decides who may test when and signs what each test may do. */
export function createLeaseDesk({ store, servers, rules, secret, nowMs, newId }: LeaseDeskOptions): LeaseDesk {
  const usualBytes = { short: rules.testBytes.usual, fullLength: rules.fullLength.bytes.usual };
  const askServer = async (asker: Asker, server: LeaseServer, { fullLength = false }: LeaseRequest): Promise<LeaseReply> => {
    const now = nowMs();
    let refusal: LeaseReply = { granted: false, reason: "no_server", retryAfterS: NO_SERVER_RETRY_S };
    let capMs = rules.capMs.full;
    const question = { asker, server: server.id, nowMs: now, monthStartMs: monthStartMs(now), usualBytes };
    const lease = await store.grant(question, (state): GrantedLease | undefined => {
      const found = decideSlot(asker, state, server, rules, now, fullLength);
      if (!found.granted) {
        refusal = found;
        return undefined;
      }
      capMs = found.capMs;
      const { expiresMs, bytesMax, passMs } = found;
      return { ...asker, id: newId(), server: server.id, grantedMs: now, expiresMs, bytesMax, ...(passMs !== undefined && { passMs }) };
    });
    if (!lease) return refusal;
    const { id, agent, expiresMs, bytesMax, passMs } = lease;
    const token = signLease({ lease: id, agent, server: server.id, notBeforeMs: now, expiresMs, bytesMax }, secret);
    const expiresAt = new Date(expiresMs).toISOString();
    const granted = { id, token, server: { id: server.id, url: server.url }, expiresAt, bytesMax, capMs, ...(passMs !== undefined && { passMs }) };
    return { granted: true, lease: granted };
  };
  return {
    async ask(asker, request) {
      let last: LeaseReply = { granted: false, reason: "no_server", retryAfterS: NO_SERVER_RETRY_S };
      const order = serverOrder(servers, asker.site, rules, nowMs());
      const named = order.findIndex(({ id }) => id === request.server);
      // An agent asks for each server by its name at the same moment: whoever came first would have every turn.
      if (named > 0) return { granted: false, reason: "not_due", retryAfterS: retryAtNextTurnS(asker.site, rules, nowMs()) };
      for (const server of request.server === undefined ? order : order.slice(named, named + 1)) {
        last = await askServer(asker, server, request);
        // Only a full server makes the next one worth asking.
        if (last.granted || last.reason !== "full") break;
      }
      return last;
    },
    giveBack: (lease, agent, usedBytes) => store.giveBack(lease, agent, usedBytes, nowMs()),
  };
}
