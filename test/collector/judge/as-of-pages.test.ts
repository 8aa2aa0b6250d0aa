import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Centre } from "#schemas/inventory.ts";
import { findingsAsOf } from "../../../collector/jobs/past-findings.ts";
import { migrate } from "../../../collector/store/migrate.ts";
import { openPostgres } from "../../../collector/store/postgres-db.ts";
import { importCentres } from "../../../collector/store/sites.ts";
import { calendar, DAY, NOW, plan } from "../../support/facts.ts";
import { requirePeer } from "../../support/require-peer.ts";
import { type ServerDatabase, serverDatabase } from "../../support/test-database.ts";

// A system's sorting of a language passes over hyphens: ia-grai stands between iab and iag-x.
const codes = ["ia-grai", "ia-ko", "iaa", "iab", "iag-x", "xa-1", "xa1"];

describe.skipIf(!requirePeer("postgres"))("findings of the past, page by page, in a database that sorts as a language does", () => {
  const name = `sorted_${process.pid}`;
  let beside: ServerDatabase;
  let db: ReturnType<typeof openPostgres>;

  beforeAll(async () => {
    beside = await serverDatabase();
    await beside.psql(`CREATE DATABASE ${name} TEMPLATE template0 ENCODING 'UTF8' LOCALE_PROVIDER icu ICU_LOCALE 'vi-VN-u-ka-shifted'`);
    const url = new URL(beside.url);
    url.pathname = name;
    db = openPostgres(url.href, { connections: 2, statementTimeoutMs: 60_000 });
    await migrate(db, 0);
    await importCentres(
      db,
      codes.map((code) => Centre.parse({ code, name: code })),
      NOW - DAY,
    );
  }, 120_000);
  afterAll(async () => {
    await db?.close();
    await beside?.psql(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
    await beside?.drop();
  });

  it.each([1, 3, 20, 1_000])("by %d at a time each comes once, in order of centre and requirement, in whatever order a policy names them", async (limit) => {
    const policyAt = () => ({ policy: { ...plan, requirements: plan.requirements.toReversed() }, calendar });
    const [first] = plan.requirements;
    const names: string[] = [];
    for (let after: string | undefined, left = true; left; ) {
      const page = await findingsAsOf(db, policyAt, { limit, ...(limit === 1 && { requirement: first?.id }), ...(after && { after }) }, NOW);
      names.push(...page.map(({ centre, requirement }) => `${centre}:${requirement}`));
      after = names.at(-1);
      left = page.length === limit;
    }
    const asked = limit === 1 ? plan.requirements.slice(0, 1) : plan.requirements;
    expect(names).toEqual(codes.flatMap((code) => asked.map(({ id }) => `${code}:${id}`).sort()));
  });
});
