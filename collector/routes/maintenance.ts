import { randomUUID } from "node:crypto";
import { type Context, Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { vietnamDay } from "#schemas/calendar.ts";
import type { MaintenanceWindow } from "#schemas/maintenance.ts";
import { text } from "#schemas/text/text.ts";
import { parseMaintenance } from "../attest/maintenance-input.ts";
import type { FormToken } from "../web/form-token.ts";
import { TOKEN_FIELD } from "../web/form-token.ts";
import { maintenancePage } from "../web/maintenance-page.ts";
import { messagePage } from "../web/message-page.ts";
import { BODY_BYTES_MAX, formValues } from "./form-deps.ts";
import { type PageDeps, pageFrame, pageHeaders } from "./page.ts";

export type MaintenanceDeps = Omit<PageDeps, "store"> & {
  readonly maintenance: {
    from(day: string): Promise<readonly MaintenanceWindow[]>;
    add(window: MaintenanceWindow): Promise<unknown>;
    end(id: string): Promise<unknown>;
    codes(): Promise<ReadonlySet<string>>;
  };
  readonly token: FormToken;
  readonly mayWrite: (c: Context) => boolean;
};

/** The list of announced work, and the forms that announce and end it. */
export function maintenanceRoutes(deps: MaintenanceDeps): Hono {
  const { maintenance, token, now } = deps;
  const app = new Hono();
  const windows = () => maintenance.from(vietnamDay(now()));

  app.get("/maintenance", pageHeaders, async (c) => {
    const form = deps.mayWrite(c) ? { state: { values: { from: vietnamDay(now()) }, errors: [] }, token: token.issue(c) } : undefined;
    return c.html(maintenancePage(pageFrame(c, deps), await windows(), form));
  });

  app.post("/maintenance", pageHeaders, bodyLimit({ maxSize: BODY_BYTES_MAX }), async (c) => {
    const values = await sentValues(c, deps);
    if (values instanceof Response) return values;
    const codes = await maintenance.codes();
    const parsed = parseMaintenance(values, randomUUID(), vietnamDay(now()), (code) => codes.has(code));
    if (!parsed.ok) {
      const form = { state: { values, errors: parsed.errors }, token: token.issue(c) };
      return c.html(maintenancePage(pageFrame(c, deps), await windows(), form), 422);
    }
    await maintenance.add(parsed.value);
    return c.redirect("/maintenance", 303);
  });

  app.post("/maintenance/end", pageHeaders, bodyLimit({ maxSize: BODY_BYTES_MAX }), async (c) => {
    const values = await sentValues(c, deps);
    if (values instanceof Response) return values;
    await maintenance.end(values.id ?? "");
    return c.redirect("/maintenance", 303);
  });

  return app;
}

/** The fields of a form that came from a page of ours and from somebody who may write; else the page that says no. */
async function sentValues(c: Context, deps: MaintenanceDeps): Promise<Readonly<Record<string, string>> | Response> {
  const frame = pageFrame(c, deps);
  if (!deps.mayWrite(c)) return c.html(messagePage(frame, text(frame.lang, "form.closed")), 403);
  const values = await formValues(c);
  return deps.token.holds(c, values[TOKEN_FIELD]) ? values : c.html(messagePage(frame, text(frame.lang, "form.refused")), 403);
}
