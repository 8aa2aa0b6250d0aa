import type { Db } from "./db.ts";
import { and, asc, desc, eq, gt, isNotNull, lt, or, sql } from "./drizzle.ts";
import { drizzled } from "./drizzle-db.ts";
import { allRows, type ListPart, listPart, PART_ROWS, rowsBefore } from "./list-part.ts";
import { asJsonb, personLinks, persons, sessions } from "./tables.ts";

export type Account = typeof persons.$inferSelect;
/** What may be changed of an account. */
export type AccountChange = Partial<
  Pick<Account, "name" | "roles" | "centreCode" | "password" | "disabled" | "endsAt" | "lastLoginAt" | "factor" | "factorStep">
>;

/** Adds an account. False when its login is taken. */
export async function addAccount(db: Db, account: typeof persons.$inferInsert): Promise<boolean> {
  const row = { ...account, roles: asJsonb(account.roles) };
  const added = await drizzled(db, (to) => to.insert(persons).values(row).onConflictDoNothing().returning({ id: persons.personId }));
  return added.length > 0;
}

export async function findAccount(db: Db, by: { login: string } | { subject: string } | { personId: string }): Promise<Account | undefined> {
  const [column, value] = "login" in by ? [persons.login, by.login] : "subject" in by ? [persons.subject, by.subject] : [persons.personId, by.personId];
  const [row] = await drizzled(db, (to) => to.select().from(persons).where(eq(column, value)));
  return row;
}

/** A page of the accounts by their logins. */
export function accountPart(db: Db, page: number): Promise<ListPart<Account>> {
  const rows = drizzled(db, (to) => to.select().from(persons).orderBy(asc(persons.login)).limit(PART_ROWS).offset(rowsBefore(page)));
  return listPart(
    page,
    rows,
    drizzled(db, (to) => to.select(allRows).from(persons)),
  );
}

export async function changeAccount(db: Db, personId: string, { roles, ...change }: AccountChange): Promise<void> {
  const set = { ...change, ...(roles && { roles: asJsonb(roles) }) };
  await drizzled(db, (to) => to.update(persons).set(set).where(eq(persons.personId, personId)));
}

/** Uses up the code of a step. Of two at once, and of steps before one that was used, none is taken: false. */
export async function takeFactorStep(db: Db, personId: string, step: number): Promise<boolean> {
  const isNewer = and(eq(persons.personId, personId), lt(persons.factorStep, step));
  return (await drizzled(db, (to) => to.update(persons).set({ factorStep: step }).where(isNewer).returning({ id: persons.personId }))).length > 0;
}

/** Whether anyone can sign in: an account in use has a password, or comes from a sign-on service. */
export async function isAnyoneAbleToSignIn(db: Db): Promise<boolean> {
  const able = and(eq(persons.disabled, false), or(isNotNull(persons.password), isNotNull(persons.subject)));
  return (await drizzled(db, (to) => to.select({ id: persons.personId }).from(persons).where(able).limit(1))).length > 0;
}

/** Replaces whatever link a person had by a new one. */
export async function putLink(db: Db, link: typeof personLinks.$inferInsert): Promise<void> {
  await db.transaction(async (tx) => {
    await drizzled(tx, (to) => to.delete(personLinks).where(eq(personLinks.personId, link.personId)));
    await drizzled(tx, (to) => to.insert(personLinks).values(link));
  });
}

/** The person of a link that still holds. */
export async function personOfLink(db: Db, tokenSha256: string, nowMs: number): Promise<string | undefined> {
  const holds = and(eq(personLinks.tokenSha256, tokenSha256), gt(personLinks.expiresAt, nowMs));
  const [row] = await drizzled(db, (to) => to.select({ personId: personLinks.personId }).from(personLinks).where(holds));
  return row?.personId;
}

/** Uses a link up. Of two at once only one gets its person. */
export async function takeLink(db: Db, tokenSha256: string): Promise<string | undefined> {
  const [row] = await drizzled(db, (to) =>
    to.delete(personLinks).where(eq(personLinks.tokenSha256, tokenSha256)).returning({ personId: personLinks.personId }),
  );
  return row?.personId;
}

export async function addSession(db: Db, session: typeof sessions.$inferInsert): Promise<void> {
  await drizzled(db, (to) => to.insert(sessions).values(session));
}

/** A session and its account. */
export async function findSession(db: Db, tokenSha256: string): Promise<{ session: typeof sessions.$inferSelect; account: Account } | undefined> {
  const [row] = await drizzled(db, (to) =>
    to
      .select({ session: sessions, account: persons })
      .from(sessions)
      .innerJoin(persons, eq(persons.personId, sessions.personId))
      .where(eq(sessions.tokenSha256, tokenSha256)),
  );
  return row;
}

/** Sessions of a person, the newest first; some may be over by time. */
export async function listSessions(db: Db, personId: string): Promise<(typeof sessions.$inferSelect)[]> {
  return drizzled(db, (to) => to.select().from(sessions).where(eq(sessions.personId, personId)).orderBy(desc(sessions.createdAt)));
}

export async function touchSession(db: Db, tokenSha256: string, nowMs: number): Promise<void> {
  await drizzled(db, (to) => to.update(sessions).set({ seenAt: nowMs }).where(eq(sessions.tokenSha256, tokenSha256)));
}

export async function endSession(db: Db, tokenSha256: string): Promise<void> {
  await drizzled(db, (to) => to.delete(sessions).where(eq(sessions.tokenSha256, tokenSha256)));
}

/** Ends all sessions of a person, and gives the hashes of their tokens. */
export async function endSessionsOf(db: Db, personId: string): Promise<string[]> {
  const ended = await drizzled(db, (to) => to.delete(sessions).where(eq(sessions.personId, personId)).returning({ tokenSha256: sessions.tokenSha256 }));
  return ended.map(({ tokenSha256 }) => tokenSha256);
}

/** Ends whatever opens an account without its password: all sessions of the person, and a link to set a new one. */
export async function closeWaysIn(db: Db, personId: string): Promise<void> {
  await drizzled(db, (to) => to.delete(personLinks).where(eq(personLinks.personId, personId)));
  await endSessionsOf(db, personId);
}

/** Deletes sessions and links whose time is over. */
export async function forgetEnded(db: Db, sessionsBeforeMs: number, nowMs: number): Promise<void> {
  await drizzled(db, (to) => to.delete(sessions).where(sql`${sessions.createdAt} < to_timestamp(${sessionsBeforeMs}::float8 / 1000)`));
  await drizzled(db, (to) => to.delete(personLinks).where(sql`${personLinks.expiresAt} < to_timestamp(${nowMs}::float8 / 1000)`));
}
