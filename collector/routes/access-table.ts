import type { Person, Role } from "#schemas/person.ts";
import type { Access, Scope } from "../auth/access.ts";
import { FILE_BYTES_MAX } from "../inventory/file-size.ts";

const anyone: Access = { who: "anyone" };
const visitor: Access = { who: "visitor" };
const agent: Access = { who: "agent" };
const people = (roles: readonly Role[], scope: Scope): Access => ({ who: "people", roles, scope });

const readers: readonly Role[] = ["viewer", "operator", "inspector", "admin", "commune"];
const everybody: readonly Role[] = [...readers, "auditor"];
const declarers: readonly Role[] = ["operator", "inspector", "admin", "commune"];
/** Who may write into the records of periodic work: whoever does it, and who helps him. An inspector holds them against what is done. */
const recorders: readonly Role[] = ["operator", "admin", "commune"];
/** Who may take a problem: whoever can do something about it. */
const takers: readonly Role[] = ["operator", "inspector", "admin", "commune"];
/** Who may announce work, and so keep messages back. */
const announcers: readonly Role[] = ["operator", "admin"];
/** Who may refuse a gateway PC for good, and enrol the next one. */
const keyKeepers: readonly Role[] = ["operator", "admin"];
/** Who keeps the lists of centres and devices, which have addresses and serial numbers. */
const listKeepers: readonly Role[] = ["operator", "admin"];
/** Who can change what others rely on: of them a second factor may be demanded. */
export const factorRoles: readonly Role[] = ["operator", "admin"];
/** Who may lay a waiver over a finding, and withdraw one: not those whose work it would make look better. */
const waivers: readonly Role[] = ["inspector", "admin"];

/**
 * Every route of the collector and who may call it: `METHOD path` as it was given to Hono. The guard refuses what does not stand here, and
 * test/collector/routes/access.test.ts fails for it. HEAD goes by its GET.
 */
export const accessTable: Readonly<Record<string, Access>> = {
  "GET /health/live": anyone,
  "GET /health/ready": anyone,
  "GET /metrics": { who: "machine", roles: ["operator", "admin"], scope: "province" },
  "GET /static/:name": anyone,
  "GET /openapi.json": anyone,
  "GET /docs/api": people(readers, "none"),

  // A code proves the right to enrol; everything after it is signed.
  "POST /v1/enrol": anyone,
  "POST /v1/batches": agent,
  "GET /v1/config": agent,
  "POST /v1/key": agent,
  "POST /v1/leases": agent,
  "POST /v1/leases/:id/return": agent,

  "GET /login": visitor,
  "POST /login": visitor,
  "GET /login/sign-on": visitor,
  "GET /login/sign-on/back": visitor,
  // Whoever has given the password, and has no session that opens anything yet.
  "GET /login/factor": visitor,
  "POST /login/factor": visitor,
  "GET /password": visitor,
  "POST /password": visitor,
  "GET /account": people(everybody, "none"),
  "POST /account/password": people(everybody, "none"),
  "POST /account/sessions": people(everybody, "none"),
  "GET /account/factor": people(everybody, "none"),
  "POST /account/factor": people(everybody, "none"),
  "POST /logout": people(everybody, "none"),

  "GET /people": people(["admin"], "province"),
  "POST /people": people(["admin"], "province"),
  "POST /people/reset": people(["admin"], "province"),
  "POST /people/disable": people(["admin"], "province"),
  "POST /people/enable": people(["admin"], "province"),
  "POST /people/sessions": people(["admin"], "province"),
  "POST /people/factor": people(["admin"], "province"),
  "GET /tokens": people(["admin"], "province"),
  "POST /tokens": people(["admin"], "province"),
  "POST /tokens/revoke": people(["admin"], "province"),
  "GET /v1/audit": people(["admin", "auditor"], "province"),
  "GET /audit": people(["admin", "auditor"], "province"),

  "GET /": people(readers, "none"),
  "GET /centres.xlsx": people(readers, "province"),
  "GET /live": people(readers, "none"),
  "GET /centres/:code": people(readers, "path"),
  "GET /centres/:code/devices/:device": people(readers, "path"),
  "GET /v1/centres": people(readers, "province"),
  "GET /v1/centres/:code": people(readers, "path"),
  "GET /v1/findings": people(readers, "query"),
  "GET /reports": people(readers, "none"),
  "GET /v1/reports/:month/:file": people(readers, "province"),
  "GET /v1/reports/:month/centres/:file": people(readers, "file"),
  "GET /reports/compare": people(readers, "province"),
  "GET /v1/comparisons/:before/:file": people(readers, "province"),
  "GET /v1/evidence/:file": people(readers, "file"),

  "GET /incidents": people(readers, "none"),
  "GET /incidents/:id": people(readers, "none"),
  "POST /incidents/:id": people(takers, "none"),
  "GET /maintenance": people(readers, "province"),
  "POST /maintenance": people(announcers, "province"),
  "POST /maintenance/end": people(announcers, "province"),

  "GET /enrolment": people(keyKeepers, "province"),
  "POST /enrolment/codes": people(keyKeepers, "province"),
  "GET /centres/:code/enrol": people(keyKeepers, "path"),
  "POST /centres/:code/enrol": people(keyKeepers, "path"),
  "GET /lists": people(listKeepers, "province"),
  "GET /lists/:file": people(listKeepers, "province"),
  "POST /lists": { who: "people", roles: listKeepers, scope: "province", fileBytesMax: FILE_BYTES_MAX },

  "GET /centres/:code/lost-pc": people(keyKeepers, "path"),
  "POST /centres/:code/lost-pc": people(keyKeepers, "path"),
  "GET /waivers": people(readers, "query"),
  "GET /centres/:code/waive/:requirement": people(waivers, "path"),
  "POST /centres/:code/waive/:requirement": people(waivers, "path"),
  "GET /centres/:code/withdraw/:waiver": people(waivers, "path"),
  "POST /centres/:code/withdraw/:waiver": people(waivers, "path"),
  "GET /centres/:code/attest/:requirement": people(declarers, "path"),
  "POST /centres/:code/attest/:requirement": people(declarers, "path"),
  "GET /centres/:code/duties/:requirement": people(readers, "path"),
  "POST /centres/:code/duties/:requirement": people(recorders, "path"),
};

/** Whether a person may call a line of the table, at the own centre for whoever has one: decides what a page offers. */
export function mayCall(person: Person | undefined, line: string): boolean {
  const access = accessTable[line];
  if (person === undefined || access === undefined || !("roles" in access)) return false;
  return person.roles.some((role) => access.roles.includes(role)) && (person.centre === undefined || access.scope !== "province");
}

/** What a person sees first: whoever reads the audit log alone has no other page but the own account. */
export function homeOf(person: Person | undefined): string {
  if (person === undefined || mayCall(person, "GET /")) return "/";
  return mayCall(person, "GET /audit") ? "/audit" : "/account";
}
