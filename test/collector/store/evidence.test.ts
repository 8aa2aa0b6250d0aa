import { afterAll, beforeAll, expect, it } from "vitest";
import type { Db } from "../../../collector/store/db.ts";
import { EvidenceIds, forgetEvidenceBefore, type ToldEvidence } from "../../../collector/store/evidence.ts";
import { openTestDb, type TestDb } from "../../support/test-database.ts";

const DAY = 20_000;
const told = (body: number, day = DAY, siteId = 1): ToldEvidence => ({ siteId, body: { told: body }, day });

let db: TestDb;
beforeAll(async () => {
  db = await openTestDb();
}, 60_000);
afterAll(() => db?.close());

const learnAnew = (...all: ToldEvidence[]) => new EvidenceIds().learn(db, all);
const lastDays = () => db.query("SELECT site_id, evidence_id AS id, last_day - date '1970-01-01' AS day FROM evidence ORDER BY 1, 2");
/** How many ids were given out, whether they are in use or not. */
const given = async () => (await db.query<{ n: number }>("SELECT last_value::int AS n FROM evidence_evidence_id_seq"))[0]?.n ?? 0;

it("uses an id up for each new evidence and for none that is there already, whoever tells it and on whatever day", async () => {
  const first = await learnAnew(told(1), told(2), told(1), told(1, DAY, 2));
  expect(new Set(first).size).toBe(3);
  const before = await given();
  expect(await learnAnew(told(1), told(2), told(1), told(1, DAY, 2))).toEqual(first);
  expect(await learnAnew(told(2, DAY + 1), told(1, DAY + 2))).toEqual([first[1], first[0]]);
  expect(await given()).toBe(before);
  const [more] = await learnAnew(told(3), told(1));
  expect([await given(), more]).toEqual([before + 1, before + 1]);
});

it("notes the last day on which evidence was told, and never an earlier one", async () => {
  const [one, two] = await learnAnew(told(11), told(12));
  await learnAnew(told(11, DAY + 3), told(12, DAY - 3));
  const days = new Map((await lastDays()).map(({ id, day }) => [id, day]));
  expect([days.get(one), days.get(two)]).toEqual([DAY + 3, DAY]);
});

it("makes anew what was forgotten while it was looked up", async () => {
  const [old] = await learnAnew(told(21, DAY - 500));
  const forgetful: Db = {
    ...db,
    query: async (statement, values) => {
      if (statement.startsWith("UPDATE evidence")) await forgetEvidenceBefore(db, "2024-01-01");
      return db.query(statement, values);
    },
  };
  const [anew] = await new EvidenceIds().learn(forgetful, [told(21)]);
  expect(anew).not.toBe(old);
  expect((await lastDays()).filter(({ id }) => id === old || id === anew)).toEqual([{ site_id: 1, id: anew, day: DAY }]);
});

it("keeps nothing in memory of what was looked up before it had to forget", async () => {
  const ids = new EvidenceIds();
  let asked = 0;
  const changing: Db = {
    ...db,
    query: (statement, values) => {
      if (asked++ === 0) ids.forget();
      return db.query(statement, values);
    },
  };
  const first = await ids.learn(changing, [told(31)]);
  const before = asked;
  expect(await ids.learn(changing, [told(31)])).toEqual(first);
  expect(asked).toBeGreaterThan(before);
  const after = asked;
  expect(await ids.learn(changing, [told(31)])).toEqual(first);
  expect(asked).toBe(after);
});
