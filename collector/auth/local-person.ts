import type { Person } from "#schemas/person.ts";

/** Whoever sits at the collector's own machine while nobody has an account. He keeps no accounts: those are made on the command line. */
export const localPerson: Person = { id: "local", login: "local", name: "local", roles: ["viewer", "operator", "inspector"] };
