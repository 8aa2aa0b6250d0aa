import type { Context, MiddlewareHandler, Next } from "hono";
import { bodyLimit } from "hono/body-limit";
import { matchedRoutes } from "hono/route";
import type { Person } from "#schemas/person.ts";
import { problem } from "#schemas/problem.ts";
import { text } from "#schemas/text/text.ts";
import { type Access, decide, type Verdict } from "../auth/access.ts";
import type { ByToken } from "../auth/by-token.ts";
import { type FormToken, TOKEN_FIELD } from "../web/form-token.ts";
import { messagePage, noRolePage, sessionOverPage } from "../web/message-page.ts";
import { accessTable } from "./access-table.ts";
import { isForPerson, type PageDeps, pageFrame } from "./page.ts";
import { type SignedDeps, signedByAgent } from "./signed.ts";

export type GuardDeps = Omit<PageDeps, "store"> & {
  readonly signed: SignedDeps;
  readonly token: FormToken;
  /** The person behind a request, if any. */
  readonly identify: (c: Context) => Promise<Person | undefined>;
  /** The program behind a request that carries a token. */
  readonly byToken: ByToken;
  /** Whether a request comes from a program on the collector's own machine and from no proxy on it. */
  readonly isAtThisMachine: (c: Context) => boolean;
};

/** Largest body of a form without its file, bytes. */
const FORM_BYTES_MAX = 32 * 1024;
/** A file that is carried from one form to the next stands there in base64. */
const CARRIED_PER_BYTE = 4 / 3;

/**
 * Stands before every route: finds its line in the access table, proves the agent or the person, and refuses what no line allows.
 * What people send must come from a form of ours in the same browser.
 */
export function guard(deps: GuardDeps): MiddlewareHandler[] {
  const agents = signedByAgent(deps.signed);
  const limit = (c: Context, next: Next) => {
    const { fileBytesMax = 0 } = c.var;
    return bodyLimit({ maxSize: FORM_BYTES_MAX + Math.ceil(fileBytesMax * CARRIED_PER_BYTE), onError: () => tooLarge(c, deps, fileBytesMax) })(c, next);
  };
  const isForm = (c: Context) => c.req.method !== "GET" && c.req.method !== "HEAD" && c.var.isFormRoute === true;
  return [
    async (c, next) => {
      for (const { pattern, access } of matchedLines(c)) {
        if (access?.who === "anyone") continue;
        // The body of a signed request is read there, up to its own limit.
        if (access?.who === "agent") return agents(c, next);
        if (access?.who === "machine" && deps.isAtThisMachine(c)) continue;
        c.set("isFormRoute", true);
        if (access && "fileBytesMax" in access) c.set("fileBytesMax", access.fileBytesMax);
        if (access?.who === "visitor") continue;
        const token = await deps.byToken(c);
        if (token !== "none" && typeof token === "string") return refuseToken(c, token);
        const asker = token === "none" ? await deps.identify(c) : token.person;
        if (asker) c.set("asker", asker);
        const verdict = access ? decide(access, asker, { pattern, path: c.req.path, centres: c.req.queries("centre") ?? [] }) : "role_missing";
        if (verdict !== "allowed" || !asker) return refuse(c, deps, verdict === "allowed" ? "not_signed_in" : verdict);
      }
      return next();
    },
    (c, next) => (isForm(c) ? limit(c, next) : next()),
    async (c, next) => {
      if (!isForm(c)) return next();
      // What cannot be read as a form came from none of ours.
      const { [TOKEN_FIELD]: sent } = await c.req.parseBody().catch(() => ({}) as Record<string, unknown>);
      if (deps.token.holds(c, sent)) return next();
      const frame = pageFrame(c, deps);
      return c.html(messagePage(frame, text(frame.lang, "form.refused")), 403);
    },
  ];
}

/** The table's lines for all handlers that a request would reach, undefined for one that has none. Middleware for all paths is no route. */
function matchedLines(c: Context): readonly { pattern: string; access: Access | undefined }[] {
  const routes = matchedRoutes(c).filter(({ method, path }) => !(method === "ALL" && path === "/*"));
  const lines = new Map(routes.map(({ method, path }) => [`${method} ${path}`, path]));
  return [...lines].map(([line, pattern]) => ({ pattern, access: accessTable[line] }));
}

/** Pages answer with a page or the way to sign in, everything else with a Problem. A foreign centre is one that is not there. */
function refuse(c: Context, deps: GuardDeps, verdict: Exclude<Verdict, "allowed">): Response | Promise<Response> {
  const status = ({ not_signed_in: 401, role_missing: 403, foreign_centre: 404 } as const)[verdict];
  if ((c.req.path.startsWith("/v1/") || c.req.path === "/metrics") && !isForPerson(c)) return c.json(problem(status, verdict, titles[verdict]), status);
  if (verdict === "not_signed_in" && c.req.method === "GET") {
    const { pathname, search } = new URL(c.req.url);
    return c.redirect(`/login?next=${encodeURIComponent(pathname + search)}`, 303);
  }
  const frame = pageFrame(c, deps);
  if (verdict === "not_signed_in") return c.html(sessionOverPage(frame), status);
  return c.html(verdict === "role_missing" ? noRolePage(frame) : messagePage(frame, text(frame.lang, `access.${verdict}`)), status);
}

function tooLarge(c: Context, deps: GuardDeps, fileBytesMax: number): Response | Promise<Response> {
  const max = fileBytesMax > 0 ? `${fileBytesMax / 1024 / 1024} MB` : `${FORM_BYTES_MAX / 1024} kB`;
  if (!isForPerson(c)) return c.json(problem(413, "body_too_large", `a form has at most ${max}`), 413);
  const frame = pageFrame(c, deps);
  return c.html(messagePage(frame, text(frame.lang, "form.tooLarge", { max })), 413);
}

const tokenFaults = {
  unknown: [401, "token_unknown", "this token is not known, has ended or was revoked"],
  too_many: [429, "too_many_requests", "this token asks too often"],
  in_clear: [403, "token_in_clear", "tokens are taken over https alone; this one has been readable on the way: revoke it"],
  elsewhere: [403, "token_elsewhere", "a token reads /v1/ and does nothing else"],
} as const;

function refuseToken(c: Context, fault: keyof typeof tokenFaults): Response {
  const [status, code, title] = tokenFaults[fault];
  if (fault === "unknown") c.header("www-authenticate", 'Bearer realm="hcc-watch", error="invalid_token"');
  if (fault === "too_many") c.header("retry-after", "60");
  return c.json(problem(status, code, title, fault === "too_many" ? { retryAfterS: 60 } : {}), status);
}

const titles: Record<Exclude<Verdict, "allowed">, string> = {
  not_signed_in: "sign in first",
  role_missing: "no role of this person allows this",
  foreign_centre: "there is no such centre",
};
