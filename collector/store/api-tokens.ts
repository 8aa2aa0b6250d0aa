import type { Db } from "./db.ts";
import { and, asc, desc, eq, isNull } from "./drizzle.ts";
import { drizzled } from "./drizzle-db.ts";
import { allRows, type ListPart, listPart, PART_ROWS, rowsBefore } from "./list-part.ts";
import { apiTokens } from "./tables.ts";

export type ApiToken = typeof apiTokens.$inferSelect;

/** Keeps a new token. */
export async function addApiToken(db: Db, token: typeof apiTokens.$inferInsert): Promise<void> {
  await drizzled(db, (to) => to.insert(apiTokens).values(token));
}

export async function findApiToken(db: Db, tokenSha256: string): Promise<ApiToken | undefined> {
  const [row] = await drizzled(db, (to) => to.select().from(apiTokens).where(eq(apiTokens.tokenSha256, tokenSha256)));
  return row;
}

/** A page of the tokens, newest first, ended ones too. */
export function apiTokenPart(db: Db, page: number): Promise<ListPart<ApiToken>> {
  const rows = drizzled(db, (to) =>
    to.select().from(apiTokens).orderBy(desc(apiTokens.createdAt), asc(apiTokens.tokenId)).limit(PART_ROWS).offset(rowsBefore(page)),
  );
  return listPart(
    page,
    rows,
    drizzled(db, (to) => to.select(allRows).from(apiTokens)),
  );
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
