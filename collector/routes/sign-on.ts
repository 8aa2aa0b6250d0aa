import { type Context, Hono } from "hono";
import { type TextKey, text } from "#schemas/text/text.ts";
import { messagePage } from "../web/message-page.ts";
import { homeOf } from "./access-table.ts";
import { clientAddress } from "./client-address.ts";
import { pageFrame, pageHeaders } from "./page.ts";
import { enterAs, type SignInDeps } from "./sign-in.ts";

/** The way to the province's sign-on service and back. Whatever goes wrong there leaves nobody signed in. */
export function signOnRoutes(deps: SignInDeps): Hono {
  const { people, cookies, proxies, signOn } = deps;
  const app = new Hono();
  const sorry = (c: Context, key: TextKey) => {
    const frame = pageFrame(c, deps);
    return c.html(messagePage(frame, text(frame.lang, key)), 403);
  };

  app.get("/login/sign-on", pageHeaders, async (c) => {
    const begun = await signOn?.begin().catch(() => undefined);
    if (!begun) return sorry(c, "people.signOn.failed");
    cookies.setSignOn(c, begun.begun);
    return c.redirect(begun.url, 303);
  });

  app.get("/login/sign-on/back", pageHeaders, async (c) => {
    const begun = cookies.signOn(c);
    cookies.endSignOn(c);
    const found = begun === undefined ? undefined : await signOn?.finish(new URL(c.req.url).search, begun).catch(() => undefined);
    if (!found) return sorry(c, "people.signOn.failed");
    const address = clientAddress(c, proxies);
    const entered = found.person && (await people.signInSubject(found.subject, found.person, address));
    if (!entered) {
      await people.noteStranger(found.subject, address);
      return sorry(c, "people.signOn.stranger");
    }
    await enterAs(c, deps, entered);
    return c.redirect(homeOf(entered.person), 303);
  });

  return app;
}
