import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { vietnamDayStartMs } from "#schemas/calendar.ts";
import type { Observation } from "#schemas/observation.ts";
import { foldCounts } from "../../../collector/store/fold-counts.ts";
import { writeGroup } from "../../../collector/store/ingest.ts";
import { migrate } from "../../../collector/store/migrate.ts";
import { openStore, type Store } from "../../../collector/store/open.ts";
import { Partitions } from "../../../collector/store/partitions.ts";
import { forgetRollupsBefore, rollUpDirtyHours } from "../../../collector/store/rollups.ts";
import { RunIds } from "../../../collector/store/run-rows.ts";
import { importCentres } from "../../../collector/store/sites.ts";
import { batchOf, measured, receivedOf, T0, workWeek } from "../../support/batches.ts";
import { requirePeer } from "../../support/require-peer.ts";
import { type ServerDatabase, serverDatabase } from "../../support/test-database.ts";

const HOUR_MS = 3_600_000;

describe.skipIf(!requirePeer("postgres"))("what dashboards read by days", () => {
  let server: ServerDatabase;
  let store: Store;
  let stream = 0;
  beforeAll(async () => {
    server = await serverDatabase();
    store = await openStore({ databaseUrl: server.url, dataDir: "" });
    await migrate(store.db, T0);
    await importCentres(store.db, [{ code: "xa-01", name: "Xã Một", keyArea: false, devices: [] }], T0);
  }, 60_000);
  afterAll(async () => {
    await store?.close();
    await server?.drop();
  });

  /** Stores one observation as an agent's batch of its own; gives what a second sending of the same bytes is answered. */
  async function send(atMs: number, each: Partial<Observation>, lane: "live" | "backlog" = "live") {
    const tools = { db: store.db, partitions: new Partitions(store.db), ids: new RunIds(), calendar: workWeek };
    const batch = batchOf({ stream: (++stream).toString(16).padStart(16, "0"), count: 1, startMs: atMs, lane, each: () => each });
    await writeGroup(tools, [receivedOf(batch, { receivedMs: atMs + 60_000 })]);
    return writeGroup(tools, [receivedOf(batch, { receivedMs: atMs + 60_000 })]);
  }
  const atOf = (day: string, hour = 9) => vietnamDayStartMs(day) + hour * HOUR_MS;
  const rows = (sql: string) => store.db.query<Record<string, unknown>>(sql);

  it("pages of a day are those since the day before, also when a day comes late or is corrected", async () => {
    const count = async (day: string, value: number, hour?: number) => {
      await send(atOf(day, hour), { probe: "office-devices", outcome: measured([{ metric: "printer_pages", value, labels: { device: "printer-1" } }]) });
      await rollUpDirtyHours(store.db, T0);
    };
    const pages = async () => (await rows("SELECT pages FROM grafana.page_day ORDER BY time")).map((row) => row.pages);
    for (const [day, value] of [["2026-11-20", 100], ["2026-11-21", 150], ["2026-11-23", 250]] as const) await count(day, value); // biome-ignore format: one line
    expect(await pages()).toEqual([0, 50, 100]);
    await count("2026-11-22", 180);
    expect(await pages()).toEqual([0, 50, 30, 70]);
    await count("2026-11-21", 160, 16);
    expect(await pages()).toEqual([0, 60, 20, 70]);
    await count("2026-11-24", 5);
    expect(await pages()).toEqual([0, 60, 20, 70, 0]);
  });

  it("devices of a day are those that answered on a Vietnam day, by role, also late ones", async () => {
    const seen = (atMs: number, device: string, role: "printer" | "scanner") =>
      send(atMs, { probe: "office-devices", outcome: measured([{ metric: "device_up", value: 1, labels: { device, role } }]) });
    const days = () => rows("SELECT to_char(time AT TIME ZONE 'Asia/Ho_Chi_Minh', 'DD') AS day, role, devices::int AS n FROM grafana.device_day ORDER BY 1, 2");
    await seen(atOf("2026-11-20"), "p1", "printer");
    // 23:30 in Vietnam is a day later than in UTC's calendar half an hour on.
    await seen(atOf("2026-11-20", 23.5), "p2", "printer");
    await seen(atOf("2026-11-21", 0.5), "p1", "printer");
    await rollUpDirtyHours(store.db, T0);
    expect(await days()).toEqual([{ day: "20", role: "printer", n: 2 }, { day: "21", role: "printer", n: 1 }]); // biome-ignore format: one line
    await seen(atOf("2026-11-20", 10), "c1", "scanner");
    await seen(atOf("2026-11-20", 11), "p3", "printer");
    await rollUpDirtyHours(store.db, T0);
    expect(await days()).toEqual([
      { day: "20", role: "printer", n: 3 },
      { day: "20", role: "scanner", n: 1 },
      { day: "21", role: "printer", n: 1 },
    ]);
  });

  it("runs without a measurement are counted once, by day and reason; hours count what arrived, and the late of it", async () => {
    const failed = { kind: "failed", reason: "timeout", detail: "no answer" } as const;
    await send(atOf("2026-11-18"), { outcome: failed });
    await send(atOf("2026-11-18", 10), { outcome: failed }, "backlog");
    await send(atOf("2026-11-19"), { outcome: { kind: "skipped", reason: "line_busy", detail: "busy" }, probe: "link-bandwidth" });
    const failures =
      "SELECT to_char(time AT TIME ZONE 'Asia/Ho_Chi_Minh', 'DD') AS day, probe, kind, reason, runs::int AS runs FROM grafana.failure_day ORDER BY 1";
    const expected = [
      { day: "18", probe: "link-quality", kind: "failed", reason: "timeout", runs: 2 },
      { day: "19", probe: "link-bandwidth", kind: "skipped", reason: "line_busy", runs: 1 },
    ];
    expect(await rows(failures)).toEqual(expected);
    const hour =
      "SELECT sum(observations)::int AS n, sum(failed)::int AS failed, sum(skipped)::int AS skipped, sum(late)::int AS late FROM grafana.collector_hour WHERE time < '2026-11-20'";
    expect(await rows(hour)).toEqual([{ n: 3, failed: 2, skipped: 1, late: 1 }]);
    await Promise.all([foldCounts(store.db), foldCounts(store.db)]);
    expect(await rows("SELECT count(*)::int AS n FROM unmeasured_day")).toEqual([{ n: 2 }]);
    expect(await rows(failures)).toEqual(expected);
    expect(await rows(hour)).toEqual([{ n: 3, failed: 2, skipped: 1, late: 1 }]);
  });

  it("the week's speed is the median of the runs without an excuse", async () => {
    const nowMs = Date.now();
    const run = (hoursAgo: number, value: number, excuse?: "cpu_bound") =>
      send(nowMs - hoursAgo * HOUR_MS, {
        probe: "link-bandwidth",
        outcome: { ...measured([{ metric: "download_mbps", value, labels: { server: "collector" } }]), ...(excuse && { excuse }) } as Observation["outcome"],
      });
    await run(2, 200);
    await run(3, 220);
    await run(4, 260);
    await run(5, 10, "cpu_bound");
    await run(9 * 24, 10);
    expect(await rows("SELECT download_week_mbps AS mbps FROM grafana.line_now")).toEqual([{ mbps: 220 }]);
  });

  it("counts go when their time is over", async () => {
    await forgetRollupsBefore(store.db, Date.now() + HOUR_MS);
    for (const table of ["presence_role_day", "page_count_day", "unmeasured_day", "run_hour", "line_speed"])
      expect(await rows(`SELECT 1 FROM ${table}`), table).toEqual([]);
  });
});
