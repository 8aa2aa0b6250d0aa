import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createUpkeep } from "../../../collector/jobs/upkeep.ts";
import { chainSentence } from "../../../collector/people/chain-sentence.ts";
import { addDeed, cutAudit, deedsAfter, verifyAudit } from "../../../collector/store/audit.ts";
import { Partitions } from "../../../collector/store/partitions.ts";
import { openTestDb, type TestDb } from "../../support/test-database.ts";

const nowMs = Date.parse("2026-11-30T12:00:00+07:00");
/** The last instant that is old for twelve months, and the first that is not. */
const [old, kept] = ["2025-10-31T23:59:59+07:00", "2025-11-01T00:00:00+07:00"];

let db: TestDb;
beforeEach(async () => {
  db = await openTestDb();
}, 240_000);
afterEach(() => db?.close());

const note = async (...instants: readonly string[]) => {
  for (const at of instants) await addDeed(db, { who: "lan", what: "login", about: "lan", address: "10.0.0.7" }, Date.parse(at));
};
const log = async () => (await deedsAfter(db, 0, 100)).map(({ place, what }) => `${place} ${what}`);
const asOwner = (statement: string) => db.script(`ALTER TABLE audit DISABLE TRIGGER audit_stays; ${statement}; ALTER TABLE audit ENABLE TRIGGER audit_stays`);

describe("the audit log", () => {
  it("loses what is older than twelve whole months, says so in a line, and stays a chain", async () => {
    await note("2025-09-01T08:00:00+07:00", old, kept, "2026-11-29T08:00:00+07:00");
    const second = (await deedsAfter(db, 1, 1))[0];
    expect(await cutAudit(db, 12, nowMs)).toBe(2);
    expect(await log()).toEqual(["3 login", "4 login", "5 audit.cut"]);
    expect((await deedsAfter(db, 4, 1))[0]).toMatchObject({ who: "collector: upkeep", about: `2 ${second?.sha256}`, at: nowMs });
    const chain = await verifyAudit(db);
    expect(chain).toMatchObject({ ok: true, rows: 3, first: 3 });
    expect(chainSentence("en", chain)).toContain("3 rows from row 3 on");
    expect(await cutAudit(db, 12, nowMs)).toBe(0);
    expect(await log()).toHaveLength(3);
  });

  it("has no place before the first: nobody breaks its chain from there", async () => {
    await note(kept);
    for (const place of [0, -1]) {
      const adding = db.query("INSERT INTO audit VALUES ($1, now(), 'x', 'login', 'x', '', '')", [place]);
      await expect(adding).rejects.toThrow("audit_place");
    }
    expect(await verifyAudit(db)).toMatchObject({ ok: true, rows: 1 });
  });

  it("is cut again and again, down to the line of the cut itself", async () => {
    await note(old, kept);
    await cutAudit(db, 12, nowMs);
    expect(await cutAudit(db, 12, Date.parse("2026-12-01T00:00:00+07:00"))).toBe(1);
    expect(await log()).toEqual(["3 audit.cut", "4 audit.cut"]);
    await note("2026-12-02T08:00:00+07:00");
    expect(await cutAudit(db, 12, Date.parse("2030-01-01T00:00:00+07:00"))).toBe(3);
    expect(await log()).toEqual(["6 audit.cut"]);
    expect(await verifyAudit(db)).toMatchObject({ ok: true, rows: 1, first: 6 });
  });

  it.each([
    ["nothing is old", [kept]],
    ["a row that seems older stands behind one that is not", [kept, old]],
    ["there is none", []],
  ])("stays as it is where %s", async (_, instants) => {
    await note(...instants);
    expect([await cutAudit(db, 12, nowMs), (await log()).length]).toEqual([0, instants.length]);
  });

  it("shows each row that went without a line", async () => {
    await note(old, old, kept, kept);
    await cutAudit(db, 12, nowMs);
    await asOwner("DELETE FROM audit WHERE place = 3");
    expect(await verifyAudit(db)).toEqual({ ok: false, place: 3 });
    await asOwner("DELETE FROM audit WHERE place = 5");
    expect(await verifyAudit(db)).toEqual({ ok: false, place: 1 });
  });

  it("is not cut where its chain is broken, which the cut would hide", async () => {
    await note(old, old, kept);
    await asOwner("UPDATE audit SET who = 'nobody' WHERE place = 2");
    expect(await cutAudit(db, 12, nowMs)).toBe(0);
    expect(await verifyAudit(db)).toEqual({ ok: false, place: 2 });
  });

  it("gives up no row that no line names", async () => {
    await note(old, old, kept);
    await addDeed(db, { who: "x", what: "audit.cut", about: "1 0", address: "" }, nowMs);
    await expect(db.query("DELETE FROM audit WHERE place = 2")).rejects.toThrow("only added to");
    await expect(db.query("UPDATE audit SET who = 'x' WHERE place = 1")).rejects.toThrow("only added to");
    expect(await verifyAudit(db)).toMatchObject({ ok: true, rows: 4, first: 1 });
  });

  it.each(["nothing to go by", "99999999999 0", "-1 0", ""])("is cut in spite of a line that only looks like a cut: %j", async (about) => {
    await note(old, kept);
    await addDeed(db, { who: "x", what: "audit.cut", about, address: "" }, nowMs);
    await expect(db.query("DELETE FROM audit WHERE place = 1")).rejects.toThrow("only added to");
    expect(await cutAudit(db, 12, nowMs)).toBe(1);
    expect(await verifyAudit(db)).toMatchObject({ ok: true, rows: 3, first: 2 });
  });

  it("is cut by upkeep, where the clock is trusted", async () => {
    await note(old, kept);
    const keep = (isTrusted: boolean, auditMonths: number) =>
      createUpkeep(db, new Partitions(db), { clock: { look: async () => isTrusted }, auditMonths })(nowMs);
    await keep(false, 12);
    await keep(true, 13);
    expect(await log()).toEqual(["1 login", "2 login"]);
    await keep(true, 12);
    expect(await log()).toEqual(["2 login", "3 audit.cut"]);
  });
});
