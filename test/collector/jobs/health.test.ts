import { execFile } from "node:child_process";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type Health, lookAtHealth } from "../../../collector/jobs/health.ts";
import { healthRoutes } from "../../../collector/routes/health.ts";
import type { Db } from "../../../collector/store/db.ts";
import { Partitions } from "../../../collector/store/partitions.ts";
import { watchdog } from "../../../dashboards/watchdog.ts";
import { noDb } from "../../support/bare-app.ts";
import { projectRoot } from "../../support/source-files.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";
import { openTestDb, type TestDb } from "../../support/test-database.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const NOW = Date.now();

let db: TestDb;
beforeAll(async () => {
  db = await openTestDb();
  await new Partitions(db).ensureAhead(NOW);
  await db.query("INSERT INTO site (centre_code, name, changed_at) SELECT 'xa-' || n, 'Xã', now() FROM generate_series(1, 4) AS n");
  await db.query(
    "INSERT INTO finding (site_id, requirement, state, reason, since, evaluated_at, body) SELECT site_id, 'R01', 'pass', 'met', now(), now(), '{}' FROM site",
  );
  await db.query("INSERT INTO agent (site_id, agent_id, public_key, enrolled_at) SELECT site_id, 'agt-' || site_id, 'k', now() - interval '9 days' FROM site");
  await db.query("INSERT INTO contact SELECT site_id, agent_id, enrolled_at, now() FROM agent");
}, 180_000);
afterAll(() => db.close());
beforeEach(async () => {
  await db.query("DELETE FROM outbox");
});

const letter = (agoMs: number, state = "waiting") =>
  db.query(
    "INSERT INTO outbox (dedup_key, channel, recipient, body, created_at, next_try_at, state) VALUES ($1, 'smtp', 'a', '{}', to_timestamp($2::float8 / 1000), now(), $3)",
    [`${state}${agoMs}`, NOW - agoMs, state],
  );
const roomy: Parameters<typeof lookAtHealth>[0]["storage"] = {
  look: async () => undefined,
  state: () => "room",
  sentence: () => "9 MB of 10 MB free at /disk",
};
const timely: Parameters<typeof lookAtHealth>[0]["clockWatch"] = { state: () => "right", sentence: () => "agrees" };
const look = (
  more: { storage?: typeof roomy; clockWatch?: typeof timely; db?: Db; queued?: number; judgedMs?: number; startedMs?: number; nowMs?: number } = {},
) =>
  lookAtHealth({
    db: more.db ?? db,
    clock: () => more.nowMs ?? NOW,
    queued: () => more.queued ?? 0,
    lastJudgedMs: () => more.judgedMs ?? NOW,
    startedMs: more.startedMs ?? NOW - HOUR,
    storage: more.storage ?? roomy,
    clockWatch: more.clockWatch ?? timely,
    backupWatch: { sentence: () => "last backup at night" },
    measureWatch: { sentence: () => "ended" },
  });
const sick = ({ checks }: Health) =>
  Object.entries(checks)
    .filter(([, { ok }]) => !ok)
    .map(([name]) => name);

describe("/health/ready", () => {
  it("is ready while everything goes on", async () => {
    await letter(59 * MINUTE);
    await letter(9 * HOUR, "dead");
    const found = await look();
    expect([found.status, sick(found)]).toEqual(["ready", []]);
    expect(found.checks.outbox?.detail).toContain("1 wait");
  });

  it.each([
    ["the database is away", () => look({ db: noDb }), ["database", "partitions", "outbox"]],
    ["nothing was judged for five minutes", () => look({ judgedMs: NOW - 5 * MINUTE - 1 }), ["judge"]],
    ["a message has waited for an hour", () => letter(HOUR + 1).then(() => look()), ["outbox"]],
    ["there is no room for tomorrow's rows", () => look({ nowMs: NOW + 400 * 24 * HOUR, judgedMs: NOW + 400 * 24 * HOUR }), ["partitions"]],
    ["the database has no room", () => look({ storage: { ...roomy, state: () => "full" } }), ["storage"]],
    ["the clock is wrong", () => look({ clockWatch: { ...timely, state: () => "wrong" } }), ["clock"]],
    ["more waits than is ever worked off", () => look({ queued: 40_001 }), ["ingest"]],
  ])("is not ready when %s", async (_, ask, expected) => {
    const found = await ask();
    expect([found.status, sick(found)]).toEqual(["not_ready", expected]);
    const reply = await healthRoutes(async () => found).request("/health/ready");
    expect([reply.status, await reply.json()]).toEqual([503, found]);
  });

  it("says that the clock is not confirmed yet, and stays ready for the agents that may confirm it", async () => {
    const found = await look({ clockWatch: { state: () => "unproven", sentence: () => "not confirmed" } });
    expect([found.status, found.checks.clock]).toEqual(["ready", { ok: true, detail: "not confirmed" }]);
  });

  it("gives a collector that has just started the time to judge", async () => {
    expect((await look({ judgedMs: 0, startedMs: NOW - 4 * MINUTE })).status).toBe("ready");
    expect(sick(await look({ judgedMs: 0, startedMs: NOW - 6 * MINUTE }))).toEqual(["judge"]);
  });
});

describe("the alert rules for Grafana", () => {
  const rules = watchdog().groups.flatMap((group) => group.rules);
  /** What a rule's query gives now, and whether that is above its threshold; no value is an alarm, as `noDataState` says. */
  async function alarms(uid: string): Promise<boolean> {
    const rule = rules.find((one) => one.uid === uid);
    const model = (refId: string) =>
      rule?.data.find((one) => one.refId === refId)?.model as { rawSql?: string; conditions?: { evaluator: { params: number[] } }[] };
    const statement = model("A").rawSql?.replace("$__timeFilter(time)", "time > now() - interval '4 days'") ?? "";
    const [row] = await db.query<Record<string, string | number | null>>(statement);
    const value = row && Object.values(row)[0];
    return value === undefined || value === null || Number(value) > (model("C").conditions?.[0]?.evaluator.params[0] ?? Number.NaN);
  }

  it.each([
    ["hcc-watchdog-judge", "UPDATE finding SET evaluated_at = now() - interval '61 minutes'", "UPDATE finding SET evaluated_at = now()"],
    ["hcc-watchdog-silence", "UPDATE contact SET last_at = now() - interval '2 hours' WHERE site_id > 1", "UPDATE contact SET last_at = now()"],
    [
      "hcc-watchdog-outbox",
      "INSERT INTO outbox (dedup_key, channel, recipient, body, created_at, next_try_at) VALUES ('old', 'smtp', 'a', '{}', now() - interval '61 minutes', now())",
      "DELETE FROM outbox",
    ],
  ])("%s is quiet, alarms when what it watches goes wrong, and is quiet again", async (uid, harm, repair) => {
    expect(await alarms(uid)).toBe(false);
    await db.script(harm);
    expect(await alarms(uid)).toBe(true);
    await db.script(repair);
    expect(await alarms(uid)).toBe(false);
  });

  it("has one test for each rule", () =>
    expect(rules.map(({ uid }) => uid).sort()).toEqual(["hcc-watchdog-judge", "hcc-watchdog-outbox", "hcc-watchdog-silence"]));
});

describe.skipIf(process.platform === "win32")("the cron example", () => {
  it("prints once when the collector is gone, once when it is back, and nothing in between", async () => {
    let status = 200;
    const server = createServer((_, reply) => reply.writeHead(status).end('{"status":"not_ready"}'));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const state = join(temporaryFolder(), "state");
    const ask = async (at = url) => (await promisify(execFile)("sh", [join(projectRoot, "deploy/linux/watch-collector.sh"), at, state])).stdout;
    const said = [await ask()];
    status = 503;
    said.push(await ask(), await ask(), await ask());
    status = 200;
    said.push(await ask(), await ask());
    server.close();
    server.closeAllConnections();
    said.push(await ask("http://127.0.0.1:9"), await ask("http://127.0.0.1:9"));
    const told = said.map((words) => (words === "" ? "-" : /is not ready|is ready again/.exec(words)?.[0]));
    expect(told).toEqual(["-", "-", "is not ready", "-", "is ready again", "-", "-", "is not ready"]);
    expect(said[2]).toContain("not_ready");
  });
});
