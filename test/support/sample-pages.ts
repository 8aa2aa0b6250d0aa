import type { Hono } from "hono";
import { pageRoutes } from "../../collector/routes/page.ts";
import { sharedProvince } from "../../collector/web/shared-province.ts";

/** The pages over a store: the province that they share is made from it. */
export function samplePages(deps: Omit<Parameters<typeof pageRoutes>[0], "province">): Hono {
  return pageRoutes({ ...deps, province: sharedProvince(deps.store, deps.policy) });
}
