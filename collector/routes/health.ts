import { Hono } from "hono";
import type { Health } from "../jobs/health.ts";

/** `/health/live` says that the process answers; `/health/ready` says whether the collector does its work, and what it does not. */
export function healthRoutes(health: () => Promise<Health>): Hono {
  return new Hono()
    .get("/health/live", (c) => c.json({ status: "live" }))
    .get("/health/ready", async (c) => {
      const found = await health();
      return c.json(found, found.status === "ready" ? 200 : 503);
    });
}
