import type { Context } from "hono";
import type { Person } from "#schemas/person.ts";

declare module "hono" {
  interface ContextVariableMap {
    /** The person that the guard has let through; absent where nobody needs to be known. */
    asker?: Person;
  }
}

/** The person behind a request to a route of people. @throws Error when no guard stood before the route. */
export function personOf(c: Context): Person {
  const { asker } = c.var;
  if (!asker) throw new Error(`${c.req.method} ${c.req.path} was reached without a guard`);
  return asker;
}

/** The one centre that the asker may see; undefined for the whole province. */
export function confinedTo(c: Context): string | undefined {
  return c.var.asker?.centre;
}
