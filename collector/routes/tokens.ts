import { type Context, Hono } from "hono";
import { parseToken, type TokenDesk } from "../people/token-desk.ts";
import type { FormState } from "../web/form-fields.ts";
import { type NewTokenText, tokensPage } from "../web/tokens-page.ts";
import { doerOf } from "./doer.ts";
import { formValues } from "./form-deps.ts";
import { pageAsked, pageFrame, pageHeaders, shownOnce } from "./page.ts";
import type { SignInDeps } from "./sign-in.ts";

export type TokenDeps = Pick<SignInDeps, "proxies" | "token" | "policy" | "lang" | "demo" | "now"> & { readonly tokens: TokenDesk };

const empty: FormState = { values: {}, errors: [] };

/** Keeping the tokens of programs. */
export function tokenRoutes(deps: TokenDeps): Hono {
  const { tokens, token } = deps;
  const app = new Hono();
  const page = async (c: Context, state: FormState = empty, made?: NewTokenText) => {
    const frame = pageFrame(c, deps);
    if (made) shownOnce(c);
    return tokensPage(frame, await tokens.list(pageAsked(c)), state, token.issue(c), made);
  };

  app.get("/tokens", pageHeaders, async (c) => c.html(await page(c)));

  app.post("/tokens", pageHeaders, async (c) => {
    const values = await formValues(c);
    const parsed = parseToken(values);
    if (!parsed.ok) return c.html(await page(c, { values, errors: parsed.errors }), 422);
    const { text } = await tokens.add(parsed.value, doerOf(c, deps.proxies));
    return c.html(await page(c, empty, { name: parsed.value.name, text }));
  });

  app.post("/tokens/revoke", pageHeaders, async (c) => {
    const { id = "" } = await formValues(c);
    await tokens.revoke(id, doerOf(c, deps.proxies));
    return c.redirect("/tokens", 303);
  });

  return app;
}
