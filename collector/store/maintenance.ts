import type { MaintenanceWindow } from "#schemas/maintenance.ts";
import type { Db } from "./db.ts";
import { asc, eq, gte, sql } from "./drizzle.ts";
import { drizzled } from "./drizzle-db.ts";
import { asJsonb, maintenance } from "./tables.ts";

const LISTED = 2_000;

/** Keeps windows, all or none. The same id twice changes nothing, so a file can be imported again. Gives the ids that were new. */
export async function addMaintenance(db: Db, windows: readonly MaintenanceWindow[], nowMs: number): Promise<readonly string[]> {
  const rows = windows.map((window) => ({ id: window.id, fromDay: window.from, untilDay: window.until, body: window, recordedAt: nowMs }));
  return db.transaction(async (tx) => {
    const added = await drizzled(tx, (to) => to.insert(maintenance).values(rows).onConflictDoNothing().returning({ id: maintenance.id }));
    return added.map(({ id }) => id);
  });
}

/** Windows that end on `day` or later, those that begin first at the top. */
export async function maintenanceFrom(db: Db, day: string): Promise<MaintenanceWindow[]> {
  const { body, untilDay, fromDay, id } = maintenance;
  const rows = await drizzled(db, (to) => to.select({ body }).from(maintenance).where(gte(untilDay, day)).orderBy(asc(fromDay), asc(id)).limit(LISTED));
  return rows.map((row) => row.body);
}

/** Ends a window by hand. False when there is none of that id, or it was ended before. */
export async function endMaintenance(db: Db, windowId: string, nowMs: number): Promise<boolean> {
  const ended = { body: sql`${maintenance.body} || ${asJsonb({ endedAt: new Date(nowMs).toISOString() })}` };
  const isRunning = sql`${eq(maintenance.id, windowId)} AND NOT ${maintenance.body} ? 'endedAt'`;
  const rows = await drizzled(db, (to) => to.update(maintenance).set(ended).where(isRunning).returning({ id: maintenance.id }));
  return rows.length > 0;
}
