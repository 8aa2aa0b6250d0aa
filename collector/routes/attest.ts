import { randomUUID } from "node:crypto";
import { Hono } from "hono";
import { type AttestedRule, attestedRuleOf } from "#schemas/policy.ts";
import { text } from "#schemas/text/text.ts";
import { parseAttestation } from "../attest/attestation-input.ts";
import type { FieldError } from "../attest/field-errors.ts";
import { attestForm, itemField } from "../web/attest-form.ts";
import { messagePage } from "../web/message-page.ts";
import { type FormDeps, formPlace, formValues, signature } from "./form-deps.ts";
import { pageFrame, pageHeaders } from "./page.ts";

/** The form in which a person declares what cannot be measured. One sending may hold several statements; they are kept together or not at all. */
export function attestRoutes(deps: FormDeps): Hono {
  const { policy, token, now, changed, deeds, doer } = deps;
  const app = new Hono();
  const path = "/centres/:code/attest/:requirement";

  app.get(path, pageHeaders, async (c) => {
    const frame = pageFrame(c, deps);
    const place = await formPlace(c, deps);
    if (place instanceof Response) return place;
    const rule = attestedRuleOf(place.requirement);
    if (!rule) return c.html(messagePage(frame, text(frame.lang, "form.attest.nothing")), 404);
    return c.html(attestForm(frame, place.centre, place.requirement, rule, { values: {}, errors: [] }, token.issue(c)));
  });

  app.post(path, pageHeaders, async (c) => {
    const frame = pageFrame(c, deps);
    const place = await formPlace(c, deps);
    if (place instanceof Response) return place;
    const sent = await formValues(c);
    const by = signature(c);
    // Whose word beats the commune's is decided by the account, not by the form.
    const inspector = c.var.asker?.roles.includes("inspector") === true && sent.inspector === "yes" ? "yes" : "";
    const values = { ...sent, inspector, ...(by !== undefined && { by }) };
    const { centre, requirement } = place;
    const rule = attestedRuleOf(requirement);
    if (!rule) return c.html(messagePage(frame, text(frame.lang, "form.attest.nothing")), 404);
    const nowIso = new Date(now()).toISOString();
    const parsed = statements(values, rule).map((stated) =>
      parseAttestation({ ...values, ...stated, centre: centre.code, requirement: requirement.id, at: nowIso }, randomUUID(), nowIso, policy),
    );
    const errors: readonly FieldError[] =
      parsed.length === 0 ? [{ field: "item", key: "form.error.noAnswer" }] : unique(parsed.flatMap((one) => (one.ok ? [] : one.errors)));
    if (errors.length > 0) return c.html(attestForm(frame, centre, requirement, rule, { values, errors }, token.issue(c)), 422);
    const said = parsed.flatMap((one) => (one.ok ? [one.value] : []));
    await deeds.attest(doer(c), said);
    await changed([centre.code]);
    return c.redirect(`/centres/${centre.code}#${requirement.id}`, 303);
  });

  return app;
}

/** What a sent form states: each answered item, and the number when one was given. */
function statements(values: Readonly<Record<string, string>>, { items }: AttestedRule): readonly { item?: string; holds: boolean; value?: string }[] {
  const answered = items.flatMap(({ id }) => {
    const answer = values[itemField(id)];
    return answer === "yes" || answer === "no" ? [{ item: id, holds: answer === "yes", value: "" }] : [];
  });
  return values.value ? [...answered, { item: "", holds: true, value: values.value }] : answered;
}

function unique(errors: readonly FieldError[]): readonly FieldError[] {
  return [...new Map(errors.map((error) => [`${error.field} ${error.key}`, error])).values()];
}
