import { Hono } from "hono";
import type { LedgerRow } from "#schemas/asset-ledger.ts";
import { vietnamDay } from "#schemas/calendar.ts";
import { Code } from "#schemas/ids.ts";
import { problem } from "#schemas/problem.ts";
import type { Asset, CentreReply, CentreStatus, CentresReply } from "#schemas/read-api.ts";
import { centreView } from "../web/centre-view.ts";
import type { PageStore } from "../web/page-store.ts";
import type { CentreStanding } from "../web/province-view.ts";
import type { SharedProvince } from "../web/shared-province.ts";
import { asOf } from "../web/standing.ts";
import type { CalendarAt, PageDeps } from "./page.ts";

export type CentresDeps = Pick<PageDeps, "policy" | "now"> &
  CalendarAt & { readonly store: Pick<PageStore, "centre" | "ledger">; readonly province: SharedProvince };

const HISTORY_MS = 30 * 86_400_000;

/** `GET /v1/centres` and `GET /v1/centres/{code}`: the same figures as the pages, for other systems of the province. */
export function centresRoutes({ store, province, policy, calendarAt, now }: CentresDeps): Hono {
  const policyName = `${policy.id}@${policy.version}`;
  const app = new Hono();

  app.get("/v1/centres", async (c) => {
    const view = await province("vi", now());
    const at = new Date(view.atMs).toISOString();
    return c.json({ at, policy: policyName, tally: view.centres, centres: view.standings.map(statusOf) } satisfies CentresReply);
  });

  app.get("/v1/centres/:code", async (c) => {
    const code = Code.safeParse(c.req.param("code"));
    const rows = code.success ? await store.centre(code.data, new Date(now() - HISTORY_MS).toISOString(), vietnamDay(now())) : undefined;
    if (!rows) return c.json(problem(404, "centre_unknown", "there is no such centre"), 404);
    const { state, tally } = centreView(policy, calendarAt(now()), rows, now());
    return c.json({
      at: new Date(now()).toISOString(),
      policy: policyName,
      centre: { ...rows.centre, state, tally },
      findings: rows.findings.map((finding) => asOf(finding, now())),
      changes: [...rows.history],
      assets: (await store.ledger(rows.centre.code, now())).map(assetOf),
    } satisfies CentreReply);
  });

  return app;
}

function assetOf({ state, role, device, found, lastDay, sameAs }: LedgerRow): Asset {
  const { vendor, model } = device?.model === undefined && found ? found : (device ?? {});
  return {
    state,
    role,
    declared: device !== undefined,
    found: found !== undefined,
    ...(device && { device: device.id }),
    ...(vendor !== undefined && { vendor }),
    ...(model !== undefined && { model }),
    ...(lastDay !== undefined && { lastDay }),
    ...(sameAs !== undefined && { sameAs }),
  };
}

function statusOf({ centre, state, tally }: CentreStanding): CentreStatus {
  return { ...centre, state, tally };
}
