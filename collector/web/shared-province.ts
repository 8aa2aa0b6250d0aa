import { setImmediate as turn } from "node:timers/promises";
import { vietnamDay, vietnamDayStartMs } from "#schemas/calendar.ts";
import type { PolicyProfile } from "#schemas/policy.ts";
import type { Lang } from "#schemas/words.ts";
import { YOUNG_MS } from "../shared-work.ts";
import type { PageStore, ProvinceRows } from "./page-store.ts";
import { type ProvinceView, provinceView } from "./province-view.ts";

/** The province for readers of one language, as of an instant; see sharedProvince. */
export type SharedProvince = (lang: Lang, nowMs: number) => Promise<ProvinceView>;
type Made = { readonly revision: string; readonly day: string; readonly atMs: number; readonly views: Promise<Views> };
type Views = (lang: Lang) => ProvinceView;

/**
 * The province as all who look at it share it, people and other systems: open pages ask for it anew at the same moment, and a large one takes the collector's time. It is made anew when
 * findings or waivers have changed, on another day, and after some seconds, as no revision tells of last contacts. @throws as the store does
 */
export function sharedProvince(store: Pick<PageStore, "province" | "revision">, policy: PolicyProfile): SharedProvince {
  let newest: Made | undefined;
  let turns = Promise.resolve();
  return async (lang, nowMs) => {
    // Asked before the rows are read: they are at least as new as it.
    const revision = await store.revision();
    const day = vietnamDay(nowMs);
    if (newest?.revision !== revision || newest.day !== day || Math.abs(nowMs - newest.atMs) >= YOUNG_MS) {
      const rows = store.province(new Date(vietnamDayStartMs(day)).toISOString(), day);
      const made = { revision, day, atMs: nowMs, views: rows.then((read) => viewsOf(policy, read, nowMs)) };
      newest = made;
      made.views.catch(() => {
        if (newest === made) newest = undefined;
      });
    }
    const views = await newest.views;
    // Each goes on in a turn of its own: what many who waited for the same rows make of them would hold the collector for all of their pages.
    turns = turns.then(() => turn());
    await turns;
    return views(lang);
  };
}

/** A view for each language, made when it is asked for. */
function viewsOf(policy: PolicyProfile, rows: ProvinceRows, nowMs: number): Views {
  const views = new Map<Lang, ProvinceView>();
  return (lang) => {
    const view = views.get(lang) ?? provinceView(policy, rows, lang, nowMs);
    views.set(lang, view);
    return view;
  };
}
