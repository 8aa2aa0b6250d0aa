import { deflateRawSync } from "node:zlib";
import { afterAll, beforeAll, expect, it } from "vitest";
import { vietnamDay } from "#schemas/calendar.ts";
import type { Person } from "#schemas/person.ts";
import { text } from "#schemas/text/text.ts";
import { localPerson } from "../../../collector/auth/local-person.ts";
import { FILE_BYTES_MAX } from "../../../collector/inventory/file-size.ts";
import { type ListKind, readList } from "../../../collector/inventory/read-list.ts";
import { readListApart } from "../../../collector/inventory/read-list-apart.ts";
import { declaredFor, presentList } from "../../../collector/inventory/take-list.ts";
import { createDeeds } from "../../../collector/people/deeds.ts";
import { listsRoutes } from "../../../collector/routes/lists.ts";
import { deedPart } from "../../../collector/store/audit.ts";
import { sitesAsOf } from "../../../collector/store/site-versions.ts";
import { findSite, importCentres } from "../../../collector/store/sites.ts";
import { QueueFull } from "../../../collector/thread-queue.ts";
import { formToken } from "../../../collector/web/form-token.ts";
import { guarded } from "../../support/guarded.ts";
import { samplePolicy } from "../../support/sample-policy.ts";
import { hostileName, sampleNowMs } from "../../support/sample-province.ts";
import { openTestDb, type TestDb } from "../../support/test-database.ts";

const today = vietnamDay(sampleNowMs);
const here = { host: "collector.test", origin: "http://collector.test", "sec-fetch-site": "same-origin" };
const browser = { ...here, accept: "text/html" };
let db: TestDb;
let app: ReturnType<typeof guarded>;
let asker: Person | undefined = localPerson;
let read: typeof readList = readList;
let nowMs = sampleNowMs;
/** What happens between the reading of a list and its taking. */
let between = async () => {};

beforeAll(async () => {
  db = await openTestDb();
  const clock = () => nowMs++;
  const deeds = createDeeds({ db, clock });
  const deps = {
    policy: samplePolicy,
    lang: "vi",
    demo: false,
    now: clock,
    token: formToken("sample"),
    doer: () => ({ who: "lan", address: "10.0.0.1" }),
    deeds: {
      takeList: async (...asked: Parameters<typeof deeds.takeList>) => {
        await between();
        return deeds.takeList(...asked);
      },
    },
    lists: {
      present: async (kind: ListKind, file: string, lang: "vi" | "en") => (await presentList(db, { kind, file, lang, nowMs: clock() })).bytes,
      declaredFor: (day: string) => declaredFor(db, day, clock()),
      read: (...asked: Parameters<typeof readList>) => read(...asked),
    },
  } as const;
  app = guarded(listsRoutes(deps), deps, () => asker);
  const printer = { id: "p-1", role: "printer", model: "M1" } as const;
  await importCentres(
    db,
    [
      { code: "xa-01", name: "Xã Một", keyArea: false, officers: 4, isp: "VNPT", devices: [printer, { id: "s-1", role: "scanner" }] },
      { code: "xa-02", name: "Xã Hai", keyArea: false, devices: [] },
    ],
    nowMs,
  );
}, 240_000);
afterAll(() => db?.close());

/** Opens the page as a browser does and gives what it needs to send its form. */
async function opened() {
  const reply = await app.request("/lists", { headers: browser });
  const page = await reply.text();
  return { cookie: reply.headers.get("set-cookie")?.split(";")[0] ?? "", token: /name="token" value="([^"]+)"/.exec(page)?.[1] ?? "", page };
}

type Fields = Readonly<Record<string, string | File>>;
async function send(fields: Fields, headers: Readonly<Record<string, string>> = {}) {
  const { cookie, token } = await opened();
  const body = new FormData();
  for (const [name, value] of Object.entries({ token, kind: "centres", from: today, ...fields })) body.set(name, value);
  const reply = await app.request("/lists", { method: "POST", body, headers: { ...browser, cookie, ...headers } });
  return { status: reply.status, to: reply.headers.get("location"), page: await reply.text() };
}

const file = (body: string | Buffer, name = "ds.csv") => new File([typeof body === "string" ? body : new Uint8Array(body)], name);
/** What the form under shown changes sends. */
const carriedBy = (page: string) =>
  Object.fromEntries(
    [...page.matchAll(/<input type="hidden" name="(\w+)" value="([^"]*)">/g)]
      .map(([, name = "", value = ""]) => [name, value])
      .filter(([name]) => name !== "token"),
  );
const lines = (page: string) =>
  [...(/<ul class="news">.*?<\/form>/s.exec(page)?.[0] ?? "").matchAll(/<li>(?:<b>)?([^<]*)/g)].map(([, words]) => words?.replaceAll("&quot;", '"'));
const newest = async () => (await deedPart(db, 1)).rows.map(({ who, what, about }) => `${who}|${what}|${about}`)[0];
const officers = async () => (await findSite(db, "xa-01"))?.centre.officers;

it("offers the lists as the commands export them, and takes them back without a change", async () => {
  const { page } = await opened();
  for (const kind of ["centres", "devices"] as const)
    for (const ending of ["xlsx", "csv"]) {
      const name = `${kind}.${ending}`;
      expect(page).toContain(`href="/lists/${name}"`);
      const reply = await app.request(`/lists/${name}`, { headers: browser });
      expect(reply.headers.get("content-disposition")).toBe(`attachment; filename="${kind}-${today}.${ending}"`);
      const bytes = Buffer.from(await reply.arrayBuffer());
      expect(bytes.equals((await presentList(db, { kind, file: name, lang: "vi", nowMs })).bytes)).toBe(true);
      const same = await send({ kind, file: file(bytes, name) });
      expect([same.status, same.page.includes(text("vi", "lists.same")), same.page.includes("carried")]).toEqual([200, true, false]);
    }
  for (const path of ["/lists/people.csv", "/lists/centres.json", "/lists/centres.constructor", "/lists/centres"])
    expect((await app.request(path, { headers: browser })).status).toBe(404);
});

it("shows each change of a list of centres and writes nothing, then takes what was shown, with one line in the audit log", async () => {
  const list = "Mã trung tâm,Tên trung tâm,Số cán bộ\nxa-01,Xã Một,9\nxa-02,Xã Hai,\nxa-03,Xã Ba,2\n";
  const dry = await send({ file: file(list) });
  expect(dry.status).toBe(200);
  expect(lines(dry.page)).toEqual(["xa-01: Số cán bộ: 4 → 9", "xa-03: mới, Xã Ba"]);
  expect(dry.page).toContain("1 trung tâm mới, 1 đổi, 1 giữ nguyên");
  expect([await officers(), await findSite(db, "xa-03"), await newest()]).toEqual([4, undefined, undefined]);

  const taken = await send(carriedBy(dry.page));
  expect([taken.status, taken.to]).toEqual([303, "/lists?done=centres"]);
  expect(await officers()).toBe(9);
  expect((await findSite(db, "xa-01"))?.centre.devices).toHaveLength(2);
  expect(await newest()).toBe(`lan|centre.declared|${today} 2: xa-01, xa-03`);
  expect(await (await app.request("/lists?done=centres")).text()).toContain("Đã nhập danh sách trung tâm.");

  // The same form once more, by the back button: nothing is left to change.
  const again = await send(carriedBy(dry.page));
  expect([again.status, again.page.includes(text("vi", "lists.same"))]).toEqual([409, true]);
});

it("names each device that is new, declared otherwise or taken off, and takes them for a later day", async () => {
  const list = "centre,id,role,model,name\nxa-01,p-1,printer,M2,\nxa-01,k-1,kiosk,,Máy lấy số\n";
  const dry = await send({ kind: "devices", from: "2026-12-05", file: file(list) });
  expect(lines(dry.page)).toEqual([
    "xa-01: 2 thiết bị (1 mới, 1 đổi, 1 bỏ)",
    "p-1: Kiểu máy: M1 → M2",
    "k-1: mới, Máy lấy số, Máy lấy số",
    "s-1 (Máy quét): bỏ khỏi danh sách",
  ]);
  expect((await send(carriedBy(dry.page))).to).toBe("/lists?done=devices");
  const ids = async (day: string) => (await sitesAsOf(db, day, nowMs)).find(({ centre }) => centre.code === "xa-01")?.centre.devices.map(({ id }) => id);
  expect([await ids(today), await ids("2026-12-05")]).toEqual([
    ["p-1", "s-1"],
    ["p-1", "k-1"],
  ]);
  expect(await newest()).toBe("lan|inventory.declared|2026-12-05 xa-01");
});

it("takes nothing else than was shown: what is declared changed before the button was pressed, or while it was", async () => {
  const set = (count: number) => importCentres(db, [{ code: "xa-01", name: "Xã Một", keyArea: false, officers: count, isp: "VNPT" }], nowMs++);
  const list = file("code,name,officers\nxa-01,Xã Một,7\n");
  const dry = await send({ file: list });
  await set(11);
  const moved = await send(carriedBy(dry.page));
  expect([moved.status, lines(moved.page), await officers()]).toEqual([409, ["xa-01: Số cán bộ: 11 → 7"], 11]);
  expect(moved.page).toContain(text("vi", "lists.moved"));

  between = () => set(12).then(() => undefined);
  const raced = await send(carriedBy(moved.page));
  between = async () => {};
  expect([raced.status, lines(raced.page), await officers()]).toEqual([409, ["xa-01: Số cán bộ: 12 → 7"], 12]);
  expect((await send(carriedBy(raced.page))).status).toBe(303);
  expect(await officers()).toBe(7);

  // Another day, or another list, under the digest of what was shown.
  const other = carriedBy((await send({ file: file("code,officers\nxa-01,3\n") })).page);
  expect((await send({ ...other, from: "2026-12-20" })).status).toBe(409);
  expect((await send({ ...other, carried: deflateRawSync("code,officers\nxa-01,4\n").toString("base64") })).status).toBe(409);
  expect(await officers()).toBe(7);
});

it("names what is wrong by row and column, keeps what was chosen, and takes empty cells for a wish only where that was ticked", async () => {
  const wrong = await send({
    file: file(`code,name,officers\nxa-01,,nhiều\nxa-04,"${hostileName.replaceAll('"', '""')}",x<y\n`),
    clear: "yes",
    from: "2026-12-09",
  });
  expect(wrong.status).toBe(422);
  expect(wrong.page).toContain("ds.csv: 3 lỗi, chưa nhập gì:");
  expect(wrong.page).toContain("dòng 3, cột “Số cán bộ”: “x&lt;y” không phải số nguyên từ 0 đến 500");
  expect(wrong.page).toContain('name="from" id="f-from" type="date" value="2026-12-09"');
  expect(wrong.page).toContain('name="clear" value="yes" checked');
  const hostile = await send({ file: file(`code,name\nxa-04,"${hostileName.replaceAll('"', '""')}"\n`, "<b>.csv") });
  expect([hostile.status, hostile.page.includes("&lt;script&gt;alert(1)"), hostile.page.includes("Tệp &lt;b&gt;.csv")]).toEqual([200, true, true]);
  expect(hostile.page).not.toContain("<script>alert");

  const empty = "code,isp\nxa-01,\n";
  expect((await send({ file: file(empty) })).page).toContain("đang khai “VNPT”");
  const cleared = await send({ file: file(empty), clear: "yes" });
  expect(lines(cleared.page)).toEqual(["xa-01: xoá Nhà mạng (VNPT)"]);
  expect((await send({ kind: "devices", file: file("centre,role\nxa-99,printer\n") })).page).toContain("không có trung tâm “xa-99”; hãy nhập");
});

it("asks for a file, a list and a day where one is missing", async () => {
  for (const fields of [{}, { file: "words" }, { file: file("") }, { carried: "!", shown: "x" }, { carried: "", shown: "x" }] as const)
    expect((await send(fields)).page, JSON.stringify(fields)).toContain('<a href="#f-file">Tệp</a>: Hãy chọn tệp.');
  const bare = await send({ kind: "people", from: "5/12/2026", file: file("x") });
  expect([bare.status, bare.page.includes("Hãy chọn danh sách."), bare.page.includes("Cần một ngày có thật")]).toEqual([422, true, true]);
  for (const from of ["0000-01-01", "0026-12-05", "2126-12-05"]) {
    const slip = await send({ from, file: file("code,officers\nxa-01,5\n") });
    expect([slip.status, slip.page.includes("Cần một ngày có thật")], from).toEqual([422, true]);
  }
});

it("refuses what is no list, what is too large packed or unpacked, and what finds too many before it", async () => {
  read = readListApart;
  const bomb = file(Buffer.concat([Buffer.from("PK\u0003\u0004"), Buffer.alloc(1_000)]), "bom.xlsx");
  expect(await send({ file: bomb })).toMatchObject({ status: 422, page: expect.stringContaining("bom.xlsx: không đọc được như tệp Excel .xlsx") });
  expect((await send({ file: file("code,officers\nxa-01,8\n") })).page).toContain("xa-01: Số cán bộ: 7 → 8");
  read = readList;
  expect(await send({ file: file(Buffer.from([0xff, 0xfe, 0x41])) })).toMatchObject({ status: 422, page: expect.stringContaining("không phải UTF-8") });
  expect(await send({ file: file(Buffer.alloc(FILE_BYTES_MAX + 1, "a")) })).toMatchObject({ status: 422, page: expect.stringContaining("lớn hơn 8 MB") });
  // A field of some kilobytes that unpacks to more than a file may have.
  const carried = deflateRawSync(Buffer.alloc(FILE_BYTES_MAX + 1)).toString("base64");
  expect(carried.length).toBeLessThan(32_000);
  expect((await send({ carried, shown: "x" })).status).toBe(422);
  expect(await send({ file: file(Buffer.alloc(FILE_BYTES_MAX * 1.5, "a")) })).toMatchObject({ status: 413, page: expect.stringContaining("nhiều nhất 8 MB") });

  read = async () => Promise.reject(new QueueFull("5 wait"));
  expect(await send({ file: file("code\nxa-01\n") })).toMatchObject({ status: 503, page: expect.stringContaining(text("vi", "lists.busy")) });
  read = readList;
});

it("takes a form of ours alone, and from those alone who keep the lists", async () => {
  const list = { file: file("code,officers\nxa-01,1\n") };
  expect((await send({ ...list, token: "x" })).status).toBe(403);
  expect((await send(list, { "sec-fetch-site": "cross-site" })).status).toBe(403);
  const { cookie } = await opened();
  for (const [type, body] of [
    ["application/json", '{"token":"x"}'],
    ["multipart/form-data; boundary=x", "no form"],
    ["multipart/form-data", "no boundary"],
    ["text/csv", "code\nxa-01\n"],
  ] as const) {
    const reply = await app.request("/lists", { method: "POST", body, headers: { ...browser, cookie, "content-type": type } });
    expect([reply.status, (await reply.text()).includes(text("vi", "form.refused"))], type).toEqual([403, true]);
  }
  for (const [roles, centre, status] of [
    [["viewer"], undefined, 403],
    [["inspector"], undefined, 403],
    [["commune"], "xa-01", 403],
    [["operator"], "xa-01", 403],
    [["operator"], undefined, 200],
    [["admin"], undefined, 200],
  ] as const) {
    asker = { ...localPerson, id: "p-1", roles: [...roles], ...(centre && { centre }) };
    for (const path of ["/lists", "/lists/devices.csv"]) expect((await app.request(path, { headers: browser })).status, `${roles[0]} ${path}`).toBe(status);
    const nav = await (await app.request("/lists", { headers: browser })).text();
    expect(nav.includes('<a href="/lists"'), roles[0]).toBe(status === 200);
    expect((await send(list)).status, roles[0]).toBe(403 === status ? 403 : 200);
  }
  asker = undefined;
  expect((await send(list)).status).toBe(401);
  asker = localPerson;
});
