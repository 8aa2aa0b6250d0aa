import type { Db } from "./db.ts";
import { and, desc, eq, isNull } from "./drizzle.ts";
import { drizzled } from "./drizzle-db.ts";
import { apiTokens } from "./tables.ts";

export type ApiToken = typeof apiTokens.$inferSelect;

const LISTED = 1_000;

/** Keeps a new token. */
export async function addApiToken(db: Db, token: typeof apiTokens.$inferInsert): Promise<void> {
  await drizzled(db, (to) => to.insert(apiTokens).values(token));
}

export async function findApiToken(db: Db, tokenSha256: string): Promise<ApiToken | undefined> {
  const [row] = await drizzled(db, (to) => to.select().from(apiTokens).where(eq(apiTokens.tokenSha256, tokenSha256)));
  return row;
}

/** All tokens, newest first, ended ones too. */
export async function listApiTokens(db: Db): Promise<ApiToken[]> {
  return drizzled(db, (to) => to.select().from(apiTokens).orderBy(desc(apiTokens.createdAt)).limit(LISTED));
}

/** Ends a token for good. Gives its name; undefined when there is none, or it has ended before. */
export async function revokeApiToken(db: Db, tokenId: string, nowMs: number): Promise<string | undefined> {
  const holds = and(eq(apiTokens.tokenId, tokenId), isNull(apiTokens.revokedAt));
  const [row] = await drizzled(db, (to) => to.update(apiTokens).set({ revokedAt: nowMs }).where(holds).returning({ name: apiTokens.name }));
  return row?.name;
}

export async function touchApiToken(db: Db, tokenId: string, nowMs: number): Promise<void> {
  await drizzled(db, (to) => to.update(apiTokens).set({ lastUsedAt: nowMs }).where(eq(apiTokens.tokenId, tokenId)));
}
