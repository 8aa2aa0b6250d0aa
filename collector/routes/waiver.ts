import { randomUUID } from "node:crypto";
import { type Context, Hono } from "hono";
import type { Waiver } from "#schemas/attestation.ts";
import { vietnamDay } from "#schemas/calendar.ts";
import { text } from "#schemas/text/text.ts";
import { parseWaiver, parseWithdrawal, waiverError } from "../attest/waiver-input.ts";
import { messagePage } from "../web/message-page.ts";
import { waiverForm, waiversPage, withdrawForm } from "../web/waiver-form.ts";
import { type FormDeps, formPlace, formValues, signature } from "./form-deps.ts";
import { pageAsked, pageFrame, pageHeaders } from "./page.ts";

/** The list of waivers, the form that files one and the form that withdraws one. */
export function waiverRoutes(deps: FormDeps): Hono {
  const { store, policy, token, now, changed, deeds, doer } = deps;
  const app = new Hono();
  const path = "/centres/:code/waive/:requirement";

  app.get("/waivers", pageHeaders, async (c) => {
    const frame = pageFrame(c, deps);
    const [today, centre] = [vietnamDay(now()), c.req.query("centre")];
    const part = await store.waiverPart(today, centre, pageAsked(c));
    return c.html(waiversPage(frame, policy, { centre, part }, today, doneOf(c)));
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
    const [fault] = await deeds.fileWaivers(doer(c), [parsed.value]);
    if (fault) return c.html(waiverForm(frame, centre, requirement, { values, errors: [waiverError(fault)] }, token.issue(c)), 422);
    await changed([centre.code]);
    return c.redirect("/waivers?done=filed", 303);
  });

  const withdrawal = "/centres/:code/withdraw/:waiver";
  app.get(withdrawal, pageHeaders, async (c) => {
    const waiver = await standing(c, deps);
    return waiver instanceof Response ? waiver : c.html(withdrawForm(pageFrame(c, deps), policy, waiver, { values: {}, errors: [] }, token.issue(c)));
  });

  app.post(withdrawal, pageHeaders, async (c) => {
    const waiver = await standing(c, deps);
    if (waiver instanceof Response) return waiver;
    const by = signature(c);
    const values = { ...(await formValues(c)), ...(by !== undefined && { by }) };
    const parsed = parseWithdrawal(values, new Date(now()).toISOString());
    if (!parsed.ok) return c.html(withdrawForm(pageFrame(c, deps), policy, waiver, { values, errors: parsed.errors }, token.issue(c)), 422);
    if (!(await deeds.withdrawWaiver(doer(c), waiver.id, vietnamDay(now()), parsed.value))) return noSuch(c, deps);
    await changed([waiver.centre]);
    return c.redirect("/waivers?done=withdrawn", 303);
  });

  return app;
}

function doneOf(c: Context): "filed" | "withdrawn" | undefined {
  const done = c.req.query("done");
  return done === "filed" || done === "withdrawn" ? done : undefined;
}

/** The waiver of a centre that a path names and that can be withdrawn, or the page that says that there is none. */
async function standing(c: Context, deps: FormDeps): Promise<Waiver | Response> {
  const waivers = await deps.store.waiversFrom(vietnamDay(deps.now()), c.req.param("code"));
  return waivers.find(({ id, withdrawn }) => id === c.req.param("waiver") && withdrawn === undefined) ?? noSuch(c, deps);
}

function noSuch(c: Context, deps: FormDeps): Response | Promise<Response> {
  const frame = pageFrame(c, deps);
  return c.html(messagePage(frame, text(frame.lang, "form.withdraw.noSuch")), 404);
}
