import { z } from "zod";
import { Code } from "#schemas/ids.ts";
import { Role } from "#schemas/person.ts";
import { fieldFaults } from "#schemas/text/field-faults.ts";
import { ConfigError } from "../config.ts";
import { readJsonFile } from "../read-json-file.ts";
import type { NewPerson } from "./desk.ts";

const isOwn = (url: string) => ["localhost", "127.0.0.1", "[::1]"].includes(new URL(url).hostname);

/** The file that HCC_OIDC names: the province's sign-on service, and which of its claims give which roles. */
export const SignOnFile = z.strictObject({
  /** Without TLS only on this machine, for tests. */
  issuer: z.url({ protocol: /^https?$/ }).refine((url) => url.startsWith("https:") || isOwn(url), "setting.https"),
  clientId: z.string().min(1),
  clientSecret: z.string().min(1).optional(),
  scope: z.string().default("openid profile"),
  name: z.strictObject({ vi: z.string().min(1), en: z.string().min(1) }),
  /** Claims that a person's token must carry, whatever his roles, such as `{"acr":"mfa"}`. */
  require: z.record(z.string(), z.string()).default({}),
  /** A person gets the roles of every line whose claim holds its value, alone or in a list. Who gets none does not get in. */
  roles: z.array(z.strictObject({ claim: z.string().min(1), value: z.string().min(1), roles: z.array(Role).min(1) })).min(1),
  /** Claim with the code of the only centre that a person may see; officers of communes need it. */
  centreClaim: z.string().min(1).optional(),
});
export type SignOnFile = z.infer<typeof SignOnFile>;

/** Reads the file. @throws ConfigError that names the field at fault */
export function readSignOnFile(file: string): SignOnFile {
  const parsed = SignOnFile.safeParse(readJsonFile("HCC_OIDC", file));
  if (parsed.success) return parsed.data;
  throw new ConfigError((lang) => fieldFaults(lang, parsed.error, `HCC_OIDC: ${file}`, Object.keys(SignOnFile.shape)));
}

/** The person that a token's claims make, or undefined for a stranger: nobody gets a role that no line of the file gives. */
export function personOfClaims(file: SignOnFile, claims: Readonly<Record<string, unknown>>): NewPerson | undefined {
  if (Object.entries(file.require).some(([claim, value]) => !holds(claims[claim], value))) return undefined;
  const given = [...new Set(file.roles.flatMap(({ claim, value, roles }) => (holds(claims[claim], value) ? roles : [])))];
  const centre = Code.safeParse(file.centreClaim === undefined ? undefined : claims[file.centreClaim]).data;
  // An officer of a commune without a centre would see the province.
  const roles = given.filter((role) => role !== "commune" || centre !== undefined);
  if (roles.length === 0) return undefined;
  const { sub, preferred_username: login, name } = claims;
  return {
    login: `${new URL(file.issuer).host}/${text(login) ?? text(sub) ?? ""}`.slice(0, 256),
    name: (text(name) ?? text(login) ?? text(sub) ?? "").slice(0, 128),
    roles,
    // Whoever has a role for the province beside is not confined.
    centre: roles.every((role) => role === "commune") ? centre : undefined,
  };
}

function holds(claim: unknown, value: string): boolean {
  return Array.isArray(claim) ? claim.includes(value) : claim === value;
}

function text(claim: unknown): string | undefined {
  return typeof claim === "string" && claim !== "" ? claim : undefined;
}
