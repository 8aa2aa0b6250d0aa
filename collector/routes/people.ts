import { type Context, Hono } from "hono";
import { vietnamDay } from "#schemas/calendar.ts";
import { Role } from "#schemas/person.ts";
import { problem } from "#schemas/problem.ts";
import { AuditQuery, type AuditReply } from "#schemas/read-api.ts";
import { parsePerson } from "../people/person-input.ts";
import type { FormState } from "../web/form-fields.ts";
import { auditPage, type ListedPerson, peoplePage } from "../web/people-page.ts";
import { doerOf } from "./doer.ts";
import { formValues } from "./form-deps.ts";
import { pageAsked, pageFrame, pageHeaders, shownOnce } from "./page.ts";
import type { SignInDeps } from "./sign-in.ts";

export type PeopleDeps = Pick<SignInDeps, "people" | "proxies" | "token" | "policy" | "lang" | "demo" | "now"> & {
  readonly publicUrl: string;
  readonly centreExists: (code: string) => Promise<boolean>;
};

const empty: FormState = { values: {}, errors: [] };

/** Keeping accounts, and reading what people did. */
export function peopleRoutes(deps: PeopleDeps): Hono {
  const { people, token, publicUrl, now } = deps;
  const app = new Hono();
  const page = async (c: Context, state: FormState = empty, link?: { login: string; token: string }) => {
    const part = await people.list(pageAsked(c));
    const shown = { ...part, rows: part.rows.map((account) => listed(account, now())) };
    const frame = pageFrame(c, deps);
    if (link) shownOnce(c);
    return peoplePage(frame, shown, state, token.issue(c), link && { login: link.login, url: passwordLink(publicUrl, link.token) });
  };

  app.get("/people", pageHeaders, async (c) => c.html(await page(c)));

  app.post("/people", pageHeaders, async (c) => {
    const values = await formValues(c);
    const parsed = parsePerson({ ...values, roles: Role.options.filter((role) => values[`role-${role}`] === "yes") }, vietnamDay(now()));
    if (!parsed.ok) return c.html(await page(c, { values, errors: parsed.errors }), 422);
    const { login, centre } = parsed.value;
    if (centre !== undefined && !(await deps.centreExists(centre)))
      return c.html(await page(c, { values, errors: [{ field: "centre", key: "form.error.centre" }] }), 422);
    const link = await people.add(parsed.value, doerOf(c, deps.proxies));
    if (link === undefined) return c.html(await page(c, { values, errors: [{ field: "login", key: "people.fault.taken" }] }), 422);
    return c.html(await page(c, empty, { login, token: link }));
  });

  app.post("/people/reset", pageHeaders, async (c) => {
    const { login = "" } = await formValues(c);
    const link = await people.reset(login, doerOf(c, deps.proxies));
    return link === undefined ? c.redirect("/people", 303) : c.html(await page(c, empty, { login, token: link }));
  });

  for (const action of ["disable", "enable"] as const)
    app.post(`/people/${action}`, pageHeaders, async (c) => {
      const { login = "" } = await formValues(c);
      const doer = doerOf(c, deps.proxies);
      // Nobody shuts himself out by a slip.
      if (login !== doer.who) await people.disable(login, action === "disable", doer);
      return c.redirect("/people", 303);
    });

  app.post("/people/sessions", pageHeaders, async (c) => {
    const { login = "" } = await formValues(c);
    await people.endSessionsOf(login, doerOf(c, deps.proxies));
    return c.redirect("/people", 303);
  });

  app.post("/people/factor", pageHeaders, async (c) => {
    const { login = "" } = await formValues(c);
    await people.endFactor(login, doerOf(c, deps.proxies));
    return c.redirect("/people", 303);
  });

  app.get("/audit", pageHeaders, async (c) => {
    const { deeds, chain } = await people.audit(pageAsked(c));
    return c.html(auditPage(pageFrame(c, deps), deeds, chain));
  });

  app.get("/v1/audit", async (c) => {
    const query = AuditQuery.safeParse(c.req.query());
    if (!query.success) return c.json(problem(422, "query_invalid", "a filter is not valid", { cause: query.error }), 422);
    const deeds = await people.deedsAfter(query.data.after, query.data.limit);
    const iso = (ms: number) => new Date(ms).toISOString();
    return c.json({ at: iso(now()), deeds: deeds.map((deed) => ({ ...deed, at: iso(deed.at) })) } satisfies AuditReply);
  });

  return app;
}

/** The address that sets a password. Its code stands behind the `#`: browsers send that to nobody. */
export function passwordLink(publicUrl: string, token: string): string {
  return `${publicUrl.replace(/\/$/, "")}/password#${token}`;
}

function listed(account: Awaited<ReturnType<PeopleDeps["people"]["list"]>>["rows"][number], nowMs: number): ListedPerson {
  const { login, name, roles, centreCode, disabled, endsAt, password, subject, lastLoginAt, factor } = account;
  const state = disabled ? "disabled" : endsAt !== null && endsAt <= nowMs ? "ended" : password === null && subject === null ? "waiting" : "active";
  return {
    login,
    name,
    roles,
    centre: centreCode ?? undefined,
    state,
    isOfService: subject !== null,
    hasFactor: factor !== null,
    lastLoginMs: lastLoginAt ?? undefined,
  };
}
