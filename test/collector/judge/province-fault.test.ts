import { afterAll, beforeAll, expect, it } from "vitest";
import { NotifyConfig } from "#schemas/alert.ts";
import type { Finding } from "#schemas/finding.ts";
import { Centre } from "#schemas/inventory.ts";
import { createAlerts } from "../../../collector/alert/alerts.ts";
import { watchProvince } from "../../../collector/jobs/province-watch.ts";
import { sharedFaultsAt, toldOf } from "../../../collector/jobs/shared-faults.ts";
import { readBook } from "../../../collector/store/alert-book.ts";
import { findingsOf } from "../../../collector/store/findings.ts";
import { MINUTE, NOW, plan } from "../../support/facts.ts";
import { type JudgedProvince, openJudgedProvince, type Said } from "../../support/judged-province.ts";

const CODES = ["a", "b", "c", "d", "e", "f", "g"].map((letter) => `xa-${letter}`);
const [BROKEN, WELL] = ["vnpt-igate", "dvc-quoc-gia"] as const;
const STEP = 10 * MINUTE;
const START = NOW - 2 * 3_600_000;
const [DOWN_FROM, DOWN_TO] = [NOW - 60 * MINUTE, NOW];

let province: JudgedProvince;
const seen: string[] = [];
/** States that the portals' requirement ever had, at any centre. */
const states = new Set<string>();

/** A try that nobody answered: no connection, so no status either. */
function silence(target: string, atMs: number): Said {
  return { probe: "portal-http", target, atMs, outcome: { kind: "measured", readings: [{ metric: "portal_up", value: 0, labels: { portal: target } }] } };
}

function answer(target: string, atMs: number, up: boolean): Said {
  const labels = { portal: target };
  return {
    probe: "portal-http",
    target,
    atMs,
    outcome: {
      kind: "measured",
      readings: [
        { metric: "portal_up", value: up ? 1 : 0, labels },
        { metric: "portal_status", value: up ? 200 : 503, labels },
      ],
    },
  };
}

async function portalFindings(): Promise<Finding[]> {
  const all = await Promise.all(CODES.map((code) => findingsOf(province.db, province.siteIdOf(code))));
  return all.flat().filter(({ requirement }) => requirement === "R16");
}

/** Two hours before NOW until one after: every centre asks both portals every 10 minutes; one of them is down everywhere for an hour. */
beforeAll(async () => {
  province = await openJudgedProvince({ centres: CODES.map((code) => Centre.parse({ code, name: code })), nowMs: START, policies: [plan] });
  const alerts = createAlerts({ db: province.db, policyAt: province.policyAt, notify: NotifyConfig.parse({ recipients: [] }), publicUrl: "http://hcc" });
  const watch = watchProvince(province.db, province.policyAt, alerts);
  for (let nowMs = START; nowMs <= NOW + 60 * MINUTE; nowMs += STEP) {
    for (const code of CODES) await province.send(code, nowMs, [answer(BROKEN, nowMs, nowMs < DOWN_FROM || nowMs >= DOWN_TO), answer(WELL, nowMs, true)]);
    await watch(nowMs);
    await alerts.tick(nowMs);
    for (const { state } of await portalFindings()) states.add(state);
    const rows = await province.db.query<{ site_id: number; subject: string; state: string }>(
      "SELECT site_id, subject, state FROM incident ORDER BY incident_id",
    );
    const words = rows.map(({ site_id, subject, state }) => `${site_id} ${subject} ${state}`).join(", ");
    if (seen.at(-1) !== words) seen.push(words);
  }
}, 180_000);
afterAll(() => province?.db.close());

it("is one problem of the province, from its beginning to its end, and no centre's", () => {
  expect(seen.filter((words) => words !== "").every((words) => !words.includes(","))).toBe(true);
  expect(seen.at(-1)).toBe(`0 ${BROKEN} closed`);
  expect(seen).toContain(`0 ${BROKEN} open`);
});

it("counts against no centre, neither meanwhile nor when the failed visits still lie in the window", async () => {
  expect([...states]).not.toContain("fail");
  expect((await portalFindings()).map(({ state }) => state)).toEqual(CODES.map(() => "pass"));
});

it("is the same span of whole windows whenever it is asked for, and of that portal alone", async () => {
  const atMs = NOW + 30 * MINUTE;
  const faults = await sharedFaultsAt(province.db, province.policyAt(atMs), { atMs });
  expect(new Set(faults.map(({ target }) => target))).toEqual(new Set([BROKEN]));
  expect(faults[0]?.fromMs).toBeLessThanOrEqual(Math.max(DOWN_FROM, atMs - 60 * MINUTE));
  expect(faults.at(-1)?.toMs).toBe(DOWN_TO);
  expect(await sharedFaultsAt(province.db, province.policyAt(atMs), { atMs })).toEqual(faults);
  // What was not known yet at a past moment is not told of it.
  expect(await sharedFaultsAt(province.db, province.policyAt(atMs), { atMs, knownMs: DOWN_FROM - 1 })).toEqual([]);
});

it("a portal that fails from a few centres only is theirs", async () => {
  const atMs = NOW + 90 * MINUTE;
  for (let step = 6; step >= 0; step--)
    for (const [index, code] of CODES.entries())
      await province.send(code, atMs - step * STEP, [answer(BROKEN, atMs - step * STEP, index > 1), answer(WELL, atMs - step * STEP, true)]);
  const [bad, alsoBad, good] = await portalFindings();
  expect([bad?.state, alsoBad?.state, good?.state]).toEqual(["fail", "fail", "pass"]);
});

it("is begun by what is seen now, not by what comes in late, and at no portal that the rule does not name", async () => {
  const alerts = createAlerts({ db: province.db, policyAt: province.policyAt, notify: NotifyConfig.parse({ recipients: [] }), publicUrl: "http://hcc" });
  const watch = watchProvince(province.db, province.policyAt, alerts);
  const problems = () => province.db.query<{ subject: string }>("SELECT subject FROM incident WHERE site_id = 0 AND state <> 'closed'");
  const say = async (takenMs: number, nowMs: number, lane: "live" | "backlog") => {
    for (const code of CODES) await province.send(code, nowMs, [answer(WELL, takenMs, false), answer("not-in-the-rule", takenMs, false)], lane);
    await watch(nowMs);
  };
  await say(NOW + 30 * MINUTE, NOW + 80 * MINUTE, "backlog");
  expect(await problems()).toEqual([]);
  await say(NOW + 82 * MINUTE, NOW + 82 * MINUTE, "live");
  expect(await problems()).toEqual([{ subject: WELL }]);
});

it("the first to ask in a new window shares the fault of the one before, until enough others have asked", async () => {
  // A working hour of its own, after the lunch break: three windows down everywhere, then one single centre in the fourth.
  const beginMs = NOW + 4 * 3_600_000;
  for (let atMs = beginMs; atMs < beginMs + 45 * MINUTE; atMs += STEP)
    for (const code of CODES) await province.send(code, atMs, [answer(BROKEN, atMs, false), answer(WELL, atMs, true)]);
  const firstMs = beginMs + 45 * MINUTE + 5_000;
  await province.send("xa-a", firstMs, [answer(BROKEN, firstMs, false), answer(WELL, firstMs, true)]);
  const [first] = await portalFindings();
  expect(first).toMatchObject({ centre: "xa-a", state: "unknown" });
  expect(first?.parts?.find(({ subject }) => subject === BROKEN)).toMatchObject({ reason: "shared_fault" });
});

it("all portals mute at one centre are no portal's fault and no silent centre; mute everywhere they are the province's", async () => {
  const beginMs = NOW + 24 * 3 * 3_600_000;
  const ask = async (fromMs: number, isMute: (code: string) => boolean) => {
    for (let atMs = fromMs; atMs < fromMs + 40 * MINUTE; atMs += STEP)
      for (const code of CODES)
        await province.send(code, atMs, isMute(code) ? [silence(BROKEN, atMs), silence(WELL, atMs)] : [answer(BROKEN, atMs, true), answer(WELL, atMs, true)]);
  };
  await ask(beginMs, (code) => code === "xa-a");
  expect((await portalFindings()).map(({ centre, reason }) => (centre === "xa-a" ? reason : "-")).filter((reason) => reason !== "-")).toEqual(["unheard"]);
  const { unheard } = await province.db.transaction((tx) => readBook(tx, beginMs + 40 * MINUTE, () => true));
  expect(unheard).toMatchObject([{ siteId: province.siteIdOf("xa-a"), requirement: "R16" }]);
  await ask(beginMs + 60 * MINUTE, () => true);
  expect((await portalFindings()).map(({ state, reason }) => `${state} ${reason}`)).toEqual(CODES.map(() => "unknown shared_fault"));
});

it("agents are told of it as one span, of what the judge has known last", () => {
  const iso = (atMs: number) => new Date(atMs).toISOString();
  const [windowMs, fault] = [15 * MINUTE, (at: number, target = BROKEN as string) => ({ target, fromMs: at * 15 * MINUTE, toMs: (at + 1) * 15 * MINUTE })];
  expect(toldOf([fault(1), fault(2), fault(9), fault(2, WELL), fault(3)])).toEqual([
    { target: BROKEN, from: iso(9 * windowMs), to: iso(10 * windowMs) },
    { target: BROKEN, from: iso(windowMs), to: iso(4 * windowMs) },
    { target: WELL, from: iso(2 * windowMs), to: iso(3 * windowMs) },
  ]);
  const many = Array.from({ length: 500 }, (_, at) => fault(2 * at));
  expect([toldOf(many).length, toldOf(many)[0]?.from]).toEqual([64, iso(998 * windowMs)]);
  expect(toldOf([])).toEqual([]);
});

it("is what the judge names meanwhile", async () => {
  const earlier = await openJudgedProvince({ centres: CODES.map((code) => Centre.parse({ code, name: code })), nowMs: START, policies: [plan] });
  expect(earlier.judge.sharedFaults()).toEqual([]);
  for (const code of CODES) await earlier.send(code, DOWN_FROM + STEP, [answer(BROKEN, DOWN_FROM + STEP, false)]);
  await earlier.judge.judge(earlier.siteIdOf(CODES[0] as string), "all", DOWN_FROM + 2 * STEP, false);
  expect(toldOf(earlier.judge.sharedFaults()).map(({ target }) => target)).toEqual([BROKEN]);
  await earlier.db.close();
});
