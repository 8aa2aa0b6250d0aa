import { type KnownDevice, kindOf } from "#schemas/asset-ledger.ts";
import { dayAfter, vietnamDay } from "#schemas/calendar.ts";
import { codesNow, type FormerCode, type FormerDevice } from "#schemas/codes-now.ts";
import type { Centre, Device, DeviceRole, NewlyDeclared } from "#schemas/inventory.ts";
import type { Db } from "./db.ts";
import { siteName } from "./one-site.ts";
import { bySite, type SiteSpan, siteIds, spanColumns, spansAsW } from "./site-spans.ts";

type ListedDevice = Omit<FormerDevice, "untilDay">;
/** A list of devices that was recorded on one Vietnam day to count from another one on. */
type DeviceList = { readonly fromDay: string; readonly recordedDay: string; readonly devices: readonly ListedDevice[] };
/** The names of the devices of a list, also under the codes that they have now. */
type NamedList = Omit<DeviceList, "devices"> & { readonly names: ReadonlySet<string> };

/** What the lists of a span say of the devices at its end: which are new, which had other codes, and which are there no more. */
export type DeclaredDays = { readonly newly: readonly NewlyDeclared[]; readonly former: readonly FormerCode[] };

/**
 * Of the devices that sites declare at the end of their spans those that were not declared on each day of them, and those that had another code, by what was
 * known by `knownMs`. What counts of a day is the list that stood when it ended, as agents are asked by that one: a list that is dated back lets nobody look
 * back. `found` is what searches met at the sites.
 */
export async function declaredDaysWithin(
  db: Db,
  spans: readonly (SiteSpan & { readonly centre: Pick<Centre, "devices"> })[],
  knownMs: number,
  found: Promise<ReadonlyMap<number, readonly KnownDevice[]>>,
): Promise<ReadonlyMap<number, DeclaredDays>> {
  // Together: of two questions that a lost connection refuses, nobody would hear of the one that is awaited later, and that ends the process.
  const [rows, met] = await Promise.all([spans.length === 0 ? [] : changedLists(db, spans, knownMs), found]);
  const lists = bySite(rows);
  return new Map(
    spans.flatMap(({ siteId, centre: { devices }, ...span }): [number, DeclaredDays][] => {
      const own = lists.get(siteId)?.map((row) => ({ fromDay: row.from_day, recordedDay: row.recorded_day, devices: devicesIn(row.devices) }));
      if (own === undefined) return [];
      const former = formerOnes(devices, own, vietnamDay(span.atMs));
      const codes = codesNow(former, devices, met.get(siteId) ?? []);
      const became = former.map(({ id, untilDay }): FormerCode => {
        const now = codes.get(id);
        return now === undefined ? { device: id, goneFrom: untilDay } : { device: id, now };
      });
      const named = own.map(({ devices: listed, ...list }) => ({ ...list, names: namesOf(listed, codes) }));
      return [[siteId, { newly: newOnes(devices, named, span), former: became }]];
    }),
  );
}

type ListRow = { readonly site_id: number; readonly from_day: string; readonly recorded_day: string; readonly devices: string };

async function changedLists(db: Db, spans: readonly SiteSpan[], knownMs: number): Promise<ListRow[]> {
  const { site, values } = siteName(siteIds(spans), 4);
  // A site whose list has not changed within its span gives no row; of the others what was over before the span is left out. Whole devices would take ten times as long.
  return db.query<ListRow>(
    `SELECT w.site_id, v.effective_from::text AS from_day, v.recorded_day::text AS recorded_day,
       (SELECT coalesce(string_agg(concat_ws(chr(31), d ->> 'role', d ->> 'id', coalesce(d ->> 'address', ''), coalesce(d ->> 'serial', ''), coalesce(d ->> 'point', '')), chr(30)), '') FROM jsonb_array_elements(v.centre -> 'devices') AS d) AS devices
     FROM ${spansAsW} CROSS JOIN LATERAL (
       SELECT n.*, max(n.effective_from) FILTER (WHERE n.effective_from <= w.since AND n.recorded_day <= w.since) OVER (PARTITION BY n.site_id) AS base
       FROM (
         SELECT t.*, r.recorded_day, bool_or(t.effective_from > w.since OR r.recorded_day > w.since) OVER (PARTITION BY t.site_id) AS is_news
         FROM site_version AS t CROSS JOIN LATERAL (SELECT (t.recorded_at AT TIME ZONE 'Asia/Ho_Chi_Minh')::date AS recorded_day) AS r
         WHERE t.site_id = ${site("w.site_id")} AND t.recorded_at <= to_timestamp($4::float8 / 1000)
       ) AS n WHERE n.is_news AND n.centre -> 'devices' IS NOT NULL
     ) AS v WHERE v.base IS NULL OR v.effective_from >= v.base ORDER BY w.site_id, v.effective_from DESC, v.recorded_at DESC`,
    [...spanColumns(spans), knownMs, ...values],
  );
}

function devicesIn(text: string): readonly ListedDevice[] {
  if (text === "") return [];
  return text.split("\u001e").map((device) => {
    const [role, id = "", address, serial, point] = device.split("\u001f");
    return { id, role: role as DeviceRole, ...(address && { address }), ...(serial && { serial }), ...(point && { point }) };
  });
}

function namesOf(devices: readonly ListedDevice[], codes: ReadonlyMap<string, string>): ReadonlySet<string> {
  return new Set(devices.flatMap(({ id, role }) => [id, codes.get(id) ?? id].map((code) => nameOf({ id: code, role }))));
}

/** What lists that had begun by a day name and the present one does not, each as it was declared last. The lists stand newest first. */
function formerOnes(devices: readonly Device[], lists: readonly DeviceList[], today: string): readonly FormerDevice[] {
  const former = new Map<string, FormerDevice | undefined>(devices.map(({ id }) => [id, undefined]));
  let untilDay = today;
  for (const { fromDay, recordedDay, devices: listed } of lists.filter((list) => list.fromDay <= today)) {
    for (const one of listed) if (!former.has(one.id)) former.set(one.id, { ...one, untilDay });
    untilDay = [fromDay, recordedDay].sort().at(-1) ?? today;
  }
  return [...former.values()].flatMap((one) => one ?? []);
}

function newOnes(devices: readonly Device[], lists: readonly NamedList[], { sinceMs, atMs }: Omit<SiteSpan, "siteId">): NewlyDeclared[] {
  const found: NewlyDeclared[] = [];
  const firstDay = vietnamDay(sinceMs);
  let unbroken = devices;
  let held: NamedList | undefined;
  for (let sinceDay = vietnamDay(atMs); unbroken.length > 0 && sinceDay > firstDay; sinceDay = dayAfter(sinceDay, -1)) {
    const before = listOn(lists, dayAfter(sinceDay, -1));
    if (before !== undefined && before === held) continue;
    held = before;
    const wasThere = Map.groupBy(unbroken, (one) => before?.names.has(nameOf(one)) ?? false);
    found.push(...(wasThere.get(false) ?? []).map(({ id, role }) => ({ device: id, role, sinceDay })));
    unbroken = wasThere.get(true) ?? [];
  }
  return found;
}

/**
 * What counted on a day by what was known when it ended: of the lists that had begun the newest; before the first one began, that first one. The lists stand
 * newest first, by their first day and then by when they were recorded.
 */
function listOn(lists: readonly NamedList[], day: string): NamedList | undefined {
  const known = lists.filter(({ recordedDay }) => recordedDay <= day);
  const first = known.at(-1)?.fromDay;
  return known.find(({ fromDay }) => fromDay <= day || fromDay === first);
}

const nameOf = ({ id, role }: Pick<Device, "id" | "role">): string => `${kindOf(role)} ${id}`;
