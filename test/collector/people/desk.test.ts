import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { hashPassword } from "../../../collector/auth/password.ts";
import { createPeopleDesk, LINK_MS, type NewPerson, type PeopleDesk } from "../../../collector/people/desk.ts";
import { SESSION_IDLE_MS, SESSION_MS } from "../../../collector/people/session-desk.ts";
import { verifyAudit } from "../../../collector/store/audit.ts";
import { changeAccount, findAccount } from "../../../collector/store/people.ts";
import { T0 } from "../../support/batches.ts";
import { openTestDb, type TestDb } from "../../support/test-database.ts";

const doer = { who: "admin", address: "10.0.0.1" };
const sentence = "con trâu trắng ăn cỏ non";
let db: TestDb;
let people: PeopleDesk;
let nowMs = T0;

beforeAll(async () => {
  db = await openTestDb();
  people = createPeopleDesk({ db, clock: () => nowMs });
}, 240_000);
afterAll(() => db?.close());

/** Adds a person and sets the password by the link. */
async function person(login: string, more: Partial<NewPerson> = {}): Promise<string> {
  const link = await people.add({ login, name: login.toUpperCase(), roles: ["viewer"], ...more }, doer);
  const set = await people.setPassword(link ?? "", sentence, "10.0.0.2");
  if (!set.ok) throw new Error(set.fault);
  return set.session;
}
const tryAs = (login: string, address = "10.0.0.9", device?: string) => ({ login, address, device });

describe("accounts", () => {
  it("open nothing until the first password is set, and a link works once", async () => {
    expect(await people.isClaimed()).toBe(false);
    const link = (await people.add({ login: "mot", name: "Một", roles: ["admin"] }, doer)) ?? "";
    expect(await people.isClaimed()).toBe(false);
    expect(await people.setPassword(link, "ngan", "x")).toEqual({ ok: false, fault: "short" });
    expect(await people.setPassword(link, "mot mot mot mot", "x")).toEqual({ ok: false, fault: "guessable" });
    expect(await people.setPassword(link, sentence, "x")).toMatchObject({ ok: true, person: { login: "mot", roles: ["admin"] } });
    expect(await people.setPassword(link, sentence, "x")).toEqual({ ok: false, fault: "link" });
    expect(await people.isClaimed()).toBe(true);
    expect(await people.add({ login: "mot", name: "Hai", roles: ["admin"] }, doer)).toBeUndefined();
  });

  it("store neither password, link nor session as they are", async () => {
    const session = await person("hai");
    const link = (await people.reset("hai", doer)) ?? "";
    const kept = JSON.stringify([
      await db.query("SELECT * FROM person"),
      await db.query("SELECT * FROM person_link"),
      await db.query("SELECT * FROM session"),
      await db.query("SELECT * FROM audit"),
    ]);
    expect(kept).toContain("$argon2id$v=19$m=19456,t=2,p=1$");
    for (const secret of [sentence, session, link]) expect(kept).not.toContain(secret);
  });

  it("a link ends after a day; a new one ends the one before", async () => {
    const first = (await people.add({ login: "ba", name: "Ba", roles: ["viewer"] }, doer)) ?? "";
    const second = (await people.reset("ba", doer)) ?? "";
    expect(await people.setPassword(first, sentence, "x")).toMatchObject({ fault: "link" });
    nowMs += LINK_MS + 1;
    expect(await people.setPassword(second, sentence, "x")).toMatchObject({ fault: "link" });
  });

  it("a link ends with a new password, whoever sets it, and with the account", async () => {
    await person("muoi");
    const account = await findAccount(db, { login: "muoi" });
    const holds = async (link: string | undefined) =>
      (await people.setPassword(link ?? "", "x", "x")).ok === false &&
      (await db.query("SELECT 1 FROM person_link WHERE person_id = $1", [account?.personId ?? ""])).length === 1;
    const change = async () => people.changePassword(account?.personId ?? "", sentence, sentence, doer);
    for (const act of [change, () => people.putPassword("muoi", sentence, doer), () => people.disable("muoi", true, doer)]) {
      const link = await people.reset("muoi", doer);
      expect(await holds(link)).toBe(true);
      await act();
      expect(await people.setPassword(link ?? "", sentence, "x")).toEqual({ ok: false, fault: "link" });
    }
    await people.disable("muoi", false, doer);
    expect(await people.signIn(tryAs("muoi"), sentence)).toMatchObject({ ok: true });
  });

  it("a hash of older figures is made anew at login", async () => {
    await person("bon");
    const account = await findAccount(db, { login: "bon" });
    await changeAccount(db, account?.personId ?? "", { password: await hashPassword(sentence, { memory: 8_192, passes: 1, parallelism: 1 }) });
    expect(await people.signIn(tryAs("BON "), sentence)).toMatchObject({ ok: true });
    expect((await findAccount(db, { login: "bon" }))?.password).toContain("m=19456,t=2,p=1");
  });
});

describe("sessions", () => {
  it("end when idle, after a working day, with a new password, when disabled, and with the account", async () => {
    const idle = await person("nam", { endsAt: nowMs + 40 * 3_600_000 });
    expect(await people.identify(idle)).toMatchObject({ login: "nam" });
    nowMs += SESSION_IDLE_MS + 1;
    expect(await people.identify(idle)).toBeUndefined();

    const login = async () => {
      const result = await people.signIn(tryAs("nam"), sentence);
      return result.ok ? result.session : "";
    };
    const long = await login();
    for (let passed = 0; passed < SESSION_MS; passed += SESSION_IDLE_MS / 2) {
      expect(await people.identify(long)).toBeDefined();
      nowMs += SESSION_IDLE_MS / 2;
    }
    nowMs += 1;
    expect(await people.identify(long)).toBeUndefined();

    const renewed = await login();
    await people.setPassword((await people.reset("nam", doer)) ?? "", `${sentence} khác`, "x");
    expect(await people.identify(renewed)).toBeUndefined();
    await people.putPassword("nam", sentence, doer);

    const disabled = await login();
    await people.disable("nam", true, doer);
    expect(await people.identify(disabled)).toBeUndefined();
    expect(await people.signIn(tryAs("nam"), sentence)).toMatchObject({ fault: "wrong" });
    await people.disable("nam", false, doer);

    const last = await login();
    nowMs += 40 * 3_600_000;
    expect(await people.identify(last)).toBeUndefined();
    expect(await people.signIn(tryAs("nam"), sentence)).toMatchObject({ fault: "wrong" });
  });

  it("know nobody by an invented or empty cookie", async () => {
    for (const cookie of ["", "x", "' OR 1=1"]) expect(await people.identify(cookie)).toBeUndefined();
  });
});

describe("guessing", () => {
  it("is stopped after five failures from one place, for that place alone, and not for a browser that has been here", async () => {
    await person("sau");
    for (let failure = 0; failure < 5; failure++) expect(await people.signIn(tryAs("sau", "203.0.113.7"), "sai rồi nhé bạn")).toMatchObject({ fault: "wrong" });
    expect(await people.signIn(tryAs("sau", "203.0.113.7"), sentence)).toMatchObject({ fault: "wait" });
    expect(await people.signIn(tryAs("sau", "203.0.113.8"), sentence)).toMatchObject({ ok: true });
    expect(await people.signIn(tryAs("sau", "203.0.113.7", "own-browser"), sentence)).toMatchObject({ ok: true });
  });
});

describe("the audit log", () => {
  it("names who did what, cannot be rewritten, and shows it when it was", async () => {
    const { deeds, chain } = await people.audit();
    expect(chain).toMatchObject({ ok: true, rows: deeds.total });
    expect(deeds.rows.map(({ what }) => what)).toEqual(expect.arrayContaining(["person.added", "password.set", "login", "login.refused", "person.disabled"]));
    await expect(db.query("UPDATE audit SET who = 'nobody' WHERE place = 2")).rejects.toThrow("only added to");
    await expect(db.query("DELETE FROM audit WHERE place = 2")).rejects.toThrow("only added to");
    await db.script("ALTER TABLE audit DISABLE TRIGGER audit_stays; UPDATE audit SET who = 'nobody' WHERE place = 2");
    expect(await verifyAudit(db)).toEqual({ ok: false, place: 2 });
    await db.script("DELETE FROM audit WHERE place = 2; ALTER TABLE audit ENABLE TRIGGER audit_stays");
    expect(await verifyAudit(db)).toEqual({ ok: false, place: 2 });
  });
});
