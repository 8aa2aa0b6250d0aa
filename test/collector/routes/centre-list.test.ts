import { expect, test } from "vitest";
import { calendar } from "../../support/facts.ts";
import { samplePages } from "../../support/sample-pages.ts";
import { samplePolicy } from "../../support/sample-policy.ts";
import { sampleCentres, sampleNowMs, sampleStore } from "../../support/sample-province.ts";
import { xlsxRows } from "../../support/xlsx-rows.ts";
import { zipParts } from "../../support/zip-parts.ts";

const deps = { store: sampleStore, policy: samplePolicy, calendarAt: () => calendar, lang: "vi", demo: false, now: () => sampleNowMs } as const;
const app = samplePages(deps);

async function listOf(query: string, from = app): Promise<{ centres: string[][]; requirements: string[][]; about: string[][] }> {
  const reply = await from.request(`/centres.xlsx${query}`);
  expect(reply.headers.get("content-disposition")).toBe('attachment; filename="centres-2026-11-28.xlsx"');
  const [centres = [], requirements = [], about = []] = xlsxRows(Buffer.from(await reply.arrayBuffer()));
  return { centres, requirements, about };
}
const under = (rows: readonly string[][], head: string) => rows.slice(1).map((row) => row[rows[0]?.indexOf(head) ?? -1]);
const isp = encodeURIComponent("Nhà mạng A");
const district = encodeURIComponent("Khu vực Đông");

test.each(["", "?state=fail", "?state=open", "?q=chu+pah", `?district=${district}&isp=${isp}`, "?requirement=R05"])(
  "the file of %j has the centres of the page, in their order, and the page leads to it",
  async (query) => {
    const html = await (await app.request(`/${query}`)).text();
    const onPage = [...html.matchAll(/<th scope="row"><a href="\/centres\/([^"]+)"/g)].map(([, code]) => code);
    const { centres, requirements } = await listOf(query);
    expect(onPage.length).toBeGreaterThan(0);
    expect(under(centres, "Mã")).toEqual(onPage);
    expect([...new Set(under(requirements, "Mã"))]).toEqual(onPage);
    expect(requirements).toHaveLength(1 + onPage.length * samplePolicy.requirements.length);
    const [, link = ""] = /<a href="(\/centres\.xlsx[^"]*)">Tải danh sách này \(Excel\)/.exec(html) ?? [];
    expect(new URLSearchParams(link.replaceAll("&amp;", "&").split("?")[1] ?? "")).toEqual(new URLSearchParams(query));
  },
);

test("where nothing is found the page leads to no file", async () => {
  expect(await (await app.request("/?q=nowhere")).text()).not.toContain("/centres.xlsx");
});

test("each requirement has its state, since when, its reason in words with its numbers, and who acts", async () => {
  const { requirements } = await listOf("?q=xa-01");
  const row = requirements.find((cells) => cells[4] === "R01") ?? [];
  expect(Object.fromEntries((requirements[0] ?? []).map((head, place) => [head, row[place] ?? ""]))).toMatchObject({
    Mã: "xa-01",
    "Trung tâm": "Xã Chư Păh",
    "Nhà mạng": "Nhà mạng A",
    "Trạng thái": "Không đạt",
    "Từ khi": expect.stringMatching(/^46\d{3}\./),
    "Vì sao": expect.stringContaining("168"),
    "Đo được": "168",
    "Yêu cầu": "200",
    "Đơn vị": "Mbps",
    "Ai làm": "Nhà mạng",
  });
});

test("a row of a centre has the state of each requirement, waived ones marked, and by which number the provider knows its line", async () => {
  const { centres } = await listOf("?q=xa-01");
  const row = Object.fromEntries((centres[0] ?? []).map((head, place) => [head, centres[1]?.[place] ?? ""]));
  expect(row).toMatchObject({ "Số hợp đồng / mã thuê bao": "GLI-HĐ/00123", "Số nội dung đạt": "4", "Số nội dung không đạt": "2", "Không đạt": "R01, R05" });
  const words = samplePolicy.requirements.map(({ id, title }) => row[`${id} ${title.vi}`]);
  expect(words).toEqual(["Không đạt", "Đạt", "Không đạt (miễn trừ)", "Đạt", "Đạt", "Không áp dụng", "Đạt"]);
});

test("a centre that was never heard is unknown in all, and a pass whose evidence has run out is none", async () => {
  const never = await listOf("?q=xa-12");
  expect(new Set(under(never.requirements, "Trạng thái"))).toEqual(new Set(["Chưa xác định"]));
  const later = samplePages({ ...deps, now: () => sampleNowMs + 4 * 86_400_000 });
  const reply = await later.request("/centres.xlsx?q=xa-06");
  const [, requirements = []] = xlsxRows(Buffer.from(await reply.arrayBuffer()));
  expect(under(requirements, "Trạng thái")).not.toContain("Đạt");
});

test("a list of many centres is read and packed a few at a time, with turns for whatever else waits", async () => {
  const many = Array.from({ length: 130 }, (_, index) => ({ ...(sampleCentres[0] as (typeof sampleCentres)[number]), code: `xa-${100 + index}` }));
  const groups: number[] = [];
  let turns = 0;
  const turnsBefore: number[] = [];
  const store = {
    ...sampleStore,
    province: async (...asked: Parameters<typeof sampleStore.province>) => ({ ...(await sampleStore.province(...asked)), centres: many, findings: new Map() }),
    told: async (codes: readonly string[]) => {
      groups.push(codes.length);
      turnsBefore.push(turns);
      return [];
    },
  };
  const waiting = setInterval(() => turns++, 0);
  const reply = await samplePages({ ...deps, store }).request("/centres.xlsx");
  clearInterval(waiting);
  const bytes = Buffer.from(await reply.arrayBuffer());
  expect(under(xlsxRows(bytes)[0] ?? [], "Mã").sort()).toEqual(many.map(({ code }) => code));
  expect(groups.reduce((sum, count) => sum + count, 0)).toBe(many.length);
  expect(Math.max(...groups)).toBeLessThan(40);
  expect(new Set(turnsBefore).size).toBeGreaterThan(1);
  expect(bytes.length * 10).toBeLessThan([...zipParts(bytes).values()].join("").length);
});

test("the findings of the next few centres are asked for before those in front of them are written", async () => {
  const many = Array.from({ length: 130 }, (_, index) => ({ ...(sampleCentres[0] as (typeof sampleCentres)[number]), code: `xa-${100 + index}` }));
  const next = Promise.withResolvers<void>();
  let asked = 0;
  const store = {
    ...sampleStore,
    province: async (...day: Parameters<typeof sampleStore.province>) => ({ ...(await sampleStore.province(...day)), centres: many, findings: new Map() }),
    told: async () => {
      asked += 1;
      if (asked > 1) next.resolve();
      await next.promise;
      return [];
    },
  };
  expect((await samplePages({ ...deps, store }).request("/centres.xlsx")).status).toBe(200);
});

test.each(["=1+1", "+84", "-5", "@SUM(A1)", '=HYPERLINK("http://evil.test")'])("a centre called %s is text and no formula", async (name) => {
  const [first] = sampleCentres;
  const hostile = {
    ...sampleStore,
    province: async (...asked: Parameters<typeof sampleStore.province>) => ({
      ...(await sampleStore.province(...asked)),
      centres: [{ ...(first as (typeof sampleCentres)[number]), name }],
    }),
  };
  const { centres } = await listOf("", samplePages({ ...deps, store: hostile }));
  expect(under(centres, "Trung tâm")).toEqual([name]);
  const bytes = Buffer.from(await (await samplePages({ ...deps, store: hostile }).request("/centres.xlsx")).arrayBuffer());
  const book = [...zipParts(bytes).values()].join("");
  expect(book).not.toContain("<f>");
  expect(book.match(/state="frozen"/g)).toHaveLength(3);
});

test("says when it was made, by which policy, what it was filtered by, and that data are simulated", async () => {
  const { about } = await listOf(`?isp=${isp}&state=open`, samplePages({ ...deps, demo: true }));
  expect(about).toEqual(
    expect.arrayContaining([
      ["Cảnh báo dữ liệu mô phỏng", expect.stringContaining("MÔ PHỎNG")],
      ["Nhà mạng", "Nhà mạng A"],
      ["Trạng thái", "Chưa xác định (mọi lý do)"],
      ["Khu vực", "Tất cả"],
      ["Bộ tiêu chí", expect.stringContaining("sample-890@2")],
    ]),
  );
  const english = await listOf("?lang=en&q=xa-01");
  expect(english.centres[0]).toContain("Contract number / subscriber code");
});
