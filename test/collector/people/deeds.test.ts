import { afterAll, beforeAll, expect, it } from "vitest";
import { readList } from "../../../collector/inventory/read-list.ts";
import { declaredFor } from "../../../collector/inventory/take-list.ts";
import { createDeeds, type Deeds } from "../../../collector/people/deeds.ts";
import { createPeopleDesk, type PeopleDesk } from "../../../collector/people/desk.ts";
import { createTokenDesk, type TokenDesk } from "../../../collector/people/token-desk.ts";
import { differing, type Sums, sumsOf } from "../../../collector/store/drill-sums.ts";
import { importCentres } from "../../../collector/store/sites.ts";
import { T0 } from "../../support/batches.ts";
import { openTestDb, type TestDb } from "../../support/test-database.ts";

const DAY = "2026-11-28";
const lan = { who: "lan", address: "10.0.0.7" };
const sentence = "con trâu trắng ăn cỏ non";
const waiver = {
  ...{ id: "w1", centre: "xa-01", requirement: "R05", reason: "Chờ thay ổ cứng", document: "123/UBND-VP", approver: "Sở KH&CN" },
  ...{ from: DAY, until: "2026-12-31" },
};
const said = { id: "a1", centre: "xa-01", requirement: "R07", holds: true, by: "Lan", inspector: false, at: "2026-11-28T02:00:00.000Z" } as const;
const tick = { ...{ id: "t1", centre: "xa-01", requirement: "R21", duty: "opening-round", turn: DAY }, state: "done", by: "Lan", at: said.at } as const;
const maintenance = {
  ...({ id: "m1", mode: "mute", from: DAY, until: DAY, start: "08:00", end: "10:00" } as const),
  ...{ reason: "thay tủ mạng", person: "Lan" },
};

let db: TestDb;
let deeds: Deeds;
let people: PeopleDesk;
let tokens: TokenDesk;
const kept = { incident: 0, link: "", session: "", token: "" };

beforeAll(async () => {
  db = await openTestDb();
  const at = { db, clock: () => T0 };
  [deeds, people, tokens] = [createDeeds(at), createPeopleDesk(at), createTokenDesk(at)];
  await importCentres(db, [{ code: "xa-01", name: "Xã Một", keyArea: false, devices: [] }], T0);
  const [opened] = await db.query<{ id: number }>(
    `INSERT INTO incident (site_id, requirement, subject, state, began_at, opened_at) SELECT site_id, 'R05', '', 'open', now(), now() FROM site
     RETURNING incident_id::int AS id`,
  );
  kept.incident = opened?.id ?? 0;
  await db.script(`
    CREATE FUNCTION refuse_line() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no line can be written'; END $$;
    CREATE TRIGGER refuse_line BEFORE INSERT ON audit FOR EACH ROW EXECUTE FUNCTION refuse_line()`);
}, 240_000);
afterAll(() => db?.close());

const mayWrite = (may: boolean) => db.script(`ALTER TABLE audit ${may ? "DISABLE" : "ENABLE"} TRIGGER refuse_line`);
const sums = (): Promise<Sums> => db.transaction((tx) => sumsOf(tx, "dump"));
const newest = async () => (await people.audit()).deeds.rows.map(({ who, address, what, about }) => [who, address, what, about].join("|"));
const personId = async (login: string) => (await db.query<{ person_id: string }>("SELECT person_id FROM person WHERE login = $1", [login]))[0]?.person_id ?? "";

async function takeList(centre: string): Promise<boolean> {
  const declared = await declaredFor(db, DAY, T0);
  const bytes = Buffer.from(`centre,id,role\n${centre},p-1,printer\n`);
  return deeds.takeList(lan, {
    ...(await readList({ kind: "devices", bytes, file: "devices.csv", lang: "vi", clear: false }, declared)),
    kind: "devices",
    day: DAY,
    declared,
  });
}

/** Each deed in an order in which each finds what it needs, and the line that it leaves. */
const done: readonly (readonly [string, () => Promise<unknown>, string])[] = [
  ["files a waiver", () => deeds.fileWaivers(lan, [waiver]), "waiver.filed|xa-01 R05 123/UBND-VP"],
  ["withdraws it", () => deeds.withdrawWaiver(lan, "w1", DAY, { by: "Lan", reason: "nhầm", at: said.at }), "waiver.withdrawn|xa-01 R05 123/UBND-VP: nhầm"],
  ["declares", () => deeds.attest(lan, [said]), "attestation.filed|xa-01 R07"],
  ["ticks periodic work", () => deeds.recordDuties(lan, [tick]), "duty.recorded|xa-01 R21 opening-round 2026-11-28 done"],
  ["takes a problem", () => deeds.takeIncident(lan, kept.incident, "Lan"), "incident.taken|1: Lan"],
  ["announces work", () => deeds.announceMaintenance(lan, [maintenance]), `maintenance.announced|m1 mute ${DAY} ${DAY} all all`],
  ["ends it", () => deeds.endMaintenance(lan, "m1"), "maintenance.ended|m1"],
  ["makes a code", () => deeds.makeEnrolCode(lan, { centre: "xa-01", isAnew: false }), "code.made|xa-01"],
  ["makes a code for a reception point", () => deeds.makeEnrolCode(lan, { centre: "xa-01", point: "ia-ly", isAnew: true }), "code.made|xa-01 ia-ly"],
  ["makes codes for all", () => deeds.makeEnrolCodes(lan, true), "code.made|xa-01"],
  ["takes a list of devices", () => takeList("xa-01"), `inventory.declared|${DAY} xa-01`],
  ["gives a gateway PC up", () => deeds.loseGatewayPc(lan, "xa-01"), "agent.lost|xa-01"],
  [
    "makes a token",
    async () => {
      kept.token = (await tokens.add({ name: "IOC", role: "viewer", days: 90 }, lan)).id;
    },
    "token.added|hcc_",
  ],
  ["ends a token", () => tokens.revoke(kept.token, lan), "token.revoked|hcc_"],
  [
    "adds a person",
    async () => {
      kept.link = (await people.add({ login: "mai", name: "Mai", roles: ["viewer"] }, lan)) ?? "";
    },
    "person.added|mai: viewer",
  ],
  [
    "gives a new link",
    async () => {
      kept.link = (await people.reset("mai", lan)) ?? "";
    },
    "person.reset|mai",
  ],
  [
    "sets the password by the link",
    async () => {
      const set = await people.setPassword(kept.link, sentence, lan.address);
      if (set.ok) kept.session = set.session;
    },
    "password.set|mai",
  ],
  ["signs in", () => people.signIn({ login: "mai", address: lan.address, device: undefined }, sentence), "login|mai"],
  ["changes the password", async () => people.changePassword(await personId("mai"), sentence, `${sentence} 2`, lan), "password.changed|mai"],
  ["puts a password", () => people.putPassword("mai", sentence, lan), "password.set|mai"],
  ["ends sessions of somebody", () => people.endSessionsOf("mai", lan), "session.ended|mai:"],
  ["disables an account", () => people.disable("mai", true, lan), "person.disabled|mai"],
  ["enables it", () => people.disable("mai", false, lan), "person.enabled|mai"],
  [
    "takes somebody of a sign-on service in",
    () => people.signInSubject("sso|1", { login: "binh", name: "Bình", roles: ["operator"] }, lan.address),
    "login.oidc|binh",
  ],
  ["signs out", () => people.signOut(kept.session, lan), "logout|lan"],
];

it.each(done)("whoever %s leaves a line; where none can be written, nothing is done", async (_, work, line) => {
  const before = await sums();
  await expect(work()).rejects.toThrow("no line can be written");
  // A try is counted before it is made, and is nobody's deed.
  expect(differing(before, await sums()).filter((table) => table !== "sign_in_failure")).toEqual([]);

  const lines = await newest();
  await mayWrite(true);
  await work();
  await mayWrite(false);
  const added = (await newest()).slice(0, -lines.length || undefined);
  expect(added).toHaveLength(1);
  expect(added[0]).toContain(`|${lan.address}|${line}`);
});

it("what changes nothing leaves no line", async () => {
  const lines = await newest();
  expect(await takeList("xa-01")).toBe(true);
  expect(
    await deeds.fileWaivers(lan, [
      { ...waiver, id: "w2" },
      { ...waiver, id: "w3", centre: "xa-99" },
    ]),
  ).toEqual([undefined, "centre"]);
  expect(await deeds.withdrawWaiver(lan, "none", DAY, { by: "Lan", reason: "x", at: said.at })).toBeUndefined();
  expect(await deeds.takeIncident(lan, kept.incident, "Bình")).toEqual([]);
  expect(await deeds.announceMaintenance(lan, [maintenance])).toEqual([]);
  expect(await deeds.endMaintenance(lan, "m1")).toBe(false);
  expect(await deeds.loseGatewayPc(lan, "xa-99")).toBeUndefined();
  expect(await tokens.revoke(kept.token, lan)).toBe(false);
  expect(await newest()).toEqual(lines);
  expect(await db.query("SELECT id FROM waiver")).toEqual([{ id: "w1" }]);
});
