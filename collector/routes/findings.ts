import { Hono } from "hono";
import { problem } from "#schemas/problem.ts";
import { FindingsQuery, type FindingsReply, type PublicFinding } from "#schemas/read-api.ts";
import type { StandingFinding } from "../web/page-store.ts";
import { asOf } from "../web/standing.ts";

export type FindingsDeps = {
  readonly store: { findings(query: FindingsQuery): Promise<readonly StandingFinding[]> };
  readonly now: () => number;
};

/** `GET /v1/findings`: the present findings, filtered, in order of centre and requirement, page by page. */
export function findingsRoutes({ store, now }: FindingsDeps): Hono {
  return new Hono().get("/v1/findings", async (c) => {
    const query = FindingsQuery.safeParse(c.req.query());
    if (!query.success) return c.json(problem(422, "query_invalid", "a filter is not valid", { cause: query.error }), 422);
    const found = await store.findings(query.data);
    const last = found.length === query.data.limit ? found.at(-1) : undefined;
    return c.json({
      at: new Date(now()).toISOString(),
      findings: found.map((finding) => publicFinding(finding, now())),
      ...(last && { next: `${last.centre}:${last.requirement}` }),
    } satisfies FindingsReply);
  });
}

/** A finding as it stands at `nowMs`, without the name of the person who declared: names of staff stay in the collector. */
export function publicFinding(finding: StandingFinding, nowMs: number): PublicFinding {
  const { declared, ...rest } = asOf(finding, nowMs);
  if (!declared) return rest;
  const { by: _, ...said } = declared;
  return { ...rest, declared: said };
}
