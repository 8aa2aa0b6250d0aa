import { afterAll, beforeAll, expect, it } from "vitest";
import { vietnamDayStartMs } from "#schemas/calendar.ts";
import { sitesToJudge } from "../../../collector/store/findings.ts";
import { openTestDb, type TestDb } from "../../support/test-database.ts";

const MINUTE_MS = 60_000;
const OFFLINE_MS = 30 * MINUTE_MS;
const DAY_MS = vietnamDayStartMs("2026-11-27");
/** Ten in the morning of a day in Vietnam. */
const NOW_MS = DAY_MS + 600 * MINUTE_MS;
const ago = (minutes: number) => NOW_MS - minutes * MINUTE_MS;

type Case = {
  readonly name: string;
  readonly due: boolean;
  /** When its requirements R1, R2, ... were judged; five minutes ago when it is not said. */
  readonly judged?: readonly number[];
  readonly passUntil?: number;
  readonly failUntil?: number;
  readonly changed?: number;
  /** Last words of its agents. */
  readonly heard?: readonly number[];
  readonly attested?: number;
  readonly attestedOf?: string;
  readonly recorded?: number;
};
const cases: readonly Case[] = [
  { name: "nothing has happened", due: false },
  { name: "never judged", due: true, judged: [] },
  { name: "a pass that ends now", due: true, passUntil: NOW_MS },
  { name: "a pass that holds a moment longer", due: false, passUntil: NOW_MS + 1 },
  { name: "a fail ends by itself for nobody", due: false, failUntil: ago(1) },
  { name: "judged at the first moment of the day", due: false, judged: [DAY_MS] },
  { name: "one of its requirements was judged yesterday", due: true, judged: [ago(5), DAY_MS - 1] },
  { name: "changed since", due: true, changed: ago(4) },
  { name: "changed since one of its requirements was judged", due: true, judged: [ago(5), ago(20)], changed: ago(10) },
  { name: "changed before", due: false, changed: ago(5.1) },
  { name: "changed when an agent's clock may have dated the judgement ahead", due: true, changed: ago(5.05) },
  { name: "its change is of a later moment", due: false, changed: ago(-1) },
  { name: "fell silent since", due: true, heard: [ago(34)] },
  { name: "was silent already", due: false, heard: [ago(36)] },
  { name: "was silent already for one of two requirements", due: true, judged: [ago(5), ago(7)], heard: [ago(36)] },
  { name: "silent, but not for long enough", due: false, judged: [ago(1)], heard: [ago(30)] },
  { name: "one of its agents was heard", due: false, heard: [ago(34), ago(1)] },
  { name: "something was declared since", due: true, attested: ago(4) },
  { name: "something was declared before", due: false, attested: ago(5.1) },
  { name: "something was declared about when it was judged", due: true, attested: ago(5.05) },
  { name: "what was declared is of no requirement that is judged", due: false, attested: ago(4), attestedOf: "R9" },
  { name: "what was declared is of a later moment", due: false, attested: ago(-1) },
  { name: "declared yesterday after a judgement of yesterday", due: true, judged: [DAY_MS - 2], attested: DAY_MS - 1 },
  { name: "a duty was recorded since", due: true, recorded: ago(4) },
  { name: "a duty was recorded before", due: false, recorded: ago(5.1) },
  { name: "a duty was recorded about when it was judged", due: true, recorded: ago(5.05) },
];

let db: TestDb;
const at = (ms: number) => new Date(ms).toISOString();
beforeAll(async () => {
  db = await openTestDb();
  for (const [place, { judged = [ago(5)], passUntil, failUntil, changed = 0, heard = [], attested, attestedOf = "R1", recorded }] of cases.entries()) {
    const [site] = await db.query<{ id: number }>(
      "INSERT INTO site (centre_code, name, changed_at) VALUES ($1, 'x', ($2::text)::timestamptz) RETURNING site_id AS id",
      [`xa-${place}`, at(changed)],
    );
    const id = site?.id ?? 0;
    const until = passUntil ?? failUntil;
    for (const [index, judgedMs] of judged.entries())
      await db.query(
        `INSERT INTO finding (site_id, requirement, state, reason, since, valid_until, evaluated_at, body)
         VALUES ($1, $2, $3, 'x', ($5::text)::timestamptz, ($4::text)::timestamptz, ($5::text)::timestamptz, '{}')`,
        [id, `R${index + 1}`, failUntil === undefined ? "pass" : "fail", until === undefined ? null : at(until), at(judgedMs)],
      );
    for (const [index, heardMs] of heard.entries())
      await db.query("INSERT INTO contact (site_id, agent_id, first_at, last_at) VALUES ($1, $2, ($3::text)::timestamptz, ($3::text)::timestamptz)", [
        id,
        `agt-${index}`,
        at(heardMs),
      ]);
    const said = (table: string, columns: string, values: string, requirement: string, saidMs: number | undefined) =>
      saidMs === undefined
        ? Promise.resolve([])
        : db.query(
            `INSERT INTO ${table} (site_id, id, requirement, at, body, recorded_at${columns})
             VALUES ($1, 'x', $2, ($3::text)::timestamptz, '{}', ($3::text)::timestamptz${values})`,
            [id, requirement, at(saidMs)],
          );
    await said("attestation", "", "", attestedOf, attested);
    await said("duty_record", ", duty, turn", ", 'x', '2026-11-27'", "R1", recorded);
  }
});
afterAll(() => db?.close());

it("are those whose findings time alone changes", async () => {
  const due = new Set(await sitesToJudge(db, NOW_MS, OFFLINE_MS, 1_000));
  expect(cases.map(({ name }, place) => ({ name, due: due.has(place + 1) }))).toEqual(cases.map(({ name, due }) => ({ name, due })));
});

it("are each named once, in order, up to the limit", async () => {
  const all = await sitesToJudge(db, NOW_MS, OFFLINE_MS, 1_000);
  expect(all).toEqual([...new Set(all)].sort((a, b) => a - b));
  expect(await sitesToJudge(db, NOW_MS, OFFLINE_MS, 3)).toEqual(all.slice(0, 3));
});
