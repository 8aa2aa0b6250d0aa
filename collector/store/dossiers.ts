import type { Db } from "./db.ts";

/** A member of a sealed dossier, as it stands in its text; of the lists of centres each centre by itself. */
export type SealedPart = { readonly key: string; readonly value: string; readonly items?: readonly string[] };

/**
 * What is sealed of a month, in the order of its text; undefined when it is not. With `centre` that one alone of all centres. The database takes the text apart: one of a
 * large province would hold the program.
 */
export async function sealedParts(db: Db, month: string, centre?: string): Promise<readonly SealedPart[] | undefined> {
  const rows = await db.query<{ place: number; key: string; value: string | null; item: string | null }>(partsOf, [month, centre ?? null]);
  const parts = [...Map.groupBy(rows, ({ place }) => place).values()].map((own): SealedPart => {
    const [first] = own;
    const { key = "", value = null } = first ?? {};
    return value === null ? { key, value: "[]", items: own.flatMap(({ item }) => item ?? []) } : { key, value };
  });
  return parts.length > 0 ? parts : undefined;
}

// json, not jsonb: it keeps the text as it was sealed.
const partsOf = `
  SELECT part.place::int AS place, part.key, CASE WHEN part.key IN ('centres', 'closedCentres') THEN NULL ELSE part.value::text END AS value, one.item::text AS item
  FROM dossier, LATERAL json_each(body::json) WITH ORDINALITY AS part(key, value, place)
  LEFT JOIN LATERAL json_array_elements(CASE WHEN part.key IN ('centres', 'closedCentres') THEN part.value ELSE '[]' END) WITH ORDINALITY AS one(item, nth)
    ON $2::text IS NULL OR one.item ->> 'code' = $2::text
  WHERE month = $1 ORDER BY part.place, one.nth`;

/** Whether a month is sealed. */
export async function isSealed(db: Db, month: string): Promise<boolean> {
  return (await db.query("SELECT FROM dossier WHERE month = $1", [month])).length > 0;
}

/** Seals a month. When two do it at once the first stays. */
export async function sealDossier(db: Db, month: string, body: string, sha256: string, nowMs: number): Promise<void> {
  await db.query("INSERT INTO dossier (month, sha256, body, sealed_at) VALUES ($1, $2, $3, to_timestamp($4::float8 / 1000)) ON CONFLICT DO NOTHING", [
    month,
    sha256,
    body,
    nowMs,
  ]);
}
