import { afterAll, beforeAll, expect, it } from "vitest";
import { instantMs } from "../../../collector/store/db.ts";
import { knownMigrations, migrate } from "../../../collector/store/migrate.ts";
import { T0 } from "../../support/batches.ts";
import { openEmptyDb, type TestDb } from "../../support/test-database.ts";

let db: TestDb;
beforeAll(async () => {
  db = await openEmptyDb();
}, 180_000);
afterAll(() => db?.close());

it("keeps when agents were heard before their stamps had a table of their own", async () => {
  await migrate(db, T0, { count: (await knownMigrations()).findIndex(({ name }) => name === "0030_contact.sql") });
  await db.script(`
    INSERT INTO site (centre_code, name, changed_at, first_contact_at, last_contact_at) VALUES
      ('two-agents', 'A', now(), '2026-01-01Z', '2026-11-28Z'), ('new-agent', 'B', now(), NULL, NULL), ('none', 'C', now(), NULL, NULL);
    INSERT INTO agent (site_id, agent_id, public_key, enrolled_at, last_seen_at, clock_offset_ms) VALUES
      (1, 'old', 'k', now(), '2026-06-01Z', 7000), (1, 'present', 'k', now(), '2026-11-28Z', NULL), (2, 'silent', 'k', now(), NULL, NULL)`);
  await migrate(db, T0);
  expect(await db.query("SELECT site_id, agent_id, last_at::date::text AS last, clock_offset_ms AS off FROM contact ORDER BY agent_id")).toEqual([
    { site_id: 1, agent_id: "old", last: "2026-06-01", off: 7000 },
    { site_id: 1, agent_id: "present", last: "2026-11-28", off: null },
  ]);
  expect(await db.query("SELECT site_id, first_at::date::text AS first, last_at::date::text AS last FROM centre_contact")).toEqual([
    { site_id: 1, first: "2026-01-01", last: "2026-11-28" },
  ]);
  expect(await db.query("SELECT agent, state, clock FROM grafana.agent_now ORDER BY 1")).toEqual([
    { agent: "old", state: "silent", clock: "skewed" },
    { agent: "present", state: expect.stringMatching(/live|silent/), clock: "unknown" },
    { agent: "silent", state: "never", clock: "unknown" },
  ]);
  expect(await db.query("SELECT centre, last_contact::date::text AS last FROM grafana.centre_now ORDER BY 1")).toEqual([
    { centre: "new-agent", last: null },
    { centre: "none", last: null },
    { centre: "two-agents", last: "2026-11-28" },
  ]);
});

it("the stamp of a clock that ran ahead is replaced by the next word, and by no word that is only a little late", async () => {
  const touch = (atMs: number) => db.query("SELECT touch_contacts('{9}', '{agt}', ARRAY[$1::float8], '{NULL}')", [atMs]);
  const stamps = async () => {
    const [row] = await db.query<{ first: number; last: number }>(
      `SELECT ${instantMs("first_at")} AS first, ${instantMs("last_at")} AS last FROM contact WHERE site_id = 9`,
    );
    return row;
  };
  await touch(T0 + 30 * 86_400_000);
  await touch(T0);
  expect(await stamps()).toEqual({ first: T0, last: T0 });
  await touch(T0 + 60_000);
  await touch(T0 + 1_000);
  expect(await stamps()).toEqual({ first: T0, last: T0 + 60_000 });
});
