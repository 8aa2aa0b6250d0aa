import { expect, test } from "vitest";
import { calendar } from "../../support/facts.ts";
import { samplePages } from "../../support/sample-pages.ts";
import { samplePolicy } from "../../support/sample-policy.ts";
import { hostileName, sampleCentres, sampleNowMs, sampleStore } from "../../support/sample-province.ts";

const deps = { store: sampleStore, policy: samplePolicy, calendarAt: () => calendar, lang: "vi", demo: false, now: () => sampleNowMs } as const;
const app = samplePages(deps);
const page = async (path: string, headers: Record<string, string> = {}) => (await app.request(path, { headers })).text();

test("the province page says how many stand how, and the parts sum", async () => {
  const html = await page("/");
  expect(html).toContain("6 đạt, 1 không đạt, 5 chưa xác định / 12");
  expect(html).toContain("12 / 12 trung tâm, nặng nhất ở trên");
  expect(html.indexOf("Xã Chư Păh")).toBeLessThan(html.indexOf("Xã Vân Canh"));
});

test("filters come from the address and stay in the form", async () => {
  const html = await page("/?q=chu+pah&state=fail");
  expect(html).toContain("1 / 12 trung tâm");
  expect(html).toContain('value="chu pah"');
  expect(html).toContain('<option value="fail" selected>');
  const provider = await page(`/?isp=${encodeURIComponent("Nhà mạng B")}`);
  expect(provider).toContain("1 / 12 trung tâm");
  expect(provider).toContain('<option value="Nhà mạng B" selected>');
});

test("English by query, remembered in a cookie; an unknown language is the installation's", async () => {
  const reply = await app.request("/?lang=en");
  expect(await reply.text()).toContain("6 met, 1 not met, 5 undetermined / 12");
  expect(reply.headers.get("set-cookie")).toMatch(/^hcc-lang=en;.*HttpOnly/);
  expect(await page("/", { cookie: "hcc-lang=en" })).toContain('<html lang="en">');
  expect(await page("/?lang=xx")).toContain('<html lang="vi">');
});

test("the centre page has a row for each requirement of the plan with state, numbers, advice and who acts", async () => {
  const html = await page("/centres/xa-01");
  for (const { id, title } of samplePolicy.requirements) expect(html).toContain(`<span class="rid">${id}</span> <span class="title">${title.vi}`);
  expect(html).toContain("168\u00a0Mbps");
  expect(html).toContain("Gọi nhà mạng, gửi kèm kết quả đo của 5 lần gần nhất.");
  expect(html).toContain("Miễn trừ đến hết 31/12/2026: Chờ thay ổ cứng (văn bản 123/UBND-VP)");
});

test("the centre page says by which number the provider knows the line, and nothing where that is not declared", async () => {
  expect(await page("/centres/xa-01")).toContain("<span>Số hợp đồng / mã thuê bao: GLI-HĐ/00123</span>");
  expect(await page("/centres/xa-02")).not.toContain("mã thuê bao");
});

test("the centre page says where the way out ends and whose turn it is, and nothing where nobody walked it", async () => {
  const html = await page("/centres/xa-01");
  expect(html).toContain("mạng nội bộ (máy tính – bộ định tuyến): thông");
  expect(html).toContain("đường truyền (bộ định tuyến – nhà mạng): đứt ở đây");
  expect(html).toContain("Dò lần cuối 5 phút trước. Ai làm: Nhà mạng.");
  expect(await page("/centres/xa-02")).not.toContain("Đường ra từ máy tính cổng");
});

test("two lines of a centre are two charts, each with its own way out and sheet; the contract is the main office's", async () => {
  const store = {
    ...sampleStore,
    centre: async (code: string, ...rest: [string, string, number?]) => {
      const rows = await sampleStore.centre(code, ...rest);
      const atPoint = <Told>(told: readonly Told[]) => [...told, ...told.map((one) => ({ ...one, point: "ia-ly" }))];
      return (
        rows && { ...rows, bandwidth: atPoint(rows.bandwidth), evidence: atPoint(rows.evidence), walks: rows.walks.map((one) => ({ ...one, point: "ia-ly" })) }
      );
    },
  };
  const html = await (await samplePages({ ...deps, store }).request("/centres/xa-01")).text();
  const card = html.slice(html.indexOf('id="link-title"'), html.indexOf('id="incidents-title"'));
  const [, ofMain = "", ofIaLy = ""] = card.split(/<h3>(?:Trụ sở chính|Điểm tiếp nhận ia-ly)<\/h3>/);
  for (const line of [ofMain, ofIaLy]) expect(line).toContain("40 lần đo trong 30 ngày");
  expect(ofMain).toContain("Hợp đồng");
  expect(ofMain).not.toContain("Đường ra từ máy tính cổng");
  expect(ofIaLy).not.toContain("Hợp đồng");
  // A heading below that of its point.
  expect(ofIaLy).toContain("<h4>Đường ra từ máy tính cổng</h4>");
  expect(await page("/centres/xa-01")).toContain("<h3>Đường ra từ máy tính cổng</h3>");
  expect(ofIaLy).toContain(".link.html?point=ia-ly");
  expect(html).toContain('<span class="sub">Điểm tiếp nhận ia-ly</span>');
  expect(await page("/centres/xa-01")).not.toContain("Trụ sở chính");
});

test("the centre page says whom to call, by the provider of the line", async () => {
  const phones = [
    { owner: "isp", isp: "nhà mạng a", number: "1800 1166" },
    { owner: "isp", number: "1900 9999" },
    { owner: "commune", number: "0269 111" },
  ] as const;
  const called = samplePages({ ...deps, phones });
  const html = await (await called.request("/centres/xa-01")).text();
  for (const place of ["Dò lần cuối 5 phút trước. Ai làm: ", '<div class="who">Ai làm: ', "<b>Ai làm:</b> "])
    expect(html).toContain(`${place}Nhà mạng, điện thoại 1800 1166`);
  expect(html).not.toContain("1900 9999");
  expect(await (await called.request("/centres/xa-12")).text()).not.toContain("1800 1166");
});

test("a centre that never spoke is unknown all over, and its page says so", async () => {
  const html = await page("/centres/xa-12");
  expect(html).toContain("Chưa liên lạc lần nào.");
  expect(html.match(/class="b b-unknown"/g)).toHaveLength(8);
  expect(html).not.toContain('class="b b-pass"');
  expect(html).toContain("<b>Cần làm:</b> Xem chương trình giám sát có chạy không");
});

test.each([
  ["xa-04", "a silent centre has its power and its PC to look at", /Trung tâm mất liên lạc.*→ Kiểm tra điện, dây mạng và máy tính cổng.*Ai làm: UBND xã/s],
  ["xa-03", "what is not known is not as good as met", /nhưng còn 1 nội dung chưa xác định/],
  ["xa-06", "where all is met there is nothing", /Không có nội dung nào không đạt\./],
])("what to do now at %s: %s", async (code, _, words) => {
  const html = await page(`/centres/${code}`);
  const card = html.slice(html.indexOf('data-part="todo"')).split("</section>")[0];
  expect(card).toMatch(words);
});

test("names of staff stand on no page: it needs no login", async () => {
  const html = await page("/centres/xa-01");
  for (const name of ["Nguyễn Văn A", "Trần Thị B"]) expect(html).not.toContain(name);
  expect(html).toContain("Giám đốc");
});

test("what is declared is said as a word beside the item, never as the badge of what is met", async () => {
  const html = await page("/centres/xa-01");
  const declared = html.slice(html.indexOf('<details id="d-R07">')).split("<caption>Khai báo và kiểm tra</caption>")[1]?.split("</table>")[0];
  expect(declared?.match(/<td role="cell">Đúng<\/td>/g)).toHaveLength(2);
  expect(declared).not.toContain('class="b b-pass"');
});

test("a device's page says whether it is there, since when, and what it told last", async () => {
  const html = await page("/centres/xa-01/devices/CAM-02");
  expect(html).toContain("Không trả lời");
  expect(html).toContain("Quầy tiếp nhận");
  expect(html).toContain("Ở trạng thái này từ 28/11/2026 05:00 (5 giờ trước).");
  expect(html).toContain('<a href="/centres/xa-01#R05">R05');
  expect(await page("/centres/xa-01/devices/scanner-1")).toContain("chưa hỏi lần nào");
});

test("why a device could not be asked is said in the reader's words; those of the program or of the device stand behind, quoted and harmless", async () => {
  const detail = `10.1.0.31:80 refused user name or password ${hostileName}`;
  const failing = samplePages({
    ...deps,
    store: {
      ...sampleStore,
      async device(code, id, since) {
        const rows = await sampleStore.device(code, id, since);
        const outcome = { kind: "failed", reason: "auth_failed", detail } as const;
        return rows && { ...rows, runs: rows.runs.map((run) => ({ ...run, probe: "camera-presence" as const, outcome })) };
      },
    },
  });
  const html = await (await failing.request("/centres/xa-01/devices/CAM-02")).text();
  expect(html).toContain('sai tài khoản hoặc mật khẩu<span class="sub">chi tiết kỹ thuật: “10.1.0.31:80 refused user name or password ');
  expect(html).not.toContain(hostileName);
});

test("devices stand on the centre's page, silent ones first, also those that only the agent knows", async () => {
  const html = await page("/centres/xa-01");
  const places = ["CAM-02", "scanner-1", encodeURIComponent(hostileName.slice(0, 128)), "printer-1"].map((id) => html.indexOf(`/devices/${id}">`));
  expect(places).toEqual([...places].sort((a, b) => a - b));
  expect(places[0]).toBeGreaterThan(0);
});

test("a list of devices that is cut says how many there are and leads on, on the page that was asked for", async () => {
  const asked: unknown[] = [];
  const many = samplePages({
    ...deps,
    store: {
      ...sampleStore,
      async centre(code, since, today, devicesPage) {
        asked.push(devicesPage);
        const rows = await sampleStore.centre(code, since, today);
        return rows && { ...rows, devices: { page: devicesPage ?? 1, rows: rows.devices.rows, total: 1_200 } };
      },
    },
  });
  const first = await (await many.request("/centres/xa-01")).text();
  expect(first).toContain("trong 1.200.");
  expect(first).toContain('href="/centres/xa-01?devices=2#devices">Còn 1.196 dòng nữa');
  expect(await (await many.request("/centres/xa-01?devices=2")).text()).toContain('href="/centres/xa-01?devices=1#devices">← Trang trước');
  expect(asked).toEqual([1, 2]);
});

test("an unknown device is 404 and shows what was asked harmlessly", async () => {
  for (const path of ["/centres/xa-01/devices/%3Cscript%3E", "/centres/xa-02/devices/printer-1", "/centres/none/devices/printer-1"]) {
    const reply = await app.request(path);
    expect(reply.status, path).toBe(404);
    expect(await reply.text(), path).not.toContain("<script>");
  }
});

test("an unknown centre is 404 and shows what was asked harmlessly", async () => {
  const reply = await app.request("/centres/%3Cscript%3E");
  expect(reply.status).toBe(404);
  expect(await reply.text()).not.toContain("<script>");
});

test("demo data is marked on every page, and only there", async () => {
  const demo = samplePages({ ...deps, demo: true });
  for (const path of ["/", "/centres/xa-01", "/centres/none"]) expect(await (await demo.request(path)).text(), path).toContain("DỮ LIỆU MÔ PHỎNG");
  expect(await page("/")).not.toContain("DỮ LIỆU MÔ PHỎNG");
});

test("nothing may load from elsewhere, no inline script or style stands in a page", async () => {
  for (const path of ["/", "/centres/xa-01", "/centres/xa-01/devices/CAM-02"]) {
    const reply = await app.request(path);
    const html = await reply.text();
    expect(reply.headers.get("content-security-policy")).toContain("default-src 'none'");
    expect(reply.headers.get("x-content-type-options")).toBe("nosniff");
    expect(html).not.toMatch(/<script(?![^>]* src="\/static\/)/);
    expect(html.replace(/"[^"]*"/g, '""')).not.toMatch(/<style|<[^>]*\s(?:style|on[a-z]+)=/);
    expect(html).not.toMatch(/(?:src|href|action)="(?:https?:)?\/\//);
  }
});

test("hostile device names are shown as text", async () => {
  for (const path of ["/centres/xa-01", "/centres/xa-01/devices/printer-1", `/centres/xa-01/devices/${encodeURIComponent(hostileName.slice(0, 128))}`]) {
    const html = await page(path);
    expect(html, path).toContain("&lt;script&gt;alert(1)&lt;/script&gt;");
    expect(html, path).not.toContain("<script>alert");
    expect(html, path).not.toContain("<img src=x");
    for (const control of ["\u001b", "\u202e", "\u2066"]) expect(html, path).not.toContain(control);
  }
});

test("hostile names of centres, filters and 10 kB of text change no tag and no size", async () => {
  const name = hostileName + "A".repeat(10_000);
  const hostile = samplePages({
    ...deps,
    store: {
      ...sampleStore,
      province: async () => ({
        centres: sampleCentres.slice(0, 1).map((centre) => ({ ...centre, name, district: name })),
        closed: [],
        findings: new Map(),
        changes: [],
      }),
    },
  });
  const html = await (await hostile.request(`/?q=${encodeURIComponent('"><script>alert(3)</script>')}`)).text();
  expect(html).not.toContain("<script>alert");
  expect(html).not.toContain('""><');
  expect(html).toContain("&quot;&gt;&lt;script&gt;alert(3)");
});

test("a page of 135 centres with 20 requirements stays below 150 kB", async () => {
  const centres = Array.from({ length: 135 }, (_, index) => ({
    code: `xa-${index + 100}`,
    name: `Phường Số ${index} (mô phỏng)`,
    district: `Khu vực ${index % 7}`,
    keyArea: false,
    latitude: 13 + index / 200,
    longitude: 108 + (index % 15) / 15,
    lastContactAt: new Date(sampleNowMs).toISOString(),
  }));
  const policy = {
    ...samplePolicy,
    requirements: Array.from({ length: 20 }, (_, index) => ({ ...samplePolicy.requirements[0], id: `R${String(index + 1).padStart(2, "0")}` })),
  } as typeof samplePolicy;
  const validUntilMs = Date.parse("2027-01-01T00:00:00.000Z");
  const findings = new Map(
    centres.map(({ code }, at) => [
      code,
      policy.requirements.map(({ id: requirement }, place) => {
        return { requirement, state: (at + place) % 3 === 0 ? ("fail" as const) : ("pass" as const), sinceMs: sampleNowMs, validUntilMs, waived: false };
      }),
    ]),
  );
  const large = samplePages({
    ...deps,
    policy,
    calendarAt: () => calendar,
    store: { ...sampleStore, province: async () => ({ centres, closed: [], findings, changes: [] }) },
  });
  expect(Buffer.byteLength(await (await large.request("/")).text())).toBeLessThan(150_000);
});

test("a province of more centres than a page holds is looked at a page at a time, as it is filtered, and its figures and map have all", async () => {
  const [first] = sampleCentres;
  const centres = Array.from({ length: 1_100 }, (_, index) => ({ ...first, code: `xa-${index}`, name: `Xã ${index}`, district: `Khu vực ${index % 2}` }));
  const store = {
    ...sampleStore,
    province: async () => ({ centres: centres as (typeof sampleCentres)[number][], closed: [], findings: new Map(), changes: [] }),
  };
  const many = samplePages({ ...deps, calendarAt: () => calendar, store });
  const rowsOf = async (address: string) => {
    const html = await (await many.request(address)).text();
    return { html, rows: [...html.matchAll(/<th scope="row"><a href="\/centres\/(xa-\d+)"/g)].map(([, code]) => code) };
  };
  const pages = await Promise.all(["/", "/?page=2", "/?page=3"].map(rowsOf));
  expect(pages.map(({ rows }) => rows.length)).toEqual([500, 500, 100]);
  expect(new Set(pages.flatMap(({ rows }) => rows)).size).toBe(1_100);
  expect(pages[0]?.html).toContain("1.100");
  expect(pages[0]?.html.match(/tabindex="-1"><title>/g)).toHaveLength(1_100);
  const half = await rowsOf(`/?district=${encodeURIComponent("Khu vực 1")}`);
  expect(half.html).toContain("page=2");
  expect((await rowsOf(`/?district=${encodeURIComponent("Khu vực 1")}&page=2`)).rows).toHaveLength(50);
});

test("static files are served by name, with a type, and nothing else is", async () => {
  const reply = await app.request("/static/style.css?v=1");
  expect(reply.headers.get("content-type")).toBe("text/css; charset=utf-8");
  expect(reply.headers.get("cache-control")).toContain("immutable");
  expect((await app.request("/static/..%2F..%2Fpackage.json")).status).toBe(404);
  expect((await app.request("/static/__proto__")).status).toBe(404);
});

test("the centre page holds what is declared against what was found, without addresses or serial numbers", async () => {
  const html = await page("/centres/xa-01");
  const section = html.slice(html.indexOf('data-part="ledger"'));
  for (const words of [
    "Không thấy",
    "Đã thay máy khác",
    "Khai trùng",
    "trùng với printer-1",
    "Chưa khai",
    "Epson, L3250",
    "Chỉ khai, không đo được",
    "Khớp",
    "26/11/2026",
  ])
    expect(section).toContain(words);
  for (const secret of ["10.0.0.", "SECRET-SERIAL", "<script>alert"]) expect(section).not.toContain(secret);
  expect(await page("/centres/xa-02")).toContain("Chưa khai báo thiết bị nào");
});

test("a closed centre says since when and where its work went, and asks nothing of anybody; one that will be closed says so beside its state", async () => {
  const closing = (on: string) =>
    samplePages({
      ...deps,
      store: {
        ...sampleStore,
        centre: async (...asked) => {
          const rows = await sampleStore.centre(...asked);
          return rows && { ...rows, centre: { ...rows.centre, closed: { on, into: "xa-02" } }, successor: { code: "xa-02", name: "Xã B" } };
        },
        province: async (...asked) => ({ ...(await sampleStore.province(...asked)), closed: [{ code: "xa-99", name: "Xã Cũ", closed: { on } }] }),
      },
    });
  // The sample's day in Viet Nam is 2026-11-28.
  const closed = await (await closing("2026-11-28").request("/centres/xa-01")).text();
  expect(closed).toContain('Đã đóng từ ngày 28/11/2026. Công việc chuyển về <a href="/centres/xa-02">Xã B</a>.');
  expect(closed).not.toContain('data-part="sheet"');
  expect(closed).not.toContain('data-part="todo"');
  const later = await (await closing("2026-11-29").request("/centres/xa-01")).text();
  expect(later).toContain("Sẽ đóng từ ngày 29/11/2026.");
  expect(later).toContain('data-part="sheet"');
  const province = await (await closing("2026-11-28").request("/")).text();
  expect(province).toContain('<a href="/centres/xa-99">Xã Cũ</a>: từ ngày 28/11/2026');
});

test("a day on which nobody judged is an unknown one in the strip, and the page names it", async () => {
  const told = (at: string, to: "unknown" | "pass", reason: "not_judged" | "met") => ({ centre: "xa-01", requirement: "R01", at, to, reason });
  const unjudged = [told("2026-11-23T17:00:00.000Z", "unknown", "not_judged"), told("2026-11-26T17:00:00.000Z", "pass", "met")];
  const routes = samplePages({
    ...deps,
    store: {
      ...sampleStore,
      centre: async (...asked) => {
        const rows = await sampleStore.centre(...asked);
        return rows && { ...rows, history: rows.history.filter(({ at }) => at < "2026-11-20"), unjudged };
      },
    },
  });
  const body = await (await routes.request("/centres/xa-01")).text();
  expect(body).toContain("Các ngày 24/11/2026 – 26/11/2026, máy chủ của tỉnh không đánh giá: tính là chưa xác định");
  expect(body).toMatch(/aria-label="30 ngày qua: [^"]*3 ngày máy chủ của tỉnh không đánh giá"/);
  expect(await page("/centres/xa-01")).not.toContain("không đánh giá");
});
