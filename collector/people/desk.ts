import { randomBytes } from "node:crypto";
import { Person, type Role } from "#schemas/person.ts";
import { LoginThrottle, type Try } from "../auth/login-throttle.ts";
import { checkPassword, hashPassword, passwordFault } from "../auth/password.ts";
import { hashOfToken, newToken } from "../auth/secret-token.ts";
import { addDeed, type Deed, deedsAfter, newestDeeds, verifyAudit } from "../store/audit.ts";
import type { Db } from "../store/db.ts";
import * as store from "../store/people.ts";

/** A person who does nothing is signed out after this long; nobody stays signed in longer than a working day. */
export const SESSION_IDLE_MS = 60 * 60_000;
export const SESSION_MS = 8 * 3_600_000;
/** How long a link to set a password holds. */
export const LINK_MS = 24 * 3_600_000;
/** Sessions are marked as seen at most this often. */
const SEEN_EVERY_MS = 60_000;
/** Most of what one line of the audit log names. */
const ABOUT_MAX = 400;
/** Hashing takes 19 MiB each: more at once than this wait for nothing, they are asked to come back. */
const HASHING_MAX = 4;

export type NewPerson = {
  readonly login: string;
  readonly name: string;
  readonly roles: readonly Role[];
  readonly centre?: string | undefined;
  readonly endsAt?: number | undefined;
};
export type SignedIn = { readonly ok: true; readonly session: string; readonly person: Person };
export type Refused = { readonly ok: false; readonly fault: "wrong" | "wait" | "busy"; readonly waitS: number };
export type PasswordSet = SignedIn | { readonly ok: false; readonly fault: "link" | "short" | "long" | "guessable" };
export type PasswordChanged = SignedIn | Refused | { readonly ok: false; readonly fault: "present" | "short" | "long" | "guessable" };
/** A session as its owner sees it; `id` ends it and opens nothing. */
export type ListedSession = {
  readonly id: string;
  readonly createdAt: number;
  readonly seenAt: number;
  readonly address: string;
  readonly isThis: boolean;
};
/** Who does something to accounts: a person's login, or "command line". */
export type Doer = Pick<Deed, "who" | "address">;

export type PeopleDesk = ReturnType<typeof createPeopleDesk>;

/** Accounts, links, sessions: every change of them, and its line in the audit log. */
export function createPeopleDesk({ db, clock }: { db: Db; clock: () => number }) {
  const throttle = new LoginThrottle();
  let hashing = 0;
  let claimed = false;
  const note = (doer: Doer, what: string, about: string) => addDeed(db, { ...doer, what, about }, clock());

  async function begin(account: store.Account, doer: Doer, what: string): Promise<SignedIn> {
    const session = newToken();
    await store.addSession(db, { tokenSha256: hashOfToken(session), personId: account.personId, createdAt: clock(), seenAt: clock(), address: doer.address });
    await store.changeAccount(db, account.personId, { lastLoginAt: clock() });
    await note(doer, what, account.login);
    return { ok: true, session, person: personOf(account) };
  }

  async function link(personId: string): Promise<string> {
    const token = newToken();
    await store.putLink(db, { tokenSha256: hashOfToken(token), personId, expiresAt: clock() + LINK_MS });
    return token;
  }

  return {
    /** Whether anyone can sign in. Once true it stays so, so that disabling the last account opens nothing. */
    async isClaimed(): Promise<boolean> {
      claimed ||= await store.isAnyoneAbleToSignIn(db);
      return claimed;
    },

    /** The person of a session's cookie, while neither the session nor the account has ended. */
    async identify(session: string): Promise<Person | undefined> {
      const found = await store.findSession(db, hashOfToken(session));
      if (!found) return undefined;
      const { createdAt, seenAt, tokenSha256 } = found.session;
      if (!isUsable(found.account, clock()) || !isOpen({ createdAt, seenAt }, clock())) {
        await store.endSession(db, tokenSha256);
        return undefined;
      }
      if (clock() - seenAt > SEEN_EVERY_MS) await store.touchSession(db, tokenSha256, clock());
      return personOf(found.account);
    },

    /** Signs in by password. A login that does not exist takes as long as a wrong password. */
    async signIn(given: Try, password: string): Promise<SignedIn | Refused> {
      const from = { ...given, login: given.login.trim().toLowerCase() };
      const waitS = throttle.waitS(from, clock());
      if (waitS > 0) return { ok: false, fault: "wait", waitS };
      if (hashing >= HASHING_MAX) return { ok: false, fault: "busy", waitS: 2 };
      throttle.failed(from, clock());
      hashing++;
      try {
        const account = await store.findAccount(db, { login: from.login });
        const { fits, outdated } = await checkPassword(password, account?.password ?? NOBODY);
        const doer = { who: from.login.slice(0, 64), address: from.address };
        if (!account || !fits || !isUsable(account, clock())) {
          await note({ ...doer, who: account?.login ?? "unknown" }, "login.refused", account?.login ?? "unknown");
          return { ok: false, fault: "wrong", waitS: 0 };
        }
        throttle.succeeded(from);
        if (outdated) await store.changeAccount(db, account.personId, { password: await hashPassword(password) });
        return await begin(account, doer, "login");
      } finally {
        hashing--;
      }
    },

    /** Signs in whom a sign-on service has named, with the roles that its claims give. Makes the account when it is new. */
    async signInSubject(subject: string, { login, name, roles, centre }: NewPerson, address: string): Promise<SignedIn | undefined> {
      const known = await store.findAccount(db, { subject });
      const seen = { name, roles: [...roles], centreCode: centre ?? null };
      if (known) await store.changeAccount(db, known.personId, seen);
      else await store.addAccount(db, { personId: newPersonId(), login, subject, createdAt: clock(), ...seen });
      const account = await store.findAccount(db, { subject });
      return account && isUsable(account, clock()) ? begin(account, { who: account.login, address }, "login.oidc") : undefined;
    },

    /** Ends a session without a word: its browser has a new one. */
    async drop(session: string): Promise<void> {
      await store.endSession(db, hashOfToken(session));
    },

    async signOut(session: string, doer: Doer): Promise<void> {
      await store.endSession(db, hashOfToken(session));
      await note(doer, "logout", doer.who);
    },

    /** Whether a sign-on service speaks for this person. */
    isOfService: async (personId: string) => ((await store.findAccount(db, { personId }))?.subject ?? null) !== null,

    /** Adds a person and gives the token of the link that sets the password; undefined when the login is taken. */
    async add({ login, name, roles, centre, endsAt }: NewPerson, doer: Doer): Promise<string | undefined> {
      const personId = newPersonId();
      const row = { personId, login, name, roles: [...roles], centreCode: centre ?? null, endsAt: endsAt ?? null, createdAt: clock() };
      if (!(await store.addAccount(db, row))) return undefined;
      await note(doer, "person.added", `${login}: ${[...roles, ...(centre ? [centre] : [])].join(", ")}`);
      return link(personId);
    },

    /** The newest deeds, and whether the chain of all of them is whole. */
    audit: async (count: number) => ({ deeds: await newestDeeds(db, count), chain: await verifyAudit(db) }),

    deedsAfter: (place: number, count: number) => deedsAfter(db, place, count),

    list: () => store.listAccounts(db),

    /** Disables an account, or lets it in again; ends its sessions and its link. False when there is none. */
    async disable(login: string, disabled: boolean, doer: Doer): Promise<boolean> {
      const account = await store.findAccount(db, { login });
      if (!account) return false;
      await store.changeAccount(db, account.personId, { disabled });
      await store.closeWaysIn(db, account.personId);
      await note(doer, disabled ? "person.disabled" : "person.enabled", login);
      return true;
    },

    /** A new link for a person who has lost the password. The old password works until the link is used. Undefined for people of a sign-on service. */
    async reset(login: string, doer: Doer): Promise<string | undefined> {
      const account = await store.findAccount(db, { login });
      if (!account || account.subject !== null) return undefined;
      await note(doer, "person.reset", login);
      return link(account.personId);
    },

    /** Sets the password of whoever holds a link, once; ends the person's other sessions and signs in. */
    async setPassword(token: string, password: string, address: string): Promise<PasswordSet> {
      const personId = await store.personOfLink(db, hashOfToken(token), clock());
      const account = personId === undefined ? undefined : await store.findAccount(db, { personId });
      if (!account || !isUsable(account, clock())) return { ok: false, fault: "link" };
      const fault = passwordFault(password, account.login);
      if (fault) return { ok: false, fault };
      if (!(await store.takeLink(db, hashOfToken(token)))) return { ok: false, fault: "link" };
      await store.changeAccount(db, account.personId, { password: await hashPassword(password) });
      await store.endSessionsOf(db, account.personId);
      return begin(account, { who: account.login, address }, "password.set");
    },

    /** A new password for whoever knows the present one. All sessions of the person and any open link end, and a new session begins. */
    async changePassword(personId: string, present: string, password: string, doer: Doer): Promise<PasswordChanged> {
      const account = await store.findAccount(db, { personId });
      if (!account?.password) return { ok: false, fault: "present" };
      // Failures here are counted apart: whoever holds a stolen session must not keep its owner from signing in.
      const from = { login: account.login, address: doer.address, device: "password-change" };
      const waitS = throttle.waitS(from, clock());
      if (waitS > 0) return { ok: false, fault: "wait", waitS };
      if (hashing >= HASHING_MAX) return { ok: false, fault: "busy", waitS: 2 };
      throttle.failed(from, clock());
      hashing++;
      try {
        if (!(await checkPassword(present, account.password)).fits) {
          await note(doer, "password.refused", account.login);
          return { ok: false, fault: "present" };
        }
        throttle.succeeded(from);
        const fault = passwordFault(password, account.login);
        if (fault) return { ok: false, fault };
        await store.changeAccount(db, personId, { password: await hashPassword(password) });
        await store.closeWaysIn(db, personId);
        return await begin(account, doer, "password.changed");
      } finally {
        hashing--;
      }
    },

    /** A person's open sessions, the newest first; `session` is the one that asks. */
    async sessionsOf(personId: string, session: string | undefined): Promise<readonly ListedSession[]> {
      const own = session === undefined ? undefined : hashOfToken(session);
      const open = (await store.listSessions(db, personId)).filter((each) => isOpen(each, clock()));
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
      for (const tokenSha256 of meant) await store.endSession(db, tokenSha256);
      if (meant.length > 0) await note(doer, "session.ended", endedOf(doer.who, meant));
    },

    /** Ends all sessions of somebody. False when there is no such account. */
    async endSessionsOf(login: string, doer: Doer): Promise<boolean> {
      const account = await store.findAccount(db, { login });
      if (!account) return false;
      const ended = await store.endSessionsOf(db, account.personId);
      await note(doer, "session.ended", endedOf(login, ended));
      return true;
    },

    /** Sets a password at the command line. */
    async putPassword(login: string, password: string, doer: Doer): Promise<"unknown" | "short" | "long" | "guessable" | undefined> {
      const account = await store.findAccount(db, { login });
      if (!account || account.subject !== null) return "unknown";
      const fault = passwordFault(password, login);
      if (fault) return fault;
      await store.changeAccount(db, account.personId, { password: await hashPassword(password) });
      await store.closeWaysIn(db, account.personId);
      await note(doer, "password.set", login);
      return undefined;
    },

    /** What a person did elsewhere: a declaration, a waiver. */
    note,

    async forgetEnded(): Promise<void> {
      await store.forgetEnded(db, clock() - SESSION_MS, clock());
    },
  };
}

/** A hash that no password fits, made with today's figures. */
const NOBODY = `$argon2id$v=19$m=19456,t=2,p=1$${"A".repeat(22)}$${"A".repeat(43)}`;

function newPersonId(): string {
  return `per-${randomBytes(8).toString("hex")}`;
}

/** Whether neither the working day nor the idle time of a session is over. */
function isOpen({ createdAt, seenAt }: { createdAt: number; seenAt: number }, nowMs: number): boolean {
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

function isUsable({ disabled, endsAt }: store.Account, nowMs: number): boolean {
  return !disabled && (endsAt === null || endsAt > nowMs);
}

function personOf({ personId, login, name, roles, centreCode }: store.Account): Person {
  return Person.parse({ id: personId, login, name, roles, ...(centreCode !== null && { centre: centreCode }) });
}
