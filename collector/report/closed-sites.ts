import { dayAfter, vietnamDay } from "#schemas/calendar.ts";
import type { Closing } from "#schemas/inventory.ts";
import { closingsWithin } from "../store/closings.ts";
import type { Db } from "../store/db.ts";
import type { Moment } from "../store/moment.ts";
import { type DeclaredSite, sitesAsOf } from "../store/site-versions.ts";
import type { Period } from "./period.ts";

/** The centres that closed within a month, after its first day and by an instant, each as it was declared at the end of its last day. */
export async function closedSites(db: Db, { firstDay }: Pick<Period, "firstDay">, { atMs, knownMs }: Required<Moment>) {
  const closings = await closingsWithin(db, firstDay, vietnamDay(atMs), knownMs);
  const parts = [...Map.groupBy(closings, ({ closed }) => closed.on)].map(async ([on, own]): Promise<(DeclaredSite & { readonly closed: Closing })[]> => {
    const lastDay = dayAfter(on, -1);
    const closedOf = new Map(own.map(({ siteId, closed }) => [siteId, closed]));
    const sites = await sitesAsOf(db, lastDay, knownMs, { begunBy: lastDay });
    return sites.flatMap((site) => {
      const closed = closedOf.get(site.siteId);
      return closed === undefined ? [] : [{ ...site, closed }];
    });
  });
  return (await Promise.all(parts)).flat();
}
