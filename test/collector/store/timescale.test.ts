import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { type DoStep, type DrillStep, drillBackup } from "../../../collector/store/drill-backup.ts";
import { migrate } from "../../../collector/store/migrate.ts";
import { packDaysBefore } from "../../../collector/store/pack-days.ts";
import { dropPartitionsBefore, partitionDays, partitionDaysAhead } from "../../../collector/store/partitions.ts";
import { forgetRollupsBefore, rollUpDirtyDays, rollUpDirtyHours } from "../../../collector/store/rollups.ts";
import { storageMode } from "../../../collector/store/settle-storage.ts";
import type { StorageMode, StorageWish } from "../../../collector/store/storage-mode.ts";
import { chunksOf } from "../../../collector/store/timescale.ts";
import { T0 } from "../../support/batches.ts";
import { answers, fill, toolsOn } from "../../support/filled-store.ts";
import type { PgliteDb } from "../../support/pglite.ts";
import { memoryFolder } from "../../support/temporary-folder.ts";
import { openTimescale } from "../../support/timescale.ts";

const DAY_MS = 86_400_000;
const START_MS = T0 - 20 * DAY_MS;

/** Opening one of these databases takes seconds: the tests of a mode share one, and what changes it comes last. */
let db: PgliteDb;
/** 540 runs of two days, twenty days old, rolled up by the hour and the day. */
async function openFilled(storage: StorageWish): Promise<void> {
  db = await openTimescale();
  await migrate(db, T0, { storage });
  await fill(db, 40, START_MS);
  await fill(db, 500, START_MS + DAY_MS);
  await rollUpDirtyHours(db, T0);
  await rollUpDirtyDays(db, "2026-11-28");
}
/** Drills into a second database; `after` meddles with a step's result. */
async function drilled(mode: StorageMode, after: (step: DrillStep, copy: PgliteDb) => Promise<void>) {
  const copy = await openTimescale();
  onTestFinished(() => copy.close());
  const step: DoStep = async (title, work) => {
    const result = await work();
    await after(title, copy);
    return result;
  };
  const result = await drillBackup(db, copy, { file: join(memoryFolder(), "hcc.backup"), mode, nowMs: T0, step });
  return { copy, ...result };
}
const hourly = () =>
  db.query("SELECT site_id, series_id, hour::text, n, vmin, vmax, vsum FROM rollup_1h ORDER BY 1, 2, 3").then(async (rows) => ({
    rows,
    centres: await db.query("SELECT site_id, metric, hour::text, p95 FROM rollup_site_1h ORDER BY 1, 2, 3"),
    shown: await db.query("SELECT time::text, centre, metric, avg FROM grafana.reading_1h ORDER BY 1, 3"),
  }));

describe.each([
  ["timescale", "timescale"],
  ["auto", "timescale-tsl"],
] as const)("TimescaleDB 2.23, HCC_STORAGE=%s", (wish, mode) => {
  beforeAll(() => openFilled(wish), 60_000);
  afterAll(() => db.close());

  it("makes a copy that is the same in every table, answers the same, and has agents told to send again", async () => {
    if (mode === "timescale-tsl") for (const { name } of await chunksOf(db, "rollup_1h")) await db.query("SELECT compress_chunk(($1::text)::regclass)", [name]);
    const [columnar] = await db.query("SELECT count(*) FILTER (WHERE is_compressed)::int AS n FROM timescaledb_information.chunks");
    expect(columnar).toEqual({ n: mode === "timescale-tsl" ? 1 : 0 });
    const { copy, before, different, streams } = await drilled(mode, async () => undefined);
    expect(different).toEqual([]);
    expect(before.get("run")?.rows).toBe("540");
    expect(before.get("rollup_1h")?.rows).toBe("10");
    expect(await storageMode(copy)).toBe(mode);
    expect(await answers(copy)).toEqual(await answers(db));
    expect([streams, await copy.query("SELECT count(*)::int AS n FROM stream_state WHERE rewind")]).toEqual([2, [{ n: 2 }]]);
  });

  it("takes runs in, answers for them, packs, and drops chunks that nothing waits for", async () => {
    expect(await storageMode(db)).toBe(mode);
    expect(await db.query("SELECT hypertable_name AS name, compression_enabled AS columnar FROM timescaledb_information.hypertables ORDER BY 1")).toEqual([
      { name: "rollup_1h", columnar: mode === "timescale-tsl" },
      { name: "rollup_site_1h", columnar: mode === "timescale-tsl" },
      { name: "run", columnar: false },
    ]);
    const before = await answers(db);
    expect(before.map((rows) => rows.length)).toEqual([540, 540, 540, 540, 1, 540]);
    const days = (await chunksOf(db, "run")).map(({ fromMs, untilMs }) => [(fromMs - START_MS + (START_MS % DAY_MS)) / DAY_MS, (untilMs - fromMs) / DAY_MS]);
    expect(days).toEqual([
      [0, 1],
      [1, 1],
    ]);
    await toolsOn(db).partitions.ensureAhead(T0);
    expect(await partitionDaysAhead(db, T0)).toBe(7);

    const beforeMs = T0 - 14 * DAY_MS;
    expect((await dropPartitionsBefore(db, "run", beforeMs)).dropped).toEqual([]);
    expect(await packDaysBefore(db, beforeMs)).toBe(540);
    expect((await dropPartitionsBefore(db, "run", beforeMs)).dropped).toHaveLength(2);
    expect(await chunksOf(db, "run")).toEqual([]);
    expect(await answers(db)).toEqual(before);
    // Late ones of a dropped day open it again.
    await fill(db, 5, START_MS);
    expect((await answers(db))[0]).toHaveLength(545);
    expect((await partitionDays(db)).run).toContain("2026-11-08");
  });
});

describe("TimescaleDB 2.23 with TSL", () => {
  beforeAll(() => openFilled("timescale-tsl"), 60_000);
  afterAll(() => db.close());

  it("has a drill that names each table that differs", async () => {
    const { different } = await drilled("timescale-tsl", async (title, copy) => {
      if (title !== "restore") return;
      await copy.script(
        "UPDATE rollup_1h SET n = n + 1 WHERE hour = (SELECT min(hour) FROM rollup_1h); DELETE FROM run WHERE seq = 1; UPDATE stream_state SET acked_through = acked_through + 1",
      );
    });
    expect(different).toEqual(["rollup_1h", "run", "stream_state"]);
  });

  it("moves weeks of hourly rollups into its columnstore by the policy, answers the same, and takes what comes late", async () => {
    const before = await hourly();
    expect(before.rows).toHaveLength(10);
    const jobs = await db.query<{ id: number; what: string; name: string }>(
      `SELECT job_id AS id, proc_name AS what, hypertable_name AS name FROM timescaledb_information.jobs WHERE hypertable_name IS NOT NULL ORDER BY hypertable_name, proc_name`,
    );
    expect(jobs.map(({ what, name }) => `${name} ${what}`)).toEqual([
      "rollup_1h policy_compression",
      "rollup_1h policy_retention",
      "rollup_site_1h policy_compression",
      "rollup_site_1h policy_retention",
    ]);
    const columnar = async () => (await db.query<{ n: number }>("SELECT count(*)::int AS n FROM timescaledb_information.chunks WHERE is_compressed"))[0]?.n;
    const runJobs = async (what: string) => {
      for (const { id } of jobs.filter((job) => job.what === what)) await db.script(`CALL run_job(${id})`);
    };
    // The policy waits for 60 days; these rollups are younger by the server's clock.
    await db.script(
      "SELECT alter_job(job_id, config => jsonb_set(config, '{compress_after}', '\"1 hour\"')) FROM timescaledb_information.jobs WHERE proc_name = 'policy_compression'",
    );
    await runJobs("policy_compression");
    expect(await columnar()).toBeGreaterThanOrEqual(2);
    expect(await hourly()).toEqual(before);

    await fill(db, 30, START_MS + 60_000 * 15);
    await rollUpDirtyHours(db, T0);
    const after = await hourly();
    const sum = ({ rows }: typeof before) => rows.reduce((total, row) => total + Number((row as { n: number }).n), 0);
    expect(sum(after)).toBe(sum(before) + 30);
    expect(after.shown).toHaveLength(before.shown.length);
  });

  it("forgets old rollups by the policy alone", async () => {
    await forgetRollupsBefore(db, T0);
    expect((await hourly()).rows).toHaveLength(10);
    await db.script(
      "SELECT alter_job(job_id, config => jsonb_set(config, '{drop_after}', '\"1 hour\"')) FROM timescaledb_information.jobs WHERE proc_name = 'policy_retention'",
    );
    for (const { id } of await db.query<{ id: number }>("SELECT job_id AS id FROM timescaledb_information.jobs WHERE proc_name = 'policy_retention'"))
      await db.script(`CALL run_job(${id})`);
    expect((await hourly()).rows).toEqual([]);
  });
});
