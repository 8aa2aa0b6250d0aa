import { Hono } from "hono";
import type { HealthReply } from "#schemas/read-api.ts";
import type { Health } from "../jobs/health.ts";

/** `/health/live` says that the process answers; `/health/ready` says whether the collector does its work, and what it does not. */
export function healthRoutes(health: () => Promise<Health>): Hono {
  return new Hono()
    .get("/health/live", (c) => c.json({ status: "live" } satisfies HealthReply))
    .get("/health/ready", async (c) => {
      const found = await health();
      return c.json(found satisfies HealthReply, found.status === "ready" ? 200 : 503);
    });
}
