import { vietnamDay } from "#schemas/calendar.ts";
import type { MaintenanceWindow } from "#schemas/maintenance.ts";
import type { Db } from "./db.ts";
import { asc, eq, gte, sql } from "./drizzle.ts";
import { drizzled } from "./drizzle-db.ts";
import { allRows, type ListPart, listPart, PART_ROWS, rowsBefore } from "./list-part.ts";
import { asJsonb, maintenance } from "./tables.ts";

/** Most windows that have not ended: each step of the alerts reads them all. */
export const WINDOWS_MAX = 2_000;

/** What undoes the transaction of windows that are too many. */
class TooMany extends Error {}

/**
 * Keeps windows, all or none. The same id twice changes nothing, so a file can be imported again. Gives the ids that were new; undefined, with nothing kept,
 * where more than `WINDOWS_MAX` would stand then.
 */
export async function addMaintenance(db: Db, windows: readonly MaintenanceWindow[], nowMs: number): Promise<readonly string[] | undefined> {
  const rows = windows.map((window) => ({ id: window.id, fromDay: window.from, untilDay: window.until, body: window, recordedAt: nowMs }));
  const adding = db.transaction(async (tx) => {
    const added = await drizzled(tx, (to) => to.insert(maintenance).values(rows).onConflictDoNothing().returning({ id: maintenance.id }));
    const [standing] = await drizzled(tx, (to) =>
      to
        .select(allRows)
        .from(maintenance)
        .where(gte(maintenance.untilDay, vietnamDay(nowMs))),
    );
    if (added.length > 0 && (standing?.total ?? 0) > WINDOWS_MAX) throw new TooMany();
    return added.map(({ id }) => id);
  });
  return adding.catch((error: unknown) => {
    if (error instanceof TooMany) return undefined;
    throw error;
  });
}

/** All windows that end on `day` or later, those that begin first at the top. */
export async function maintenanceFrom(db: Db, day: string): Promise<MaintenanceWindow[]> {
  const { body, untilDay, fromDay, id } = maintenance;
  const rows = await drizzled(db, (to) => to.select({ body }).from(maintenance).where(gte(untilDay, day)).orderBy(asc(fromDay), asc(id)));
  return rows.map((row) => row.body);
}

/** A page of `maintenanceFrom`. */
export function maintenancePart(db: Db, day: string, page: number): Promise<ListPart<MaintenanceWindow>> {
  const { body, untilDay, fromDay, id } = maintenance;
  const asked = gte(untilDay, day);
  const rows = drizzled(db, (to) =>
    to.select({ body }).from(maintenance).where(asked).orderBy(asc(fromDay), asc(id)).limit(PART_ROWS).offset(rowsBefore(page)),
  );
  const counted = drizzled(db, (to) => to.select(allRows).from(maintenance).where(asked));
  return listPart(
    page,
    rows.then((found) => found.map((row) => row.body)),
    counted,
  );
}

/** Ends a window by hand. False when there is none of that id, or it was ended before. */
export async function endMaintenance(db: Db, windowId: string, nowMs: number): Promise<boolean> {
  const ended = { body: sql`${maintenance.body} || ${asJsonb({ endedAt: new Date(nowMs).toISOString() })}` };
  const isRunning = sql`${eq(maintenance.id, windowId)} AND NOT ${maintenance.body} ? 'endedAt'`;
  const rows = await drizzled(db, (to) => to.update(maintenance).set(ended).where(isRunning).returning({ id: maintenance.id }));
  return rows.length > 0;
}
