import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { coordinatorFunctions, distributed, local, nodeFunctions, reference } from "../../../collector/store/citus.ts";
import { openTestDb, type TestDb } from "../../support/test-database.ts";

let db: TestDb;
beforeAll(async () => {
  db = await openTestDb();
}, 180_000);
afterAll(() => db?.close());

const names = async (statement: string, values: readonly string[] = []) => (await db.query<{ name: string }>(statement, values)).map(({ name }) => name);
const tablesWhere = (condition: string) =>
  names(
    `SELECT c.relname AS name FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND ${condition} ORDER BY 1`,
  );
const hasSite = "EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'site_id' AND NOT a.attisdropped)";
const listed = (list: readonly string[]) => `{${list.join(",")}}`;

/** Tables that know a centre and are not cut by it; citus.ts says why. */
const wholeWithSite = ["enrol_code", "incident", "outbox", "site"];

describe("the schema, for a database that is cut by centre", () => {
  it("has each table in one of the lists of Citus", async () => {
    const all = await tablesWhere("true");
    expect(all.length).toBeGreaterThan(40);
    expect([...distributed, ...reference, ...local].sort()).toEqual(all);
  });

  it("has the centre in each table of what belongs to centres, and in no other", async () => {
    expect(await tablesWhere(hasSite)).toEqual([...distributed, ...wholeWithSite].sort());
    expect(
      await names(
        "SELECT table_name AS name FROM information_schema.columns WHERE table_schema = 'public' AND column_name = 'site_id' AND is_nullable = 'YES' AND table_name = ANY (($1::text)::text[])",
        [listed(distributed)],
      ),
    ).toEqual([]);
  });

  it("has the centre in each primary and unique key of a table that is cut by it", async () => {
    const offenders = await names(
      `SELECT i.indexrelid::regclass::text AS name FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
       WHERE i.indisunique AND c.relname = ANY (($1::text)::text[]) AND NOT EXISTS (
         SELECT FROM pg_attribute a WHERE a.attrelid = i.indrelid AND a.attname = 'site_id' AND a.attnum = ANY (i.indkey))`,
      [listed(distributed)],
    );
    expect(offenders).toEqual([]);
  });

  it("has each function in one of the lists of Citus, and none reads a table or takes the row of one that queries on shards call", async () => {
    expect(await names("SELECT DISTINCT proname AS name FROM pg_proc WHERE pronamespace = 'public'::regnamespace ORDER BY 1")).toEqual(
      [...nodeFunctions, ...coordinatorFunctions].sort(),
    );
    const offenders = (functions: readonly string[]) =>
      names(
        `SELECT DISTINCT p.proname AS name FROM pg_proc p, pg_class c WHERE p.pronamespace = 'public'::regnamespace AND p.proname = ANY (($1::text)::text[])
           AND c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v')
           AND (p.prosrc ~ ('(FROM|JOIN|INTO|UPDATE)\\s+' || c.relname || '\\M') OR c.reltype = ANY (p.proargtypes)) ORDER BY 1`,
        [listed(functions)],
      );
    expect(await offenders(nodeFunctions)).toEqual([]);
    expect(await offenders(coordinatorFunctions)).toEqual(coordinatorFunctions.filter((name) => !/^duty_record_stays$|^lock_|_mode$/.test(name)));
  });

  it("refers from tables that are cut to whole ones or along the centre, and from whole ones to whole ones of the same kind", async () => {
    const keys = await db.query<{ from: string; to: string; along: boolean }>(
      `SELECT k.conrelid::regclass::text AS "from", k.confrelid::regclass::text AS "to", EXISTS (
         SELECT FROM pg_attribute a WHERE a.attrelid = k.conrelid AND a.attname = 'site_id' AND a.attnum = ANY (k.conkey)) AS along
       FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid WHERE k.contype = 'f' AND NOT c.relispartition`,
    );
    expect(keys.length).toBeGreaterThan(3);
    const kindOf = (table: string) => [distributed, reference, local].findIndex((list: readonly string[]) => list.includes(table));
    const offenders = keys.filter(({ from, to, along }) => {
      if (kindOf(from) === 0) return !(kindOf(to) === 1 || (kindOf(to) === 0 && along));
      return kindOf(from) !== kindOf(to);
    });
    expect(offenders).toEqual([]);
  });
});
