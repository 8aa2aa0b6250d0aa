import type { BlockList } from "node:net";
import { type Context, Hono } from "hono";
import { text } from "#schemas/text/text.ts";
import type { BrowserCookies } from "../auth/browser-cookies.ts";
import { newTotpSecret } from "../auth/totp.ts";
import type { PeopleDesk, SignedIn } from "../people/desk.ts";
import { SESSION_MS } from "../people/session-desk.ts";
import type { SignOn } from "../people/sign-on.ts";
import type { FormState } from "../web/form-fields.ts";
import type { FormToken } from "../web/form-token.ts";
import { loginPage, passwordPage, signedOutPage } from "../web/login-page.ts";
import { messagePage } from "../web/message-page.ts";
import { factorPage } from "../web/second-factor.ts";
import { homeOf } from "./access-table.ts";
import { clientAddress, isConfidential } from "./client-address.ts";
import { formValues } from "./form-deps.ts";
import { type PageDeps, pageFrame, pageHeaders, shownOnce } from "./page.ts";

export type SignInDeps = Omit<PageDeps, "store"> & {
  readonly people: PeopleDesk;
  readonly cookies: BrowserCookies;
  readonly proxies: BlockList;
  readonly token: FormToken;
  /** The province's sign-on service, where there is one. */
  readonly signOn: SignOn | undefined;
};

/** Signing in and out, and the page behind a one-time link. */
export function signInRoutes(deps: SignInDeps): Hono {
  const { people, cookies, proxies, token, signOn } = deps;
  const app = new Hono();
  const login = (c: Context, state: FormState, next: string) => loginPage(pageFrame(c, deps), state, token.issue(c), { next, signOn: signOn?.name(deps.lang) });
  const enter = async (c: Context, signedIn: SignedIn, next: string) => {
    await enterAs(c, deps, signedIn);
    if (signedIn.awaits !== null) return c.redirect(`/login/factor?next=${encodeURIComponent(next)}`, 303);
    return c.redirect(next === "/" ? homeOf(signedIn.person) : next, 303);
  };

  app.get("/login", pageHeaders, (c) => c.html(login(c, { values: {}, errors: [] }, ownPath(c.req.query("next")))));

  app.post("/login", pageHeaders, async (c) => {
    const frame = pageFrame(c, deps);
    if (!isConfidential(c, proxies, cookies.secure)) return c.html(messagePage(frame, text(frame.lang, "people.plain")), 403);
    const { login: name = "", password = "", next } = await formValues(c);
    const from = { login: name.slice(0, 256), address: clientAddress(c, proxies), device: cookies.device(c, name) };
    const result = await people.signIn(from, password.slice(0, 1_024));
    if (result.ok) return enter(c, result, ownPath(next));
    const errors = [{ field: "login", key: `people.fault.${result.fault}`, params: { seconds: result.waitS } }] as const;
    if (result.waitS > 0) c.header("retry-after", String(result.waitS));
    return c.html(login(c, { values: { login: name }, errors }, ownPath(next)), result.fault === "wrong" ? 401 : 429);
  });

  app.get("/login/factor", pageHeaders, async (c) => {
    const half = await people.halfway(cookies.session(c) ?? "");
    if (!half) return c.redirect("/login", 303);
    const state = { values: half.awaits === "setup" ? { secret: newTotpSecret() } : {}, errors: [] };
    const frame = pageFrame(c, deps);
    shownOnce(c);
    return c.html(factorPage(frame, half, state, token.issue(c), ownPath(c.req.query("next"))));
  });

  app.post("/login/factor", pageHeaders, async (c) => {
    const frame = pageFrame(c, deps);
    if (!isConfidential(c, proxies, cookies.secure)) return c.html(messagePage(frame, text(frame.lang, "people.plain")), 403);
    const { code = "", secret = "", next } = await formValues(c);
    const session = cookies.session(c) ?? "";
    const result = await people.giveFactor(session, { code: code.slice(0, 32), secret }, clientAddress(c, proxies));
    if (result.ok) return enter(c, result, ownPath(next));
    const half = await people.halfway(session);
    if (result.fault === "session" || !half) return c.redirect(`/login?next=${encodeURIComponent(ownPath(next))}`, 303);
    const state = { values: { secret }, errors: [factorError(c, result)] };
    shownOnce(c);
    return c.html(factorPage(frame, half, state, token.issue(c), ownPath(next)), result.fault === "code" ? 422 : 429);
  });

  app.get("/password", pageHeaders, (c) => c.html(passwordPage(pageFrame(c, deps), { values: {}, errors: [] }, token.issue(c))));

  app.post("/password", pageHeaders, async (c) => {
    const frame = pageFrame(c, deps);
    if (!isConfidential(c, proxies, cookies.secure)) return c.html(messagePage(frame, text(frame.lang, "people.plain")), 403);
    const { code = "", password = "", again } = await formValues(c);
    const result = password === again ? await people.setPassword(code.trim(), password, clientAddress(c, proxies)) : ({ ok: false, fault: "again" } as const);
    if (result.ok) return enter(c, result, "/");
    const errors = [
      { field: result.fault === "link" ? "code" : result.fault === "again" ? "again" : "password", key: `people.fault.${result.fault}` },
    ] as const;
    return c.html(passwordPage(frame, { values: { code }, errors }, token.issue(c)), 422);
  });

  app.post("/logout", pageHeaders, async (c) => {
    const session = cookies.session(c);
    const { asker } = c.var;
    if (session && asker) await people.signOut(session, { who: asker.login, address: clientAddress(c, proxies) });
    cookies.endSession(c);
    // The service still knows him: on a shared PC the next one would enter by one click. A form must not lead elsewhere, so it is a link.
    const elsewhere = asker && (await people.isOfService(asker.id)) ? await signOn?.endUrl().catch(() => undefined) : undefined;
    return elsewhere === undefined ? c.redirect("/login", 303) : c.html(signedOutPage(pageFrame(c, deps), signOn?.name(deps.lang) ?? "", elsewhere));
  });

  return app;
}

/** Gives the browser its new session; whatever it had before ends. It is remembered as one of the person's when nothing more is awaited. */
export async function enterAs(c: Context, { people, cookies }: Pick<SignInDeps, "people" | "cookies">, { session, person, awaits }: SignedIn): Promise<void> {
  const before = cookies.session(c);
  if (before) await people.drop(before);
  cookies.setSession(c, session, SESSION_MS);
  if (awaits === null) cookies.setDevice(c, person.login);
}

/** What was wrong with a code, for its form; tells the browser how long to wait where too many were wrong. */
export function factorError(c: Context, { fault, waitS = 0 }: { readonly fault: string; readonly waitS?: number }): FormState["errors"][number] {
  if (waitS > 0) c.header("retry-after", String(waitS));
  if (fault === "wait") return { field: "code", key: "people.fault.present.wait", params: { seconds: waitS } };
  if (fault === "busy") return { field: "code", key: "people.fault.busy", params: { seconds: waitS } };
  return fault === "present" ? { field: "present", key: "people.fault.present" } : { field: "code", key: "people.fault.code" };
}

/** Where to go after signing in: a path of ours, whatever the link said. */
function ownPath(next: string | undefined): string {
  return next !== undefined && /^\/(?![/\\])[\w\-./?=&%#]*$/.test(next) ? next : "/";
}
