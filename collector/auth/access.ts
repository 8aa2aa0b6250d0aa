import type { Person, Role } from "#schemas/person.ts";

/**
 * Where a route's centre stands, for people who may see only their own: in the path as `:code`, before the first dot of the path's last part,
 * in the query as `?centre=`. `province` shows many centres and is closed to them; `none` shows nothing of any centre, or narrows itself with
 * `confinedTo`.
 */
export type Scope = "province" | "none" | "path" | "file" | "query";

/** Who may call a route. `visitor`: whoever wants to sign in; what he sends must come from a form of ours. `machine`: a program on the collector's own machine, or a person with one of the roles. */
export type Access =
  | { readonly who: "anyone" }
  | { readonly who: "visitor" }
  | { readonly who: "agent" }
  | {
      readonly who: "people" | "machine";
      readonly roles: readonly Role[];
      readonly scope: Scope;
      /** Largest file that comes with the form of a route, bytes; no file when absent. */
      readonly fileBytesMax?: number;
    };

export type Verdict = "allowed" | "not_signed_in" | "role_missing" | "foreign_centre";

/** Decides on a person at a route. `pattern` is the route's path, `path` the request's, `centres` the values of `?centre=`. */
export function decide(
  access: Extract<Access, { roles: readonly Role[] }>,
  person: Person | undefined,
  request: { pattern: string; path: string; centres: readonly string[] },
): Verdict {
  if (!person) return "not_signed_in";
  if (!person.roles.some((role) => access.roles.includes(role))) return "role_missing";
  if (person.centre === undefined || access.scope === "none") return "allowed";
  if (access.scope === "province") return "role_missing";
  return namedCentre(access.scope, request) === person.centre ? "allowed" : "foreign_centre";
}

/** The centre that a request names, as its bytes stand there: an escaped one is no centre's code, so nothing can be read in two ways. */
function namedCentre(scope: "path" | "file" | "query", { pattern, path, centres }: { pattern: string; path: string; centres: readonly string[] }) {
  if (scope === "query") return centres.length === 1 ? centres[0] : undefined;
  const parts = path.split("/");
  return scope === "path" ? parts[pattern.split("/").indexOf(":code")] : parts.at(-1)?.split(".")[0];
}
