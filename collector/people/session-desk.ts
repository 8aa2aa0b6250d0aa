import { hashOfToken } from "../auth/secret-token.ts";
import { audited, type Doer } from "../store/audit.ts";
import type { Db } from "../store/db.ts";
import * as store from "../store/people.ts";

/** A person who does nothing is signed out after this long; nobody stays signed in longer than a working day. */
export const SESSION_IDLE_MS = 60 * 60_000;
export const SESSION_MS = 8 * 3_600_000;
/** Most of what one line of the audit log names. */
const ABOUT_MAX = 400;

/** A session as its owner sees it; `id` ends it and opens nothing. */
export type ListedSession = {
  readonly id: string;
  readonly createdAt: number;
  readonly seenAt: number;
  readonly address: string;
  readonly isThis: boolean;
};

/** What people see of open sessions and how they end them, each ending in one transaction with its line in the audit log. */
export function createSessionDesk({ db, clock }: { readonly db: Db; readonly clock: () => number }) {
  return {
    /** A person's open sessions, the newest first; `session` is the one that asks. */
    async sessionsOf(personId: string, session: string | undefined): Promise<readonly ListedSession[]> {
      const own = session === undefined ? undefined : hashOfToken(session);
      const open = (await store.listSessions(db, personId)).filter((each) => each.awaits === null && isOpen(each, clock()));
      return open.map(({ tokenSha256, createdAt, seenAt, address }) => ({
        id: sessionId(tokenSha256),
        createdAt,
        seenAt,
        address,
        isThis: tokenSha256 === own,
      }));
    },

    /** Ends one of a person's own sessions, or all but the one that asks. */
    async endOwnSessions(personId: string, which: { id: string } | { except: string }, doer: Doer): Promise<void> {
      const open = (await store.listSessions(db, personId)).map(({ tokenSha256 }) => tokenSha256);
      const meant = open.filter((sha256) => ("id" in which ? sessionId(sha256) === which.id : sha256 !== hashOfToken(which.except)));
      if (meant.length === 0) return;
      await audited(db, doer, clock(), async (tx, note) => {
        for (const tokenSha256 of meant) await store.endSession(tx, tokenSha256);
        await note({ what: "session.ended", about: endedOf(doer.who, meant) });
      });
    },

    /** Ends all sessions of somebody. False when there is no such account. */
    async endSessionsOf(login: string, doer: Doer): Promise<boolean> {
      const account = await store.findAccount(db, { login });
      if (!account) return false;
      await audited(db, doer, clock(), async (tx, note) => {
        const ended = await store.endSessionsOf(tx, account.personId);
        await note({ what: "session.ended", about: endedOf(login, ended) });
      });
      return true;
    },
  };
}

/** Whether neither the working day nor the idle time of a session is over. */
export function isOpen({ createdAt, seenAt }: { createdAt: number; seenAt: number }, nowMs: number): boolean {
  return nowMs - createdAt <= SESSION_MS && nowMs - seenAt <= SESSION_IDLE_MS;
}

/** Names a session to its owner: part of the hash of 256 random bits, which opens nothing. */
function sessionId(tokenSha256: string): string {
  return tokenSha256.slice(0, 16);
}

/** Whose sessions were ended, and which: by the names under which their owner saw them. */
function endedOf(login: string, tokenSha256s: readonly string[]): string {
  return [`${login}:`, ...tokenSha256s.map(sessionId)].join(" ").slice(0, ABOUT_MAX);
}
