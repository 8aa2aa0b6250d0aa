import { randomUUID } from "node:crypto";
import { type Context, Hono } from "hono";
import type { Calendar } from "#schemas/calendar.ts";
import type { KeptDuty } from "#schemas/duty.ts";
import { recordedTurns } from "#schemas/evaluate/turns.ts";
import type { Requirement } from "#schemas/policy.ts";
import { text } from "#schemas/text/text.ts";
import { parseDutyRecord } from "../attest/duty-input.ts";
import type { FieldError } from "../attest/field-errors.ts";
import type { Deeds } from "../people/deeds.ts";
import { type DutyTurns, dutiesPage, turnField, turnFields, writableTurns } from "../web/duties-page.ts";
import type { FormState } from "../web/form-fields.ts";
import { messagePage } from "../web/message-page.ts";
import { mayCall } from "./access-table.ts";
import { type FormDeps, formPlace, formValues, signature } from "./form-deps.ts";
import { pageFrame, pageHeaders } from "./page.ts";

export type DutiesDeps = Omit<FormDeps, "deeds"> & {
  readonly calendarAt: (nowMs: number) => Calendar;
  readonly deeds: Pick<Deeds, "recordDuties">;
  /** What was written for a requirement of a centre, newest first. */
  readonly dutiesOf: (centre: string, requirement: Requirement) => Promise<readonly KeptDuty[]>;
};

const PATH = "/centres/:code/duties/:requirement";

/** The page of the periodic work: what a person ticks on it is kept together or not at all, each record signed and in the audit log. */
export function dutiesRoutes(deps: DutiesDeps): Hono {
  const { policy, token, now, changed, deeds, doer } = deps;
  const app = new Hono();

  app.get(PATH, pageHeaders, async (c) => {
    const place = await dutiesPlace(c, deps);
    if (place instanceof Response) return place;
    const mayWrite = mayCall(c.var.asker, `POST ${PATH}`);
    const empty: FormState = { values: {}, errors: [] };
    return c.html(dutiesPage(pageFrame(c, deps), place.centre, place.requirement, place.lists, empty, mayWrite ? token.issue(c) : undefined));
  });

  app.post(PATH, pageHeaders, async (c) => {
    const place = await dutiesPlace(c, deps);
    if (place instanceof Response) return place;
    const { centre, requirement, lists } = place;
    const by = signature(c);
    const values = { ...(await formValues(c)), ...(by !== undefined && { by }) };
    const nowMs = now();
    const ticked = ticksOf(lists, values, nowMs).map(({ name, fields }) => {
      const said = { ...fields, centre: centre.code, requirement: requirement.id, by: values.by };
      return { name, parsed: parseDutyRecord(said, randomUUID(), { policy, calendar: deps.calendarAt(nowMs), nowMs }) };
    });
    const errors: readonly FieldError[] =
      ticked.length === 0
        ? [{ field: "", key: "form.error.noTick" }]
        : ticked.flatMap(({ name, parsed }) => (parsed.ok ? [] : parsed.errors.map((error) => ({ ...error, field: name(error.field) }))));
    if (errors.length > 0) return c.html(dutiesPage(pageFrame(c, deps), centre, requirement, lists, { values, errors }, token.issue(c)), 422);
    const records = ticked.flatMap(({ parsed }) => (parsed.ok ? [parsed.value] : []));
    await deeds.recordDuties(doer(c), records);
    await changed([centre.code]);
    return c.redirect(`${c.req.path}?done`, 303);
  });

  return app;
}

/** The centre, its periodic work and the turns that count now, or the page that says why there is none. */
async function dutiesPlace(c: Context, deps: DutiesDeps) {
  const frame = pageFrame(c, deps);
  const place = await formPlace(c, deps);
  if (place instanceof Response) return place;
  const { rule } = place.requirement;
  if (rule.kind !== "checklist") return c.html(messagePage(frame, text(frame.lang, "duties.none")), 404);
  const records = await deps.dutiesOf(place.centre.code, place.requirement);
  const calendar = deps.calendarAt(frame.nowMs);
  const lists = rule.duties.map((duty): DutyTurns => ({ duty, turns: recordedTurns(duty, calendar, records, frame.nowMs) }));
  return { ...place, lists };
}

/** What was chosen in the form, turn by turn; a field of the record by its name in the form. */
function ticksOf(lists: readonly DutyTurns[], values: FormState["values"], nowMs: number) {
  return lists.flatMap(({ duty, turns }) =>
    writableTurns(turns, nowMs).flatMap(({ first }) => {
      const names = new Map(turnFields.map((field): [string, string] => [field, turnField(field, duty.id, first)]));
      const fields = Object.fromEntries([...names].map(([field, name]) => [field, values[name] ?? ""]));
      if (!fields.state) return [];
      return [{ name: (field: string) => names.get(field) ?? field, fields: { ...fields, duty: duty.id, turn: first } }];
    }),
  );
}
