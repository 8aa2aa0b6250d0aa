import type { ConfigSeal } from "#schemas/agent-config.ts";
import type { Db } from "./db.ts";
import { and, eq, sql } from "./drizzle.ts";
import { drizzled } from "./drizzle-db.ts";
import { configSeals } from "./tables.ts";

/** A reception point of a centre. */
export type SealPlace = { readonly siteId: number; readonly point: string };

/** The signed configuration of a reception point; undefined when none was brought in. */
export async function configSeal(db: Db, { siteId, point }: SealPlace): Promise<ConfigSeal | undefined> {
  const { payload, signature } = configSeals;
  const isThere = and(eq(configSeals.siteId, siteId), eq(configSeals.point, point));
  const [row] = await drizzled(db, (to) => to.select({ payload, signature }).from(configSeals).where(isThere));
  return row;
}

/** Keeps a signed configuration in place of an older one of its reception point. False when that very one, or a newer one, is there already. */
export async function keepConfigSeal(db: Db, place: SealPlace, { payload, signature }: ConfigSeal, version: number, nowMs: number): Promise<boolean> {
  const row = { ...place, version, payload, signature, keptAt: nowMs };
  const set = { version: sql`excluded.version`, payload: sql`excluded.payload`, signature: sql`excluded.signature`, keptAt: sql`excluded.kept_at` };
  // Phones and the end of a signature change without the version; another key signs the same anew.
  const setWhere = sql`(config_seal.version, config_seal.payload::jsonb ->> 'issuedAt') <= (excluded.version, excluded.payload::jsonb ->> 'issuedAt')
    AND config_seal.signature <> excluded.signature`;
  const kept = await drizzled(db, (to) =>
    to
      .insert(configSeals)
      .values(row)
      .onConflictDoUpdate({ target: [configSeals.siteId, configSeals.point], set, setWhere })
      .returning({ siteId: configSeals.siteId }),
  );
  return kept.length > 0;
}
