import { z } from "zod";
import { cleanText } from "#schemas/clean-text.ts";
import { type Person, TokenRole } from "#schemas/person.ts";
import { fieldErrors, type Parsed } from "../attest/field-errors.ts";
import { hashOfToken, newToken } from "../auth/secret-token.ts";
import * as store from "../store/api-tokens.ts";
import { audited, type Doer } from "../store/audit.ts";
import type { Db } from "../store/db.ts";

const DAY_MS = 86_400_000;
export const TOKEN_DAYS = 90;
export const TOKEN_DAYS_MAX = 365;
/** Requests that one token may make in a minute, per collector process. */
export const TOKEN_RATE = 120;
const MINUTE_MS = 60_000;
/** Tokens are marked as used at most this often. */
const USED_EVERY_MS = 60_000;
/** Letters of a token that stay visible, so that people can tell which one it is. */
const ID_LENGTH = 12;
/** `hcc_` lets scanners of source code find a token that was checked in. */
const FORM = /^hcc_[\w-]{43}$/;

/** What a new token is for; the days are those until it ends. */
const NewToken = z.object({
  name: z
    .string()
    .transform((name) => cleanText(name, 65))
    .pipe(z.string().min(1).max(64)),
  role: TokenRole,
  days: z.coerce
    .number()
    .refine((days) => Number.isInteger(days) && days >= 1 && days <= TOKEN_DAYS_MAX, { message: "tokens.fault.days", params: { max: TOKEN_DAYS_MAX } })
    .default(TOKEN_DAYS),
});
export type NewToken = z.infer<typeof NewToken>;

/** A token as typed into the form or the command line. */
export function parseToken(fields: Readonly<Record<string, unknown>>): Parsed<NewToken> {
  const input = NewToken.safeParse({ ...fields, days: fields.days === "" ? undefined : fields.days });
  return input.success ? { ok: true, value: input.data } : { ok: false, errors: fieldErrors(input.error) };
}

/** What a token says: the program behind it, that it comes too often, or nothing that holds. */
export type TokenVerdict = { readonly person: Person } | "too_many" | "unknown";
export type TokenDesk = ReturnType<typeof createTokenDesk>;

/** Tokens for programs that read the API: every change of them, in one transaction with its line in the audit log. */
export function createTokenDesk({ db, clock }: { db: Db; clock: () => number }) {
  const minutes = new Map<string, { readonly minute: number; count: number }>();

  /** Whether a token has asked too often in this minute. Tokens that nobody has never get here, so the map stays as small as their table. */
  function isTooMany(tokenId: string): boolean {
    const minute = Math.floor(clock() / MINUTE_MS);
    const known = minutes.get(tokenId);
    const now = known?.minute === minute ? known : { minute, count: 0 };
    minutes.set(tokenId, now);
    return ++now.count > TOKEN_RATE;
  }

  return {
    /** Makes a token. Its text is given once and kept nowhere. */
    async add({ name, role, days }: NewToken, doer: Doer): Promise<{ id: string; text: string }> {
      const text = `hcc_${newToken()}`;
      const id = text.slice(0, ID_LENGTH);
      const row = { tokenId: id, tokenSha256: hashOfToken(text), name, role, createdBy: doer.who, createdAt: clock(), expiresAt: clock() + days * DAY_MS };
      await audited(db, doer, clock(), async (tx, note) => {
        await store.addApiToken(tx, row);
        await note({ what: "token.added", about: `${id} ${role}: ${name}` });
      });
      return { id, text };
    },

    list: (page = 1) => store.apiTokenPart(db, page),

    /** Ends a token. False when there is none, or it has been ended before. */
    async revoke(id: string, doer: Doer): Promise<boolean> {
      return audited(db, doer, clock(), async (tx, note) => {
        const name = await store.revokeApiToken(tx, id, clock());
        if (name !== undefined) await note({ what: "token.revoked", about: `${id}: ${name}` });
        return name !== undefined;
      });
    },

    /** Who stands behind a token. Revoking and expiry count from the next request on. */
    async identify(text: string): Promise<TokenVerdict> {
      if (!FORM.test(text)) return "unknown";
      const token = await store.findApiToken(db, hashOfToken(text));
      if (!token || token.revokedAt !== null || token.expiresAt <= clock()) return "unknown";
      if (isTooMany(token.tokenId)) return "too_many";
      if (clock() - (token.lastUsedAt ?? 0) > USED_EVERY_MS) await store.touchApiToken(db, token.tokenId, clock());
      return { person: { id: `token-${token.tokenId}`, login: token.tokenId, name: token.name, roles: [token.role] } };
    },
  };
}
