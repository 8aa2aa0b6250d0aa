import type { Context } from "hono";
import type { Person } from "#schemas/person.ts";

declare module "hono" {
  interface ContextVariableMap {
    /** The person that the guard has let through; absent where nobody needs to be known. */
    asker?: Person;
    /** What is sent to this route must come from a form of ours. */
    isFormRoute?: boolean;
    /** Largest file that comes with it, bytes. */
    fileBytesMax?: number;
  }
}

/** The one centre that the asker may see; undefined for the whole province. */
export function confinedTo(c: Context): string | undefined {
  return c.var.asker?.centre;
}
