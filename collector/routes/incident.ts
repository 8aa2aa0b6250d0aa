import { type Context, Hono } from "hono";
import { cleanText } from "#schemas/clean-text.ts";
import { Code } from "#schemas/ids.ts";
import { text } from "#schemas/text/text.ts";
import { confinedTo } from "../auth/asker.ts";
import type { Deeds } from "../people/deeds.ts";
import type { IncidentFilter } from "../store/incidents.ts";
import type { ListPart } from "../store/list-part.ts";
import type { FormToken } from "../web/form-token.ts";
import { type Background, incidentPage, incidentsPage, type Post, type ShownIncident } from "../web/incidents-page.ts";
import { messagePage } from "../web/message-page.ts";
import { mayCall } from "./access-table.ts";
import { type FormDeps, formValues, signature } from "./form-deps.ts";
import { type PageDeps, pageAsked, pageFrame, pageHeaders } from "./page.ts";

export type IncidentDeps = Omit<PageDeps, "store"> & {
  readonly incidents: {
    part(filter: IncidentFilter, page: number): Promise<ListPart<ShownIncident>>;
    find(id: number): Promise<ShownIncident | undefined>;
    /** What is known now of one that stands. */
    background(incident: ShownIncident): Promise<Background>;
    post(): Promise<Post>;
  };
  readonly token: FormToken;
  readonly deeds: Pick<Deeds, "takeIncident">;
  readonly doer: FormDeps["doer"];
};

const NAME_MAX = 128;

/** The list of problems, the page of one, and the form by which somebody takes it. Whoever belongs to one centre sees and takes those of that centre. */
export function incidentRoutes(deps: IncidentDeps): Hono {
  const { incidents, policy, token, deeds, doer } = deps;
  const app = new Hono();

  app.get("/incidents", pageHeaders, async (c) => {
    const own = confinedTo(c);
    const narrowed = { requirement: c.req.query("requirement")?.slice(0, 16) || undefined, centre: Code.safeParse(c.req.query("centre")).data };
    const filter = own === undefined ? narrowed : { ...narrowed, centre: own };
    const [standing, ended] = await Promise.all([
      incidents.part(filter, pageAsked(c, "standing")),
      incidents.part({ ...filter, closed: true }, pageAsked(c, "ended")),
    ]);
    const post = own === undefined ? await incidents.post() : undefined;
    return c.html(incidentsPage(pageFrame(c, deps), policy, { standing, ended }, own === undefined ? narrowed : { requirement: narrowed.requirement }, post));
  });

  app.get("/incidents/:id", pageHeaders, async (c) => {
    const incident = await asked(c, deps);
    if (incident instanceof Response) return incident;
    const mayTake = incident.state === "open" && mayCall(c.var.asker, "POST /incidents/:id");
    const form = mayTake ? { state: { values: {}, errors: [] }, token: token.issue(c) } : undefined;
    return c.html(incidentPage(pageFrame(c, deps), policy, incident, await incidents.background(incident), form));
  });

  app.post("/incidents/:id", pageHeaders, async (c) => {
    const incident = await asked(c, deps);
    if (incident instanceof Response) return incident;
    const values = await formValues(c);
    const by = signature(c) ?? cleanText(values.by ?? "", NAME_MAX).trim();
    if (by === "") {
      const form = { state: { values, errors: [{ field: "by", key: "form.error.empty" as const }] }, token: token.issue(c) };
      return c.html(incidentPage(pageFrame(c, deps), policy, incident, await incidents.background(incident), form), 422);
    }
    await deeds.takeIncident(doer(c), incident.id, by, confinedTo(c));
    return c.redirect(`/incidents/${incident.id}`, 303);
  });

  return app;
}

/** The problem that a path names, or the page that says that there is none: what is soft yet, or a foreign centre's, is nobody's to know. */
async function asked(c: Context, deps: IncidentDeps): Promise<ShownIncident | Response> {
  const number = c.req.param("id") ?? "";
  const incident = /^\d{1,15}$/.test(number) ? await deps.incidents.find(Number(number)) : undefined;
  const own = confinedTo(c);
  if (incident && incident.state !== "soft" && (own === undefined || own === incident.centre)) return incident;
  const frame = pageFrame(c, deps);
  return c.html(messagePage(frame, text(frame.lang, "web.incidents.noSuch")), 404);
}
