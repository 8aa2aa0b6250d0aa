import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { guardedTries } from "../../../collector/people/guarded-tries.ts";
import type { Db } from "../../../collector/store/db.ts";
import { forgetFailures } from "../../../collector/store/sign-in-failures.ts";
import { noDb } from "../../support/bare-app.ts";
import { failingDb } from "../../support/failing-db.ts";
import { openTestDb, type TestDb } from "../../support/test-database.ts";

const MINUTE = 60_000;
const T0 = Date.parse("2026-11-24T09:00:00+07:00");
let db: TestDb;
let nowMs = T0;
beforeAll(async () => {
  db = await openTestDb();
}, 180_000);
afterAll(() => db?.close());
beforeEach(async () => {
  nowMs = T0;
  await db.query("DELETE FROM sign_in_failure");
});

const from = (login: string, address = "203.0.113.7", device?: string) => ({ login, address, device });
type Attempt = () => Promise<{ readonly ok: true } | { readonly ok: false; readonly fault: "wrong" }>;
const wrong: Attempt = async () => ({ ok: false, fault: "wrong" });
const right: Attempt = async () => ({ ok: true });
/** Collectors on one database, and what the n-th of them says of a try. */
function collectors(count: number, own: Db = db) {
  const all = Array.from({ length: count }, () => guardedTries({ db: own, clock: () => nowMs }));
  return async (at: number, login: string, attempt: Attempt, address?: string, device?: string) => {
    const result = await all[at % count]?.(from(login, address, device), attempt);
    return result?.ok ? "ok" : result?.fault;
  };
}
const rows = () => db.query<{ failures: number }>("SELECT failures FROM sign_in_failure ORDER BY failures");

it("five failures pass, however many collectors a proxy spreads them over", async () => {
  const ask = collectors(3);
  const answers: (string | undefined)[] = [];
  for (let at = 0; at < 9; at++) answers.push(await ask(at, "lan", wrong));
  expect(answers).toEqual([...Array(5).fill("wrong"), ...Array(4).fill("wait")]);
  expect(await ask(1, "lan", right)).toBe("wait");
  expect([await ask(1, "lan", right, "203.0.113.8"), await ask(2, "lan", right, "203.0.113.7", "own-browser")]).toEqual(["ok", "ok"]);
});

it("tries at the same moment do not all pass as the first", async () => {
  const ask = collectors(4);
  const answers = await Promise.all(Array.from({ length: 12 }, (_, at) => ask(at, "lan", wrong)));
  expect(answers.filter((answer) => answer === "wrong")).toHaveLength(5);
});

it("what is refused is counted nowhere: whoever goes on trying keeps nobody else of the network out", async () => {
  const ask = collectors(2);
  for (let at = 0; at < 60; at++) await ask(at, "lan", wrong);
  expect((await rows()).map(({ failures }) => failures)).toEqual([5, 5, 5]);
  expect([await ask(0, "mai", right), await ask(1, "mai", right)]).toEqual(["ok", "ok"]);
});

it("a sign-in that is right forgets its own failures and takes back what it counted", async () => {
  const ask = collectors(2);
  for (let at = 0; at < 4; at++) await ask(at, "lan", wrong);
  expect(await ask(1, "lan", right)).toBe("ok");
  // The network and the login keep the four.
  expect((await rows()).map(({ failures }) => failures)).toEqual([4, 4]);
  expect(await ask(0, "lan", wrong)).toBe("wrong");
});

it("the window ends, and one that a clock ahead began is no window", async () => {
  const ask = collectors(2);
  for (let at = 0; at < 6; at++) await ask(at, "lan", wrong);
  nowMs += 15 * MINUTE + 1;
  expect(await ask(0, "lan", right)).toBe("ok");
  nowMs += 365 * 24 * 60 * MINUTE;
  for (let at = 0; at < 6; at++) await ask(at, "lan", wrong);
  nowMs = T0 + 20 * MINUTE;
  expect(await collectors(1)(0, "lan", right)).toBe("ok");
});

it("no try is made that cannot be counted, and a database that is away makes nobody wait when it is back", async () => {
  let tried = 0;
  let isAway = true;
  const ask = collectors(
    1,
    failingDb(db, (statement) => isAway && statement.includes("sign_in_failure")),
  );
  const attempt: Attempt = async () => {
    tried++;
    return right();
  };
  for (let at = 0; at < 9; at++) await expect(ask(0, "lan", attempt)).rejects.toThrow("in the middle");
  await expect(collectors(1, noDb)(0, "lan", attempt)).rejects.toThrow("away");
  expect(tried).toBe(0);
  isAway = false;
  expect([await ask(0, "lan", attempt), tried]).toEqual(["ok", 1]);
});

it("a try that a database error broke off counts for nothing, and leaves the failures before it", async () => {
  const ask = collectors(2);
  for (let at = 0; at < 4; at++) await ask(0, "lan", wrong);
  const away: Attempt = () => Promise.reject(new Error("away"));
  for (let at = 0; at < 9; at++) await expect(ask(0, "lan", away)).rejects.toThrow("away");
  expect((await rows()).map(({ failures }) => failures)).toEqual([4, 4, 4]);
  expect([await ask(0, "lan", wrong), await ask(0, "lan", right), await ask(1, "lan", right)]).toEqual(["wrong", "wait", "wait"]);
});

it("what a collector knows to be over its limit costs the database nothing", async () => {
  let asked = 0;
  const ask = collectors(
    2,
    failingDb(db, () => {
      asked++;
      return false;
    }),
  );
  for (let at = 0; at < 12; at++) await ask(at, "lan", wrong);
  const before = asked;
  for (let at = 0; at < 50; at++) expect(await ask(at, "lan", wrong)).toBe("wait");
  expect(asked).toBe(before);
});

it("names nobody, is deleted when its window is over, and never grows without end", async () => {
  await collectors(1)(0, "lan", wrong);
  expect(JSON.stringify(await db.query("SELECT * FROM sign_in_failure"))).not.toMatch(/lan|203\.0/);
  await forgetFailures(db, nowMs + 14 * MINUTE);
  expect(await rows()).toHaveLength(3);
  await db.query(
    "INSERT INTO sign_in_failure SELECT 'flood-' || n, 1, to_timestamp($1::float8 / 1000) + n * interval '1 microsecond' FROM generate_series(1, 100100) AS n",
    [nowMs + 10 * MINUTE],
  );
  await forgetFailures(db, nowMs);
  expect([(await rows()).length, (await db.query("SELECT 1 FROM sign_in_failure WHERE key_sha256 = 'flood-1'")).length]).toEqual([100_000, 0]);
  await forgetFailures(db, nowMs + 16 * MINUTE);
  expect(await rows()).toEqual([]);
});
