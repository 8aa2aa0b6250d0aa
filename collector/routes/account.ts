import { type Context, Hono } from "hono";
import type { Person } from "#schemas/person.ts";
import { text } from "#schemas/text/text.ts";
import { localPerson } from "../auth/local-person.ts";
import { newTotpSecret } from "../auth/totp.ts";
import { accountPage, type OwnAccount } from "../web/account-page.ts";
import type { FormState } from "../web/form-fields.ts";
import { messagePage } from "../web/message-page.ts";
import { changeFactorPage } from "../web/second-factor.ts";
import { isConfidential } from "./client-address.ts";
import { doerOf } from "./doer.ts";
import { formValues } from "./form-deps.ts";
import { pageFrame, pageHeaders, shownOnce } from "./page.ts";
import { enterAs, factorError, type SignInDeps } from "./sign-in.ts";

/** What people do with their own account: password, second factor and sessions. */
export function accountRoutes(deps: SignInDeps): Hono {
  const { people, cookies, proxies, token } = deps;
  const app = new Hono();
  const page = async (c: Context, errors: FormState["errors"] = []) =>
    accountPage(pageFrame(c, deps), token.issue(c), await ownAccount(c, deps), { values: {}, errors });

  app.get("/account", pageHeaders, async (c) => c.html(await page(c)));

  app.post("/account/password", pageHeaders, async (c) => {
    const frame = pageFrame(c, deps);
    if (!isConfidential(c, proxies, cookies.secure)) return c.html(messagePage(frame, text(frame.lang, "people.plain")), 403);
    const { present = "", password = "", again } = await formValues(c);
    if (password !== again) return c.html(await page(c, [{ field: "again", key: "people.fault.again" }]), 422);
    const result = await people.changePassword(personOf(c).id, present.slice(0, 1_024), password, doerOf(c, proxies));
    if (result.ok) {
      await enterAs(c, deps, result);
      return c.redirect("/account", 303);
    }
    if (result.fault === "wait" || result.fault === "busy") {
      c.header("retry-after", String(result.waitS));
      const key = result.fault === "wait" ? "people.fault.present.wait" : "people.fault.busy";
      return c.html(await page(c, [{ field: "present", key, params: { seconds: result.waitS } }]), 429);
    }
    return c.html(await page(c, [{ field: result.fault === "present" ? "present" : "password", key: `people.fault.${result.fault}` }]), 422);
  });

  app.get("/account/factor", pageHeaders, async (c) => {
    const own = await ownAccount(c, deps);
    if (!own?.hasPassword) return c.redirect("/account", 303);
    const values = own.hasFactor ? {} : { secret: newTotpSecret() };
    const frame = pageFrame(c, deps);
    shownOnce(c);
    return c.html(changeFactorPage(frame, personOf(c).login, { values, errors: [] }, token.issue(c)));
  });

  app.post("/account/factor", pageHeaders, async (c) => {
    const frame = pageFrame(c, deps);
    if (!isConfidential(c, proxies, cookies.secure)) return c.html(messagePage(frame, text(frame.lang, "people.plain")), 403);
    const { present = "", code = "", secret } = await formValues(c);
    const { id, login } = personOf(c);
    const given = { present: present.slice(0, 1_024), code: code.slice(0, 32), ...(secret && { secret }) };
    const result = await people.changeFactor(id, given, doerOf(c, proxies));
    if (result.ok) {
      await enterAs(c, deps, result);
      return c.redirect("/account", 303);
    }
    const state = { values: { ...(secret && { secret }) }, errors: [factorError(c, result)] };
    shownOnce(c);
    return c.html(changeFactorPage(frame, login, state, token.issue(c)), result.fault === "wait" || result.fault === "busy" ? 429 : 422);
  });

  app.post("/account/sessions", pageHeaders, async (c) => {
    const { id, others } = await formValues(c);
    const session = cookies.session(c);
    if (others === "yes" && session) await people.endOwnSessions(personOf(c).id, { except: session }, doerOf(c, proxies));
    else if (id) await people.endOwnSessions(personOf(c).id, { id }, doerOf(c, proxies));
    return c.redirect("/account", 303);
  });

  return app;
}

/** The person that the guard has let through. @throws Error when no guard stood before the route */
function personOf(c: Context): Person {
  const { asker } = c.var;
  if (!asker) throw new Error(`${c.req.method} ${c.req.path} was reached without a guard`);
  return asker;
}

/** No account stands behind whoever sits at this machine. */
async function ownAccount(c: Context, { people, cookies }: SignInDeps): Promise<OwnAccount | undefined> {
  const { id } = personOf(c);
  if (id === localPerson.id) return undefined;
  const [isOfService, hasFactor, sessions] = await Promise.all([people.isOfService(id), people.hasFactor(id), people.sessionsOf(id, cookies.session(c))]);
  return { hasPassword: !isOfService, hasFactor, sessions };
}
