import { assetLedger, type LedgerRow, ledgerStates } from "#schemas/asset-ledger.ts";
import { type Calendar, vietnamDay, workingDaysOver } from "#schemas/calendar.ts";
import { underCodesNow } from "#schemas/codes-now.ts";
import type { Db } from "../store/db.ts";
import { declaredDaysWithin } from "../store/declared-days.ts";
import { foundDevices } from "../store/found-devices.ts";
import { FOREVER_MS } from "../store/moment.ts";
import { presenceSince } from "../store/presence.ts";
import type { Site } from "../store/sites.ts";

/** Working days that are over, after which an asset that was not met counts as missing: those at which the counts of the plan look back. */
const WORKING_DAYS = 10;
/** Days that are read at most, for holidays such as Tết. */
const READ_DAYS = 60;
const DAY_MS = 86_400_000;

/** The asset ledger of one site as of an instant: what needs a person comes first. */
export async function siteLedger(db: Db, { siteId, centre }: Site, calendar: Calendar, nowMs: number): Promise<readonly LedgerRow[]> {
  const sinceMs = nowMs - READ_DAYS * DAY_MS;
  const moment = { atMs: nowMs };
  const foundThere = foundDevices(db, siteId, sinceMs, moment);
  const bySite = foundThere.then((found) => new Map([[siteId, found]]));
  const [found, answered, days] = await Promise.all([
    foundThere,
    presenceSince(db, siteId, sinceMs, moment),
    declaredDaysWithin(db, [{ siteId, centre, sinceMs, atMs: nowMs }], FOREVER_MS, bySite),
  ]);
  const seen = underCodesNow(answered, days.get(siteId)?.former);
  const sinceDay = workingDaysOver(calendar, nowMs, WORKING_DAYS).at(-1) ?? vietnamDay(nowMs);
  const rows = assetLedger({ declared: centre.devices, found, seen, sinceDay });
  return [...rows].sort((a, b) => ledgerStates.indexOf(a.state) - ledgerStates.indexOf(b.state));
}
