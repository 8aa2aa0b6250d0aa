import { createHash } from "node:crypto";
import { advisoryLocks } from "./advisory-locks.ts";
import type { Db } from "./db.ts";
import { asc, desc, gt } from "./drizzle.ts";
import { drizzled } from "./drizzle-db.ts";
import { allRows, type ListPart, listPart, PART_ROWS, rowsBefore } from "./list-part.ts";
import { audits } from "./tables.ts";

/** One thing that a person did. `what` is a short code, `about` names the person, centre or requirement that it was done to. */
export type Deed = { readonly who: string; readonly what: string; readonly about: string; readonly address: string };
/** Who does something, and from where: a person's login, or "command line" with the user of the system. */
export type Doer = Pick<Deed, "who" | "address">;
/** What was done, and to whom or what: the part of a line that is the same on a page and on the command line. */
export type Act = Pick<Deed, "what" | "about">;
export type AuditRow = typeof audits.$inferSelect;

const PAGE = 2_000;
/** What the first row's hash follows. */
const BEGINNING = "hcc-watch audit";

/** Adds a deed to the end of the chain; one at a time, whatever number of collectors there is. */
export async function addDeed(db: Db, deed: Deed, nowMs: number): Promise<void> {
  await db.transaction(async (tx) => {
    await tx.query("SELECT pg_advisory_xact_lock($1::int)", [advisoryLocks.audit]);
    const [last] = await drizzled(tx, (to) => to.select().from(audits).orderBy(desc(audits.place)).limit(1));
    const row = { place: (last?.place ?? 0) + 1, at: Math.floor(nowMs), ...deed };
    await drizzled(tx, (to) => to.insert(audits).values({ ...row, sha256: hashOf(row, last?.sha256 ?? BEGINNING) }));
  });
}

/** Does what somebody asked for in one transaction with its lines, which `work` adds by `note`: neither is kept without the other. */
export function audited<T>(db: Db, doer: Doer, nowMs: number, work: (tx: Db, note: (act: Act) => Promise<void>) => Promise<T>): Promise<T> {
  return db.transaction((tx) => work(tx, (act) => addDeed(tx, { ...doer, ...act }, nowMs)));
}

/** A page of the deeds, newest first. */
export function deedPart(db: Db, page: number): Promise<ListPart<AuditRow>> {
  const rows = drizzled(db, (to) => to.select().from(audits).orderBy(desc(audits.place)).limit(PART_ROWS).offset(rowsBefore(page)));
  return listPart(
    page,
    rows,
    drizzled(db, (to) => to.select(allRows).from(audits)),
  );
}

/** Deeds after a place, oldest first. */
export async function deedsAfter(db: Db, place: number, count: number): Promise<AuditRow[]> {
  return drizzled(db, (to) => to.select().from(audits).where(gt(audits.place, place)).orderBy(asc(audits.place)).limit(count));
}

/**
 * Walks the whole chain. Gives the number of rows and the hash of the last one, which shows a cut end when it is compared with one noted elsewhere;
 * or the first place where a row is missing or was changed.
 */
export async function verifyAudit(db: Db): Promise<{ ok: true; rows: number; head: string } | { ok: false; place: number }> {
  let [place, head] = [0, BEGINNING];
  for (;;) {
    const rows = await deedsAfter(db, place, PAGE);
    for (const row of rows) {
      if (row.place !== place + 1 || row.sha256 !== hashOf(row, head)) return { ok: false, place: place + 1 };
      [place, head] = [row.place, row.sha256];
    }
    if (rows.length < PAGE) return { ok: true, rows: place, head };
  }
}

function hashOf({ place, at, who, what, about, address }: Omit<AuditRow, "sha256">, prior: string): string {
  return createHash("sha256")
    .update(JSON.stringify([prior, place, at, who, what, about, address]))
    .digest("hex");
}
