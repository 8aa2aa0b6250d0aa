import { Hono } from "hono";
import type { AgentConfig, MeasureServer } from "#schemas/agent-config.ts";
import type { Calendar } from "#schemas/calendar.ts";
import type { PolicyProfile } from "#schemas/policy.ts";
import { problem } from "#schemas/problem.ts";
import type { Site } from "../store/sites.ts";
import type { SignedDeps, SignedEnv } from "./signed.ts";

export type ConfigDeps = Pick<SignedDeps, "clock"> & {
  readonly siteOf: (siteId: number) => Promise<Site | undefined>;
  readonly policy: PolicyProfile;
  readonly calendar: Calendar;
  readonly measureServers: readonly MeasureServer[];
};

/** `GET /v1/config`: whom the agent measures and by which rules. Targets and thresholds, never commands. */
export function configRoutes({ siteOf, policy, calendar, measureServers, clock }: ConfigDeps): Hono<SignedEnv> {
  return new Hono<SignedEnv>().get("/v1/config", async (c) => {
    const site = await siteOf(c.var.agent.siteId);
    if (!site) return c.json(problem(404, "no_such_centre", "the centre of this agent is no longer known"), 404);
    const config: AgentConfig = {
      agent: c.var.agent.agentId,
      // Both parts only grow: an agent refuses a configuration that is older than its own.
      version: policy.version * 1_000_000 + site.version,
      issuedAt: new Date(clock()).toISOString(),
      centre: site.centre,
      policy,
      calendar,
      measureServers: [...measureServers],
    };
    return c.json(config);
  });
}
