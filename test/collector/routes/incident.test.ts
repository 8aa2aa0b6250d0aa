import { beforeEach, expect, it, test } from "vitest";
import type { MaintenanceWindow } from "#schemas/maintenance.ts";
import type { Person } from "#schemas/person.ts";
import { localPerson } from "../../../collector/auth/local-person.ts";
import { incidentRoutes } from "../../../collector/routes/incident.ts";
import { maintenanceRoutes } from "../../../collector/routes/maintenance.ts";
import { formToken } from "../../../collector/web/form-token.ts";
import { incidentList } from "../../../collector/web/incident-list.ts";
import type { ShownIncident } from "../../../collector/web/incidents-page.ts";
import { guarded } from "../../support/guarded.ts";
import { samplePolicy } from "../../support/sample-policy.ts";
import { hostileName, sampleFindings, sampleNowMs } from "../../support/sample-province.ts";

const open: ShownIncident = {
  id: 7,
  siteId: 1,
  centre: "xa-01",
  centreName: hostileName,
  requirement: "R05",
  subject: "",
  state: "open",
  beganMs: sampleNowMs - 3_600_000,
  openedMs: sampleNowMs - 3_500_000,
  told: ["smtp lan@example.vn"],
  level: 0,
};
const slow: ShownIncident = { ...open, id: 10, requirement: "R01", isp: "Nhà mạng A", contractNumber: "GLI-HĐ/00123", storm: "storm-R01-7" };
const elsewhere: ShownIncident = { ...slow, id: 11, subject: "ia-ly", hasPoints: true };
const dropped: ShownIncident = { ...open, id: 9, requirement: "R99", state: "closed", closedMs: sampleNowMs, end: "dropped" };
let asker: Person | undefined = localPerson;
let taken: unknown[] = [];
let asked: unknown[] = [];
let standing = 1;
let windows: MaintenanceWindow[] = [];
let dead = 1;
let announced: number | undefined;
let isFull = false;
const doer = () => ({ who: "lan", address: "10.0.0.1" });
const deeds = {
  takeIncident: async (_: unknown, id: number, by: string, own?: string) => {
    taken.push([id, by, ...(own === undefined ? [] : [own])]);
    return [id];
  },
  announceMaintenance: async (_: unknown, added: readonly MaintenanceWindow[]) => {
    if (isFull) return undefined;
    windows.push(...added);
    return added.map(({ id }) => id);
  },
  endMaintenance: async (_: unknown, id: string) => {
    const isThere = windows.some((one) => one.id === id && one.endedAt === undefined);
    windows = windows.map((one) => (one.id === id ? { ...one, endedAt: new Date(sampleNowMs).toISOString() } : one));
    return isThere;
  },
};
const phones = [{ owner: "isp", isp: "Nhà mạng A", number: "1800 1166" }] as const;
const shared = { policy: samplePolicy, phones, lang: "vi", demo: false, now: () => sampleNowMs, token: formToken("sample"), deeds, doer } as const;
const walked = (segment: string) => ({ metric: "segment_up", value: 0, labels: { segment }, at: new Date(sampleNowMs).toISOString() }) as const;
const routes = incidentRoutes({
  ...shared,
  incidents: {
    part: async ({ closed, requirement, centre }, page) => {
      asked.push([closed ?? false, requirement, page, ...(centre === undefined ? [] : [centre])]);
      const left = closed ? 0 : Math.max(0, standing - (page - 1) * 500);
      return { page, rows: Array.from({ length: Math.min(left, 500) }, () => open), total: closed ? 0 : standing };
    },
    find: async (id) => [open, dropped, slow, elsewhere].find((one) => one.id === id),
    background: async ({ id, requirement }) => {
      const found = sampleFindings(0).find((one) => one.requirement === requirement);
      const finding = id === 11 && found ? { ...found, detail: { point: "ia-ly" } } : found;
      return id === 9 ? { walks: [] } : { finding, walks: [walked("line"), { ...walked("lan"), point: "ia-ly" }] };
    },
    post: async () => ({
      outbox: { waiting: 2, held: 0, dead, deadSince: 1, oldestMs: 600_000 },
      dead: [
        {
          id: 1,
          channel: "smtp",
          to: "lan@example.vn",
          message: { kind: "opened", incident: 7, link: "http://hcc" },
          error: "550 lan@example.vn unknown",
          diedMs: sampleNowMs,
        },
      ],
    }),
  },
}).route(
  "/",
  maintenanceRoutes({
    ...shared,
    maintenance: {
      part: async (_, page) => ({ page, rows: windows, total: announced ?? windows.length }),
      codes: async () => new Set(["xa-01"]),
    },
  }),
);
const app = guarded(routes, shared, () => asker);
const here = { host: "collector.test", origin: "http://collector.test", "sec-fetch-site": "same-origin" };

beforeEach(() => {
  asker = localPerson;
  taken = [];
  asked = [];
  standing = 1;
  windows = [];
  announced = undefined;
  isFull = false;
  dead = 1;
});

async function opened(path: string): Promise<{ html: string; cookie: string; token: string }> {
  const reply = await app.request(path);
  const html = await reply.text();
  return { html, cookie: reply.headers.get("set-cookie")?.split(";")[0] ?? "", token: /name="token" value="([^"]+)"/.exec(html)?.[1] ?? "" };
}

async function send(path: string, fields: Record<string, string>, from = path, headers: Record<string, string> = {}): Promise<Response> {
  const { cookie, token } = await opened(from);
  return app.request(path, { method: "POST", body: new URLSearchParams({ token, ...fields }), headers: { ...here, cookie, ...headers } });
}

test("the list names number, centre and state, what could not be delivered, and no address of a person", async () => {
  const { html } = await opened("/incidents");
  for (const part of ['href="/incidents/7"', "R05", "Đang mở", "2 thư đang chờ", "550 …"]) expect(html).toContain(part);
  for (const part of ["lan@example.vn", "<script>alert"]) expect(html).not.toContain(part);
});

test("the live list changes with its time: every section is a part that is put in place anew", async () => {
  const { html } = await opened("/incidents");
  expect(html).toContain("data-live");
  expect(html.match(/<section [^>]*data-part=/g)).toHaveLength(html.match(/<section /g)?.length ?? 0);
});

test("a problem has stood since it began, on its page and in the list as in the messages, whenever it was confirmed", async () => {
  for (const path of ["/incidents", "/incidents/7"]) {
    const { html } = await opened(path);
    expect(html).toContain("28/11/2026 09:00");
    expect(html).not.toContain("28/11/2026 09:01");
  }
});

test("the page that a letter leads to says how it stands now, whose line it is, where the way out ends, and what taking it takes", async () => {
  const { html } = await opened("/incidents/10");
  for (const part of [
    "Hiện nay",
    "Đo được 168 Mbps",
    "Nhà mạng A",
    "Nhà mạng, điện thoại 1800 1166",
    "<dt>Số hợp đồng / mã thuê bao</dt><dd>GLI-HĐ/00123</dd>",
    "đứt ở đây",
    "nhận một sự cố là nhận cả đợt",
    "/v1/evidence/xa-01.link.html",
  ])
    expect(html).toContain(part);
  const other = (await opened("/incidents/7")).html;
  expect(other).toContain("Kênh");
  for (const part of ["Nhà mạng A", "đứt ở đây", "nhận cả đợt"]) expect(other).not.toContain(part);
  expect((await opened("/incidents/9")).html).not.toContain("Hiện nay");
});

test("where a centre has several lines the page of a problem tells of the way out of its own", async () => {
  for (const [id, own, others] of [
    [10, "đường truyền (bộ định tuyến – nhà mạng): đứt ở đây", "mạng nội bộ (máy tính – bộ định tuyến)"],
    [11, "mạng nội bộ (máy tính – bộ định tuyến): đứt ở đây", "đường truyền (bộ định tuyến – nhà mạng)"],
  ] as const) {
    const { html } = await opened(`/incidents/${id}`);
    expect(html).toContain(own);
    expect(html).not.toContain(others);
  }
  const { html } = await opened("/incidents/11");
  for (const part of ["#11: R01 Đường truyền tối thiểu 200 Mbps (Điểm tiếp nhận ia-ly)", "/v1/evidence/xa-01.link.html?point=ia-ly"])
    expect(html).toContain(part);
  // The provider and the contract are those of the main office's line.
  for (const part of ["<dt>Nhà mạng</dt>", "1800 1166", "GLI-HĐ/00123"]) expect(html).not.toContain(part);
});

const ofOne = { code: "xa-01", hasPoints: false };
test("a problem that the policy no longer demands says why it is closed, and is nobody's to act on", async () => {
  const { html } = await opened("/incidents/9");
  for (const part of ["#9: R99", "Lý do đóng", "không còn yêu cầu"]) expect(html).toContain(part);
  expect(html).not.toContain("Bên xử lý");
  const shown = { id: "8", requirement: "R99", subject: "", beganAt: new Date(sampleNowMs).toISOString(), closedAt: new Date(sampleNowMs).toISOString() };
  const list = String(incidentList("vi", samplePolicy, [shown], ofOne, ""));
  expect(list).toContain("R99</a>");
  expect(String(incidentList("vi", samplePolicy, [{ ...shown, requirement: "agent" }], ofOne, ""))).toContain("Trung tâm mất liên lạc</a>");
  // At a reception point it is not the centre of which nothing comes.
  const atPoint = String(incidentList("vi", samplePolicy, [{ ...shown, requirement: "agent", subject: "ia-ly" }], ofOne, ""));
  expect(atPoint).toContain("Điểm tiếp nhận ia-ly mất liên lạc</a>");
  expect(atPoint).not.toContain("Trung tâm mất liên lạc");
  const atMain = String(incidentList("vi", samplePolicy, [{ ...shown, requirement: "agent" }], { code: "xa-01", hasPoints: true }, ""));
  expect(atMain).toContain("Trụ sở chính mất liên lạc</a>");
  expect(atMain).not.toContain("Trung tâm mất liên lạc");
});

test("somebody takes a problem with a name, from a page of ours", async () => {
  const reply = await send("/incidents/7", { by: "  Chị Lan " });
  expect([reply.status, reply.headers.get("location"), taken]).toEqual([303, "/incidents/7", [[7, "Chị Lan"]]]);
});

it.each([
  ["without a name", { by: " " }, {}, 422],
  ["without the form's token", { by: "Lan", token: "" }, {}, 403],
  ["from another site", { by: "Lan" }, { "sec-fetch-site": "cross-site" }, 403],
])("taking it %s is refused", async (_, fields, headers, status) => {
  expect((await send("/incidents/7", fields, "/incidents/7", headers)).status).toBe(status);
  expect(taken).toEqual([]);
});

test("a list of more than a page says what is left and leads there, the filter and the other list staying as they are", async () => {
  expect((await opened("/incidents")).html).not.toContain("sự cố cũ hơn");
  standing = 1_001;
  const waysOf = async (path: string) => {
    const { html } = await opened(path);
    const ways = /<p class="note">(?:Sự cố thứ ([^,]+),[^<]*)?\s*(<a href="\/incidents\?.*?)<\/p>/s.exec(html);
    const links = [...(ways?.[2] ?? "").matchAll(/href="\/incidents\?([^"]+)">([^<]+)</g)];
    return [ways?.[1], ...links.map(([, query, words]) => `${query?.replaceAll("&amp;", "&")} ${words}`)];
  };
  expect(await waysOf("/incidents?requirement=R05&ended=2")).toEqual(["1–500 trong 1.001", "requirement=R05&standing=2&ended=2 Còn 501 sự cố cũ hơn →"]);
  expect(asked.slice(-2)).toEqual([
    [false, "R05", 1],
    [true, "R05", 2],
  ]);
  expect(await waysOf("/incidents?standing=2")).toEqual(["501–1.000 trong 1.001", "standing=1&ended=1 ← Mới hơn", "standing=3&ended=1 Còn 1 sự cố cũ hơn →"]);
  expect(await waysOf("/incidents?standing=3")).toEqual(["1.001–1.001 trong 1.001", "standing=2&ended=1 ← Mới hơn"]);
  // Whoever stays on a page that is no more finds the way back; what is no page is the first.
  expect(await waysOf("/incidents?standing=4")).toEqual([undefined, "standing=3&ended=1 ← Mới hơn"]);
  for (const odd of ["0", "-1", "x", "999999999", "1e3"]) expect((await waysOf(`/incidents?standing=${odd}`))[0]).toBe("1–500 trong 1.001");
});

test("the list is narrowed to one centre, which the ways to other pages and the other filter keep; whoever has one centre sees that one alone", async () => {
  standing = 501;
  const { html } = await opened("/incidents?centre=xa-09");
  expect(html).toContain('href="/incidents?centre=xa-09&amp;standing=2&amp;ended=1"');
  expect(html).toContain('<input type="hidden" name="centre" value="xa-09">');
  asker = person(["commune"], "xa-01");
  await opened("/incidents?centre=xa-09");
  expect(asked).toEqual([
    [false, undefined, 1, "xa-09"],
    [true, undefined, 1, "xa-09"],
    [false, undefined, 1, "xa-01"],
    [true, undefined, 1, "xa-01"],
  ]);
});

test("a centre's own list shows fifty and says of how many, with the way to all", () => {
  const at = new Date(sampleNowMs).toISOString();
  const shown = Array.from({ length: 51 }, (_, index) => ({ id: String(index), requirement: "R05", subject: "", beganAt: at }));
  const list = String(incidentList("vi", samplePolicy, shown, ofOne, ""));
  expect(list.match(/<li>/g)).toHaveLength(50);
  expect(list).toContain('50 sự cố đầu trong 51. <a href="/incidents?centre=xa-01">');
  expect(String(incidentList("vi", samplePolicy, shown.slice(1), ofOne, ""))).not.toContain("sự cố đầu");
});

test("letters that were given up beyond those that are shown are counted, with the command that lists all", async () => {
  expect((await opened("/incidents")).html).not.toContain("collector notify dead");
  dead = 21;
  expect((await opened("/incidents")).html).toContain("1 thư mới nhất trong 21 thư đã bỏ");
});

test("announced work of more than a page says what is left and leads there", async () => {
  await send("/maintenance", good);
  expect((await opened("/maintenance")).html).not.toContain("dòng nữa");
  announced = 501;
  expect((await opened("/maintenance")).html).toContain('<a href="/maintenance?page=2">Còn 500 dòng nữa →</a>');
});

test("announced work that would be one too many is not kept, and keeps what was typed", async () => {
  isFull = true;
  const reply = await send("/maintenance", good);
  const html = await reply.text();
  expect(reply.status).toBe(422);
  for (const part of ["Đã có quá nhiều lịch bảo trì", 'value="22:00"']) expect(html).toContain(part);
  expect(windows).toEqual([]);
});

test("the list is narrowed to one requirement, and says to which", async () => {
  const { html } = await opened("/incidents?requirement=R05");
  expect(html).toContain('<option value="R05" selected>');
  expect(html).toContain('<option value="agent">');
});

const person = (roles: Person["roles"], centre?: string): Person => ({ login: "any", id: "p", name: "P", roles, ...(centre !== undefined && { centre }) });

test("a commune takes its own problems, and those of others are not there for it", async () => {
  asker = person(["commune"], "xa-01");
  expect((await send("/incidents/7", { by: "Lan" })).status).toBe(303);
  expect(taken).toEqual([[7, "P", "xa-01"]]);
  asker = person(["commune"], "xa-02");
  expect((await app.request("/incidents/7")).status).toBe(404);
  expect((await app.request("/maintenance")).status).toBe(403);
});

test("whoever has an account signs with its name, whatever is typed", async () => {
  asker = { ...person(["operator"]), name: "Trần Thị Lan" };
  expect((await opened("/incidents/7")).html).not.toContain('name="by"');
  await send("/incidents/7", { by: "Somebody else" });
  expect(taken).toEqual([[7, "Trần Thị Lan"]]);
  await send("/maintenance", { ...good, person: "Somebody else" });
  expect(windows[0]?.person).toBe("Trần Thị Lan");
  for (const id of [windows[0]?.id ?? "", "none"]) await send("/maintenance/end", { id }, "/maintenance");
  expect(windows[0]?.endedAt).toBeDefined();
});

test("whoever may only read sees the problem and no form; an unknown number is no page", async () => {
  asker = person(["viewer"]);
  const { html } = await opened("/incidents/7");
  expect(html).toContain("1 địa chỉ");
  expect(html).not.toContain("<form");
  expect((await app.request("/incidents/7", { method: "POST", body: new URLSearchParams({ by: "Lan" }), headers: here })).status).toBe(403);
  for (const path of ["/incidents/8", "/incidents/x", "/incidents/99999999999999999999"]) expect((await app.request(path)).status).toBe(404);
});

const good = {
  mode: "mute",
  centres: "xa-01",
  requirements: "R05, agent",
  from: "2027-01-04",
  until: "2027-01-29",
  start: "22:00",
  end: "02:00",
  weekdays: "1,3",
  reason: "thay tủ mạng",
  person: "Anh Bình",
};

test("work is announced with reason and person, is listed, and is ended by hand", async () => {
  expect((await send("/maintenance", good)).status).toBe(303);
  expect(windows).toEqual([{ ...good, id: expect.any(String), centres: ["xa-01"], requirements: ["R05", "agent"], weekdays: [1, 3] }]);
  const { html } = await opened("/maintenance");
  for (const part of ["thay tủ mạng", "Anh Bình", "thứ Hai, thứ Tư", "22:00–02:00", "Mở sự cố, không báo ai"]) expect(html).toContain(part);
  await send("/maintenance/end", { id: windows[0]?.id ?? "" }, "/maintenance");
  expect(windows[0]?.endedAt).toBeDefined();
});

it.each([
  ["no reason", { reason: "" }, "reason"],
  ["an unknown centre", { centres: "xa-99" }, "centres"],
  ["an end before the beginning", { until: "2027-01-01" }, "until"],
  ["more than a year", { until: "2028-03-01" }, "until"],
  ["a clock time that is none", { start: "25:00" }, "start"],
  ["a day of the week that is none", { weekdays: "8" }, 'weekdays">Lặp lại vào thứ</a>: Giá trị không hợp lệ.'],
  ["a day of the week in words", { weekdays: "hai, ba" }, 'weekdays">Lặp lại vào thứ</a>: Giá trị không hợp lệ.'],
  ["a centre's name for its code", { centres: "Xã Chư Păh" }, 'centres">Trung tâm</a>: Giá trị không hợp lệ.'],
  ["a requirement that the policy does not have", { requirements: "R99" }, 'requirements">Nội dung</a>: Bộ tiêu chí không có nội dung này.'],
])("work with %s is not kept, and the fault stands at its field", async (_, change, field) => {
  const reply = await send("/maintenance", { ...good, ...change });
  const html = await reply.text();
  expect(reply.status).toBe(422);
  expect(html).toContain(`href="#f-${field}`);
  expect(windows).toEqual([]);
});
