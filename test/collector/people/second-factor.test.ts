import { Secret, TOTP } from "otpauth";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { newTotpSecret } from "../../../collector/auth/totp.ts";
import { createPeopleDesk, type NewPerson, type PeopleDesk } from "../../../collector/people/desk.ts";
import { T0 } from "../../support/batches.ts";
import { openTestDb, type TestDb } from "../../support/test-database.ts";

const doer = { who: "admin", address: "10.0.0.1" };
const address = "10.0.0.9";
const sentence = "con trâu trắng ăn cỏ non";
let db: TestDb;
let people: PeopleDesk;
/** As it is where a second factor is demanded of operators. */
let strict: PeopleDesk;
let nowMs = T0;

beforeAll(async () => {
  db = await openTestDb();
  people = createPeopleDesk({ db, clock: () => nowMs });
  strict = createPeopleDesk({ db, clock: () => nowMs, demandsFactor: (roles) => roles.includes("operator") });
}, 240_000);
afterAll(() => db?.close());

/** What the phone shows. */
const codeOf = (secret: string, offMs = 0) => new TOTP({ secret: Secret.fromBase32(secret) }).generate({ timestamp: nowMs + offMs });
const signIn = (login: string, desk = people) => desk.signIn({ login, address }, sentence);

/** Adds a person with a password, and gives the id. */
async function person(login: string, more: Partial<NewPerson> = {}): Promise<string> {
  const set = await people.setPassword((await people.add({ login, name: login, roles: ["viewer"], ...more }, doer)) ?? "", sentence, address);
  if (!set.ok) throw new Error(set.fault);
  return set.person.id;
}

/** Adds a person whose phone has the secret. */
async function withPhone(login: string, more: Partial<NewPerson> = {}) {
  const [id, secret] = [await person(login, more), newTotpSecret()];
  expect(await people.changeFactor(id, { present: sentence, code: codeOf(secret), secret }, doer)).toMatchObject({ ok: true, awaits: null });
  nowMs += 60_000;
  return { id, secret };
}

async function halfway(login: string, desk = people): Promise<string> {
  const half = await signIn(login, desk);
  if (!half.ok || half.awaits === null) throw new Error(`${login} is ${half.ok ? "in" : half.fault}`);
  return half.session;
}

const newestDeeds = async (count: number) => (await people.audit()).deeds.rows.slice(0, count).map(({ what, about }) => `${what} ${about}`);

describe("a second factor", () => {
  it("is set up with the password and a code of the phone, and then asked for at each sign-in", async () => {
    const [id, secret] = [await person("mot"), newTotpSecret()];
    const other = await signIn("mot");
    expect(await people.changeFactor(id, { present: "sai mật khẩu rồi", code: codeOf(secret), secret }, doer)).toMatchObject({ fault: "present" });
    expect(await people.changeFactor(id, { present: sentence, code: codeOf(newTotpSecret()), secret }, doer)).toMatchObject({ fault: "code" });
    expect(await people.changeFactor(id, { present: sentence, code: codeOf("A".repeat(32)), secret: "a" }, doer)).toMatchObject({ fault: "code" });
    expect(await people.hasFactor(id)).toBe(false);
    expect(await people.changeFactor(id, { present: sentence, code: codeOf(secret), secret }, doer)).toMatchObject({ ok: true, awaits: null });
    expect(await people.identify(other.ok ? other.session : "")).toBeUndefined();
    nowMs += 60_000;

    const session = await halfway("mot");
    expect(await people.halfway(session)).toEqual({ login: "mot", awaits: "code" });
    expect(await people.identify(session)).toBeUndefined();
    expect(await people.sessionsOf(id, session)).toHaveLength(1);
    const wrong = await people.giveFactor(session, { code: "000000", secret: "" }, address);
    expect([wrong, await newestDeeds(2)]).toEqual([{ ok: false, fault: "code" }, ["factor.refused mot", "login.half mot"]]);
    const whole = await people.giveFactor(session, { code: codeOf(secret), secret: "" }, address);
    expect(whole).toMatchObject({ ok: true, person: { login: "mot" }, awaits: null });
    expect(await people.identify(whole.ok ? whole.session : "")).toMatchObject({ login: "mot" });
    expect([await people.halfway(session), await newestDeeds(1)]).toEqual([undefined, ["login mot"]]);
  });

  it("takes each code once, and none from before one that was taken", async () => {
    const { secret } = await withPhone("hai");
    const [first, second, third] = [await halfway("hai"), await halfway("hai"), await halfway("hai")];
    const code = codeOf(secret);
    const before = codeOf(secret, -30_000);
    const both = await Promise.all([first, second].map((session) => people.giveFactor(session, { code, secret: "" }, address)));
    expect(both.map(({ ok }) => ok).toSorted()).toEqual([false, true]);
    expect(await people.giveFactor(third, { code: before, secret: "" }, address)).toMatchObject({ fault: "code" });
    expect(await people.giveFactor(third, { code: codeOf(secret, 30_000), secret: "" }, address)).toMatchObject({ ok: true });
  });

  it("waits ten minutes for its code, is guessed at ten times, and keeps nobody from the password's own tries", async () => {
    const { secret } = await withPhone("ba");
    const late = await halfway("ba");
    nowMs += 10 * 60_000 + 1;
    expect([await people.halfway(late), await people.giveFactor(late, { code: codeOf(secret), secret: "" }, address)]).toEqual([
      undefined,
      { ok: false, fault: "session" },
    ]);
    const session = await halfway("ba");
    for (let failure = 0; failure < 10; failure++)
      expect(await people.giveFactor(session, { code: "000000", secret: "" }, address)).toMatchObject({ fault: "code" });
    expect(await people.giveFactor(session, { code: codeOf(secret), secret: "" }, address)).toMatchObject({ fault: "wait", waitS: 900 });
    expect(await signIn("ba")).toMatchObject({ ok: true, awaits: "code" });
  });

  it("is not passed by a new password's link, and stays when the password is changed", async () => {
    const { id, secret } = await withPhone("bon");
    expect(await people.setPassword((await people.reset("bon", doer)) ?? "", sentence, address)).toMatchObject({ ok: true, awaits: "code" });
    expect(await people.changePassword(id, sentence, sentence, doer)).toMatchObject({ ok: true, awaits: null });
    expect(await people.giveFactor(await halfway("bon"), { code: codeOf(secret), secret: "" }, address)).toMatchObject({ ok: true });
  });

  it("is ended by its owner with password and code, or by an administrator; another is set up only after that", async () => {
    const { id, secret } = await withPhone("nam");
    const another = newTotpSecret();
    expect(await people.changeFactor(id, { present: sentence, code: codeOf(another), secret: another }, doer)).toMatchObject({ fault: "code" });
    expect(await people.changeFactor(id, { present: sentence, code: "000000" }, doer)).toMatchObject({ fault: "code" });
    expect(await people.changeFactor(id, { present: sentence, code: codeOf(secret) }, doer)).toMatchObject({ ok: true });
    expect([await people.hasFactor(id), await newestDeeds(1)]).toEqual([false, ["factor.ended nam"]]);
    expect(await signIn("nam")).toMatchObject({ awaits: null });

    await withPhone("sau");
    const half = await halfway("sau");
    expect([await people.endFactor("sau", doer), await people.endFactor("sau", doer), await people.endFactor("nobody", doer)]).toEqual([true, false, false]);
    expect([await people.halfway(half), await signIn("sau")]).toMatchObject([undefined, { awaits: null }]);
  });

  it("is set up before anything else where it is demanded of the role, and of no other", async () => {
    await person("bay", { roles: ["viewer", "operator"] });
    await person("tam");
    expect(await signIn("tam", strict)).toMatchObject({ awaits: null });
    const session = await halfway("bay", strict);
    const secret = newTotpSecret();
    expect([await strict.halfway(session), await strict.identify(session)]).toEqual([{ login: "bay", awaits: "setup" }, undefined]);
    expect(await strict.giveFactor(session, { code: codeOf(secret), secret: "" }, address)).toMatchObject({ fault: "code" });
    const whole = await strict.giveFactor(session, { code: codeOf(secret), secret }, address);
    expect([await strict.identify(whole.ok ? whole.session : ""), await newestDeeds(1)]).toMatchObject([{ login: "bay" }, ["factor.set bay"]]);
    expect(await signIn("bay", strict)).toMatchObject({ awaits: "code" });
  });
});
