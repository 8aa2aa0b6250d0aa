import { z } from "zod";
import { cleanText } from "#schemas/clean-text.ts";
import { Code } from "#schemas/ids.ts";
import { Role } from "#schemas/person.ts";
import { type FieldError, fieldErrors, type Parsed } from "../attest/field-errors.ts";
import type { NewPerson } from "./desk.ts";

const VIETNAM_DAY_ENDS = "T23:59:59.999+07:00";

const Input = z.object({
  login: z
    .string()
    .trim()
    .toLowerCase()
    .regex(/^[a-z0-9][a-z0-9._@-]{1,63}$/),
  name: z
    .string()
    .transform((name) => cleanText(name, 129))
    .pipe(z.string().min(1).max(128)),
  roles: z.array(Role).min(1).max(6),
  centre: z.preprocess((centre) => (centre === "" ? undefined : centre), Code.optional()),
  until: z.preprocess((until) => (until === "" ? undefined : until), z.iso.date().optional()),
});

/** A person as typed into the form or the command line. A commune's officer has exactly one centre, and no role beside; no account ends before `today`. */
export function parsePerson(fields: Readonly<Record<string, unknown>>, today: string): Parsed<NewPerson> {
  const input = Input.safeParse(fields);
  if (!input.success) return { ok: false, errors: fieldErrors(input.error) };
  const { login, name, roles, centre, until } = input.data;
  const errors: FieldError[] = [];
  if (roles.includes("commune") && centre === undefined) errors.push({ field: "centre", key: "people.fault.centre" });
  if (roles.includes("commune") && roles.length > 1) errors.push({ field: "roles", key: "people.fault.roles" });
  if (until !== undefined && until < today) errors.push({ field: "until", key: "form.error.past" });
  if (errors.length > 0) return { ok: false, errors };
  return {
    ok: true,
    value: { login, name, roles: [...new Set(roles)], centre, endsAt: until === undefined ? undefined : Date.parse(until + VIETNAM_DAY_ENDS) },
  };
}
