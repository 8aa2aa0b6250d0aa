import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { vietnamDay } from "#schemas/calendar.ts";
import { Centre } from "#schemas/inventory.ts";
import type { Lang } from "#schemas/words.ts";
import { openStore } from "../../collector/store/open.ts";
import { importCentres } from "../../collector/store/sites.ts";
import { ToldError } from "../../collector/told-error.ts";
import { collectorCommand } from "../support/collector-command.ts";
import { requirePeer } from "../support/require-peer.ts";
import { MIGRATED } from "../support/run-server.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { type ServerDatabase, serverDatabase } from "../support/test-database.ts";

const commands = [
  "agent",
  "inventory",
  "people",
  "audit",
  "token",
  "waiver",
  "attest",
  "duty",
  "findings",
  "report",
  "evidence",
  "notify",
  "incidents",
  "maintenance",
];
const today = vietnamDay(Date.now());

/** A file with these words in it. */
function fileOf(name: string, body: string): string {
  const file = join(temporaryFolder(), name);
  writeFileSync(file, body);
  return file;
}

/** What the help of a command says of each of its parts, and of those of the commands below it, by how they are typed. */
async function saidOf(words: readonly string[], lang: Lang): Promise<Map<string, string>> {
  const { out } = await collectorCommand([...words, "--help"], { HCC_LANG: lang });
  const told = new Map<string, string>();
  for (const [, typed = "", said = ""] of out.replace(/\n {20,}/g, " ").matchAll(/^ {2}(\S.*?) {2,}(\S.*)$/gm)) told.set([...words, typed].join(" "), said);
  const [, below = ""] = out.split(/\n(?:Các lệnh|Commands):\n/);
  for (const [, name = ""] of below.matchAll(/^ {2}([a-z-]+)/gm)) for (const [typed, said] of await saidOf([...words, name], lang)) told.set(typed, said);
  return told;
}

describe("the help of the commands by which people work", () => {
  it.each(commands)("is in the reader's language, the parser's own words too: %s", async (name) => {
    const [vietnamese, english] = [await saidOf([name], "vi"), await saidOf([name], "en")];
    expect([...vietnamese.keys()]).toEqual([...english.keys()]);
    expect(vietnamese.size).toBeGreaterThan(0);
    expect([...vietnamese].filter(([typed, said]) => said === english.get(typed))).toEqual([]);
    expect([...vietnamese.values(), ...english.values()].filter((said) => /\((choices|default): |^display help/.test(said))).toEqual([]);
  });
});

describe("what was typed wrong", () => {
  it.each<[readonly string[], string]>([
    [["report"], "Không hiểu lệnh vừa gõ (thiếu tuỳ chọn --month <month>). Xem cách gõ: hcc-collector report --help"],
    [
      ["report", "--month", "2026-11", "--format", "doc"],
      `Không hiểu lệnh vừa gõ ("doc" không dùng được sau --format <format>; các giá trị: html, pdf, xlsx, csv, json). Xem cách gõ: hcc-collector report --help`,
    ],
    [["report", "--month", "2026-11"], "Báo cáo của ai? Thêm --centre MÃ hoặc --province, một trong hai."],
    [
      ["report", "--month", "2026-11", "--province", "--against", "2026-10"],
      "--against so sánh cả tỉnh ở hai tháng: dùng với --province và --format là một trong: pdf, xlsx, csv.",
    ],
    [["report", "--month", "2026-11", "--province", "--against", "2026-11", "--format", "csv"], "Hãy chọn hai tháng khác nhau."],
    [
      ["report", "--month", "2026-11", "--province", "--against", "2026-1", "--format", "csv"],
      '--against: "2026-1" không phải một tháng: ghi theo dạng 2026-11',
    ],
    [["report", "--month", "2026-13", "--province"], '--month: "2026-13" không phải một tháng: ghi theo dạng 2026-11'],
    [["evidence", "--centre", "x"], "Căn cứ về phần nào? Thêm --link (đường truyền)."],
    [["evidence", "--centre", "x", "--link", "--to", "2026-02-31"], '--to: "2026-02-31" không phải một ngày có thật: ghi theo dạng 2026-11-30'],
    [
      ["evidence", "--centre", "x", "--link", "--from", "2026-02-02", "--to", "2026-02-01"],
      "--from không được sau --to, cả hai không quá 366 ngày: 2026-02-02 đến 2026-02-01",
    ],
    [["findings", "--as-of", "hôm qua"], '--as-of: "hôm qua" không phải thời điểm: ghi theo dạng 2026-11-30 hoặc 2026-11-30T17:00:00Z'],
    [["findings", "--as-of", "2999-01-01"], "--as-of: Thời điểm này chưa đến."],
    [["findings", "--centre", "Ia Grai"], "--centre: “Ia Grai” không phải mã hợp lệ: chỉ dùng chữ thường không dấu, chữ số và “-”, nhiều nhất 64 ký tự"],
    [["findings", "--requirement", "R1"], "--requirement: “R1” không phải mã nội dung: ghi theo dạng R01"],
    [
      ["findings", "--state", "good"],
      `Không hiểu lệnh vừa gõ ("good" không dùng được sau --state <state>; các giá trị: not_applicable, error, unknown, pending, fail, pass). Xem cách gõ: hcc-collector findings --help`,
    ],
    [
      ["waiver", "import", "/no/such.csv"],
      "Không đọc được tệp /no/such.csv (ENOENT): xem lại tên tệp, thư mục, và quyền đọc của người dùng chạy lệnh (hcc-collector chạy bằng hcc).",
    ],
    [["incidents", "ack", "1", "--by", " "], "--by: ghi họ tên người nhận xử lý"],
    [["notify", "test"], 'HCC_NOTIFY: chưa khai người nhận nào ("recipients"); tệp mẫu có trong docs/operations.md'],
  ])("is said in Vietnamese, with what to type: %j", async (words, said) => {
    expect(await collectorCommand(words)).toEqual({ code: 64, out: "", err: said, said });
  });

  it("names the first day of which there is evidence", async () => {
    const { code, err } = await collectorCommand(["findings", "--as-of", "2020-01-01"]);
    expect(code).toBe(64);
    expect(err).toMatch(/^--as-of: bằng chứng chỉ còn từ 20\d\d-\d\d-\d\dT[\d:.]+Z; các tháng cũ hơn xem ở báo cáo đã chốt, bằng lệnh report$/);
  });

  it("takes no declarations from a file in another alphabet's bytes: names would lose their letters", async () => {
    const file = join(temporaryFolder(), "khai-bao.csv");
    writeFileSync(file, Buffer.from("centre,requirement,item,holds,by\nxa-01,R24,,yes,Nguy\xean\n", "latin1"));
    const { code, err } = await collectorCommand(["attest", "import", file]);
    expect([code, err]).toEqual([64, `${file}: không phải UTF-8; trong Excel hãy lưu dạng “CSV UTF-8” hoặc .xlsx`]);
  });

  it.each<[string, string, string]>([
    ["JSON that breaks off", '{"windows": [', "FILE sai cú pháp JSON (thiếu phần cuối): thường do thiếu hoặc thừa dấu phẩy"],
    ["a window that ends before it begins", '"until": "2026-01-01"', 'FILE: "windows.0.until": Ngày hết hạn phải từ ngày bắt đầu trở đi.'],
    ["a day that there is not", '"until": "2026-02-31"', 'FILE: "windows.0.until": Cần một ngày có thật, ví dụ 2026-12-31.'],
    ["a mode that there is not", '"mode": "off"', 'FILE: "windows.0.mode" phải là một trong: skip, mute, run.'],
    ["a misspelt field", '"reasons": "x"', 'FILE: không có mục tên "windows.0.reasons": xem lại chính tả, hoặc xoá.'],
  ])("in a file of announced work is named by its field: %s", async (_, wrong, said) => {
    const window = { id: "w", mode: "mute", from: "2026-01-02", until: "2026-01-03", reason: "x", person: "y" };
    const body = wrong.startsWith("{") ? wrong : JSON.stringify({ windows: [{ ...window, ...JSON.parse(`{${wrong}}`) }] });
    const file = fileOf("windows.json", body);
    const { code, err } = await collectorCommand(["maintenance", "import", file]);
    expect(code).toBe(64);
    expect(err.replaceAll(file, "FILE")).toContain(said);
  });
});

describe.skipIf(!requirePeer("postgres"))("what commands answer", () => {
  let postgres: ServerDatabase;
  const run = (...words: string[]) => collectorCommand(words, { DATABASE_URL: postgres.url, HCC_LOG_LEVEL: "silent" });

  beforeAll(async () => {
    postgres = await serverDatabase(MIGRATED);
    const { db, close } = await openStore({ databaseUrl: postgres.url, dataDir: "unused" });
    await importCentres(db, [Centre.parse({ code: "xa-01", name: "Xã Một" })], Date.now());
    await close();
    await postgres.psql("INSERT INTO agent (site_id, agent_id, public_key, enrolled_at) SELECT site_id, 'agt-0123456789abcdef', 'k', now() FROM site");
    await postgres.psql(
      "INSERT INTO incident (site_id, requirement, subject, state, began_at, opened_at) SELECT site_id, 'R05', '', 'open', now(), now() FROM site",
    );
  }, 60_000);
  afterAll(() => postgres?.drop());

  it.each<[readonly string[], string]>([
    [["agent", "revoke", "agt-0000000000000000"], 'Không có máy tính cổng "agt-0000000000000000"; xem mã máy: agent list'],
    [["agent", "lost", "xa-la"], "không có trung tâm “xa-la”; xem “centre list”"],
    [["inventory", "list", "xa-la"], "không có trung tâm “xa-la”; xem “centre list”"],
    [
      ["inventory", "import", "/no/such.csv"],
      "Không đọc được tệp /no/such.csv (ENOENT): xem lại tên tệp, thư mục, và quyền đọc của người dùng chạy lệnh (hcc-collector chạy bằng hcc).",
    ],
    [["people", "disable", "lan"], "Không có tài khoản lan; xem tên đăng nhập: people list"],
    [["people", "end-factor", "lan"], "Không có tài khoản lan đang bật xác thực hai bước; xem tên đăng nhập: people list"],
    [["token", "revoke", "hcc_x"], "Không có mã truy cập hcc_x đang dùng; xem phần đầu của mã: token list"],
    [["token", "list", "--page", "2"], "--page: danh sách chỉ có 1 trang"],
    [["token", "list", "--page", "hai"], '--page: "hai" không phải số trang: ghi 1, 2, 3 …'],
    [["report", "--province", "--month", "2099-01"], "Không có báo cáo tháng 2099-01: tháng chưa bắt đầu, hoặc quá cũ, không còn bằng chứng."],
    [
      ["report", "--centre", "xa-la", "--month", today.slice(0, 7)],
      `Không có báo cáo tháng ${today.slice(0, 7)} của trung tâm “xa-la”: tháng đó không có trung tâm này (xem “centre list”), tháng chưa bắt đầu, hoặc quá cũ, không còn bằng chứng.`,
    ],
    [
      ["evidence", "--centre", "xa-la", "--link", "--to", "2026-11-01"],
      "Ngày 2026-11-01 không có trung tâm “xa-la” (xem “centre list”), hoặc bộ tiêu chí không yêu cầu gì về đường truyền.",
    ],
    [["incidents", "show", "chín"], '"chín" không phải số của sự cố: số này có trong tin báo và ở incidents list'],
    [["incidents", "show", "99999"], "Không có sự cố số 99999; xem các số: incidents list, hoặc incidents list --closed"],
    [["incidents", "ack", "99999", "--by", "Lan"], "Không có sự cố đang mở mang số 99999; xem các số: incidents list"],
    [["maintenance", "end", "w-9"], 'Không có lịch bảo trì "w-9", hoặc lịch này đã kết thúc sớm; xem các lịch: maintenance list'],
  ])("says in Vietnamese what there is not, and where to look: %j", async (words, said) => {
    expect(await run(...words)).toMatchObject({ code: 64, out: "", err: said });
  });

  it("says a file of declarations that is no JSON with its name; it was a stack", async () => {
    const file = fileOf("khai.json", "[{");
    const { code, err } = await run("attest", "import", file);
    expect([code, err.split("\n").length]).toEqual([64, 2]);
    expect(err).toContain(`${file} sai cú pháp JSON (`);
  });

  it("says a report that has no place with its file; it was a stack", async () => {
    for (const words of [
      ["report", "--province", "--month", today.slice(0, 7)],
      ["evidence", "--centre", "xa-01", "--link"],
    ])
      expect(await run(...words, "--out", "/no/such/folder/x.html")).toMatchObject({ code: 64, err: expect.stringContaining("/no/such/folder/x.html") });
    // Neither month may be older than the evidence, and both have begun.
    const [month, before] = [today.slice(0, 7), vietnamDay(Date.parse(`${today.slice(0, 7)}-01`) - 86_400_000).slice(0, 7)];
    const compared = await run("report", "--province", "--month", before, "--against", month, "--format", "csv");
    expect([compared.code, compared.out.split(",")[0]]).toEqual([0, "\ufeffThay đổi"]);
    expect(compared.out).toContain(`Tháng,${before.split("-").reverse().join("/")},${month.split("-").reverse().join("/")}`);
    expect(await run("report", "--province", "--month", today.slice(0, 7), "--format", "pdf")).toMatchObject({
      code: 64,
      err: expect.stringMatching(/^Dạng pdf không phải văn bản, không in ra stdout được: thêm --out \S+\.pdf$/),
    });
  });

  it("says in Vietnamese what was done", async () => {
    const number = (await run("incidents", "list")).out.split("\t")[0] ?? "";
    expect((await run("incidents", "show", number)).out.split("\n").at(-1)).toBe("Chưa gửi tin cho ai.");
    expect((await run("incidents", "ack", number, "--by", "Lan")).out).toBe(`Lan đã nhận xử lý sự cố số ${number}.`);
    expect((await run("agent", "release", "agt-0123456789abcdef")).out).toBe("Trong vòng 30 giây, agt-0123456789abcdef gửi lại được.");
    expect((await run("agent", "revoke", "agt-0123456789abcdef")).out).toBe("Trong vòng 30 giây, agt-0123456789abcdef không gửi được gì nữa.");
    const windows = [{ id: "w-1", mode: "mute", from: today, until: today, reason: "x", person: "y" }];
    const file = fileOf("good.json", JSON.stringify({ windows }));
    expect([(await run("maintenance", "import", file)).out, (await run("maintenance", "import", file)).out]).toEqual([
      "1 lịch mới, 0 lịch đã có",
      "0 lịch mới, 1 lịch đã có",
    ]);
    expect((await run("maintenance", "end", "w-1")).out).toBe("Đã kết thúc lịch bảo trì w-1.");
  });

  it("a lost PC: what is refused, what to change and what to type on the new one", async () => {
    const { out } = await run("agent", "lost", "xa-01");
    expect(out).toContain("máy của xa-01. Sau 30 giây, máy cũ không gửi được gì nữa.\nNếu máy cũ có lưu mật khẩu camera");
    expect(out).toMatch(/gõ đúng dòng sau và bấm Enter:\nhcc-agent enrol [0-9A-Z-]{41} --collector http:\S+$/);
  });

  it("a lost PC of a centre that has some at several reception points: which one has to be said", async () => {
    expect(await run("enrol-code", "xa-01", "--point", "Ia Ly")).toMatchObject({ code: 64, err: expect.stringContaining("Ia Ly") });
    const made = await run("enrol-code", "xa-01", "--anew", "--point", "ia-ly");
    expect(made).toMatchObject({ out: expect.stringMatching(/^[0-9A-Z-]{41}$/), err: expect.stringContaining("“ia-ly” chưa có thiết bị hay máy nào") });
    const { db, close } = await openStore({ databaseUrl: postgres.url, dataDir: "unused" });
    await db.query(
      `INSERT INTO agent (site_id, agent_id, public_key, enrolled_at, point)
       SELECT site_id, 'agt-00000000000000' || n, n, now(), point FROM site, (VALUES ('a1', 'main'), ('b2', 'ia-ly')) AS v(n, point) WHERE centre_code = 'xa-01'`,
    );
    await close();
    expect(await run("agent", "lost", "xa-01")).toMatchObject({ code: 64, err: expect.stringContaining("(main, ia-ly): ghi --point MÃ") });
    expect((await run("agent", "lost", "xa-01", "--point", "ia-ly")).out).toContain("Đã khoá 1 máy");
    const listed = (await run("agent", "list")).out;
    expect(listed).toMatch(/agt-00000000000000b2\txa-01\/ia-ly\trevoked/);
    expect(listed).toMatch(/agt-00000000000000a1\txa-01\tactive/);
  });

  it("a test message that nobody took says why, by recipient", async () => {
    const settings = {
      webhooks: [{ name: "ioc", url: "http://127.0.0.1:1/", secret: "a secret that is long enough" }],
      recipients: [{ channel: "webhook", to: "ioc", owner: "*" }],
    };
    const said: string[] = [];
    const refused = await collectorCommand(["notify", "test"], { HCC_NOTIFY: fileOf("notify.json", JSON.stringify(settings)) }, said).catch((error) => error);
    expect(said).toEqual([expect.stringMatching(/^webhook ioc: không gửi được; chi tiết kỹ thuật: “.+”$/)]);
    // The program then ends with 1: nothing that was typed is wrong.
    expect(refused instanceof ToldError && refused.say("vi")).toBe("Không gửi được tin thử cho 1 trong 1 người nhận; xem lý do ở các dòng trên.");
  });
});
