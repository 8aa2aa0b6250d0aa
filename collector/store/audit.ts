import { createHash } from "node:crypto";
import { firstDayOfMonth, vietnamDayStartMs } from "#schemas/calendar.ts";
import { oneAtATime } from "./advisory-locks.ts";
import type { Db } from "./db.ts";
import { asc, desc, eq, gt, gte, lt, lte } from "./drizzle.ts";
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
/** The line that a cut leaves: `about` is the last place that went and the hash that stood there, which the first row that is left follows. */
const CUT = "audit.cut";
/** No person's login has a space. */
const CUTTER: Doer = { who: "collector: upkeep", address: "local" };

/** Adds a deed to the end of the chain; one at a time, whatever number of collectors there is. */
export async function addDeed(db: Db, deed: Deed, nowMs: number): Promise<void> {
  await db.transaction(async (tx) => {
    await oneAtATime(tx, "audit");
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
 * Deletes the oldest deeds, up to the first that is not older than `months` whole months of Viet Nam before this one, and adds a line that says so: at most once
 * a month. Of a broken chain nothing goes, as that would hide the break. Gives how many went.
 */
export async function cutAudit(db: Db, months: number, nowMs: number): Promise<number> {
  const beforeMs = vietnamDayStartMs(firstDayOfMonth(nowMs, months));
  const isOld = async (on: Db) => ((await firstDeed(on))?.at ?? beforeMs) < beforeMs;
  if (!(await isOld(db)) || !(await verifyAudit(db)).ok) return 0;
  return db.transaction(async (tx) => {
    await oneAtATime(tx, "audit");
    if (!(await isOld(tx))) return 0;
    const [kept] = await drizzled(tx, (to) => to.select().from(audits).where(gte(audits.at, beforeMs)).orderBy(asc(audits.place)).limit(1));
    const isBefore = kept && lt(audits.place, kept.place);
    const [last] = await drizzled(tx, (to) => to.select().from(audits).where(isBefore).orderBy(desc(audits.place)).limit(1));
    if (!last) return 0;
    await addDeed(tx, { ...CUTTER, what: CUT, about: `${last.place} ${last.sha256}` }, nowMs);
    const gone = await drizzled(tx, (to) => to.delete(audits).where(lte(audits.place, last.place)).returning({ place: audits.place }));
    return gone.length;
  });
}

/** `first`: the place of the oldest row, later than 1 where the log was cut. `head`: the hash of the newest row. */
export type Chain =
  | { readonly ok: true; readonly rows: number; readonly first: number; readonly head: string }
  | { readonly ok: false; readonly place: number };

/**
 * Walks the whole chain, from its beginning or from where a line in it says that it was cut. Gives the hash of the last row, which shows a cut end when it is
 * compared with one noted elsewhere; or the first place where a row is missing or was changed.
 */
export function verifyAudit(db: Db): Promise<Chain> {
  return db.transaction(async (tx) => {
    // As of one instant: a cut meanwhile is no missing row.
    await tx.script("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY");
    const begin = await beginning(tx);
    let { place, head } = begin;
    for (;;) {
      const rows = await deedsAfter(tx, place, PAGE);
      for (const row of rows) {
        if (row.place !== place + 1 || row.sha256 !== hashOf(row, head)) return { ok: false, place: place + 1 };
        [place, head] = [row.place, row.sha256];
      }
      if (rows.length < PAGE) return { ok: true, rows: place - begin.place, first: begin.place + 1, head };
    }
  });
}

/** The place and hash that the oldest row follows: those of the cut that ended right before it; where there is none, of the newest cut or of none at all. */
async function beginning(db: Db): Promise<{ readonly place: number; readonly head: string }> {
  const first = await firstDeed(db);
  const lines = await drizzled(db, (to) => to.select().from(audits).where(eq(audits.what, CUT)).orderBy(desc(audits.place)));
  const cuts = lines.map(({ about }) => {
    const [place, head = ""] = about.split(" ");
    return { place: Number(place), head };
  });
  const none = { place: 0, head: BEGINNING };
  if (first === undefined || first.place === 1) return none;
  return cuts.find(({ place }) => place === first.place - 1) ?? cuts[0] ?? none;
}

async function firstDeed(db: Db): Promise<AuditRow | undefined> {
  const [first] = await drizzled(db, (to) => to.select().from(audits).orderBy(asc(audits.place)).limit(1));
  return first;
}

function hashOf({ place, at, who, what, about, address }: Omit<AuditRow, "sha256">, prior: string): string {
  return createHash("sha256")
    .update(JSON.stringify([prior, place, at, who, what, about, address]))
    .digest("hex");
}
