import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Observation, Reading } from "#schemas/observation.ts";
import { AGENT_SILENT } from "../../../collector/alert/incident.ts";
import { ClockWatch } from "../../../collector/jobs/clock-watch.ts";
import { createJudge } from "../../../collector/jobs/judge.ts";
import { provinceSignals } from "../../../collector/jobs/shared-faults.ts";
import { createUpkeep } from "../../../collector/jobs/upkeep.ts";
import { createLog, type Log } from "../../../collector/log.ts";
import { openPolicyBook } from "../../../collector/policy-book.ts";
import { createDayCounts } from "../../../collector/report/day-counts.ts";
import { readBook } from "../../../collector/store/alert-book.ts";
import type { Db } from "../../../collector/store/db.ts";
import { loadFacts } from "../../../collector/store/facts.ts";
import { writeGroup } from "../../../collector/store/ingest.ts";
import { linkRuns } from "../../../collector/store/link-runs.ts";
import { migrate } from "../../../collector/store/migrate.ts";
import { joined, runsAsked, siteName } from "../../../collector/store/one-site.ts";
import { packDaysBefore } from "../../../collector/store/pack-days.ts";
import { pageStore } from "../../../collector/store/pages.ts";
import { Partitions } from "../../../collector/store/partitions.ts";
import { rollUpDirtyDays, rollUpDirtyHours } from "../../../collector/store/rollups.ts";
import { runsOf, samplesBetween } from "../../../collector/store/run-reads.ts";
import { sharedFaultsWithin, targetShares } from "../../../collector/store/shared-faults.ts";
import { silenceTraces } from "../../../collector/store/silence-traces.ts";
import { importCentres } from "../../../collector/store/sites.ts";
import { batchOf, measured, receivedOf, T0, workWeek } from "../../support/batches.ts";
import { toolsOn } from "../../support/filled-store.ts";
import { type StandInDb, type StandInServer, startStandIns } from "../../support/stand-ins.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const codes = ["mot", "hai", "ba"];
const up = (metric: Reading["metric"], value: number, labels?: Record<string, string>): Reading => ({ metric, value, ...(labels && { labels }) });

/** What a centre tells in turn; of the second centre the portal is down. */
const told = (site: number): readonly Pick<Observation, "probe" | "target" | "outcome">[] => [
  { probe: "link-bandwidth", outcome: measured([up("download_mbps", 200 + site), up("upload_mbps", 90)], { server: `m-${site}` }) },
  { probe: "portal-http", target: "igate", outcome: measured([up("portal_up", site === 2 ? 0 : 1)]) },
  { probe: "host", outcome: measured([up("host_uptime_s", 600 + site), up("agent_ended_well", 1)]) },
  { probe: "link-quality", target: "gateway", outcome: measured([up("segment_up", 0, { segment: "isp" }), up("loss_percent", site)]) },
  {
    probe: "office-devices",
    target: "p-1",
    outcome: measured([up("device_up", 1, { device: "p-1", role: "printer" }), up("printer_pages", 100, { device: "p-1" })]),
  },
  { probe: "recording-depth", target: "c-1", outcome: measured([up("recording_depth_days", 30 + site)]) },
  { probe: "device-discovery", outcome: { kind: "skipped", reason: "outside_window" } },
  { probe: "camera-presence", target: "c-1", outcome: { kind: "failed", reason: "timeout" } },
];

/** Three centres, an hour of today and one of twenty days ago, which is packed; their silences seem to be over. */
async function fill(db: Db): Promise<void> {
  await importCentres(
    db,
    codes.map((code) => ({ code, name: code, keyArea: false, devices: [{ id: "p-1", role: "printer" as const }] })),
    T0 - 30 * DAY_MS,
  );
  const tools = toolsOn(db);
  for (const siteId of [1, 2, 3])
    for (const startMs of [T0 - 20 * DAY_MS, T0]) {
      const each = (index: number) => told(siteId)[index % 8] as Partial<Observation>;
      const batch = batchOf({ stream: (startMs + siteId).toString(16).padStart(16, "0"), count: 60, startMs, each });
      await writeGroup(tools, [receivedOf(batch, { siteId, receivedMs: startMs + HOUR_MS })]);
    }
  await packDaysBefore(db, T0 - 14 * DAY_MS);
  await db.query(
    `INSERT INTO incident (site_id, requirement, subject, state, began_at, body)
     SELECT site_id, $1, '', 'hard', to_timestamp($2::float8 / 1000), jsonb_build_object('wellSinceMs', $3::float8) FROM site`,
    [AGENT_SILENT, T0 - HOUR_MS, T0 + HOUR_MS / 2],
  );
  await db.query(`INSERT INTO finding SELECT site_id, 'R01', 'pass', 'met', '2026-11-28', 'infinity', '2026-11-28',
    jsonb_build_object('centre', 'x', 'requirement', 'R01', 'evidence', jsonb_build_array((SELECT run_stream(min(stream)) || ':2' FROM run WHERE run.site_id = site.site_id)),
      'observedAt', to_char(to_timestamp(${T0 / 1000}) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')) FROM site`);
}

const question = { probe: "portal-http", metric: "portal_up", overPercent: 30, windowMs: 15 * 60_000, centresMin: 1 } as const;
const needs = {
  runs: (["link-bandwidth", "office-devices", "recording-depth"] as const).map((probe) => ({
    probe,
    runsMax: 4,
    spans: [{ fromMs: T0 - 40 * DAY_MS, toMs: T0 + HOUR_MS }],
  })),
};
const questions = codes.map((code, place) => ({
  site: { siteId: place + 1, centre: { code, name: code, keyArea: false, devices: [] } },
  needs,
  calendar: workWeek,
  atMs: T0 + HOUR_MS,
}));
const day = "2026-10-01T00:00:00Z";

/** Everything that reads runs, by what asks for it; and how many of its statements go to all nodes: of runs none but those of what the centres share. */
const asks: readonly [string, number, (db: Db) => Promise<unknown>][] = [
  ["facts of several centres", 0, async (db) => loadFacts(db, await runsAsked(db), questions, [])],
  ["facts of one in the middle of a transaction", 0, (db) => db.transaction(async (tx) => loadFacts(tx, await runsAsked(tx), questions.slice(1, 2), []))],
  ["facts of a past instant", 0, async (db) => loadFacts(db, await runsAsked(db), questions, [], T0 + 40 * 60_000)],
  ["the page of a centre", 2, (db) => pageStore(db).centre("hai", day, "2026-11-28")],
  ["the page of a device", 1, (db) => pageStore(db).device("hai", "p-1", day)],
  ["tests of a line", 0, (db) => linkRuns(db, 2, T0 - 30 * DAY_MS, T0 + DAY_MS)],
  ["traces of silences", 0, silenceTraces],
  ["shared faults", 1, (db) => sharedFaultsWithin(db, question, [{ fromMs: T0 - 21 * DAY_MS, toMs: T0 + HOUR_MS }], { atMs: T0 + HOUR_MS })],
  ["shares of targets", 1, (db) => targetShares(db, { ...question, windowMs: 21 * DAY_MS }, { atMs: T0 + HOUR_MS })],
  [
    "rollups of hours and days",
    // The queues, what the test reads, and the six of `rollup_days` and `rollup_area`, which go over several centres.
    13,
    async (db) => {
      const done = [await rollUpDirtyHours(db, T0 + DAY_MS), await rollUpDirtyDays(db, "2026-12-02")];
      const rows = ["rollup_1h", "rollup_site_1h", "rollup_1d", "rolling_hour"].map((table) => db.query(`SELECT r::text AS row FROM ${table} AS r ORDER BY 1`));
      return [done, ...(await Promise.all(rows))];
    },
  ],
];

describe("runs that are read on Citus, by the rules of its planner", () => {
  let server: StandInServer;
  let citus: StandInDb;
  let plain: StandInDb;
  beforeAll(async () => {
    server = await startStandIns();
    [citus, plain] = await Promise.all([server.database({ extension: "citus", version: "13.2-1" }), server.database()]);
    await migrate(citus, T0, { storage: "citus" });
    await migrate(plain, T0, { storage: "plain" });
    // What the rules say of the intake is in citus-intake.test.ts.
    for (const db of [citus, plain]) await fill(db);
  }, 180_000);
  afterAll(async () => {
    await Promise.all([citus, plain].map((db) => db?.close()));
    await server?.stop();
  });

  it.each(asks)("%s: the same as in the plain mode", async (_, spread, ask) => {
    citus.spread.length = 0;
    const answer = await ask(citus.byRules);
    expect(citus.spread.map((statement) => statement.slice(0, 200))).toHaveLength(spread);
    expect(JSON.stringify(answer, (_key, value: unknown) => (value instanceof Map ? [...value] : value)).length).toBeGreaterThan(30);
    expect(answer).toEqual(await ask(plain));
  });

  it("refuses nothing of judging, alerts, upkeep, the days of reports and the views of Grafana", async () => {
    const db = citus.byRules;
    const policyAt = await openPolicyBook(db, "gia-lai-890", T0);
    const failures: unknown[] = [];
    const judge = createJudge({ db, policyAt, log: { ...createLog("error"), error: (said: unknown) => void failures.push(said) } as Log });
    await citus.query("DELETE FROM finding");
    await judge.tick(T0 + HOUR_MS);
    expect(failures).toEqual([]);
    const findings = await citus.query<{ n: number }>("SELECT count(*)::int AS n FROM finding");
    expect(findings[0]?.n).toBe(3 * policyAt(T0).policy.requirements.length);
    await provinceSignals(db, policyAt(T0), T0 + HOUR_MS);
    expect((await db.transaction((tx) => readBook(tx, T0 + HOUR_MS, () => true))).incidents.length).toBeGreaterThan(2);
    expect(
      (await createUpkeep(db, new Partitions(db), { clock: new ClockWatch(db, createLog("silent")), auditMonths: 12 })(T0 + 30 * DAY_MS)).packed,
    ).toBeGreaterThan(0);
    await createDayCounts({ db, policyAt, now: () => T0 + 2 * HOUR_MS })();
    expect(await citus.query("SELECT count(DISTINCT centre)::int AS n FROM grafana.finding_day")).toEqual([{ n: 3 }]);
    const views = await citus.query<{ name: string }>("SELECT viewname AS name FROM pg_views WHERE schemaname = 'grafana' ORDER BY 1");
    expect(views.length).toBeGreaterThan(20);
    for (const { name } of views) await db.query(`SELECT * FROM grafana.${name}`);
  }, 120_000);

  const span = { source: "s.source_id", since: "timestamptz '2026-11-01'", until: "timestamptz '2026-12-01'" };
  const reading = (site: string, only: string) =>
    `SELECT s.site_id, o.taken_at FROM unnest(($1::text)::int4[]) AS w(site_id) JOIN run_source AS s ON s.site_id = ${site},
       LATERAL (SELECT * FROM ${runsOf({ ...span, site })} AS r WHERE r.seq > w.site_id - 9 ${only}) AS o`;
  it.each<[string, string, readonly (string | number)[], string | undefined]>([
    [
      "the newest run of each of several centres",
      reading("w.site_id", "LIMIT 1"),
      ["{1,2}"],
      "Limit clause is currently unsupported when a lateral subquery references a column from a table function (w)",
    ],
    ["the newest run of a centre that no table is told", reading("w.site_id", "LIMIT 1"), ["{1}"], "Limit clause is currently unsupported"],
    ["the newest run of one centre", reading("$2", "LIMIT 1"), ["{1}", 1], undefined],
    [
      "a function that reads runs, beside a table that is cut",
      "SELECT * FROM run_source AS s, all_runs(s.site_id) AS r",
      [],
      "cannot execute a distributed query from a query on a shard (all_runs)",
    ],
    [
      "counts for rows that are handed in",
      "SELECT (SELECT count(*) FROM run AS r WHERE r.site_id = w.site_id) FROM unnest(($1::text)::int4[]) AS w(site_id)",
      ["{1}"],
      "correlated subqueries are not supported when the FROM clause contains a set returning function",
    ],
    [
      "numbered rows that are handed in, with a table",
      "SELECT w.place FROM unnest(($1::text)::int4[]) WITH ORDINALITY AS w(site_id, place) JOIN run_source USING (site_id)",
      ["{1}"],
      "Only immutable functions",
    ],
  ])("refuses, or does not: %s", async (_, statement, values, refusal) => {
    await citus.script(`CREATE OR REPLACE FUNCTION all_runs(site integer) RETURNS SETOF run LANGUAGE plpgsql AS
      $$ BEGIN RETURN QUERY SELECT * FROM run AS r WHERE r.site_id = site; END $$`);
    const answer = citus.byRules.query(statement, values);
    if (refusal === undefined) await expect(answer).resolves.not.toHaveLength(0);
    else await expect(answer).rejects.toThrow(refusal);
  });

  it("names the centre by its value where there is one, and by its column where there are more", () => {
    expect(siteName([7, 7], 2)).toMatchObject({ values: [7] });
    expect(siteName([7, 7], 2).site("w.site_id")).toBe("$3");
    expect(siteName([7, 8], 2)).toBe(joined);
    expect(samplesBetween({ site: "$3", since: "a", until: "b" })).not.toMatch(/site_id = (?!\$3|p\.|r\.)/);
  });
});
