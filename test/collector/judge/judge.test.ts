import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { NotifyConfig } from "#schemas/alert.ts";
import { DAY_FACTS_MAX } from "#schemas/evaluate/daily-facts.ts";
import { Centre } from "#schemas/inventory.ts";
import { createAlerts } from "../../../collector/alert/alerts.ts";
import { createJudge } from "../../../collector/jobs/judge.ts";
import { createLog } from "../../../collector/log.ts";
import { addAttestations } from "../../../collector/store/attestations.ts";
import { addDutyRecords } from "../../../collector/store/duties.ts";
import { findingsOf, writeFindings } from "../../../collector/store/findings.ts";
import { SITE_FOUND_MAX } from "../../../collector/store/found-devices.ts";
import { presenceSince, SITE_PRESENCE_MAX } from "../../../collector/store/presence.ts";
import { importCentres } from "../../../collector/store/sites.ts";
import { addWaivers } from "../../../collector/store/waivers.ts";
import { measured } from "../../support/batches.ts";
import { calendar, DAY, HOUR, MINUTE, plan } from "../../support/facts.ts";
import { failingDb } from "../../support/failing-db.ts";
import { type JudgedProvince, openJudgedProvince, type Said } from "../../support/judged-province.ts";

const vn = (local: string) => Date.parse(`${local}:00+07:00`);
const T0 = vn("2026-11-24T08:00");
const centre = (place: number) => Centre.parse({ code: `xa-${place}`, name: `Xã ${place}`, officers: 2 });
const notify = NotifyConfig.parse({ recipients: [{ owner: "*", channel: "webhook", to: "ioc", digests: false }] });

let province: JudgedProvince;
let place = 0;
let code: string;
let siteId: number;
const alertsOn = (db: JudgedProvince["db"]) => createAlerts({ db, policyAt: () => ({ policy: plan, calendar }), notify, publicUrl: "http://hcc" });
const judgeOn = (db: Parameters<typeof failingDb>[0]) =>
  createJudge({ db, policyAt: province.policyAt, log: createLog("silent"), onJudged: alertsOn(province.db).onJudged });

beforeAll(async () => {
  province = await openJudgedProvince({ centres: Array.from({ length: 20 }, (_, at) => centre(at + 1)), nowMs: T0 - DAY, policies: [plan] });
}, 180_000);
afterAll(() => province?.db.close());
beforeEach(() => {
  code = `xa-${++place}`;
  siteId = province.siteIdOf(code);
});

const camera = (atMs: number, up: 0 | 1): Said => ({
  probe: "camera-presence",
  atMs,
  outcome: measured([{ metric: "camera_up", value: up, labels: { camera: "c1" } }]),
});
const stateOf = async (requirement: string, site = siteId) => {
  const found = (await findingsOf(province.db, site)).find((finding) => finding.requirement === requirement);
  return found && `${found.state} ${found.reason}`;
};
/** Everything that a judgement and the clock of the alerts write about a site. */
async function written(): Promise<string> {
  const parts = await Promise.all(
    ["finding", "finding_revision", "incident", "outbox"].map((table) =>
      province.db.query(`SELECT * FROM ${table} WHERE site_id = $1 ORDER BY 1, 2, 3`, [siteId]),
    ),
  );
  return JSON.stringify(parts);
}
const rowsOf = async (table: string) => (await province.db.query(`SELECT 1 FROM ${table} WHERE site_id = $1`, [siteId])).length;

/** Does something with a database that fails at its first statement, then at its second, and so on until it comes through. Gives the statements that failed. */
async function failingEverywhere(work: (db: ReturnType<typeof failingDb>) => Promise<unknown>): Promise<readonly string[]> {
  const before = await written();
  const refused: string[] = [];
  for (let failAt = 1; failAt < 500; failAt++) {
    let failed = false;
    const db = failingDb(province.db, (statement, at) => {
      if (at !== failAt) return false;
      if (!failed) refused.push(statement);
      failed = true;
      return true;
    });
    await work(db).catch((error: Error) => expect(error.message).toBe("the database failed in the middle"));
    if (!failed) return refused;
    expect(await written(), `statement ${failAt}`).toBe(before);
  }
  throw new Error("there is no end of statements");
}

describe("a judgement is written whole or not at all", () => {
  it("wherever the database fails: finding, revision and problem", async () => {
    await province.send(code, T0, [camera(T0 - 40 * MINUTE, 0), camera(T0 - 10 * MINUTE, 0)]);
    // The same observations, and nobody has judged them: then every table is written.
    for (const table of ["finding", "finding_revision"]) await province.db.query(`DELETE FROM ${table} WHERE site_id = $1`, [siteId]);
    expect(await rowsOf("incident")).toBe(0);
    const refused = await failingEverywhere((db) => judgeOn(db).judge(siteId, "all", T0 + MINUTE, false));
    // The lock, what is read behind it, and each table that is written.
    for (const part of ["pg_advisory_xact_lock", "FROM packed_run", "INSERT INTO finding AS", "INSERT INTO finding_revision", "INSERT INTO incident"])
      expect(refused, part).toContainEqual(expect.stringContaining(part));
    expect(await stateOf("R03")).toBe("fail target_down");
    expect(await rowsOf("finding")).toBe(plan.requirements.length);
    expect(await rowsOf("finding_revision")).toBe(plan.requirements.length);
    expect(await rowsOf("incident")).toBeGreaterThan(0);
  });

  it("and so are the step of a problem and its message", async () => {
    await province.send(code, T0, [camera(T0 - 40 * MINUTE, 0), camera(T0 - 10 * MINUTE, 0)]);
    await judgeOn(province.db).judge(siteId, "all", T0, false);
    await province.db.query("DELETE FROM incident WHERE site_id <> $1", [siteId]);
    const refused = await failingEverywhere((db) =>
      createAlerts({ db, policyAt: () => ({ policy: plan, calendar }), notify, publicUrl: "http://hcc" }).tick(T0 + HOUR),
    );
    expect(refused.length).toBeGreaterThan(5);
    for (const part of ["incident", "outbox"]) expect(refused, part).toContainEqual(expect.stringMatching(new RegExp(`(INSERT INTO|UPDATE) ${part}`)));
    const opened = await province.db.query<{ state: string }>("SELECT state FROM incident WHERE site_id = $1 AND requirement = 'R03'", [siteId]);
    expect(opened.map(({ state }) => state)).toEqual(["open"]);
    expect((await province.db.query("SELECT 1 FROM outbox WHERE site_id = $1 AND body ->> 'requirement' = 'R03'", [siteId])).length).toBe(1);
  });

  it("a site that cannot be judged keeps no other one waiting, and the clock comes back to it", async () => {
    const other = province.siteIdOf(`xa-${++place}`);
    await province.judge.tick(T0);
    const isAbout = (values: readonly unknown[]) => String(values[1]).match(/\d+/g)?.includes(String(siteId));
    let broken = true;
    const db = {
      ...province.db,
      transaction: ((work) =>
        province.db.transaction((tx) =>
          work({
            ...tx,
            query: (statement, values = []) =>
              broken && statement.includes("pg_advisory") && isAbout(values) ? Promise.reject(new Error("broken")) : tx.query(statement, values),
          }),
        )) as typeof province.db.transaction,
    };
    const judge = judgeOn(db);
    const evaluatedMs = async (site: number) => Date.parse((await findingsOf(province.db, site))[0]?.evaluatedAt ?? "");
    await judge.tick(T0 + DAY);
    expect(await evaluatedMs(other)).toBe(T0 + DAY);
    expect(await evaluatedMs(siteId)).toBeLessThan(T0 + DAY);
    broken = false;
    await judge.tick(T0 + DAY + MINUTE);
    expect(await evaluatedMs(siteId)).toBe(T0 + DAY + MINUTE);
  });
});

describe("what the clock changes", () => {
  const T1 = vn("2026-11-26T08:00");

  it("a new centre is judged, a pass ends, and a silent centre is offline", async () => {
    const [fresh] = [centre(100 + place)];
    await importCentres(province.db, [fresh], T1);
    await province.send(code, T1, [camera(T1 - 40 * MINUTE, 1), camera(T1 - 10 * MINUTE, 1)]);
    expect(await stateOf("R03")).toBe("pass met");
    await province.judge.tick(T1 + 20 * MINUTE);
    const [known] = await province.db.query<{ site_id: number }>("SELECT site_id FROM site WHERE centre_code = $1", [fresh.code]);
    expect((await findingsOf(province.db, known?.site_id ?? 0)).length).toBe(plan.requirements.length);
    expect(await stateOf("R03")).toBe("pass met");
    await province.judge.tick(T1 + 31 * MINUTE);
    expect(await stateOf("R16")).toBe("unknown site_offline");
    await province.judge.tick(T1 + 3 * HOUR);
    expect(await stateOf("R03")).toBe("unknown site_offline");
  });

  it("a new centre whose agent was quicker than the clock is judged in whole", async () => {
    const [fresh] = [centre(200 + place)];
    await importCentres(province.db, [fresh], T1);
    const [known] = await province.db.query<{ site_id: number }>("SELECT site_id FROM site WHERE centre_code = $1", [fresh.code]);
    await province.judge.judge(known?.site_id ?? 0, new Set(["camera-presence"]), T1, true);
    expect((await findingsOf(province.db, known?.site_id ?? 0)).map(({ requirement }) => requirement).sort()).toEqual(
      plan.requirements.map(({ id }) => id).sort(),
    );
    // Though it began with what was measured long ago: nothing was revised, and people hear of what is wrong.
    const late = () =>
      province.db.query<{ late: boolean }>("SELECT DISTINCT late FROM finding_revision WHERE site_id = $1 ORDER BY late", [known?.site_id ?? 0]);
    expect(await late()).toEqual([{ late: false }]);
  });

  it("waivers begin and end with their days in Viet Nam, without anything else happening", async () => {
    const waiver = { id: `w-${code}`, centre: code, requirement: "R05", reason: "x", document: "1", approver: "A", from: "2026-11-28", until: "2026-11-29" };
    await addWaivers(province.db, [waiver], T0);
    const waivedAt = async (local: string) => {
      await province.judge.tick(vn(local));
      return (await findingsOf(province.db, siteId)).find(({ requirement }) => requirement === "R05")?.waiver !== undefined;
    };
    expect([
      await waivedAt("2026-11-27T23:59"),
      await waivedAt("2026-11-28T00:00"),
      await waivedAt("2026-11-29T23:59"),
      await waivedAt("2026-11-30T00:00"),
    ]).toEqual([false, true, true, false]);
  });

  it("what was declared or ticked while no judge looked is found by the next one", async () => {
    const nowMs = vn("2026-12-01T09:00");
    await province.judge.tick(nowMs);
    const said = {
      id: `a-${code}`,
      centre: code,
      requirement: "R24",
      item: "inspection",
      holds: true,
      by: "A",
      inspector: true,
      at: new Date(nowMs + MINUTE).toISOString(),
    };
    await addAttestations(province.db, [said], nowMs + MINUTE);
    const tick = {
      id: `d-${code}`,
      centre: code,
      requirement: "R21",
      duty: "opening-round",
      turn: "2026-12-01",
      state: "done",
      by: "A",
      at: new Date(nowMs + MINUTE).toISOString(),
    } as const;
    expect(await addDutyRecords(province.db, [tick, { ...tick, id: "x", centre: "xa-none" }], nowMs + MINUTE)).toEqual(["xa-none"]);
    await province.judge.tick(nowMs + 2 * MINUTE);
    expect([await stateOf("R24"), await stateOf("R21")]).toEqual(["pass inspected", "unknown not_recorded"]);
    expect(await addDutyRecords(province.db, [tick, tick], nowMs + 3 * MINUTE)).toEqual([]);
    await province.judge.tick(nowMs + 4 * MINUTE);
    expect(await stateOf("R21")).toBe("pending too_young");
    await province.judge.tick(nowMs + 3 * DAY);
    expect(await stateOf("R21")).toBe("fail duties_late");
    await expect(province.db.query("DELETE FROM duty_record")).rejects.toThrow("only added to");
  });

  it("an inspector's word counts for as long as it holds, however much the centre declares after it", async () => {
    const nowMs = T0 + 6 * HOUR;
    const word = { centre: code, requirement: "R20", item: "house-rules", holds: true, by: "A", inspector: false };
    const at = (ago: number) => new Date(nowMs - ago).toISOString();
    const denied = { ...word, id: `i-${code}`, holds: false, inspector: true, at: at(30 * DAY) };
    const declared = Array.from({ length: 600 }, (_, place) => ({ ...word, id: `s-${code}-${place}`, item: "assignments", at: at(place * MINUTE) }));
    await addAttestations(province.db, [denied, { ...word, id: `o-${code}`, at: at(2 * DAY) }, ...declared], nowMs);
    await province.judge.judge(siteId, "all", nowMs, false);
    const finding = (await findingsOf(province.db, siteId)).find(({ requirement }) => requirement === "R20");
    expect(finding).toMatchObject({ state: "fail", reason: "denied", detail: { open: 1 } });
    expect(finding?.evidence).toEqual([`attestation:i-${code}`, `attestation:s-${code}-0`]);
  });
});

describe("sites that were touched", () => {
  const touched = (site: number, nowMs: number) => ({ siteId: site, probes: new Set(["camera-presence"] as const), late: false, nowMs, newestMs: nowMs });
  const transactions = () => {
    let count = 0;
    const transaction: typeof province.db.transaction = (work) => {
      count++;
      return province.db.transaction(work);
    };
    return { db: { ...province.db, transaction }, count: () => count };
  };
  const evaluatedMs = async (site: number) =>
    Date.parse((await findingsOf(province.db, site)).find(({ requirement }) => requirement === "R03")?.evaluatedAt ?? "");

  it("are judged at once when nothing goes on, and otherwise many of them together after a rest", async () => {
    const others = [1, 2, 3, 4, 5].map((other) => province.siteIdOf(`xa-${other}`));
    const { db, count } = transactions();
    const judge = judgeOn(db);
    const nowMs = vn("2026-12-20T08:00");
    judge.touch(touched(siteId, nowMs));
    await vi.waitUntil(async () => (await evaluatedMs(siteId)) === nowMs, { timeout: 10_000 });
    for (let batch = 1; batch <= 3; batch++) for (const site of others) judge.touch(touched(site, nowMs + batch * MINUTE));
    expect(judge.waiting()).toBe(others.length);
    await judge.drain();
    expect(judge.waiting()).toBe(0);
    for (const site of others) expect(await evaluatedMs(site)).toBe(nowMs + 3 * MINUTE);
    expect(count()).toBeLessThanOrEqual(3);
  });
});

describe("nothing that was committed stays unjudged", () => {
  const at = vn("2026-12-22T08:00");
  const cameras = (atMs: number, count: number, up: 0 | 1) => Array.from({ length: count }, (_, place) => camera(atMs - 10 * MINUTE - place * MINUTE, up));
  /** Commits what a site says, and nobody is there to judge it. */
  async function commitAlone(atMs: number, said: readonly Said[]): Promise<void> {
    const before = await findingsOf(province.db, siteId);
    await province.send(code, atMs, said);
    await writeFindings(province.db, [{ siteId, findings: before }]);
  }
  const touched = (nowMs: number, newestMs = nowMs) => ({ siteId, probes: new Set(["camera-presence"] as const), late: false, nowMs, newestMs });
  const refusing = (part: string) => {
    const state = { refuses: true, asked: 0 };
    const db = failingDb(province.db, (statement) => {
      if (statement.includes(part)) state.asked++;
      return state.refuses && statement.includes(part);
    });
    return { db, state };
  };
  beforeEach(async () => {
    await province.send(code, at, cameras(at, 2, 1));
    // Nothing else is due on this day.
    await province.judge.tick(at);
    expect(await stateOf("R03")).toBe("pass met");
    await commitAlone(at + HOUR, cameras(at + HOUR, 20, 0));
    expect(await stateOf("R03")).toBe("pass met");
  });

  it("a judgement that failed is made up for a while later, though nobody touches the site again", async () => {
    const { db, state } = refusing("INSERT INTO finding AS");
    const judge = judgeOn(db);
    judge.touch(touched(at + HOUR));
    await judge.drain();
    expect([await stateOf("R03"), judge.waiting()]).toEqual(["pass met", 1]);
    state.refuses = false;
    await judge.tick(at + HOUR + 1_000);
    await judge.drain();
    expect([await stateOf("R03"), judge.waiting()]).toEqual(["pass met", 1]);
    await judge.tick(at + HOUR + MINUTE);
    await judge.drain();
    expect([await stateOf("R03"), judge.waiting()]).toEqual(["fail target_down", 0]);
  });

  it("and what a collector that ended has left is judged by the next one, beside what is touched, and told as what is", async () => {
    const judge = judgeOn(province.db);
    await judge.lookAtAll(at + HOUR + MINUTE);
    await vi.waitUntil(async () => (await stateOf("R03")) === "fail target_down", { timeout: 30_000 });
    await judge.drain();
    const last = "SELECT late, from_state FROM finding_revision WHERE site_id = $1 AND requirement = 'R03' ORDER BY revision DESC LIMIT 1";
    expect(await province.db.query(last, [siteId])).toEqual([{ late: false, from_state: "pass" }]);
    const begun = "SELECT 1 FROM incident WHERE site_id = $1 AND requirement = 'R03' AND state <> 'closed'";
    expect(await province.db.query(begun, [siteId])).toHaveLength(1);
  });

  it("sites that are touched wait for none of those, and a stop does not either", async () => {
    const groups: string[] = [];
    const judge = judgeOn({
      ...province.db,
      transaction: (work) =>
        province.db.transaction((tx) =>
          work({
            ...tx,
            query: (statement, values = []) => {
              if (statement.includes("pg_advisory_xact_lock")) groups.push(String(values[1]));
              return tx.query(statement, values);
            },
          }),
        ),
    });
    await importCentres(
      province.db,
      Array.from({ length: 60 }, (_, at) => centre(400 + at)),
      at,
    );
    await judge.lookAtAll(at + HOUR + MINUTE);
    const all = judge.waiting();
    judge.touch(touched(at + HOUR + MINUTE));
    await judge.drain();
    expect(groups.slice(0, 2).some((sites) => sites.match(/\d+/g)?.includes(String(siteId)))).toBe(true);
    expect(all - judge.waiting()).toBeLessThanOrEqual(2 * 25);
    expect(judge.waiting()).toBeGreaterThan(0);
  });

  it("no site is judged without knowing whose fault it is: all wait for one question, and one that failed is asked again", async () => {
    const { db, state } = refusing("WHERE o.probe = $1 AND o.target <> ''");
    const judge = judgeOn(db);
    const other = province.siteIdOf("xa-1");
    const judged = () => Promise.allSettled([siteId, other].map((site) => judge.judge(site, "all", at + HOUR + MINUTE, false)));
    expect((await judged()).map(({ status }) => status)).toEqual(["rejected", "rejected"]);
    Object.assign(state, { refuses: false, asked: 0 });
    expect((await judged()).map(({ status }) => status)).toEqual(["fulfilled", "fulfilled"]);
    expect(state.asked).toBe(1);
  });
});

describe("an agent whose clock is ahead", () => {
  const at = vn("2026-12-24T08:00");
  it.each([
    ["by as little as a clock that counts as right", 3_000, 0],
    ["by more is judged when that moment has come", 4 * MINUTE, 4 * MINUTE + 30_000],
  ])("%s", async (_, aheadMs, laterMs) => {
    await province.send(code, at, [camera(at - 40 * MINUTE, 1), camera(at - 10 * MINUTE, 1)]);
    expect(await stateOf("R03")).toBe("pass met");
    await province.send(
      code,
      at,
      Array.from({ length: 20 }, (_, place) => camera(at + aheadMs - place, 0)),
    );
    if (laterMs > 0) {
      expect(await stateOf("R03")).toBe("pass met");
      await province.judge.tick(at + MINUTE);
      await province.judge.drain();
      expect(await stateOf("R03")).toBe("pass met");
      await province.judge.tick(at + laterMs);
      await province.judge.drain();
    }
    expect(await stateOf("R03")).toBe("fail target_down");
  });
});

describe("a centre that names more devices than any can have", () => {
  const said: unknown[] = [];
  const log = { ...createLog("silent"), warn: (about: unknown) => void said.push(about) } as ReturnType<typeof createLog>;
  const bounds = { daysMax: SITE_PRESENCE_MAX, devicesMax: DAY_FACTS_MAX, pagesMax: DAY_FACTS_MAX, foundMax: SITE_FOUND_MAX };
  beforeEach(() => void said.splice(0));

  it("on one day, is told to the operator once", async () => {
    const at = vn("2026-12-25T08:00");
    const devices = async (from: number, to: number) =>
      province.db.query(
        "INSERT INTO presence_day (site_id, device, role, day) SELECT $1, 'd' || n, 'printer', '2026-12-23' FROM generate_series($2::int, $3::int) AS n",
        [siteId, from, to],
      );
    const judge = createJudge({ db: province.db, policyAt: province.policyAt, log });
    await devices(1, DAY_FACTS_MAX - 1);
    await judge.judge(siteId, "all", at, false);
    expect(said).toEqual([]);
    await devices(DAY_FACTS_MAX, DAY_FACTS_MAX);
    for (const nowMs of [at, at + MINUTE]) await judge.judge(siteId, "all", nowMs, false);
    expect(said).toEqual([{ siteId, centre: code, ...bounds }]);
    await province.db.query("DELETE FROM presence_day WHERE site_id = $1", [siteId]);
  });

  it.each([
    [
      "counters of printers on one day",
      DAY_FACTS_MAX,
      "pages_day",
      "INSERT INTO pages_day (site_id, device, day, pages, known_at) SELECT $1, 'd' || n, '2026-12-23', n, '2026-12-23' FROM generate_series($2::int, $3::int) AS n",
    ],
    [
      "devices that a search found",
      SITE_FOUND_MAX,
      "found_device",
      `INSERT INTO found_device (site_id, identity, first_day, last_day, body) SELECT $1, 'hash aa ' || n, '2026-12-23', '2026-12-23',
         jsonb_build_object('identity', 'hash aa ' || n, 'roles', '["printer"]'::jsonb, 'address', '10.0.0.9') FROM generate_series($2::int, $3::int) AS n`,
    ],
  ])("in its %s, is told to the operator once", async (_, most, table, insert) => {
    const at = vn("2026-12-25T08:00");
    const judge = createJudge({ db: province.db, policyAt: province.policyAt, log });
    await province.db.query(insert, [siteId, 1, most - 1]);
    await judge.judge(siteId, "all", at, false);
    expect(said).toEqual([]);
    await province.db.query(insert, [siteId, most, most]);
    for (const nowMs of [at, at + MINUTE]) await judge.judge(siteId, "all", nowMs, false);
    expect(said).toEqual([{ siteId, centre: code, ...bounds }]);
    await province.db.query(`DELETE FROM ${table} WHERE site_id = $1`, [siteId]);
  });

  it("is judged by the newest of them, and the operator is told once", async () => {
    const at = vn("2026-12-25T08:00");
    await province.db.query(
      `INSERT INTO presence_day (site_id, device, role, day)
       SELECT $1, 'd' || n, 'printer', day FROM generate_series(1, 3000) AS n, unnest('{2026-12-23,2026-12-24}'::date[]) AS day`,
      [siteId],
    );
    const judge = createJudge({ db: province.db, policyAt: province.policyAt, log });
    for (const nowMs of [at, at + MINUTE]) await judge.judge(siteId, "all", nowMs, false);
    expect(said).toEqual([{ siteId, centre: code, ...bounds }]);
    const read = await presenceSince(province.db, siteId, at - 30 * DAY, { atMs: at });
    expect([read.length, read.filter(({ day }) => day === "2026-12-24").length]).toEqual([SITE_PRESENCE_MAX, 3_000]);
  });
});
