import { Hono } from "hono";
import type { Person } from "#schemas/person.ts";
import { AgentKeys } from "../../collector/auth/agent-keys.ts";
import { localPerson } from "../../collector/auth/local-person.ts";
import { Nonces } from "../../collector/auth/nonces.ts";
import { type GuardDeps, guard } from "../../collector/routes/guard.ts";

type Page = Pick<GuardDeps, "policy" | "lang" | "demo" | "now" | "token">;

/** Routes behind the collector's guard, asked by one person (none: undefined) or by whoever sits at its machine. No agent is known. */
export function guarded(routes: Hono, page: Page, asker: () => Person | undefined = () => localPerson): Hono {
  const nonces = new Nonces("guarded");
  const signed = { keys: new AgentKeys(async () => undefined, nonces), nonces, clock: page.now };
  const app = new Hono();
  app.use(...guard({ ...page, signed, identify: async () => asker(), byToken: async () => "none", isAtThisMachine: () => false }));
  return app.route("/", routes);
}
