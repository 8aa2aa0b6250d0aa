import { z } from "zod";
import { cleanText } from "#schemas/clean-text.ts";
import { MaintenanceWindow, ownProblems } from "#schemas/maintenance.ts";
import { fieldErrors, type Parsed } from "./field-errors.ts";

const words = (max: number) =>
  z
    .string()
    .transform((text) => cleanText(text, max + 1))
    .pipe(z.string().min(1).max(max));
/** A list as people type it: codes with commas or spaces between; nothing means all. */
const list = z.string().transform((text) => {
  const parts = text.split(/[\s,;]+/).filter((part) => part !== "");
  return parts.length === 0 ? undefined : parts;
});

const { shape } = MaintenanceWindow;
const Input = z.object({
  centres: list.pipe(shape.centres).optional(),
  requirements: list.pipe(shape.requirements).optional(),
  mode: shape.mode,
  from: z.iso.date(),
  until: z.iso.date(),
  start: shape.start,
  end: shape.end,
  weekdays: list
    .transform((days) => days?.map(Number))
    .pipe(shape.weekdays)
    .optional(),
  reason: words(300),
  person: words(128),
});

/** What an announcement may name. */
export type MaintenancePlace = { readonly today: string; readonly isCentre: (code: string) => boolean; readonly requirements: readonly string[] };

/**
 * Announced work from what a person typed: lists with commas, days as YYYY-MM-DD, clock times as HH:MM, weekdays as numbers (1 = Monday). It ends on or
 * after `today`, and no centre or requirement in it is unknown; `ownProblems` may stand among the requirements.
 */
export function parseMaintenance(
  fields: Readonly<Record<string, unknown>>,
  id: string,
  { today, isCentre, requirements }: MaintenancePlace,
): Parsed<MaintenanceWindow> {
  const given = Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== "" && value !== undefined));
  const input = Input.safeParse(given);
  if (!input.success) return { ok: false, errors: fieldErrors(input.error) };
  const window = MaintenanceWindow.safeParse({ id, ...Object.fromEntries(Object.entries(input.data).filter(([, value]) => value !== undefined)) });
  if (!window.success) return { ok: false, errors: fieldErrors(window.error) };
  if (window.data.until < today) return { ok: false, errors: [{ field: "until", key: "form.error.past" }] };
  if (!(window.data.centres ?? []).every(isCentre)) return { ok: false, errors: [{ field: "centres", key: "form.error.centre" }] };
  const named: readonly string[] = [...requirements, ...ownProblems];
  if (!(window.data.requirements ?? []).every((one) => named.includes(one)))
    return { ok: false, errors: [{ field: "requirements", key: "form.error.requirement" }] };
  return { ok: true, value: window.data };
}
