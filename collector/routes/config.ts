import { Hono } from "hono";
import type { AgentConfig, ConfigSeal } from "#schemas/agent-config.ts";
import { versionOfAgent } from "#schemas/exchange.ts";
import { problem } from "#schemas/problem.ts";
import { configFor, type ServedRules } from "../served-config.ts";
import type { SealPlace } from "../store/config-seals.ts";
import type { DeclaredDays } from "../store/declared-days.ts";
import type { Site } from "../store/sites.ts";
import type { SignedDeps, SignedEnv } from "./signed.ts";

export type ConfigDeps = Pick<SignedDeps, "clock"> &
  ServedRules & {
    readonly siteOf: (siteId: number) => Promise<Site | undefined>;
    readonly declaredDaysAt: (site: Site, nowMs: number) => Promise<DeclaredDays | undefined>;
    /** The names of the reception points of a site. */
    readonly pointsOf: (site: Site) => Promise<readonly string[]>;
    readonly sealOf: (place: SealPlace) => Promise<ConfigSeal | undefined>;
    /** Keeps the version that an agent says it is of. */
    readonly noteVersion: (agentId: string, version: string) => Promise<void>;
  };

/** `GET /v1/config`: whom the agent measures and by which rules, with the offline signature where there is one. Targets and thresholds, never commands. */
export function configRoutes(deps: ConfigDeps): Hono<SignedEnv> {
  const { siteOf, declaredDaysAt, pointsOf, sealOf, noteVersion, clock } = deps;
  return new Hono<SignedEnv>().get("/v1/config", async (c) => {
    const { siteId, agentId, point } = c.var.agent;
    const site = await siteOf(siteId);
    if (!site) return c.json(problem(404, "no_such_centre", "the centre of this agent is no longer known"), 404);
    const version = versionOfAgent(c.req.header("user-agent"));
    // An agent asks once an hour, and soon after each start: an upgrade is seen here.
    if (version !== undefined) await noteVersion(agentId, version);
    const nowMs = clock();
    const [seal, days, points] = await Promise.all([sealOf({ siteId, point }), declaredDaysAt(site, nowMs), pointsOf(site)]);
    const config: AgentConfig = { agent: agentId, ...configFor(site, days, deps, { point, points }, nowMs), ...(seal && { seal }) };
    return c.json(config);
  });
}
