import { vietnamDay } from "#schemas/calendar.ts";
import { type Closing, isClosedOn, MAIN_POINT, pointOf } from "#schemas/inventory.ts";
import { agentsLetIn, type ListedAgent } from "./agents.ts";
import { type Db, instantMs } from "./db.ts";
import { inOrder } from "./points.ts";

/** How far the gateway PC of a reception point is. */
export type PointEnrolment = { readonly point: string; readonly isEnrolled: boolean; readonly openCodes: number };

/** How far the gateway PC of a centre is. */
export type Enrolment = {
  readonly siteId: number;
  readonly centre: { readonly code: string; readonly name: string };
  /** Its day may still be to come. */
  readonly closed?: Pick<Closing, "on">;
  /** Those that are let in, in the order in which they enrolled. */
  readonly agents: readonly ListedAgent[];
  /** Its reception points: those that declare devices or have a gateway PC; the main office where there is none. */
  readonly points: readonly PointEnrolment[];
  /** Codes that nobody has used and that still count, of all points. */
  readonly openCodes: number;
  /** When the last of them ends, ms. */
  readonly codesUntilMs?: number;
};

/** The enrolment of each centre that is not closed now, in order of their codes. */
export async function enrolments(db: Db, nowMs: number): Promise<readonly Enrolment[]> {
  const today = vietnamDay(nowMs);
  return (await enrolmentsWhere(db, nowMs)).filter(({ closed }) => !isClosedOn(closed, today));
}

/** The enrolment of one centre, a closed one too; undefined when there is none of that code. */
export async function enrolmentOf(db: Db, code: string, nowMs: number): Promise<Enrolment | undefined> {
  return (await enrolmentsWhere(db, nowMs, code))[0];
}

type SiteRow = { site_id: number; code: string; name: string; closed_on: string | null; points: readonly string[] };
type CodesRow = { code: string; point: string; count: number; until: number };

async function enrolmentsWhere(db: Db, nowMs: number, code?: string): Promise<readonly Enrolment[]> {
  const [sites, agents, codes] = await Promise.all([
    db.query<SiteRow>(
      `SELECT site_id, centre_code AS code, name, closed_on::text AS closed_on,
         (SELECT coalesce(jsonb_agg(DISTINCT coalesce(d ->> 'point', '${MAIN_POINT}')), '[]') FROM jsonb_array_elements(devices) AS d) AS points
       FROM site WHERE $1::text IS NULL OR centre_code = $1::text ORDER BY centre_code`,
      [code ?? null],
    ),
    agentsLetIn(db, code),
    db.query<CodesRow>(
      `SELECT s.centre_code AS code, c.point, count(*)::int AS count, ${instantMs("max(c.expires_at)")} AS until FROM enrol_code c JOIN site s USING (site_id)
       WHERE c.used_at IS NULL AND c.expires_at > to_timestamp($2::float8 / 1000) AND ($1::text IS NULL OR s.centre_code = $1::text) GROUP BY s.centre_code, c.point`,
      [code ?? null, nowMs],
    ),
  ]);
  const agentsBy = Map.groupBy(agents, ({ centre }) => centre);
  const codesBy = Map.groupBy(codes, ({ code }) => code);
  return sites.map(({ site_id, code, name, closed_on, points }) => {
    const [open, own] = [codesBy.get(code) ?? [], agentsBy.get(code) ?? []];
    const pointEnrolment = (point: string): PointEnrolment => ({
      point,
      isEnrolled: own.some((agent) => pointOf(agent) === point),
      openCodes: open.find((row) => row.point === point)?.count ?? 0,
    });
    return {
      siteId: site_id,
      centre: { code, name },
      agents: own,
      points: inOrder(new Set([...points, ...own.map(pointOf)])).map(pointEnrolment),
      openCodes: open.reduce((sum, { count }) => sum + count, 0),
      ...(open.length > 0 && { codesUntilMs: Math.max(...open.map(({ until }) => until)) }),
      ...(closed_on !== null && { closed: { on: closed_on } }),
    };
  });
}
