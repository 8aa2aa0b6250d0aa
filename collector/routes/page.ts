import { type Context, Hono } from "hono";
import { secureHeaders } from "hono/secure-headers";
import { streamSSE } from "hono/streaming";
import { type Calendar, vietnamDay, vietnamDayStartMs } from "#schemas/calendar.ts";
import { Code } from "#schemas/ids.ts";
import type { PhoneEntry } from "#schemas/phones.ts";
import type { PolicyProfile } from "#schemas/policy.ts";
import { text } from "#schemas/text/text.ts";
import type { Lang } from "#schemas/words.ts";
import { confinedTo } from "../auth/asker.ts";
import type { BackupState } from "../jobs/backup-watch.ts";
import type { ClockState } from "../jobs/clock-watch.ts";
import type { StorageState } from "../jobs/storage-watch.ts";
import { centreListXlsx } from "../report/centre-list.ts";
import { XLSX_TYPE } from "../report/xlsx.ts";
import { sharedWork } from "../shared-work.ts";
import { pageNumber } from "../store/list-part.ts";
import { centrePage } from "../web/centre-page.ts";
import { centreView } from "../web/centre-view.ts";
import { devicePage } from "../web/device-page.ts";
import { deviceView } from "../web/device-view.ts";
import { HISTORY_DAYS } from "../web/history-strip.ts";
import { languageOf } from "../web/language.ts";
import { contentSecurityPolicy, type PageFrame } from "../web/layout.ts";
import { liveRevision } from "../web/live-revision.ts";
import { messagePage } from "../web/message-page.ts";
import type { PageStore } from "../web/page-store.ts";
import { provincePage } from "../web/province-page.ts";
import type { ProvinceFilter } from "../web/province-view.ts";
import type { SharedProvince } from "../web/shared-province.ts";
import { staticFile } from "../web/static-files.ts";

/** What the pages are made from. */
export type PageDeps = {
  readonly store: PageStore;
  readonly policy: PolicyProfile;
  readonly lang: Lang;
  readonly demo: boolean;
  /** Whether the database has room; left out where nothing watches it. */
  readonly storage?: () => StorageState;
  /** Whether the clock of this machine is trusted; left out where nothing watches it. */
  readonly clock?: () => ClockState;
  /** Whether the database is backed up. */
  readonly backup?: () => BackupState;
  /** Whom people are told to call. */
  readonly phones?: readonly PhoneEntry[];
  readonly now: () => number;
};
/** The working calendar in force at an instant. */
export type CalendarAt = { readonly calendarAt: (atMs: number) => Calendar };

/** The page of a list that an address asks for under a name; the first where it names none. */
export function pageAsked(c: Context, name = "page"): number {
  return pageNumber(c.req.query(name) ?? "") ?? 1;
}

const DAY_MS = 86_400_000;
/** Differently chosen lists of centres that wait to be made: each may take some seconds. */
const LISTS_WAITING_MAX = 20;
const HEARTBEAT_MS = 25_000;

/** The pages that people look at: province, centre, device, their static files and the stream that keeps them fresh. */
export function pageRoutes(deps: PageDeps & CalendarAt & { readonly province: SharedProvince }): Hono {
  const { store, province, policy } = deps;
  const app = new Hono();
  const live = liveRevision(() => store.revision());
  const lists = sharedWork({ what: "lists of centres", queueMax: LISTS_WAITING_MAX });

  app.get("/", pageHeaders, async (c) => {
    const own = confinedTo(c);
    if (own !== undefined) return c.redirect(`/centres/${own}`, 303);
    const frame = pageFrame(c, deps);
    return c.html(provincePage(frame, policy, await province(frame.lang, frame.nowMs), filterAsked(c), pageAsked(c)));
  });

  app.get("/centres.xlsx", pageHeaders, async (c) => {
    const { lang, nowMs, demo } = pageFrame(c, deps);
    const filter = filterAsked(c);
    const body = await lists(JSON.stringify([lang, filter]), async () => {
      const { standings } = await province(lang, nowMs);
      return centreListXlsx({ policy, standings, filter, told: (codes) => store.told(codes), demo, nowMs }, lang);
    });
    c.header("content-disposition", `attachment; filename="centres-${vietnamDay(nowMs)}.xlsx"`);
    return c.body(new Uint8Array(body), 200, { "content-type": XLSX_TYPE });
  });

  app.get("/centres/:code", pageHeaders, async (c) => {
    const frame = pageFrame(c, deps);
    const code = Code.safeParse(c.req.param("code"));
    const rows = code.success ? await store.centre(code.data, historyStart(frame.nowMs), vietnamDay(frame.nowMs), pageAsked(c, "devices")) : undefined;
    if (!rows) return c.html(messagePage(frame, text(frame.lang, "web.centre.none", { code: c.req.param("code").slice(0, 64) })), 404);
    const [ledger, enrolment] = await Promise.all([store.ledger(rows.centre.code, frame.nowMs), store.enrolment(rows.centre.code, frame.nowMs)]);
    return c.html(centrePage(frame, policy, centreView(policy, deps.calendarAt(frame.nowMs), rows, frame.nowMs), { ledger, enrolment }));
  });

  app.get("/centres/:code/devices/:device", pageHeaders, async (c) => {
    const frame = pageFrame(c, deps);
    const [code, device] = [c.req.param("code"), c.req.param("device")];
    const rows = Code.safeParse(code).success ? await store.device(code, device, historyStart(frame.nowMs)) : undefined;
    if (!rows) return c.html(messagePage(frame, text(frame.lang, "web.device.none", { device: device.slice(0, 64) })), 404);
    return c.html(devicePage(frame, policy, deviceView(rows, policy, frame.nowMs)));
  });

  app.get("/static/:name", pageHeaders, (c) => {
    const file = staticFile(c.req.param("name"));
    if (!file) return c.notFound();
    return c.body(file.body, 200, { "content-type": file.type, "cache-control": "public, max-age=31536000, immutable" });
  });

  app.get("/live", (c) => {
    const response = streamSSE(c, async (stream) => {
      const { promise: closed, resolve: close } = Promise.withResolvers<void>();
      stream.onAbort(close);
      const stop = live.listen((revision) => void stream.writeSSE({ event: "revision", data: revision }));
      if (!stop) return;
      // A comment now and then keeps proxies from closing a quiet stream.
      const heartbeat = setInterval(() => void stream.write(": still here\n\n"), HEARTBEAT_MS);
      await closed;
      clearInterval(heartbeat);
      stop();
    });
    // A browser that may keep the answer lets a second tab wait until the first one has all of it: for ever.
    response.headers.set("cache-control", "no-store");
    return response;
  });

  return app;
}

/** The instant at which the days of a history strip begin. */
function historyStart(nowMs: number): string {
  return new Date(vietnamDayStartMs(vietnamDay(nowMs - (HISTORY_DAYS - 1) * DAY_MS))).toISOString();
}

/** Headers of every page: nothing from elsewhere, no framing, nothing kept by caches on the way. */
export const pageHeaders = secureHeaders({
  xFrameOptions: "DENY",
  referrerPolicy: "same-origin",
  strictTransportSecurity: false,
  crossOriginResourcePolicy: "same-origin",
});

/** For an answer with a secret that is shown once, after its frame: it must not come back with the browser's back button. */
export function shownOnce(c: Context): void {
  c.header("cache-control", "no-store");
}

/** The frame of a page for one request. */
export function pageFrame(c: Context, { policy, lang, demo, now, storage, clock, backup, phones = [] }: Omit<PageDeps, "store">): PageFrame {
  c.header("content-security-policy", contentSecurityPolicy);
  c.header("cache-control", "private, no-cache");
  const language = languageOf(c, lang);
  return {
    lang: language,
    url: new URL(c.req.url),
    isAnswer: c.req.method === "POST",
    nowMs: now(),
    demo,
    storage: storage?.() ?? "room",
    clock: clock?.() ?? "right",
    backup: backup?.() ?? "none",
    policyTitle: policy.title[language],
    phones,
    asker: c.var.asker,
  };
}

/** Whether a browser asks in order to show the answer to a person: then it is a page, whatever the address. */
export function isForPerson(c: Context): boolean {
  return /\btext\/html\b/.test(c.req.header("accept") ?? "");
}

function filterAsked(c: Context): ProvinceFilter {
  return { q: asked(c, "q"), state: asked(c, "state"), district: asked(c, "district"), isp: asked(c, "isp"), requirement: asked(c, "requirement") };
}

function asked(c: Context, name: string): string {
  return (c.req.query(name) ?? "").slice(0, 80);
}
