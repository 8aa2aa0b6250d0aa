import { html } from "hono/html";
import type { Person } from "#schemas/person.ts";
import type { PhoneEntry } from "#schemas/phones.ts";
import { moment } from "#schemas/text/moment-word.ts";
import { type TextKey, text } from "#schemas/text/text.ts";
import type { Lang } from "#schemas/words.ts";
import type { BackupState } from "../jobs/backup-watch.ts";
import type { ClockState } from "../jobs/clock-watch.ts";
import type { StorageState } from "../jobs/storage-watch.ts";
import { homeOf, mayCall } from "../routes/access-table.ts";
import { type Html, sprite, withoutSteering } from "./markup.ts";
import { staticPath } from "./static-files.ts";

/** What every page knows of its reader and its moment. */
export type PageFrame = {
  readonly lang: Lang;
  /** Path and query of this page: where it is in the menu, and what its language switch asks again. */
  readonly url: URL;
  /** It answers a form. By a link nobody comes back to it, nor to the code or the list that it shows: it has no language switch. */
  readonly isAnswer?: boolean;
  readonly nowMs: number;
  /** The database holds simulated measurements. */
  readonly demo: boolean;
  /** Without room in the database what a page shows grows old. */
  readonly storage?: StorageState | undefined;
  /** By a wrong clock of the collector's machine what a page shows has wrong times. */
  readonly clock?: ClockState | undefined;
  /** Without a fresh backup a broken disk loses what this page shows: told to those who can do something about it. */
  readonly backup?: BackupState | undefined;
  /** Title of the policy, shown as the heading of the installation. */
  readonly policyTitle: string;
  /** Whom people are told to call. */
  readonly phones: readonly PhoneEntry[];
  /** Who reads it, where that is known. */
  readonly asker?: Person | undefined;
};

/** The only thing that a page may load: its own style, script and pictures. `style-src` has no inline styles, so charts carry classes. */
export const contentSecurityPolicy = [
  "default-src 'none'",
  "style-src 'self'",
  "script-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join("; ");

/** A whole page. `live` pages fetch themselves again when the collector says that something changed. */
export function layout(frame: PageFrame, title: string, body: Html, { live = false } = {}): Html {
  const { lang, nowMs, demo, storage = "room", clock = "right" } = frame;
  const isBackupMissing = frame.backup === "missing" && mayCall(frame.asker, "GET /lists");
  const at = moment(lang, nowMs);
  return withoutSteering(html`<!doctype html>
<html lang="${lang}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title} · ${text(lang, "web.product.short")}</title>
<link rel="icon" href="${staticPath("icon.svg")}" type="image/svg+xml">
<link rel="stylesheet" href="${staticPath("style.css")}">
<script src="${staticPath("live.js")}" defer></script>
</head>
<body${live ? html` data-live="/live" data-offline="${text(lang, "web.live.off", { at })}"` : ""}>
${sprite}
<a class="skip" href="#main">${text(lang, "web.skip")}</a>
${demo ? html`<aside class="demo" aria-label="${text(lang, "web.demo.label")}">${text(lang, "web.demo")}</aside>` : ""}
${storage === "room" ? "" : html`<aside class="demo" role="alert">${text(lang, `web.storage.${storage}`)}</aside>`}
${clock === "right" ? "" : html`<aside class="demo" role="alert">${text(lang, `web.clock.${clock}`)}</aside>`}
${isBackupMissing ? html`<aside class="demo" role="alert">${text(lang, "web.backup.missing")}</aside>` : ""}
<header class="top">
<a class="brand" href="${homeOf(frame.asker)}"><span class="brand-name">${text(lang, "web.product")}</span><span class="brand-policy">${frame.policyTitle}</span></a>
<nav aria-label="${text(lang, "web.nav")}">${links(frame)}</nav>
</header>
<main id="main" tabindex="-1">
${body}
</main>
<footer class="foot">
<p>${text(lang, "web.footer")}</p>
<p><span class="live" role="status">${text(lang, "web.seenAt", { at })}</span> · ${text(lang, "web.theme.note")}</p>
</footer>
</body>
</html>`);
}

const places: readonly (readonly [path: string, title: TextKey])[] = [
  ["/", "web.nav.province"],
  ["/reports", "web.nav.reports"],
  ["/incidents", "web.nav.incidents"],
  ["/waivers", "web.nav.waivers"],
  ["/enrolment", "enrolment.title"],
  ["/lists", "lists.title"],
  ["/docs/api", "web.nav.api"],
  ["/people", "people.title"],
  ["/audit", "audit.title"],
  ["/account", "people.account.title"],
];

function links({ lang, url, asker, isAnswer = false }: PageFrame): Html {
  const shown = places.filter(([path]) => mayCall(asker, `GET ${path}`));
  // Who may see one centre alone names it where the address has no other place for it.
  const address = (path: string) => (path === "/waivers" && asker?.centre ? `${path}?centre=${asker.centre}` : path);
  const name = (path: string, key: TextKey) => text(lang, path === "/" && asker?.centre ? "web.nav.own" : key);
  return html`${shown.map(
    ([path, key]) => html`<a href="${address(path)}"${url.pathname === path ? html` aria-current="page"` : ""}>${name(path, key)}</a>`,
  )}${isAnswer ? "" : languageSwitch(lang, url)}`;
}

/** The same page in the other language. The link holds no path: `//host/` of an address that somebody made up would lead to that host. */
function languageSwitch(lang: Lang, { searchParams }: URL): Html {
  const otherLang = lang === "vi" ? "en" : "vi";
  const query = new URLSearchParams(searchParams);
  query.set("lang", otherLang);
  return html`<a class="lang" href="?${query}" lang="${otherLang}" hreflang="${otherLang}">${text(otherLang, "web.language.name")}</a>`;
}
