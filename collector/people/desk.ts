import { randomBytes } from "node:crypto";
import { Person, type Role } from "#schemas/person.ts";
import type { Try } from "../auth/login-throttle.ts";
import { checkPassword, hashPassword, passwordFault } from "../auth/password.ts";
import { hashOfToken, newToken } from "../auth/secret-token.ts";
import { isTotpSecret, totpStep } from "../auth/totp.ts";
import { addDeed, type Doer, deedPart, deedsAfter, verifyAudit } from "../store/audit.ts";
import type { Db } from "../store/db.ts";
import * as store from "../store/people.ts";
import { forgetFailures } from "../store/sign-in-failures.ts";
import { guardedTries, type Refused } from "./guarded-tries.ts";
import { createSessionDesk, isOpen, SESSION_MS } from "./session-desk.ts";

/** How long a link to set a password holds. */
export const LINK_MS = 24 * 3_600_000;
/** How long whoever gave the right password may take for the second factor. */
const HALFWAY_MS = 10 * 60_000;
/** Sessions are marked as seen at most this often. */
const SEEN_EVERY_MS = 60_000;

export type NewPerson = {
  readonly login: string;
  readonly name: string;
  readonly roles: readonly Role[];
  readonly centre?: string | undefined;
  readonly endsAt?: number | undefined;
};
/** What a session waits for before it opens anything: the code of the second factor, or that one is set up; null for nothing more. */
export type Awaits = "code" | "setup" | null;
export type SignedIn = { readonly ok: true; readonly session: string; readonly person: Person; readonly awaits: Awaits };
export type PasswordSet = SignedIn | { readonly ok: false; readonly fault: "link" | "short" | "long" | "guessable" };
export type PasswordChanged = SignedIn | Refused | { readonly ok: false; readonly fault: "present" | "short" | "long" | "guessable" };
/** `session`: there is none that awaits a second factor, or its time is over. */
export type FactorGiven = SignedIn | Refused | { readonly ok: false; readonly fault: "session" | "code" };
export type FactorChanged = SignedIn | Refused | { readonly ok: false; readonly fault: "present" | "code" };
/** A person who has given the right password, and what he gives next. */
export type Halfway = { readonly login: string; readonly awaits: Exclude<Awaits, null> };
export type PeopleDesk = ReturnType<typeof createPeopleDesk>;

type DeskDeps = {
  readonly db: Db;
  readonly clock: () => number;
  /** Whether local accounts with these roles must have a second factor; none must by default. */
  readonly demandsFactor?: (roles: readonly Role[]) => boolean;
};

/** Accounts, links, sessions: every change of them, in one transaction with its line in the audit log. */
export function createPeopleDesk({ db, clock, demandsFactor = () => false }: DeskDeps) {
  const guarded = guardedTries({ db, clock });
  let claimed = false;
  const note = (tx: Db, doer: Doer, what: string, about: string) => addDeed(tx, { ...doer, what, about }, clock());

  /** A session for whoever has proved all that there is to prove; one that awaits something opens nothing yet. */
  async function begin(tx: Db, account: store.Account, doer: Doer, what: string, awaits: Awaits = null): Promise<SignedIn> {
    const session = newToken();
    const { personId } = account;
    await store.addSession(tx, { tokenSha256: hashOfToken(session), personId, createdAt: clock(), seenAt: clock(), address: doer.address, awaits });
    if (awaits === null) await store.changeAccount(tx, personId, { lastLoginAt: clock() });
    await note(tx, doer, what, account.login);
    return { ok: true, session, person: personOf(account), awaits };
  }

  /** What a password alone does not open. */
  const awaitsOf = ({ factor, roles }: store.Account): Awaits => (factor !== null ? "code" : demandsFactor(roles) ? "setup" : null);

  /** The account and session that wait for a second factor. */
  async function waiting(session: string) {
    const found = await store.findSession(db, hashOfToken(session));
    if (!found || found.session.awaits === null || !isUsable(found.account, clock())) return undefined;
    return clock() - found.session.createdAt > HALFWAY_MS ? undefined : { ...found, awaits: found.session.awaits };
  }

  async function knowsPassword({ login, password }: store.Account, present: string, doer: Doer): Promise<boolean> {
    const { fits } = await checkPassword(present, password ?? NOBODY);
    if (!fits) await note(db, doer, "password.refused", login);
    return fits;
  }

  /** Whether this is a code of the account's second factor that nobody has used; uses it up. */
  async function useCode(tx: Db, { personId, factor }: store.Account, code: string): Promise<boolean> {
    const step = factor === null ? undefined : totpStep(factor, code, clock());
    return step !== undefined && store.takeFactorStep(tx, personId, step);
  }

  /** Sets the first second factor of an account up, with a code that shows that the phone has it. Another has to be ended before. */
  async function setFactor(tx: Db, { personId, factor }: store.Account, secret: string, code: string): Promise<boolean> {
    const step = factor === null && isTotpSecret(secret) ? totpStep(secret, code, clock()) : undefined;
    if (step !== undefined) await store.changeAccount(tx, personId, { factor: secret, factorStep: step });
    return step !== undefined;
  }

  async function link(tx: Db, personId: string): Promise<string> {
    const token = newToken();
    await store.putLink(tx, { tokenSha256: hashOfToken(token), personId, expiresAt: clock() + LINK_MS });
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
      if (!found || found.session.awaits !== null) return undefined;
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
      return guarded<SignedIn | Refused>(from, async () => {
        const account = await store.findAccount(db, { login: from.login });
        const { fits, outdated } = await checkPassword(password, account?.password ?? NOBODY);
        const doer = { who: from.login.slice(0, 64), address: from.address };
        if (!account || !fits || !isUsable(account, clock())) {
          await note(db, { ...doer, who: account?.login ?? "unknown" }, "login.refused", account?.login ?? "unknown");
          return { ok: false, fault: "wrong", waitS: 0 };
        }
        if (outdated) await store.changeAccount(db, account.personId, { password: await hashPassword(password) });
        const awaits = awaitsOf(account);
        return db.transaction((tx) => begin(tx, account, doer, awaits === null ? "login" : "login.half", awaits));
      });
    },

    /** Who has given the password and not yet the second factor. */
    async halfway(session: string): Promise<Halfway | undefined> {
      const found = await waiting(session);
      return found && { login: found.account.login, awaits: found.awaits };
    },

    /** Ends a sign-in that waits for the second factor: by its code, or by setting one up with the secret that the person's phone has taken. */
    async giveFactor(session: string, { code, secret }: { code: string; secret: string }, address: string): Promise<FactorGiven> {
      const found = await waiting(session);
      if (!found) return { ok: false, fault: "session" };
      const { account, awaits } = found;
      const doer = { who: account.login, address };
      return guarded(apart(account, doer, "second-factor"), () =>
        db.transaction(async (tx): Promise<FactorGiven> => {
          const isRight = awaits === "code" ? await useCode(tx, account, code) : await setFactor(tx, account, secret, code);
          if (!isRight) {
            await note(tx, doer, "factor.refused", account.login);
            return { ok: false, fault: "code" };
          }
          await store.endSession(tx, found.session.tokenSha256);
          return begin(tx, account, doer, awaits === "code" ? "login" : "factor.set");
        }),
      );
    },

    /** Signs in whom a sign-on service has named, with the roles that its claims give. Makes the account when it is new. */
    async signInSubject(subject: string, { login, name, roles, centre }: NewPerson, address: string): Promise<SignedIn | undefined> {
      return db.transaction(async (tx) => {
        const known = await store.findAccount(tx, { subject });
        const seen = { name, roles: [...roles], centreCode: centre ?? null };
        if (known) await store.changeAccount(tx, known.personId, seen);
        else await store.addAccount(tx, { personId: newPersonId(), login, subject, createdAt: clock(), ...seen });
        const account = await store.findAccount(tx, { subject });
        return account && isUsable(account, clock()) ? begin(tx, account, { who: account.login, address }, "login.oidc") : undefined;
      });
    },

    /** Ends a session without a word: its browser has a new one. */
    async drop(session: string): Promise<void> {
      await store.endSession(db, hashOfToken(session));
    },

    async signOut(session: string, doer: Doer): Promise<void> {
      await db.transaction(async (tx) => {
        await store.endSession(tx, hashOfToken(session));
        await note(tx, doer, "logout", doer.who);
      });
    },

    /** Whether a sign-on service speaks for this person. */
    isOfService: async (personId: string) => ((await store.findAccount(db, { personId }))?.subject ?? null) !== null,

    hasFactor: async (personId: string) => ((await store.findAccount(db, { personId }))?.factor ?? null) !== null,

    /** Adds a person and gives the token of the link that sets the password; undefined when the login is taken. */
    async add({ login, name, roles, centre, endsAt }: NewPerson, doer: Doer): Promise<string | undefined> {
      const personId = newPersonId();
      const row = { personId, login, name, roles: [...roles], centreCode: centre ?? null, endsAt: endsAt ?? null, createdAt: clock() };
      return db.transaction(async (tx) => {
        if (!(await store.addAccount(tx, row))) return undefined;
        await note(tx, doer, "person.added", `${login}: ${[...roles, ...(centre ? [centre] : [])].join(", ")}`);
        return link(tx, personId);
      });
    },

    /** A page of the deeds, the newest first, and whether the chain of all of them is whole. */
    audit: async (page = 1) => ({ deeds: await deedPart(db, page), chain: await verifyAudit(db) }),

    deedsAfter: (place: number, count: number) => deedsAfter(db, place, count),

    list: (page = 1) => store.accountPart(db, page),

    /** Disables an account, or lets it in again; ends its sessions and its link. False when there is none. */
    async disable(login: string, disabled: boolean, doer: Doer): Promise<boolean> {
      const account = await store.findAccount(db, { login });
      if (!account) return false;
      await db.transaction(async (tx) => {
        await store.changeAccount(tx, account.personId, { disabled });
        await store.closeWaysIn(tx, account.personId);
        await note(tx, doer, disabled ? "person.disabled" : "person.enabled", login);
      });
      return true;
    },

    /** A new link for a person who has lost the password. The old password works until the link is used. Undefined for people of a sign-on service. */
    async reset(login: string, doer: Doer): Promise<string | undefined> {
      const account = await store.findAccount(db, { login });
      if (!account || account.subject !== null) return undefined;
      return db.transaction(async (tx) => {
        await note(tx, doer, "person.reset", login);
        return link(tx, account.personId);
      });
    },

    /** Sets the password of whoever holds a link, once; ends the person's other sessions and signs in. */
    async setPassword(token: string, password: string, address: string): Promise<PasswordSet> {
      const personId = await store.personOfLink(db, hashOfToken(token), clock());
      const account = personId === undefined ? undefined : await store.findAccount(db, { personId });
      if (!account || !isUsable(account, clock())) return { ok: false, fault: "link" };
      const fault = passwordFault(password, account.login);
      if (fault) return { ok: false, fault };
      const hashed = await hashPassword(password);
      return db.transaction(async (tx): Promise<PasswordSet> => {
        if (!(await store.takeLink(tx, hashOfToken(token)))) return { ok: false, fault: "link" };
        await store.changeAccount(tx, account.personId, { password: hashed });
        await store.endSessionsOf(tx, account.personId);
        return begin(tx, account, { who: account.login, address }, "password.set", awaitsOf(account));
      });
    },

    /** A new password for whoever knows the present one. All sessions of the person and any open link end, and a new session begins. */
    async changePassword(personId: string, present: string, password: string, doer: Doer): Promise<PasswordChanged> {
      const account = await store.findAccount(db, { personId });
      if (!account?.password) return { ok: false, fault: "present" };
      return guarded(apart(account, doer, "password-change"), async () => {
        if (!(await knowsPassword(account, present, doer))) return { ok: false, fault: "present" };
        const fault = passwordFault(password, account.login);
        if (fault) return { ok: false, fault };
        const hashed = await hashPassword(password);
        return db.transaction(async (tx) => {
          await store.changeAccount(tx, personId, { password: hashed });
          await store.closeWaysIn(tx, personId);
          return begin(tx, account, doer, "password.changed");
        });
      });
    },

    /**
     * Sets a second factor up, or ends it where no `secret` is given, for whoever knows the present password and has the code on his phone. All other
     * sessions of the person end.
     */
    async changeFactor(personId: string, given: { present: string; code: string; secret?: string }, doer: Doer): Promise<FactorChanged> {
      const account = await store.findAccount(db, { personId });
      if (!account?.password) return { ok: false, fault: "present" };
      return guarded(apart(account, doer, "factor-change"), async () => {
        if (!(await knowsPassword(account, given.present, doer))) return { ok: false, fault: "present" };
        const { secret } = given;
        return db.transaction(async (tx): Promise<FactorChanged> => {
          const isRight = secret === undefined ? await useCode(tx, account, given.code) : await setFactor(tx, account, secret, given.code);
          if (!isRight) {
            await note(tx, doer, "factor.refused", account.login);
            return { ok: false, fault: "code" };
          }
          if (secret === undefined) await store.changeAccount(tx, personId, { factor: null });
          await store.closeWaysIn(tx, personId);
          return begin(tx, account, doer, secret === undefined ? "factor.ended" : "factor.set");
        });
      });
    },

    /** Ends the second factor of somebody who has lost the phone, and his sessions. False when there is no such account, or none of its own. */
    async endFactor(login: string, doer: Doer): Promise<boolean> {
      const account = await store.findAccount(db, { login });
      if (!account?.factor) return false;
      await db.transaction(async (tx) => {
        await store.changeAccount(tx, account.personId, { factor: null });
        await store.closeWaysIn(tx, account.personId);
        await note(tx, doer, "factor.ended", login);
      });
      return true;
    },

    ...createSessionDesk({ db, clock }),

    /** Sets a password at the command line. */
    async putPassword(login: string, password: string, doer: Doer): Promise<"unknown" | "short" | "long" | "guessable" | undefined> {
      const account = await store.findAccount(db, { login });
      if (!account || account.subject !== null) return "unknown";
      const fault = passwordFault(password, login);
      if (fault) return fault;
      const hashed = await hashPassword(password);
      await db.transaction(async (tx) => {
        await store.changeAccount(tx, account.personId, { password: hashed });
        await store.closeWaysIn(tx, account.personId);
        await note(tx, doer, "password.set", login);
      });
      return undefined;
    },

    /** That a sign-on service named somebody who may not come in. */
    noteStranger: (subject: string, address: string) => note(db, { who: "unknown", address }, "login.stranger", subject.slice(0, 256)),

    async forgetEnded(): Promise<void> {
      await store.forgetEnded(db, clock() - SESSION_MS, clock());
      await forgetFailures(db, clock());
    },
  };
}

/** Tries at what only the owner knows are counted apart from sign-ins: whoever holds a stolen session, or the password, must not keep him from those. */
function apart({ login }: store.Account, { address }: Doer, device: string): Try {
  return { login, address, device };
}

/** A hash that no password fits, made with today's figures. */
const NOBODY = `$argon2id$v=19$m=19456,t=2,p=1$${"A".repeat(22)}$${"A".repeat(43)}`;

function newPersonId(): string {
  return `per-${randomBytes(8).toString("hex")}`;
}

function isUsable({ disabled, endsAt }: store.Account, nowMs: number): boolean {
  return !disabled && (endsAt === null || endsAt > nowMs);
}

function personOf({ personId, login, name, roles, centreCode }: store.Account): Person {
  return Person.parse({ id: personId, login, name, roles, ...(centreCode !== null && { centre: centreCode }) });
}
