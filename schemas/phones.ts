import { z } from "zod";
import { type Owner, owners } from "./policy.ts";

/** How people write a telephone number. */
export const phonePattern = /^\+?[\d(][\d .()-]{1,30}\d$/;

/** A telephone number as people write it. */
export const PhoneNumber = z.string().regex(phonePattern, "must be a telephone number: digits, spaces, dots, dashes and brackets");

/** Whom to call: the number of whoever acts; of a line's provider by the name that the list of centres gives it, or of any that has no entry of its own. */
export const PhoneEntry = z
  .strictObject({ owner: z.enum(owners), isp: z.string().trim().min(1).max(128).optional(), number: PhoneNumber })
  .refine(({ owner, isp }) => isp === undefined || owner === "isp", { path: ["isp"], message: "setting.phone_provider" });
export type PhoneEntry = z.infer<typeof PhoneEntry>;

/** The numbers that one centre calls. */
export const Phones = z.partialRecord(z.enum(owners), PhoneNumber);
export type Phones = z.infer<typeof Phones>;

/** The numbers for a centre whose line `isp` provides; where nobody says who that is, those without a name alone. */
export function phonesFor(entries: readonly PhoneEntry[], isp: string | undefined): Phones {
  const name = folded(isp);
  const numberOf = (owner: Owner) => {
    const own = entries.filter((entry) => entry.owner === owner);
    return (own.find((entry) => entry.isp !== undefined && folded(entry.isp) === name) ?? own.find((entry) => entry.isp === undefined))?.number;
  };
  return Object.fromEntries(owners.flatMap((owner) => (numberOf(owner) === undefined ? [] : [[owner, numberOf(owner)]])));
}

/** One name however it is typed. */
function folded(name: string | undefined): string | undefined {
  return name?.normalize("NFC").trim().toLowerCase();
}
