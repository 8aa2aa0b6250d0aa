import { randomUUID } from "node:crypto";
import { Hono } from "hono";
import { vietnamDay } from "#schemas/calendar.ts";
import { parseWaiver } from "../attest/waiver-input.ts";
import { waiverForm, waiversPage } from "../web/waiver-form.ts";
import { type FormDeps, formPlace, formValues, signature } from "./form-deps.ts";
import { pageFrame, pageHeaders } from "./page.ts";

/** The list of waivers and the form that files one. */
export function waiverRoutes(deps: FormDeps): Hono {
  const { store, policy, token, now, changed, noteDeed } = deps;
  const app = new Hono();
  const path = "/centres/:code/waive/:requirement";

  app.get("/waivers", pageHeaders, async (c) => {
    const frame = pageFrame(c, deps);
    const today = vietnamDay(now());
    return c.html(waiversPage(frame, policy, await store.waiversFrom(today, c.req.query("centre")), today, c.req.query("done") !== undefined));
  });

  app.get(path, pageHeaders, async (c) => {
    const place = await formPlace(c, deps);
    if (place instanceof Response) return place;
    const values = { from: vietnamDay(now()) };
    return c.html(waiverForm(pageFrame(c, deps), place.centre, place.requirement, { values, errors: [] }, token.issue(c)));
  });

  app.post(path, pageHeaders, async (c) => {
    const frame = pageFrame(c, deps);
    const place = await formPlace(c, deps);
    if (place instanceof Response) return place;
    const approver = signature(c);
    const values = { ...(await formValues(c)), ...(approver !== undefined && { approver }) };
    const { centre, requirement } = place;
    const ids = policy.requirements.map(({ id }) => id);
    const parsed = parseWaiver({ ...values, centre: centre.code, requirement: requirement.id }, randomUUID(), vietnamDay(now()), ids);
    if (!parsed.ok) return c.html(waiverForm(frame, centre, requirement, { values, errors: parsed.errors }, token.issue(c)), 422);
    await store.addWaiver(parsed.value);
    await noteDeed(c, "waiver.filed", `${centre.code} ${requirement.id} ${parsed.value.document}`);
    await changed([centre.code]);
    return c.redirect("/waivers?done", 303);
  });

  return app;
}
