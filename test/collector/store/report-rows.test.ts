import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { periodOf } from "../../../collector/report/period.ts";
import { lastChanges } from "../../../collector/store/findings.ts";
import { reportRows } from "../../../collector/store/report.ts";
import { rowsRead } from "../../support/plan-cost.ts";
import { requirePeer } from "../../support/require-peer.ts";
import { openTestDb, type TestDb } from "../../support/test-database.ts";

const [CENTRES, REQUIREMENTS, DAYS] = [10, 10, 400];
const sites = Array.from({ length: CENTRES }, (_, index) => index + 1);
const codes = sites.map((site) => `xa-${site}`);
const PAIRS = CENTRES * REQUIREMENTS;
const FIRST = "2025-10-01T05:00:00Z";
const period = periodOf("2026-10");
const END_MS = Date.parse(period.to) - 1;

/** 400 days of changes, one a day at each requirement of each centre, judged ten minutes after they began; R1 of xa-1 has what is told below instead. */
const history = `
  INSERT INTO site (centre_code, name, changed_at) SELECT 'xa-' || n, 'Xã', now() FROM generate_series(1, ${CENTRES}) AS n;
  INSERT INTO site_version (site_id, effective_from, recorded_at, centre)
  SELECT site_id, '2025-01-01', '2025-01-01', jsonb_build_object('code', centre_code, 'name', name, 'keyArea', false, 'devices', '[]'::jsonb) FROM site;
  INSERT INTO policy_version (policy_id, version, body_sha256, effective_from, recorded_at, body)
  SELECT 'plan', version, version::text, '2025-01-01', '2025-01-01', jsonb_build_object('requirements', jsonb_agg(jsonb_build_object('id', 'R' || n)))
  FROM generate_series(1, ${REQUIREMENTS}) AS n, LATERAL (SELECT 1 + n % 2 AS version) AS v GROUP BY version;
  INSERT INTO finding_revision (site_id, requirement, from_state, state, reason, at, body)
  SELECT site_id, 'R' || r, 'fail', 'pass', 'met', at, jsonb_build_object('evaluatedAt', at + interval '10 min')
  FROM generate_series(0, ${DAYS - 1}) AS day, LATERAL (SELECT timestamptz '${FIRST}' + day * interval '1 day' AS at) AS t, site, generate_series(1, ${REQUIREMENTS}) AS r
  WHERE centre_code <> 'xa-1' OR r > 1`;
const told = [
  { reason: "older", at: "2026-09-01T00:00:00Z", judged: "2026-09-01T00:10:00Z" },
  { reason: "of one instant the first", at: "2026-09-20T00:00:00Z", judged: "2026-09-20T00:10:00Z" },
  { reason: "of one instant the last", at: "2026-09-20T00:00:00Z", judged: "2026-09-20T00:10:00Z" },
  { reason: "stored last, of an earlier instant", at: "2026-09-10T00:00:00Z", judged: "2026-09-25T00:00:00Z" },
  { reason: "nobody knew by then", at: "2026-09-30T00:00:00Z", judged: "2026-12-24T00:00:00Z" },
];

describe.skipIf(!requirePeer("postgres"))("what a month's report is made from", () => {
  let db: TestDb;

  beforeAll(async () => {
    db = await openTestDb();
    await db.script(history);
    for (const { reason, at, judged } of told)
      await db.query(
        `INSERT INTO finding_revision (site_id, requirement, from_state, state, reason, at, body)
         VALUES (1, 'R1', 'fail', 'pass', $1, ($2::text)::timestamptz, jsonb_build_object('evaluatedAt', $3::text))`,
        [reason, at, judged],
      );
    await db.script("ANALYZE");
  }, 60_000);
  afterAll(() => db?.close());

  it("is each change within it, and the last one before it by what was known", async () => {
    const { changes } = await reportRows(db, period, END_MS, codes);
    const before = changes.filter(({ at }) => at < period.from);
    expect(before).toHaveLength(PAIRS);
    expect(before.filter(({ centre, requirement }) => `${centre} ${requirement}` === "xa-1 R1")).toMatchObject([
      { reason: "of one instant the last", at: "2026-09-20T00:00:00.000Z" },
    ]);
    expect(new Set(before.filter(({ reason }) => reason === "met").map(({ at }) => at))).toEqual(new Set(["2026-09-30T05:00:00.000Z"]));
    expect(changes).toHaveLength(PAIRS + 31 * (PAIRS - 1));
    expect(changes.map(({ at }) => at)).toEqual(changes.map(({ at }) => at).sort());
  });

  it("is of one centre alone what it is of all", async () => {
    const [all, one] = [await reportRows(db, period, END_MS, codes), await reportRows(db, period, END_MS, ["xa-1"])];
    expect(one.changes).toEqual(all.changes.filter(({ centre }) => centre === "xa-1"));
  });

  it("is found without reading the history before it", async () => {
    await db.transaction(async (tx) => {
      const read = async <T>(work: () => Promise<T>) => {
        const before = await rowsRead(tx, "finding_revision");
        const found = await work();
        return { found, rows: (await rowsRead(tx, "finding_revision")) - before };
      };
      const report = await read(() => reportRows(tx, period, END_MS, codes));
      expect(report.rows).toBeGreaterThanOrEqual(report.found.changes.length);
      expect(report.rows).toBeLessThan(report.found.changes.length + PAIRS);
      const last = await read(() => lastChanges(tx, { atMs: END_MS, knownMs: END_MS }, sites));
      expect(last.found.get("1 R1")).toEqual({ state: "pass", at: "2026-09-20T00:00:00.000Z" });
      expect(last.found.get("2 R1")).toEqual({ state: "pass", at: "2026-10-31T05:00:00.000Z" });
      expect(last.found.size).toBe(PAIRS);
      expect(last.rows).toBeLessThan(2 * PAIRS);
    });
  });
});
