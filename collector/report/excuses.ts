import type { DayChange } from "../web/daily-states.ts";
import type { Period } from "./period.ts";

/** A stretch of the month in which a requirement could not be held against the centre; without `to` it lasts beyond the month. */
export type Excuse = { readonly requirement: string; readonly reason: DayChange["reason"]; readonly from: string; readonly to?: string };

/** Reasons that lie outside of the centre's hands: nobody can hold the requirement against it while one of them lasts. */
const excusing: ReadonlySet<Excuse["reason"]> = new Set(["site_offline", "shared_fault", "only_excused_runs", "not_judged", "unheard"]);

/** Most that a report takes of one centre: room for a PC that is off every night, with all that hangs on it. A line that flaps for a month would fill a book. */
const EXCUSES_MAX = 1_000;

/**
 * The excused stretches of one centre within a period, in the order of their beginning, and how many more there were than are given. `changes` are oldest
 * first, with the last ones before it.
 */
export function excusesOf(changes: readonly DayChange[], period: Period): { readonly excuses: readonly Excuse[]; readonly left: number } {
  const byRequirement = [...Map.groupBy(changes, ({ requirement }) => requirement).values()];
  const excuses = byRequirement
    .flatMap((own) =>
      own.flatMap(({ requirement, reason, at }, place): Excuse[] => {
        const end = own[place + 1]?.at;
        if (!excusing.has(reason) || at >= period.to || (end !== undefined && end <= period.from)) return [];
        return [{ requirement, reason, from: [at, period.from].sort()[1] ?? at, ...(end !== undefined && end < period.to && { to: end }) }];
      }),
    )
    .sort((a, b) => (a.from < b.from ? -1 : a.from > b.from ? 1 : a.requirement < b.requirement ? -1 : 1));
  return { excuses: excuses.slice(0, EXCUSES_MAX), left: Math.max(0, excuses.length - EXCUSES_MAX) };
}
