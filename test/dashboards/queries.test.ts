import postgres from "postgres";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { views } from "../../dashboards/views.ts";
import { alertQueries, storedQueries } from "../support/dashboard-queries.ts";
import { fillWithDemo } from "../support/demo-database.ts";
import { expandQuery } from "../support/grafana-macros.ts";
import { queryContext, type VariableValues } from "../support/query-context.ts";
import { requirePeer } from "../support/require-peer.ts";
import { type ServerDatabase, serverDatabase } from "../support/test-database.ts";

/** Types that Grafana's PostgreSQL source turns into fields without guessing, by their number in pg_type. */
const typeNames: Readonly<Record<number, string>> = {
  16: "bool",
  20: "number",
  21: "number",
  23: "number",
  25: "text",
  700: "number",
  701: "number",
  1082: "time",
  1114: "time",
  1184: "time",
  1700: "number",
};

const today = "(now() AT TIME ZONE 'Asia/Ho_Chi_Minh')::date";

// Incidents of a day and a message stand in for what a longer history would have brought, so that every panel has rows.
const incidents = `
  INSERT INTO incident (site_id, requirement, subject, state, began_at, opened_at, closed_at)
    SELECT min(site_id), 'R01', 'test', 'closed', now() - interval '30 hours', now() - interval '29 hours', now() - interval '20 hours' FROM site
    UNION ALL SELECT site_id, 'R05', 'test', 'open', now() - interval '5 hours', now() - interval '4 hours', NULL FROM site;
  INSERT INTO outbox (site_id, dedup_key, channel, recipient, body, created_at, next_try_at, state, last_error)
    SELECT min(site_id), 'test', 'smtp', 'someone@example.test', '{"requirement": "R01"}', now() - interval '1 hour', now(), 'dead', '550 <someone@example.test> unknown' FROM site`;

describe.skipIf(!requirePeer("postgres"))("on a small simulated province", () => {
  let server: ServerDatabase;
  let reader: postgres.Sql;
  let values: VariableValues;
  const nowMs = Date.now();
  const all = [...storedQueries("vi"), ...storedQueries("en"), ...alertQueries()];

  beforeAll(async () => {
    server = await serverDatabase();
    // With a working day in it, whatever day it is: on closed days nothing is printed and few runs fail.
    await fillWithDemo(server.url, { centres: 21, days: 4 });
    await server.psql(incidents);
    reader = postgres(server.url.replace("hcc@", "grafana_ro@"), { max: 2, onnotice: () => undefined });
    const districts = await reader<{ district_code: string }[]>`SELECT DISTINCT district_code FROM grafana.centre`;
    const [spoken] = await reader<
      { centre: string }[]
    >`SELECT centre FROM grafana.incident JOIN grafana.line_now USING (centre) WHERE download_mbps IS NOT NULL ORDER BY centre LIMIT 1`;
    const centres = await reader<{ centre: string }[]>`SELECT centre FROM grafana.centre`;
    values = { district: districts.map(({ district_code }) => district_code), centre: [spoken?.centre ?? "", ...centres.map(({ centre }) => centre)] };
  }, 180_000);
  afterAll(async () => {
    await reader?.end();
    await server?.drop();
  });

  it("the views have exactly the columns of the contract", async () => {
    const rows = await server.psql(
      "SELECT table_name || ':' || string_agg(column_name, ' ' ORDER BY ordinal_position) FROM information_schema.columns WHERE table_schema = 'grafana' GROUP BY table_name ORDER BY 1",
    );
    expect(Object.fromEntries(rows.split("\n").map((row) => row.split(":")))).toEqual(views);
  });

  it.each(all.map((query) => [query.name, query] as const))("%s gives typed rows in order", async (_, query) => {
    const result = await reader.unsafe(expandQuery(query.sql, queryContext(query, values, nowMs)));
    expect(result.length).toBeGreaterThan(0);
    const columns = result.columns.map(({ name, type }) => ({ name, type: typeNames[type] ?? `type ${type}` }));
    for (const { name, type } of columns) expect(["bool", "number", "text", "time"], name).toContain(type);
    expect(new Set(columns.map(({ name }) => name)).size).toBe(columns.length);
    if (query.kind === "variable") {
      expect(columns.map(({ name }) => name)).toEqual(["__text", "__value"]);
      for (const row of result) expect(row.__value).toMatch(/^[a-z0-9-]+$/);
    }
    if (query.format !== "time_series") return;
    expect(columns.map(({ name }) => name)).toEqual(["time", "metric", "value"]);
    expect(columns.map(({ type }) => type)).toEqual([columns[0]?.type === "time" ? "time" : "number", "text", "number"]);
    const times = result.map(({ time }) => (time instanceof Date ? time.getTime() : Number(time)));
    expect(times).toEqual([...times].sort((a, b) => a - b));
    for (const row of result) expect(row.metric, JSON.stringify(row)).not.toBeNull();
  });

  it("every view has rows, and says that they are simulated", async () => {
    for (const view of Object.keys(views)) expect((await reader.unsafe(`SELECT 1 FROM grafana.${view} LIMIT 1`)).length, view).toBe(1);
    expect(await reader`SELECT simulated FROM grafana.collector_now`).toEqual([{ simulated: true }]);
  });

  it("the parts of a centre and of a requirement sum to the whole", async () => {
    for (const view of ["centre_now", "requirement_now"]) {
      const [row] = await reader.unsafe(
        `SELECT count(*)::int AS n, count(*) FILTER (WHERE total = pass + fail + pending + unknown + error + not_applicable)::int AS whole FROM grafana.${view}`,
      );
      expect(row?.n, view).toBeGreaterThan(10);
      expect(row?.whole, view).toBe(row?.n);
    }
  });

  it("a district's hour holds exactly the samples of its series", async () => {
    const kept = "SELECT sum(n), sum(vsum)::numeric(20, 3) FROM rollup_1h JOIN series USING (site_id, series_id) WHERE metric = 'camera_up'";
    const summed = "SELECT sum(n)::bigint, sum(sum)::numeric(20, 3) FROM grafana.district_hour WHERE metric = 'camera_up'";
    expect(await server.psql(summed)).toBe(await server.psql(kept));
    expect(await server.psql(summed)).toMatch(/^[1-9]\d*\|/);
  });

  it.each([
    // Of today what came since the last full hour is counted with that hour.
    [
      "device_day",
      `sum(devices) FILTER (WHERE (time AT TIME ZONE 'Asia/Ho_Chi_Minh')::date < ${today})`,
      `SELECT count(*) FROM presence_day WHERE day < ${today}`,
    ],
    ["failure_day", "sum(runs)", "SELECT count(*) FROM observation WHERE kind <> 'measured'"],
    ["collector_hour", "sum(observations)", "SELECT count(*) FROM observation"],
    [
      "page_day",
      "sum(pages)",
      `SELECT sum(greatest(pages - before, 0)) FROM (
         SELECT max(vmax) AS pages, lag(max(vmax)) OVER (PARTITION BY site_id, series_id ORDER BY (hour AT TIME ZONE 'Asia/Ho_Chi_Minh')::date) AS before
         FROM rollup_1h JOIN series USING (site_id, series_id) WHERE metric = 'printer_pages' GROUP BY site_id, series_id, (hour AT TIME ZONE 'Asia/Ho_Chi_Minh')::date) AS day`,
    ],
  ])("%s counts what is stored, no more and no less", async (view, value, stored) => {
    const [counted] = await reader.unsafe(`SELECT (${value})::float8 AS n FROM grafana.${view}`);
    expect(counted?.n).toBeGreaterThan(0);
    expect(counted?.n).toBeCloseTo(Number(await server.psql(stored)));
  });

  it("a day's states sum to the findings that there are, of all districts", async () => {
    const [today] = await reader`SELECT sum(findings)::int AS n FROM grafana.state_day WHERE time = (SELECT max(time) FROM grafana.state_day)`;
    expect(String(today?.n)).toBe(await server.psql("SELECT count(*) FROM finding"));
  });

  it("a pass whose time is over is unknown, whatever is stored", async () => {
    await server.psql("UPDATE finding SET valid_until = now() - interval '1 second' WHERE requirement = 'R01' AND state = 'pass'");
    const rows = await reader`SELECT DISTINCT state, reason FROM grafana.finding_now WHERE requirement = 'R01' AND reason IN ('met', 'stale')`;
    expect(rows).toEqual([{ state: "unknown", reason: "stale" }]);
  });

  describe("grafana_ro", () => {
    it("reads every view of the schema", async () => {
      for (const view of Object.keys(views)) await reader.unsafe(`SELECT * FROM grafana.${view} LIMIT 1`);
    });

    it("reads nothing else and changes nothing, even when it lifts its own settings", async () => {
      const tables = (
        await server.psql(
          "SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p', 'v')",
        )
      ).split("\n");
      expect(tables.length).toBeGreaterThan(20);
      for (const table of tables) await expect(reader.unsafe(`SELECT 1 FROM public.${table} LIMIT 1`), table).rejects.toThrow("permission denied");
      const session = await reader.reserve();
      await session.unsafe("SET default_transaction_read_only = off");
      for (const statement of [
        "DELETE FROM public.site",
        "DELETE FROM grafana.centre",
        "CREATE TABLE public.mine (a int)",
        "CREATE TABLE grafana.mine (a int)",
        "SET ROLE hcc",
      ])
        await expect(session.unsafe(statement), statement).rejects.toThrow(/permission denied|must be|cannot delete/);
      await session.unsafe("RESET default_transaction_read_only");
      session.release();
    });

    it("compiles no query", async () => {
      expect(await reader`SELECT current_setting('jit') AS jit`).toEqual([{ jit: "off" }]);
    });

    it("is cut off after a while", async () => {
      expect(await reader`SHOW statement_timeout`).toEqual([{ statement_timeout: "15s" }]);
      expect(await reader`SHOW default_transaction_read_only`).toEqual([{ default_transaction_read_only: "on" }]);
    });

    it("sees no secret, no address of a person and no key", async () => {
      const [message] = await reader`SELECT error FROM grafana.notification WHERE error IS NOT NULL`;
      expect(message?.error).toBe("550 <…> unknown");
      const columns = Object.values(views).join(" ").split(" ");
      for (const name of ["public_key", "recipient", "value_json", "body", "address", "host_name", "by", "approver"]) expect(columns).not.toContain(name);
    });
  });
});
