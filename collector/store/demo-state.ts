import { z } from "zod";
import type { Db } from "./db.ts";
import { putSetting, setting } from "./settings.ts";

const KEY = "demo_state";

/** How far a demo has come, so that a second start goes on instead of beginning anew. */
export const DemoState = z.object({
  seed: z.int(),
  days: z.int(),
  centres: z.int(),
  anchorMs: z.number(),
  throughMs: z.number(),
  next: z.record(z.string(), z.int()),
});
export type DemoState = z.infer<typeof DemoState>;

/** What an earlier run left; undefined in a database without a demo. */
export async function readDemoState(db: Db): Promise<DemoState | undefined> {
  const value = await setting(db, KEY);
  return value === undefined ? undefined : DemoState.parse(value);
}

export async function writeDemoState(db: Db, state: DemoState): Promise<void> {
  await putSetting(db, KEY, state);
}

/** The first agent of each site, by the site's number. */
export async function agentsBySite(db: Db): Promise<ReadonlyMap<number, string>> {
  const rows = await db.query<{ site_id: number; agent_id: string }>(
    "SELECT site_id, min(agent_id) AS agent_id FROM agent WHERE state = 'active' GROUP BY site_id",
  );
  return new Map(rows.map(({ site_id, agent_id }) => [site_id, agent_id]));
}

/** How many centres the database holds: a demo is made in an empty one alone. */
export async function countSites(db: Db): Promise<number> {
  const [row] = await db.query<{ n: number }>("SELECT count(*)::int AS n FROM site");
  return row?.n ?? 0;
}
