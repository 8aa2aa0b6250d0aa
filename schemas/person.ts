import { z } from "zod";
import { Code } from "./ids.ts";

/**
 * What a person may do at the collector. `viewer` reads the province, `operator` runs it, `inspector` confirms what was seen on the spot and grants
 * waivers, `admin` keeps the accounts, `commune` sees and declares one centre, `auditor` reads what people did.
 */
export const Role = z.enum(["viewer", "operator", "inspector", "admin", "commune", "auditor"]);
export type Role = z.infer<typeof Role>;

/** Whoever asks the collector for something, as far as its routes need to know. */
export const Person = z.strictObject({
  id: z.string().min(1).max(64),
  login: z.string().min(1).max(256),
  /** As it stands beside what the person declared: a name, or a post. */
  name: z.string().min(1).max(128),
  roles: z.array(Role).max(6),
  /** The only centre that this person may see; absent for the whole province. */
  centre: Code.optional(),
});
export type Person = z.infer<typeof Person>;

/** The one role of a token for programs: tokens read and never change anything. */
export const TokenRole = Role.extract(["viewer", "auditor"]);
export type TokenRole = z.infer<typeof TokenRole>;
