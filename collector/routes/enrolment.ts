import { type Context, Hono } from "hono";
import { vietnamDay } from "#schemas/calendar.ts";
import { Code } from "#schemas/ids.ts";
import { MAIN_POINT } from "#schemas/inventory.ts";
import { text } from "#schemas/text/text.ts";
import { pointCode } from "../inventory/point-code.ts";
import type { Deeds } from "../people/deeds.ts";
import { CodeRefused, codesCsv } from "../people/enrol-codes.ts";
import type { Enrolment } from "../store/enrolment.ts";
import { enrolForm, enrolSheet } from "../web/enrol-page.ts";
import { enrolmentPage } from "../web/enrolment-page.ts";
import type { FormState } from "../web/form-fields.ts";
import { languageOf } from "../web/language.ts";
import { messagePage } from "../web/message-page.ts";
import { type FormDeps, formValues } from "./form-deps.ts";
import { pageAsked, pageFrame, pageHeaders, shownOnce } from "./page.ts";

export type EnrolmentDeps = Omit<FormDeps, "store" | "changed" | "deeds"> & {
  readonly deeds: Pick<Deeds, "makeEnrolCode" | "makeEnrolCodes">;
  /** Those of all centres that are not closed. */
  readonly enrolments: () => Promise<readonly Enrolment[]>;
  /** That of one centre; undefined when there is none of that code. */
  readonly enrolmentOf: (code: string) => Promise<Enrolment | undefined>;
  /** Where agents find the collector. */
  readonly publicUrl: string;
};

/** The gateway PCs of the province, and the codes by which they enrol: for one centre as a sheet, for all that lack one as a table. */
export function enrolmentRoutes(deps: EnrolmentDeps): Hono {
  const { deeds, doer, token, now } = deps;
  const app = new Hono();
  const province = async (c: Context, isRefused = false) =>
    enrolmentPage(pageFrame(c, deps), await deps.enrolments(), { state: c.req.query("state") ?? "", page: pageAsked(c) }, token.issue(c), isRefused);
  const nowhere = (c: Context) => {
    const frame = pageFrame(c, deps);
    return c.html(messagePage(frame, text(frame.lang, "form.error.centre")), 404);
  };

  app.get("/enrolment", pageHeaders, async (c) => c.html(await province(c)));

  app.post("/enrolment/codes", pageHeaders, async (c) => {
    const isAnew = (await formValues(c)).anew === "yes";
    const { made } = await deeds.makeEnrolCodes(doer(c), isAnew);
    if (made.length === 0) return c.html(await province(c, true), 422);
    shownOnce(c);
    c.header("content-disposition", `attachment; filename="enrol-codes-${vietnamDay(now())}.csv"`);
    return c.body(codesCsv(languageOf(c, deps.lang), made), 200, { "content-type": "text/csv; charset=utf-8" });
  });

  app.get("/centres/:code/enrol", pageHeaders, async (c) => {
    const enrolment = await asked(c, deps);
    return enrolment ? c.html(enrolForm(pageFrame(c, deps), enrolment, token.issue(c))) : nowhere(c);
  });

  app.post("/centres/:code/enrol", pageHeaders, async (c) => {
    const enrolment = await asked(c, deps);
    if (!enrolment) return nowhere(c);
    const frame = pageFrame(c, deps);
    const values = await formValues(c);
    const state = pointState(values.point);
    if (state.errors.length > 0) return c.html(enrolForm(frame, enrolment, token.issue(c), { state }), 422);
    const wish = { centre: enrolment.centre.code, point: state.values.point || undefined, isAnew: values.anew === "yes" };
    const made = await orUndefined(deeds.makeEnrolCode(doer(c), wish));
    if (!made) return c.html(enrolForm(frame, enrolment, token.issue(c), { state, isRefused: true }), 422);
    shownOnce(c);
    return c.html(enrolSheet(frame, made, deps.publicUrl));
  });

  return app;
}

/** The field of the reception point, empty for the main office. */
function pointState(said: string | undefined): FormState {
  const point = pointCode(said ?? "");
  const isCode = Code.safeParse(point).success;
  return {
    values: { point: isCode ? (point === MAIN_POINT ? "" : point) : (said ?? "") },
    errors: isCode ? [] : [{ field: "point", key: "inventory.fault.id", params: { value: said ?? "" } }],
  };
}

async function asked(c: Context, { enrolmentOf }: EnrolmentDeps): Promise<Enrolment | undefined> {
  const code = Code.safeParse(c.req.param("code")).data;
  return code === undefined ? undefined : enrolmentOf(code);
}

/** Undefined where the centre gets none: the form says why. */
async function orUndefined<T>(making: Promise<T>): Promise<T | undefined> {
  try {
    return await making;
  } catch (error) {
    if (error instanceof CodeRefused) return undefined;
    throw error;
  }
}
