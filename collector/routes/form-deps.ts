import type { Context } from "hono";
import type { Waiver } from "#schemas/attestation.ts";
import type { Requirement } from "#schemas/policy.ts";
import { text } from "#schemas/text/text.ts";
import { localPerson } from "../auth/local-person.ts";
import type { Deeds } from "../people/deeds.ts";
import type { Doer } from "../store/audit.ts";
import type { ListPart } from "../store/list-part.ts";
import type { FormState } from "../web/form-fields.ts";
import type { FormToken } from "../web/form-token.ts";
import { messagePage } from "../web/message-page.ts";
import { type PageDeps, pageFrame } from "./page.ts";

/** What the forms need besides what pages need. */
export type FormDeps = Omit<PageDeps, "store"> & {
  readonly store: {
    centreName(code: string): Promise<string | undefined>;
    waiversFrom(day: string, centre?: string): Promise<readonly Waiver[]>;
    waiverPart(day: string, centre: string | undefined, page: number): Promise<ListPart<Waiver>>;
  };
  readonly token: FormToken;
  readonly deeds: Pick<Deeds, "fileWaivers" | "withdrawWaiver" | "attest">;
  /** Who sends a form, and from where. */
  readonly doer: (c: Context) => Doer;
  /** Has centres judged anew after something was declared or waived. */
  readonly changed: (centres: readonly string[]) => Promise<void>;
};

/** The centre and requirement that a form is about, or the page that says why there is none. */
export async function formPlace(
  c: Context,
  deps: Omit<FormDeps, "deeds">,
): Promise<{ centre: { code: string; name: string }; requirement: Requirement } | Response> {
  const frame = pageFrame(c, deps);
  const code = c.req.param("code") ?? "";
  const requirement = deps.policy.requirements.find(({ id }) => id === c.req.param("requirement"));
  const name = await deps.store.centreName(code);
  if (name === undefined || !requirement)
    return c.html(messagePage(frame, text(frame.lang, name === undefined ? "form.error.centre" : "form.error.requirement")), 404);
  return { centre: { code, name }, requirement };
}

/** The name that stands under what is declared here: the account's. Undefined where nobody has one, and the name is typed. */
export function signature(c: Context): string | undefined {
  const { asker } = c.var;
  return asker === undefined || asker.id === localPerson.id ? undefined : asker.name;
}

/** The fields of a sent form as single strings; files and repeated fields count as empty. */
export async function formValues(c: Context): Promise<FormState["values"]> {
  const body = await c.req.parseBody();
  return Object.fromEntries(Object.entries(body).map(([name, value]) => [name, typeof value === "string" ? value : ""]));
}
