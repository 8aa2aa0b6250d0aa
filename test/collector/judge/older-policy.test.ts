import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Centre } from "#schemas/inventory.ts";
import { PolicyProfile } from "#schemas/policy.ts";
import { rereadPolicy } from "#schemas/recorded-policy.ts";
import { findingsAsOf } from "../../../collector/jobs/past-findings.ts";
import { openPolicyBook, versionsWithin } from "../../../collector/policy-book.ts";
import { sha256Of } from "../../../collector/policy-files.ts";
import { importCentres } from "../../../collector/store/sites.ts";
import { calendar, DAY, NOW, plan } from "../../support/facts.ts";
import { projectRoot } from "../../support/source-files.ts";
import { openTestDb, type TestDb } from "../../support/test-database.ts";

/** The first version of the plan, in the form in which the first program recorded it. */
const first = JSON.parse(readFileSync(join(projectRoot, "test/fixtures/policies/gia-lai-890-first.json"), "utf8")) as Record<string, unknown>;
const files = [{ policy: plan, calendar, sha256: sha256Of(plan) }];

let db: TestDb;
const record = (body: object, version: number, sha256 = "of its time") =>
  db.query(
    "INSERT INTO policy_version (policy_id, version, effective_from, body_sha256, body, recorded_at) VALUES ('gia-lai-890', $1, '2025-07-25', $2, ($3::text)::jsonb, to_timestamp($4::float8 / 1000))",
    [version, sha256, JSON.stringify(body), NOW - 30 * DAY],
  );
beforeAll(async () => {
  db = await openTestDb();
  await importCentres(db, [Centre.parse({ code: "ia-grai", name: "Ia Grai", officers: 7 })], NOW - 30 * DAY);
}, 180_000);
afterAll(() => db.close());

describe("a policy that an older program has recorded", () => {
  it("is no policy of today, and is read with what it meant then", () => {
    expect(PolicyProfile.safeParse(first).success).toBe(false);
    const read = rereadPolicy({ ...first, gone: true });
    expect("value" in read && read.value.requirements.find(({ id }) => id === "R01")?.rule).toMatchObject({ floor: 200, hours: "any" });
    expect("value" in read && "gone" in read.value).toBe(false);
  });

  it("does not keep a newer collector from starting, and judges its own time", async () => {
    await record(first, 1);
    const policyAt = await openPolicyBook(db, "gia-lai-890", NOW, files);
    expect([policyAt(NOW).policy.version, policyAt(NOW - 10 * DAY, NOW - 10 * DAY).policy.version]).toEqual([plan.version, 1]);
    const then = await findingsAsOf(db, policyAt, { limit: 100 }, NOW - 10 * DAY);
    expect(then.map(({ policy }) => policy)).toEqual(then.map(() => "gia-lai-890@1"));
    expect(then.find(({ requirement }) => requirement === "R21")).toMatchObject({ state: "unknown", reason: "not_attested" });
  });

  it("may have had other bytes for what is the same to this program; what is not the same is refused", async () => {
    await db.query("DELETE FROM policy_version WHERE version > 1");
    const { id, ...rest } = plan;
    await record({ ...rest, gone: true, id }, plan.version);
    expect((await openPolicyBook(db, "gia-lai-890", NOW, files))(NOW).policy).toEqual(plan);
    await db.query("DELETE FROM policy_version WHERE version > 1");
    await record({ ...plan, effectiveFrom: "2025-07-26" }, plan.version);
    await expect(openPolicyBook(db, "gia-lai-890", NOW, files)).rejects.toThrow("has changed since this database recorded it");
  });

  it("stops only who asks for its time, where it cannot be read at all", async () => {
    await db.query("DELETE FROM policy_version");
    await record({ ...first, requirements: [{ id: "R01", rule: { kind: "astrology" } }] }, 1);
    const policyAt = await openPolicyBook(db, "gia-lai-890", NOW, files);
    expect(policyAt(NOW).policy.version).toBe(plan.version);
    expect(() => policyAt(NOW - 10 * DAY, NOW - 10 * DAY)).toThrow("policy gia-lai-890@1 was recorded by an older program and cannot be read");
  });

  it("is named among the versions of a month, without its document where it cannot be read", async () => {
    await db.query("UPDATE policy_version SET effective_from = '2026-11-16' WHERE version > 1");
    const versions = await versionsWithin(db, "gia-lai-890", "2026-11-01", "2026-11-30", NOW);
    expect(versions).toEqual([
      { id: "gia-lai-890", version: 1, effectiveFrom: "2025-07-25" },
      { id: "gia-lai-890", version: plan.version, effectiveFrom: "2026-11-16", source: plan.source },
    ]);
    for (const [first, last, known] of [
      ["2026-11-01", "2026-11-15", [1]],
      ["2026-11-16", "2026-11-30", [plan.version]],
    ] as const)
      expect((await versionsWithin(db, "gia-lai-890", first, last, NOW)).map(({ version }) => version)).toEqual(known);
    // What was recorded after the asked instant was not known then.
    expect((await versionsWithin(db, "gia-lai-890", "2026-11-01", "2026-11-30", NOW - DAY)).map(({ version }) => version)).toEqual([1]);
  });
});
