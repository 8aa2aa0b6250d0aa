import { randomUUID } from "node:crypto";
import { type Context, Hono } from "hono";
import { vietnamDay } from "#schemas/calendar.ts";
import type { MaintenanceWindow } from "#schemas/maintenance.ts";
import type { FieldError } from "../attest/field-errors.ts";
import { parseMaintenance } from "../attest/maintenance-input.ts";
import { acts } from "../people/acts.ts";
import type { ListPart } from "../store/list-part.ts";
import type { FormToken } from "../web/form-token.ts";
import { maintenancePage } from "../web/maintenance-page.ts";
import { mayCall } from "./access-table.ts";
import { type FormDeps, formValues, signature } from "./form-deps.ts";
import { type PageDeps, pageAsked, pageFrame, pageHeaders } from "./page.ts";

export type MaintenanceDeps = Omit<PageDeps, "store"> & {
  readonly maintenance: {
    part(day: string, page: number): Promise<ListPart<MaintenanceWindow>>;
    /** Undefined where as many stand as may. */
    add(window: MaintenanceWindow): Promise<readonly string[] | undefined>;
    /** False when there is none of that id, or it was ended before. */
    end(id: string): Promise<boolean>;
    codes(): Promise<ReadonlySet<string>>;
  };
  readonly token: FormToken;
  readonly noteDeed: FormDeps["noteDeed"];
};

/** The list of announced work, and the forms that announce and end it. */
export function maintenanceRoutes(deps: MaintenanceDeps): Hono {
  const { maintenance, token, now, noteDeed } = deps;
  const app = new Hono();
  const requirements = deps.policy.requirements.map(({ id }) => id);
  const windows = (c: Context) => maintenance.part(vietnamDay(now()), pageAsked(c));

  app.get("/maintenance", pageHeaders, async (c) => {
    const mayAnnounce = mayCall(c.var.asker, "POST /maintenance");
    const form = mayAnnounce ? { state: { values: { from: vietnamDay(now()) }, errors: [] }, token: token.issue(c) } : undefined;
    return c.html(maintenancePage(pageFrame(c, deps), await windows(c), form));
  });

  app.post("/maintenance", pageHeaders, async (c) => {
    const person = signature(c);
    const values = { ...(await formValues(c)), ...(person !== undefined && { person }) };
    const codes = await maintenance.codes();
    const parsed = parseMaintenance(values, randomUUID(), { today: vietnamDay(now()), isCentre: (code) => codes.has(code), requirements });
    const refuse = async (errors: readonly FieldError[]) =>
      c.html(maintenancePage(pageFrame(c, deps), await windows(c), { state: { values, errors }, token: token.issue(c) }), 422);
    if (!parsed.ok) return refuse(parsed.errors);
    if (!(await maintenance.add(parsed.value))) return refuse([{ field: "reason", key: "form.error.windowsFull" }]);
    await noteDeed(c, acts.maintenanceAnnounced([parsed.value]));
    return c.redirect("/maintenance", 303);
  });

  app.post("/maintenance/end", pageHeaders, async (c) => {
    const { id = "" } = await formValues(c);
    if (await maintenance.end(id)) await noteDeed(c, acts.maintenanceEnded(id));
    return c.redirect("/maintenance", 303);
  });

  return app;
}
