import { Hono } from "hono";
import { problem } from "#schemas/problem.ts";
import { askedMs, FindingsQuery, type FindingsReply } from "#schemas/read-api.ts";
import { oldestPastMs } from "../jobs/past-findings.ts";
import type { StandingFinding } from "../web/page-store.ts";
import { asOf } from "../web/standing.ts";

export type FindingsDeps = {
  readonly store: {
    findings(query: FindingsQuery): Promise<readonly StandingFinding[]>;
    findingsAsOf(query: FindingsQuery, atMs: number): Promise<readonly StandingFinding[]>;
  };
  readonly now: () => number;
};

/** `GET /v1/findings`: the present findings, or those known at `asOf`, filtered, in order of centre and requirement, page by page. */
export function findingsRoutes({ store, now }: FindingsDeps): Hono {
  return new Hono().get("/v1/findings", async (c) => {
    const query = FindingsQuery.safeParse(c.req.query());
    if (!query.success) return c.json(problem(422, "query_invalid", "a filter is not valid", { cause: query.error }), 422);
    const atMs = query.data.asOf === undefined ? now() : askedMs(query.data.asOf);
    if (atMs > now()) return c.json(problem(422, "query_invalid", "asOf lies in the future"), 422);
    if (atMs < oldestPastMs(now()))
      return c.json(
        problem(422, "query_invalid", `asOf lies before ${new Date(oldestPastMs(now())).toISOString()}; of older months there are the sealed reports`),
        422,
      );
    const found = query.data.asOf === undefined ? await store.findings(query.data) : await store.findingsAsOf(query.data, atMs);
    const last = found.length === query.data.limit ? found.at(-1) : undefined;
    return c.json({
      at: new Date(atMs).toISOString(),
      findings: found.map((finding) => asOf(finding, atMs)),
      ...(last && { next: `${last.centre}:${last.requirement}` }),
    } satisfies FindingsReply);
  });
}
