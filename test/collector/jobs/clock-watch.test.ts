import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ClockWatch, clockState } from "../../../collector/jobs/clock-watch.ts";
import { createUpkeep } from "../../../collector/jobs/upkeep.ts";
import { trustClock } from "../../../collector/store/clock-proof.ts";
import { writeGroup } from "../../../collector/store/ingest.ts";
import { migrate } from "../../../collector/store/migrate.ts";
import { importCentres } from "../../../collector/store/sites.ts";
import { bareApp } from "../../support/bare-app.ts";
import { batchOf, measured, receivedOf, T0 } from "../../support/batches.ts";
import { toolsOn } from "../../support/filled-store.ts";
import { openTestDb, type TestDb } from "../../support/test-database.ts";

const [HOUR, DAY] = [3_600_000, 86_400_000];

describe("the clock of this machine", () => {
  const agents = (agreeing: number, ahead = 0, behind = 0) => ({ agreeing, ahead, behind });
  it.each([
    ["near the last upkeep", { ...agents(0), sinceDays: 7 }, "right"],
    ["of a new database", { ...agents(0), sinceDays: undefined }, "right"],
    ["far ahead of the last upkeep, with nobody to ask", { ...agents(0), sinceDays: 7.1 }, "unproven"],
    ["far behind it", { ...agents(0), sinceDays: -7.1 }, "unproven"],
    ["far ahead of it, with agents that are too few: one may be on this machine", { ...agents(2), sinceDays: 30 }, "unproven"],
    ["far ahead of it, as most agents say, too", { ...agents(3, 1, 1), sinceDays: 30 }, "right"],
    ["far ahead of it and of most agents", { ...agents(1, 2), sinceDays: 402 }, "wrong"],
    ["near it, and far from most agents", { ...agents(10, 11), sinceDays: 0 }, "wrong"],
    ["far behind most agents", { ...agents(0, 0, 3), sinceDays: 0 }, "wrong"],
    ["near it, with two agents that are off", { ...agents(0, 2), sinceDays: 0 }, "right"],
    ["near it, with agents that are off to both sides", { ...agents(0, 2, 2), sinceDays: 0 }, "right"],
    ["far from it, with agents that are off to both sides", { ...agents(0, 2, 2), sinceDays: 8 }, "unproven"],
    ["confirmed, whatever agents say", { ...agents(0, 9), sinceDays: 1, confirmed: true }, "right"],
    ["confirmed, and far away since", { ...agents(0), sinceDays: 8, confirmed: true }, "unproven"],
  ] as const)(
    "%s",
    (_, { sinceDays, confirmed = false, ...heard }: { sinceDays: number | undefined; confirmed?: boolean } & ReturnType<typeof agents>, expected) => {
      const lastMs = sinceDays === undefined ? undefined : T0 - sinceDays * DAY;
      expect(clockState({ lastMs, confirmed, ...heard }, T0)).toBe(expected);
    },
  );
});

describe("upkeep by a clock that is not to be trusted", () => {
  const centres = [1, 2, 3, 4];
  const FAR = T0 + 402 * DAY;
  const said: string[] = [];
  const say = (level: string) => (sentence: string) => void said.push(`${level}: ${sentence}`);
  let steadyMs = 0;
  let db: TestDb;
  let watch: ClockWatch;
  let keep: ReturnType<typeof createUpkeep>;
  const batch = (siteId: number, startMs: number, seq: number) =>
    batchOf({
      stream: String(siteId).repeat(16),
      from: seq,
      count: 1,
      startMs,
      each: () => ({ outcome: measured([{ metric: "loss_percent", value: seq }], { seq }) }),
    });
  /** Agents speak by their own clock, which shows `agentsMs`, and are stamped by ours. */
  const speak = async (ours: number, agentsMs: number, seq: number, who = centres) => {
    for (const siteId of who)
      await writeGroup(toolsOn(db), [
        {
          ...receivedOf(batch(siteId, ours - 60_000, seq), { siteId, agentId: `agt-000000000000000${siteId}`, receivedMs: ours }),
          clockOffsetMs: ours - agentsMs,
        },
      ]);
  };
  const rows = async () => {
    const counts = ["observation", "evidence", "ingest_ledger", "rollup_1h"].map((table) => db.query<{ n: number }>(`SELECT count(*)::int AS n FROM ${table}`));
    return (await Promise.all(counts)).map(([row]) => row?.n);
  };

  beforeAll(async () => {
    db = await openTestDb();
    await importCentres(
      db,
      centres.map((n) => ({ code: `c-${n}`, name: `C ${n}`, keyArea: false, devices: [] })),
      T0,
    );
    watch = new ClockWatch(db, { warn: say("warn"), error: say("error"), info: say("info") } as never, () => steadyMs);
    keep = createUpkeep(db, toolsOn(db).partitions, { clock: watch, auditMonths: 12 });
    await speak(T0, T0, 1);
    await keep(T0 + HOUR);
  }, 60_000);
  afterAll(() => db?.close());

  it("deletes nothing, says so once an hour, and keeps to what the ledger knows", async () => {
    const before = await rows();
    expect(before.every((n) => n === 4)).toBe(true);
    expect((await keep(FAR)).dropped).toEqual([]);
    await keep(FAR + 300_000);
    expect(await rows()).toEqual(before);
    expect(said).toEqual([
      expect.stringMatching(
        /^warn: The clock of this machine shows 2028-01-04T02:00:00\.000Z, the last upkeep was at 2026-11-28T03:00:00\.000Z\. Until 3 agents/,
      ),
    ]);
    steadyMs += HOUR;
    await keep(FAR + 600_000);
    expect(said).toHaveLength(2);
    expect(watch.state()).toBe("unproven");
    const [again] = await writeGroup(toolsOn(db), [receivedOf(batch(1, T0 - 60_000, 1), { receivedMs: T0 })]);
    expect(again).toMatchObject({ accepted: 0, duplicates: 1 });
  });

  it("takes no contact that the wrong clock has stamped for a proof: agents say that it is wrong", async () => {
    await speak(FAR + HOUR, T0 + 2 * HOUR, 2);
    const before = await rows();
    await keep(FAR + HOUR + 60_000);
    expect(await rows()).toEqual([before[0], before[1], before[2], 8]);
    expect([watch.state(), said.at(-1)]).toEqual(["wrong", expect.stringMatching(/^error: .* 4 of 4 agents are more than a day behind it/)]);
  });

  it("goes on by itself when the clock was put right", async () => {
    await keep(T0 + 3 * HOUR);
    expect([watch.state(), said.at(-1)]).toEqual(["right", "info: The clock of this machine is trusted again; what is past its time is deleted."]);
    expect(watch.sentence()).toBe("agrees");
  });

  it("goes on by itself after months in which it was switched off, as soon as agents have spoken", async () => {
    // Of agents that a wrong clock has stamped into the future nothing is known.
    await db.script("DELETE FROM contact");
    const later = T0 + 500 * DAY;
    await keep(later);
    expect(watch.state()).toBe("unproven");
    await speak(later + 60_000, later + 60_500, 3, [1, 2]);
    await keep(later + 120_000);
    expect(watch.state()).toBe("unproven");
    await speak(later + 180_000, later + 180_500, 3, [3]);
    const { dropped } = await keep(later + 2 * HOUR - 3_600_000);
    expect([watch.state(), dropped.length > 0]).toEqual(["right", true]);
    expect((await rows())[2]).toBe(3);
  });

  it("goes on when an operator has confirmed the clock, also against agents that are all off, until they agree", async () => {
    const later = T0 + 600 * DAY;
    await keep(later);
    expect(watch.state()).toBe("unproven");
    await trustClock(db, later + 60_000, true);
    await speak(later + 120_000, T0, 4);
    await keep(later + 180_000);
    expect(watch.state()).toBe("right");
    await speak(later + 240_000, later + 240_000, 5);
    await keep(later + 300_000);
    expect(await db.query("SELECT value ->> 'confirmed' AS confirmed FROM setting WHERE key = 'last_upkeep'")).toEqual([{ confirmed: "false" }]);
    await speak(later + 360_000, T0, 6);
    await keep(later + 420_000);
    expect(watch.state()).toBe("wrong");
  });
});

it("a database of an earlier version begins with its newest contact, so that the first upkeep is held against something", async () => {
  const db = await openTestDb();
  try {
    await importCentres(db, [{ code: "c-1", name: "C 1", keyArea: false, devices: [] }], T0);
    await db.query("INSERT INTO contact SELECT site_id, 'agt-1', to_timestamp($1::float8 / 1000), to_timestamp($1::float8 / 1000) FROM site", [T0]);
    await db.query("DELETE FROM migration WHERE name = '0041_last_upkeep.sql'");
    expect(await migrate(db, T0 + 402 * DAY)).toEqual(["0041_last_upkeep.sql"]);
    const log = { warn: () => undefined, error: () => undefined, info: () => undefined } as never;
    expect(await new ClockWatch(db, log).look(T0 + 402 * DAY)).toBe(false);
    expect(await new ClockWatch(db, log).look(T0 + 6 * DAY)).toBe(true);
  } finally {
    await db.close();
  }
});

it.each([
  ["unproven", "Đồng hồ của máy chủ chưa được xác nhận"],
  ["wrong", "Đồng hồ của máy chủ sai"],
] as const)("a page says that the clock is %s", async (state, sentence) => {
  const page = await bareApp({ clockState: () => state }).request("/login");
  expect(await page.text()).toContain(sentence);
});
