import type { Context } from "hono";
import type { Person } from "#schemas/person.ts";
import type { BrowserCookies } from "./browser-cookies.ts";
import { localPerson } from "./local-person.ts";

export type IdentifyDeps = {
  readonly people: { identify(session: string): Promise<Person | undefined>; isClaimed(): Promise<boolean> };
  readonly cookies: BrowserCookies;
  readonly isAtThisMachine: (c: Context) => boolean;
  /** Settings say that others reach this collector: nobody is let in without an account, wherever he sits. */
  readonly isShared: boolean;
};

/**
 * The person behind a request: of the session's cookie, or, while nobody can sign in and no setting says that others reach this collector,
 * whoever sits at its own machine.
 */
export function identifying({ people, cookies, isAtThisMachine, isShared }: IdentifyDeps): (c: Context) => Promise<Person | undefined> {
  return async (c) => {
    const session = cookies.session(c);
    const person = session === undefined ? undefined : await people.identify(session);
    if (person) return person;
    return !isShared && isAtThisMachine(c) && !(await people.isClaimed()) ? localPerson : undefined;
  };
}
