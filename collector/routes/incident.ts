import { type Context, Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { cleanText } from "#schemas/clean-text.ts";
import { text } from "#schemas/text/text.ts";
import type { IncidentFilter } from "../store/incidents.ts";
import type { FormToken } from "../web/form-token.ts";
import { TOKEN_FIELD } from "../web/form-token.ts";
import { incidentPage, incidentsPage, type Post, type ShownIncident } from "../web/incidents-page.ts";
import { messagePage } from "../web/message-page.ts";
import { BODY_BYTES_MAX, formValues } from "./form-deps.ts";
import { type PageDeps, pageFrame, pageHeaders } from "./page.ts";

export type IncidentDeps = Omit<PageDeps, "store"> & {
  readonly incidents: {
    list(filter: IncidentFilter): Promise<readonly ShownIncident[]>;
    find(id: number): Promise<ShownIncident | undefined>;
    /** Numbers that were open until now. */
    take(id: number, by: string): Promise<readonly number[]>;
    post(): Promise<Post>;
  };
  readonly token: FormToken;
  readonly mayWrite: (c: Context) => boolean;
};

const NAME_MAX = 128;

/** The list of problems, the page of one, and the form by which somebody takes it. */
export function incidentRoutes(deps: IncidentDeps): Hono {
  const { incidents, policy, token } = deps;
  const app = new Hono();

  app.get("/incidents", pageHeaders, async (c) => {
    const requirement = c.req.query("requirement")?.slice(0, 16) || undefined;
    const [standing, ended, post] = await Promise.all([incidents.list({ requirement }), incidents.list({ requirement, closed: true }), incidents.post()]);
    return c.html(incidentsPage(pageFrame(c, deps), policy, standing, ended, post));
  });

  app.get("/incidents/:id", pageHeaders, async (c) => {
    const incident = await asked(c, deps);
    if (incident instanceof Response) return incident;
    const mayTake = incident.state === "open" && deps.mayWrite(c);
    return c.html(incidentPage(pageFrame(c, deps), policy, incident, mayTake ? { state: { values: {}, errors: [] }, token: token.issue(c) } : undefined));
  });

  app.post("/incidents/:id", pageHeaders, bodyLimit({ maxSize: BODY_BYTES_MAX }), async (c) => {
    const frame = pageFrame(c, deps);
    if (!deps.mayWrite(c)) return c.html(messagePage(frame, text(frame.lang, "form.closed")), 403);
    const incident = await asked(c, deps);
    if (incident instanceof Response) return incident;
    const values = await formValues(c);
    if (!token.holds(c, values[TOKEN_FIELD])) return c.html(messagePage(frame, text(frame.lang, "form.refused")), 403);
    const by = cleanText(values.by ?? "", NAME_MAX).trim();
    if (by === "")
      return c.html(
        incidentPage(frame, policy, incident, { state: { values, errors: [{ field: "by", key: "form.error.empty" }] }, token: token.issue(c) }),
        422,
      );
    await incidents.take(incident.id, by);
    return c.redirect(`/incidents/${incident.id}`, 303);
  });

  return app;
}

async function asked(c: Context, deps: IncidentDeps): Promise<ShownIncident | Response> {
  const number = c.req.param("id") ?? "";
  const incident = /^\d{1,15}$/.test(number) ? await deps.incidents.find(Number(number)) : undefined;
  if (incident && incident.state !== "soft") return incident;
  const frame = pageFrame(c, deps);
  return c.html(messagePage(frame, text(frame.lang, "web.incidents.noSuch")), 404);
}
