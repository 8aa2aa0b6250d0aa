import { randomUUID } from "node:crypto";
import { type Context, Hono } from "hono";
import { vietnamDay } from "#schemas/calendar.ts";
import type { MaintenanceWindow } from "#schemas/maintenance.ts";
import type { FieldError } from "../attest/field-errors.ts";
import { parseMaintenance } from "../attest/maintenance-input.ts";
import type { Deeds } from "../people/deeds.ts";
import type { ListPart } from "../store/list-part.ts";
import type { FormToken } from "../web/form-token.ts";
import { maintenancePage } from "../web/maintenance-page.ts";
import { mayCall } from "./access-table.ts";
import { type FormDeps, formValues, signature } from "./form-deps.ts";
import { type PageDeps, pageAsked, pageFrame, pageHeaders } from "./page.ts";

export type MaintenanceDeps = Omit<PageDeps, "store"> & {
  readonly maintenance: {
    part(day: string, page: number): Promise<ListPart<MaintenanceWindow>>;
    codes(): Promise<ReadonlySet<string>>;
  };
  readonly token: FormToken;
  readonly deeds: Pick<Deeds, "announceMaintenance" | "endMaintenance">;
  readonly doer: FormDeps["doer"];
};

/** The list of announced work, and the forms that announce and end it. */
export function maintenanceRoutes(deps: MaintenanceDeps): Hono {
  const { maintenance, token, now, deeds, doer } = deps;
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
    if (!(await deeds.announceMaintenance(doer(c), [parsed.value]))) return refuse([{ field: "reason", key: "form.error.windowsFull" }]);
    return c.redirect("/maintenance", 303);
  });

  app.post("/maintenance/end", pageHeaders, async (c) => {
    const { id = "" } = await formValues(c);
    await deeds.endMaintenance(doer(c), id);
    return c.redirect("/maintenance", 303);
  });

  return app;
}
