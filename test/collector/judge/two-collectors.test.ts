import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { NotifyConfig } from "#schemas/alert.ts";
import { Centre } from "#schemas/inventory.ts";
import { createAlerts } from "../../../collector/alert/alerts.ts";
import { createJudge, type Judge } from "../../../collector/jobs/judge.ts";
import { createLog } from "../../../collector/log.ts";
import { openPolicyBook } from "../../../collector/policy-book.ts";
import { sha256Of } from "../../../collector/policy-files.ts";
import { addAttestations } from "../../../collector/store/attestations.ts";
import type { Db } from "../../../collector/store/db.ts";
import { findingsOf } from "../../../collector/store/findings.ts";
import { migrate } from "../../../collector/store/migrate.ts";
import { openStore } from "../../../collector/store/open.ts";
import { importCentres } from "../../../collector/store/sites.ts";
import { calendar, MINUTE, plan, said } from "../../support/facts.ts";
import { requirePeer } from "../../support/require-peer.ts";
import { type ServerDatabase, serverDatabase } from "../../support/test-database.ts";

const T0 = Date.parse("2026-11-24T08:00:00+07:00");
const centre = Centre.parse({ code: "ia-grai", name: "Ia Grai", officers: 2 });

describe.skipIf(!requirePeer("postgres"))("two collectors on one database", () => {
  let server: ServerDatabase;
  let stores: Awaited<ReturnType<typeof openStore>>[];
  let siteId: number;
  beforeAll(async () => {
    server = await serverDatabase();
    stores = await Promise.all([0, 1].map(() => openStore({ databaseUrl: server.url, dataDir: "unused" })));
    const [{ db }] = stores as [(typeof stores)[0]];
    await migrate(db, T0);
    await importCentres(db, [centre], T0);
    const [site] = await db.query<{ site_id: number }>("SELECT site_id FROM site");
    siteId = site?.site_id ?? 0;
  }, 60_000);
  afterAll(async () => {
    await Promise.all((stores ?? []).map((store) => store.close()));
    await server?.drop();
  });

  const dbOf = (place: number) => (stores[place] as (typeof stores)[0]).db;
  const judgeOn = async (db: Db): Promise<Judge> => {
    const policyAt = await openPolicyBook(db, plan.id, T0, [{ policy: plan, calendar, sha256: sha256Of(plan) }]);
    const alerts = createAlerts({ db, policyAt: () => ({ policy: plan, calendar }), notify: NotifyConfig.parse({}), publicUrl: "http://hcc" });
    return createJudge({ db, policyAt, log: createLog("silent"), onJudged: alerts.onJudged });
  };
  const declare = (item: string, atMs: number, holds = true) =>
    addAttestations(dbOf(0), [{ ...said("R20", item, { inspector: true, holds }), id: `${item}-${atMs}`, at: new Date(atMs).toISOString() }], atMs);
  const stateOf = async (requirement: string) => (await findingsOf(dbOf(0), siteId)).find((one) => one.requirement === requirement)?.state;

  it("what became known while one of them thought is in what the other one writes, though its clock be behind", async () => {
    const reached = Promise.withResolvers<void>();
    const gate = Promise.withResolvers<void>();
    // The first collector has read the facts and stands before its first word.
    const paused: Db = {
      ...dbOf(0),
      transaction: (work) =>
        dbOf(0).transaction((tx) =>
          work({
            ...tx,
            query: async (statement, values) => {
              if (statement.includes("INSERT INTO finding AS")) {
                reached.resolve();
                await gate.promise;
              }
              return tx.query(statement, values);
            },
          }),
        ),
    };
    const [slow, quick] = [await judgeOn(paused), await judgeOn(dbOf(1))];
    const first = slow.judge(siteId, "all", T0 + 2 * MINUTE, false);
    await reached.promise;
    for (const item of ["house-rules", "assignments"]) await declare(item, T0);
    let settled = false;
    const second = quick.judge(siteId, "all", T0 + MINUTE, false).finally(() => {
      settled = true;
    });
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(settled).toBe(false);
    gate.resolve();
    await Promise.all([first, second]);
    expect(await stateOf("R20")).toBe("pass");
  });

  it("many judgements of both at once leave one history without a break, and one problem", async () => {
    const judges = [await judgeOn(dbOf(0)), await judgeOn(dbOf(1))] as const;
    for (let round = 0; round < 12; round++) {
      const atMs = T0 + (10 + round) * MINUTE;
      await declare("house-rules", atMs, round % 2 === 0);
      await Promise.all(judges.flatMap((judge) => [judge.judge(siteId, "all", atMs, false), judge.judge(siteId, "all", atMs - 1, false)]));
      expect(await stateOf("R20")).toBe(round % 2 === 0 ? "pass" : "fail");
    }
    const revisions = await dbOf(0).query<{ requirement: string; from_state: string | null; state: string }>(
      "SELECT requirement, from_state, state FROM finding_revision WHERE site_id = $1 ORDER BY requirement, revision",
      [siteId],
    );
    const byRequirement = Map.groupBy(revisions, ({ requirement }) => requirement);
    expect(byRequirement.size).toBe(plan.requirements.length);
    for (const [id, chain] of byRequirement) {
      expect(
        chain.map(({ from_state }) => from_state),
        id,
      ).toEqual([null, ...chain.slice(0, -1).map(({ state }) => state)]);
    }
    expect(byRequirement.get("R20")?.length).toBe(13);
    const open = await dbOf(0).query("SELECT 1 FROM incident WHERE site_id = $1 AND requirement = 'R20' AND state <> 'closed'", [siteId]);
    expect(open).toHaveLength(1);
  });
});
