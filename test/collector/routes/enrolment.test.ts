import { createHmac } from "node:crypto";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Person } from "#schemas/person.ts";
import { day, moment } from "#schemas/text/moment-word.ts";
import { text } from "#schemas/text/text.ts";
import { CODE_MS, hashOfCode } from "../../../collector/auth/enrol-code.ts";
import { readConfig } from "../../../collector/config.ts";
import { createPeopleDesk } from "../../../collector/people/desk.ts";
import { enrolWithCode } from "../../../collector/store/agents.ts";
import { closeSite } from "../../../collector/store/closings.ts";
import { findSite, importCentres } from "../../../collector/store/sites.ts";
import { bareApp } from "../../support/bare-app.ts";
import { calendar } from "../../support/facts.ts";
import { samplePolicy } from "../../support/sample-policy.ts";
import { openTestDb, type TestDb } from "../../support/test-database.ts";

const T0 = Date.parse("2026-11-28T03:00:00.000Z");
const URL_OF_PROVINCE = "https://giam-sat.example.vn";
const officer: Person = { id: "per-1", login: "lan", name: "Lan", roles: ["operator"] };
const viewer: Person = { id: "per-2", login: "mai", name: "Mai", roles: ["viewer"] };
const secret = { cookie: "hcc-session=any; __Host-hcc-session=any; hcc-form=browser; __Host-hcc-form=browser", "sec-fetch-site": "same-origin" };
const token = createHmac("sha256", "bare").update("form browser").digest("base64url");

let db: TestDb;
let nowMs = T0;
let asker = officer;
let ask: (path: string, fields?: Record<string, string>, publicUrl?: string) => Promise<{ status: number; html: string; headers: Headers }>;

beforeAll(async () => {
  db = await openTestDb();
  const centre = (code: string, name: string) => ({ code, name, keyArea: false, devices: [] });
  await importCentres(db, [centre("xa-01", "Xã Một"), centre("xa-02", "Xã Hai"), centre("xa-03", "Xã Ba"), centre("xa-04", "Xã Bốn")], T0);
  const { siteId = 0 } = (await findSite(db, "xa-04")) ?? {};
  await closeSite(db, siteId, { on: "2026-11-20" }, { reason: "sáp nhập", nowMs: T0 });
  const people = { ...createPeopleDesk({ db, clock: () => nowMs }), isClaimed: async () => true, identify: async () => asker };
  const apps = new Map<string, ReturnType<typeof bareApp>>();
  ask = async (path, fields, publicUrl = URL_OF_PROVINCE) => {
    const config = readConfig({ HCC_LOG_LEVEL: "silent", HCC_PUBLIC_URL: publicUrl });
    const app = apps.get(publicUrl) ?? bareApp({ db, people, config, clock: () => nowMs, policyAt: () => ({ policy: samplePolicy, calendar }) });
    apps.set(publicUrl, app);
    const body = fields && new URLSearchParams({ token, ...fields });
    const reply = await app.request(path, { headers: { ...secret, accept: "text/html" }, ...(body && { method: "POST", body }) });
    return { status: reply.status, html: await reply.text(), headers: reply.headers };
  };
}, 240_000);
afterAll(() => db?.close());

const enrol = (code: string, agentId: string) =>
  enrolWithCode(db, hashOfCode(code) ?? "", { agentId, publicKey: agentId, hostName: `PC-${agentId}`, version: "0.7.1" }, nowMs);
const codeOn = (html: string) => /<code>([0-9A-Z-]{41})<\/code>/.exec(html)?.[1] ?? "";
const deeds = async () => (await db.query<{ who: string; what: string; about: string }>("SELECT who, what, about FROM audit ORDER BY place")).map((row) => row);
const say = (key: Parameters<typeof text>[1], params = {}) => text("vi", key, params).replaceAll('"', "&quot;");

it("a centre without a gateway PC says so first of what is to be done, and gives whoever may a way to make the code", async () => {
  const { html } = await ask("/centres/xa-01");
  expect(html).toContain(say("enrol.next.none"));
  expect(html).toContain('href="/centres/xa-01/enrol"');
  expect(html).not.toContain(say("web.centre.todo.none"));
  asker = viewer;
  const { html: read } = await ask("/centres/xa-01");
  asker = officer;
  expect(read).toContain(say("enrol.next.none.do"));
  expect(read).not.toContain("/enrol");
});

it("makes a code that is shown once, on a sheet with what is typed at the PC, and kept as its hash alone", async () => {
  const form = await ask("/centres/xa-01/enrol");
  expect(form.html).not.toContain('name="anew"');
  const sheet = await ask("/centres/xa-01/enrol", {});
  const code = codeOn(sheet.html);
  expect([sheet.status, sheet.headers.get("cache-control")]).toEqual([200, "no-store"]);
  for (const words of [
    `<code>hcc-agent enrol ${code} --collector ${URL_OF_PROVINCE}</code>`,
    `<code>sudo hcc-agent enrol ${code} --collector ${URL_OF_PROVINCE}</code>`,
    "C:\\hcc-watch\\deploy\\windows\\install-agent.ps1",
    moment("vi", T0 + CODE_MS),
    "Xã Một",
  ])
    expect(sheet.html).toContain(words);
  expect(await deeds()).toEqual([{ who: "lan", what: "code.made", about: "xa-01" }]);
  expect((await ask("/centres/xa-01/enrol")).html).not.toContain(code);
  expect(await db.query("SELECT code_sha256 AS hash FROM enrol_code")).toEqual([{ hash: hashOfCode(code) }]);

  // The centre's page goes on to the next step, and is done when the PC has sent something.
  expect((await ask("/centres/xa-01")).html).toContain(say("enrol.next.code.do", { until: moment("vi", T0 + CODE_MS) }));
  expect(await enrol(code, "agt-1")).toMatchObject({ centre: "xa-01" });
  expect((await ask("/centres/xa-01")).html).toContain(say("enrol.next.unheard", { pc: "PC-agt-1", at: moment("vi", T0) }));
  await db.query("INSERT INTO contact (site_id, agent_id, first_at, last_at) SELECT site_id, 'agt-1', $1, $1 FROM site WHERE centre_code = 'xa-01'", [
    new Date(T0).toISOString(),
  ]);
  const { html } = await ask("/centres/xa-01");
  expect(html).toMatch(/Không có nội dung nào không đạt, nhưng còn \d+ nội dung chưa xác định/);
  expect(html).not.toContain("PC-agt-1");
});

it("says of a code that is not made why, and makes one anew", async () => {
  const first = codeOn((await ask("/centres/xa-02/enrol", {})).html);
  for (let open = 1; open < 3; open++) await ask("/centres/xa-02/enrol", {});
  const full = await ask("/centres/xa-02/enrol", {});
  expect([full.status, codeOn(full.html)]).toEqual([422, ""]);
  expect(full.html).toContain(say("enrol.full", { max: 3 }));
  const anew = codeOn((await ask("/centres/xa-02/enrol", { anew: "yes" })).html);
  expect(await enrol(first, "agt-lost")).toBeUndefined();
  expect((await ask("/centres/xa-02/enrol")).html).toContain(say("enrolment.codes", { count: 1, until: moment("vi", T0 + CODE_MS) }));
  expect(hashOfCode(anew)).toMatch(/^[0-9a-f]{64}$/);

  for (const reply of [await ask("/centres/xa-04/enrol"), await ask("/centres/xa-04/enrol", {})])
    expect(reply.html).toContain(say("enrol.closed", { on: day("vi", "2026-11-20") }));
  expect((await ask("/centres/xa-04/enrol", {})).status).toBe(422);
  expect((await ask("/centres/khong-co/enrol", {})).status).toBe(404);
});

it("makes a code for another reception point, as people type its name, and shows where each PC stands", async () => {
  const wrong = await ask("/centres/xa-03/enrol", { point: "(?)" });
  expect([wrong.status, codeOn(wrong.html)]).toEqual([422, ""]);
  expect(wrong.html).toContain('aria-invalid="true"');
  const sheet = await ask("/centres/xa-03/enrol", { point: " Ia Ly " });
  expect(sheet.html).toContain(`<dt>${say("enrol.point")}</dt><dd>ia-ly</dd>`);
  expect((await deeds()).at(-1)).toMatchObject({ what: "code.made", about: "xa-03 ia-ly" });
  expect(sheet.html).toContain(say("enrol.point.new", { point: "ia-ly" }));
  const main = await ask("/centres/xa-03/enrol", { point: "" });
  expect(main.html).not.toContain(`<dt>${say("enrol.point")}</dt>`);
  await enrol(codeOn(sheet.html), "agt-ia-ly");
  await enrol(codeOn(main.html), "agt-main");
  for (const path of ["/centres/xa-03/enrol", "/centres/xa-03/lost-pc", "/enrolment"]) {
    const { html } = await ask(path);
    expect(html, path).toContain("Điểm tiếp nhận ia-ly");
    expect(html, path).toContain("Trụ sở chính");
  }
  expect((await ask("/centres/xa-03/enrol", { point: "ia-ly" })).html).not.toContain(say("enrol.point.new", { point: "ia-ly" }));
  const { html } = await ask("/centres/xa-03");
  expect(html).toContain("Điểm tiếp nhận ia-ly: ");
  expect(html).toContain('href="/v1/evidence/xa-03.link.html?point=ia-ly"');
  expect((await ask("/centres/xa-01")).html).not.toContain("Điểm tiếp nhận");
});

it("a PC that is gone is refused with those of its reception point alone, once somebody has said which", async () => {
  const unsaid = await ask("/centres/xa-03/lost-pc", { sure: "yes" });
  expect(unsaid.status).toBe(422);
  // Nobody has said yet which of them will be refused.
  expect([say("enrol.agents"), say("lostPc.agents")].map((words) => unsaid.html.includes(words))).toEqual([true, false]);
  const states = async () =>
    (await db.query<{ is: string }>("SELECT agent_id || ' ' || state AS is FROM agent WHERE agent_id LIKE 'agt-%a%' ORDER BY 1")).map(({ is }) => is);
  expect(await states()).toEqual(["agt-ia-ly active", "agt-main active"]);
  const done = await ask("/centres/xa-03/lost-pc", { sure: "yes", point: "ia-ly" });
  expect(await states()).toEqual(["agt-ia-ly revoked", "agt-main active"]);
  await enrol(codeOn(done.html), "agt-after");
  expect(await db.query("SELECT point FROM agent WHERE agent_id = 'agt-after'")).toEqual([{ point: "ia-ly" }]);
  await db.query("DELETE FROM agent WHERE site_id = (SELECT site_id FROM site WHERE centre_code = 'xa-03')");
});

it("the page of the province tells enrolled PCs, open codes and centres without either, a closed one aside", async () => {
  const { html } = await ask("/enrolment");
  expect(html).toContain(say("enrolment.sum", { enrolled: 1, total: 3 }));
  expect([...html.matchAll(/<th scope="row"[^>]*><a href="\/centres\/(xa-\d\d)">/g)].map(([, code]) => code)).toEqual(["xa-03", "xa-02", "xa-01"]);
  for (const words of [say("enrolment.agent.version", { version: "0.7.1" }), say("enrolment.agent.since", { at: moment("vi", T0) })])
    expect(html).toContain(words);
  const enrolled = (await ask("/enrolment?state=enrolled")).html;
  expect([...enrolled.matchAll(/<th scope="row"[^>]*><a href="\/centres\/(xa-\d\d)">/g)].map(([, code]) => code)).toEqual(["xa-01"]);
  expect(enrolled).toContain('<span class="b b-pass">');
  await db.query("UPDATE agent SET state = 'frozen' WHERE agent_id = 'agt-1'");
  const frozen = (await ask("/enrolment?state=enrolled")).html;
  expect(frozen).toContain(say("enrolment.agent.frozen"));
  expect(frozen).not.toContain('<span class="b b-pass">');
  await db.query("UPDATE agent SET state = 'revoked' WHERE agent_id = 'agt-1'");
  expect((await ask("/enrolment")).html).toContain(say("enrolment.sum", { enrolled: 0, total: 3 }));
  await db.query("UPDATE agent SET state = 'active' WHERE agent_id = 'agt-1'");
});

it("makes codes as a table for the centres that have neither, and for those whose table was lost", async () => {
  const before = (await deeds()).length;
  const file = await ask("/enrolment/codes", {});
  const rowsOf = (csv: string) =>
    csv
      .replace("\ufeff", "")
      .trimEnd()
      .split("\r\n")
      .map((line) => line.split(","));
  expect([file.status, file.headers.get("cache-control"), file.headers.get("content-disposition")]).toEqual([
    200,
    "no-store",
    'attachment; filename="enrol-codes-2026-11-28.csv"',
  ]);
  const [head, [centre, name, place, code = ""] = [], ...more] = rowsOf(file.html);
  expect([head, centre, name, place, more]).toEqual([["Mã trung tâm", "Tên trung tâm", "Điểm tiếp nhận", "Mã đăng ký"], "xa-03", "Xã Ba", "Trụ sở chính", []]);
  const again = await ask("/enrolment/codes", {});
  expect(again.status).toBe(422);
  expect(again.html).toContain(say("enrolment.all.waiting"));
  const anew = rowsOf((await ask("/enrolment/codes", { anew: "yes" })).html).slice(1);
  expect(anew.map(([centre]) => centre)).toEqual(["xa-02", "xa-03"]);
  expect(await enrol(code, "agt-late")).toBeUndefined();
  for (const [centre = "", , , code = ""] of anew) expect(await enrol(code, `agt-${centre}`)).toMatchObject({ centre });
  const said = (await deeds()).slice(before);
  expect(said.map(({ what, about }) => `${what} ${about}`)).toEqual(["code.made xa-03", "code.made xa-02", "code.made xa-03"]);
  expect((await ask("/enrolment")).html).toContain(say("enrolment.all.done"));
});

it("what answers a form has no link to another language: it would lead away from a code that is shown once, or to no page at all", async () => {
  const hasSwitch = ({ html }: { html: string }) => html.includes('class="lang"');
  expect(hasSwitch(await ask("/centres/xa-01/enrol"))).toBe(true);
  const sheet = await ask("/centres/xa-01/enrol", {});
  expect([codeOn(sheet.html).length, hasSwitch(sheet)]).toEqual([41, false]);
  const refused = await ask("/enrolment/codes", {});
  expect([refused.status, hasSwitch(refused)]).toEqual([422, false]);
});

it("an ended code is none", async () => {
  nowMs = T0 - 1;
  await ask("/centres/xa-01/enrol", { anew: "yes" });
  nowMs = T0 + CODE_MS;
  const { html } = await ask("/centres/xa-01/enrol");
  nowMs = T0;
  expect(html).not.toContain('name="anew"');
  expect(html).toContain("PC-agt-1");
});

it("says where the address of the collector leads a PC to itself", async () => {
  const local = "http://localhost:8890";
  const { html } = await ask("/centres/xa-03/enrol", {}, local);
  expect(html).toContain(say("enrol.address.own", { url: local }));
  expect((await ask("/centres/xa-03/enrol", {})).html).not.toContain('role="alert"');
});

it("of two people who make codes anew for all at the same moment only one's codes count", async () => {
  nowMs += 2 * CODE_MS;
  asker = officer;
  await importCentres(db, [{ code: "xa-05", name: "Xã Năm", keyArea: false, devices: [] }], nowMs);
  const answers = await Promise.all([ask("/enrolment/codes", { anew: "yes" }), ask("/enrolment/codes", { anew: "yes" })]);
  expect(answers.map(({ status }) => status)).toEqual([200, 200]);
  const open = await db.query<{ codes: number }>(
    "SELECT count(*)::int AS codes FROM enrol_code WHERE used_at IS NULL AND expires_at > to_timestamp($1 / 1000.0) GROUP BY site_id",
    [nowMs],
  );
  expect(open.length).toBeGreaterThan(0);
  expect(open.map(({ codes }) => codes)).toEqual(open.map(() => 1));
});

it("takes a reception point as pages call it, and counts and ends the codes of each apart", async () => {
  await importCentres(db, [{ code: "xa-06", name: "Xã Sáu", keyArea: false, devices: [] }], nowMs);
  const make = (fields: Record<string, string>) => ask("/centres/xa-06/enrol", fields);
  const kept: string[] = [];
  for (const point of ["Điểm tiếp nhận Ia Ly", "Reception point ia-ly", "ia-ly"]) {
    const { html } = await make({ point });
    expect(html, point).toContain("<dd>ia-ly</dd>");
    kept.push(codeOn(html));
  }
  const refused = await make({ point: "ia-ly" });
  expect([refused.status, refused.html.includes(say("enrol.full", { max: 3 }))]).toEqual([422, true]);
  for (const point of ["Trụ sở chính", "main", ""]) expect((await make({ point })).html, point).not.toContain(`<dt>${say("enrol.point")}</dt>`);
  expect((await make({ point: "" })).status).toBe(422);
  expect((await make({ point: "", anew: "yes" })).status).toBe(200);
  expect(await enrol(kept[0] ?? "", "agt-six-1")).toMatchObject({ point: "ia-ly" });
  expect((await make({ point: "ia-ly", anew: "yes" })).status).toBe(200);
  expect(await enrol(kept[1] ?? "", "agt-six-2")).toBeUndefined();
});

it("makes a code for each reception point that has neither, says where a PC is awaited, and leaves the others' codes when one PC is lost", async () => {
  const device = (id: string, point?: string) => ({ id, role: "printer" as const, ...(point && { point }) });
  await importCentres(
    db,
    [{ code: "xa-07", name: "Xã Bảy", keyArea: false, devices: [device("p-1"), device("p-2", "ia-ly"), device("p-3", "pleiku")] }],
    nowMs,
  );
  const rowsOf = async (fields: Record<string, string>) => {
    const { html } = await ask("/enrolment/codes", fields);
    const rows = html.trimEnd().split("\r\n");
    return rows.map((line) => line.split(",")).flatMap(([centre, , point = "", code = ""]) => (centre === "xa-07" ? [{ point, code }] : []));
  };
  expect(await enrol(codeOn((await ask("/centres/xa-07/enrol", {})).html), "agt-seven")).toMatchObject({ point: "main" });
  const pleiku = codeOn((await ask("/centres/xa-07/enrol", { point: "pleiku" })).html);
  expect((await ask("/enrolment?state=none")).html).toContain(say("enrolment.lacking", { points: "Điểm tiếp nhận ia-ly, Điểm tiếp nhận pleiku" }));
  const first = await rowsOf({});
  expect(first.map(({ point }) => point)).toEqual(["ia-ly"]);
  expect((await ask("/enrolment?state=code")).html).toContain("Xã Bảy");
  const anew = await rowsOf({ anew: "yes" });
  expect(anew.map(({ point }) => point)).toEqual(["ia-ly", "pleiku"]);
  for (const code of [first[0]?.code ?? "", pleiku]) expect(await enrol(code, "agt-late")).toBeUndefined();
  const [iaLy, other] = anew;
  expect(await enrol(iaLy?.code ?? "", "agt-seven-2")).toMatchObject({ point: "ia-ly" });
  expect((await ask("/centres/xa-07/lost-pc", { sure: "yes", point: "ia-ly" })).status).toBe(200);
  expect(await enrol(other?.code ?? "", "agt-seven-3")).toMatchObject({ point: "pleiku" });
});

it("a device that is declared at another reception point says so, on its page and in the list", async () => {
  expect((await ask("/centres/xa-07/devices/p-2")).html).toContain("<span>Điểm tiếp nhận ia-ly</span>");
  expect((await ask("/centres/xa-07/devices/p-1")).html).not.toContain("Điểm tiếp nhận");
  const list = (await ask("/centres/xa-07")).html;
  expect(list).toMatch(/devices\/p-3">p-3<\/a> <span class="note">[^<]+, Điểm tiếp nhận pleiku</);
  expect(list).toMatch(/devices\/p-1">p-1<\/a> <span class="note">[^<,]+</);
});
