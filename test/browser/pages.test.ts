import { createHash } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { axeViolations, looksRules, type TestBrowser, testBrowser } from "../support/browser.ts";
import { requirePeer } from "../support/require-peer.ts";
import { hostileName } from "../support/sample-province.ts";
import { type SampleSite, sampleSite } from "../support/sample-site.ts";

const paths = [
  "/",
  "/centres/xa-01",
  "/centres/xa-12",
  "/centres/xa-01/devices/printer-1",
  "/centres/xa-01/devices/CAM-02",
  `/centres/xa-01/devices/${encodeURIComponent(hostileName.slice(0, 128))}`,
  "/centres/none",
  "/waivers",
  "/centres/xa-01/waive/R05",
  "/centres/xa-01/attest/R07",
  "/centres/xa-01/duties/R21",
  "/reports",
  "/reports/compare?before=2026-10&after=2026-11",
  "/docs/api",
  "/v1/reports/2026-10/province.html",
  "/v1/reports/2026-10/centres/xa-01.html",
];
const phone = { viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true };
const colourful = ["/", "/centres/xa-01", "/centres/xa-01/devices/CAM-02", "/reports"];
const views = [
  ["a desktop", { viewport: { width: 1280, height: 900 } }, paths, undefined],
  ["a dark phone of 360 px", { ...phone, colorScheme: "dark" as const }, colourful, looksRules],
] as const;

describe.skipIf(!requirePeer("chromium-headless-shell"))("pages in a browser", () => {
  let site: SampleSite;
  let browser: TestBrowser;
  beforeAll(async () => {
    [site, browser] = await Promise.all([sampleSite(), testBrowser()]);
  });
  afterAll(async () => {
    await browser[Symbol.asyncDispose]();
    await site[Symbol.asyncDispose]();
  });

  test.each(views)("on %s: no complaint, nothing sideways, accessible", { timeout: 180_000 }, async (_, options, shown, rules) => {
    const { page, complaints } = await browser.open(site.url, options);
    for (const path of shown) {
      await page.goto(site.url + path, { waitUntil: "load" });
      await page.evaluate(`for (const details of document.querySelectorAll("details")) details.open = true`);
      expect(await axeViolations(page, rules), path).toEqual([]);
      // A place of a sentence that nobody filled stays visible; the page of the API writes places of its own.
      if (path !== "/docs/api") expect(await page.locator("body").textContent(), path).not.toMatch(/\{\w+\}/);
      expect(await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"), path).toBeLessThanOrEqual(0);
    }
    // The page that is not there is one error of the browser's own.
    expect(complaints.filter((line) => !line.includes("404"))).toEqual([]);
    await page.context().close();
  });

  test("on a phone of 360 px no page goes sideways", async () => {
    const { page } = await browser.open(site.url, phone);
    for (const path of paths) {
      await page.goto(site.url + path, { waitUntil: "load" });
      await page.evaluate(`for (const details of document.querySelectorAll("details")) details.open = true`);
      expect(await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"), path).toBeLessThanOrEqual(0);
    }
    await page.context().close();
  });

  test("on a phone of 360 px the evidence behind a finding stands within the page, with nothing to be moved sideways", async () => {
    const { page } = await browser.open(`${site.url}/centres/xa-01`, phone);
    await page.evaluate(`for (const details of document.querySelectorAll("details")) details.open = true`);
    const beyond = `[...document.querySelectorAll(".detail tbody *")].filter((one) => one.getBoundingClientRect().right > document.documentElement.clientWidth)`;
    expect(await page.evaluate(`document.querySelectorAll(".detail table").length`)).toBeGreaterThan(2);
    expect(await page.evaluate(`${beyond}.map((one) => one.textContent)`)).toEqual([]);
    await page.context().close();
  });

  test("on a phone a clerk ticks work that is done, and a proof file gives its hash and stays on the phone", async () => {
    const { page, complaints } = await browser.open(`${site.url}/centres/xa-01/duties/R21`, phone);
    const report = page.getByRole("group", { name: /Báo cáo kết quả thực hiện/ }).first();
    await report.getByLabel("Đã làm").check();
    await report.getByLabel(/Tệp chứng minh/).setInputFiles({ name: "bao-cao.pdf", mimeType: "application/pdf", buffer: Buffer.from("báo cáo") });
    const hash = createHash("sha256").update("báo cáo").digest("hex");
    await expect.poll(() => report.getByLabel(/Mã SHA-256/).inputValue()).toBe(hash);
    await page.getByLabel("Họ tên người ghi").fill("Trần Thị B");
    await page.getByRole("button", { name: "Lưu sổ" }).click();
    await page.getByText("Đã lưu vào sổ.").waitFor();
    expect(site.records).toMatchObject([{ duty: "monthly-report", state: "done", proofSha256: hash, by: "Trần Thị B" }]);
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  test("a technician finds a failing centre by its name without marks and reads why, in two steps", async () => {
    const { page, complaints } = await browser.open(`${site.url}/`);
    await page.getByRole("searchbox").fill("chu pah");
    await page.getByText("1 / 12 trung tâm").waitFor();
    expect(page.url()).toContain("q=chu+pah");
    await page.getByRole("link", { name: "Xã Chư Păh" }).first().click();
    await page.getByRole("heading", { level: 1, name: /Xã Chư Păh/ }).waitFor();
    await page.locator("#R01 summary").click();
    await page
      .getByRole("cell", { name: /Tốc độ tải xuống: 181 Mbps/ })
      .first()
      .waitFor();
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  test("from the province to a silent device in two clicks, with its state, since when and its history", async () => {
    const { page, complaints } = await browser.open(`${site.url}/`);
    await page.getByRole("link", { name: "Xã Chư Păh" }).first().click();
    await page.locator("#devices").getByRole("link", { name: "CAM-02" }).click();
    await page.getByRole("heading", { level: 1, name: "CAM-02 Không trả lời" }).waitFor();
    await page.getByText(/Ở trạng thái này từ 28\/11\/2026 05:00/).waitFor();
    await page.getByRole("img", { name: /15 ngày trả lời đủ/ }).waitFor();
    await page.getByRole("link", { name: "Xã Chư Păh" }).click();
    await page.getByRole("heading", { name: "Thiết bị", exact: true }).waitFor();
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  test("without scripts the filter is a plain form", async () => {
    const { page } = await browser.open(`${site.url}/`, { javaScriptEnabled: false });
    await page.getByRole("combobox", { name: "Trạng thái" }).selectOption("pending");
    await page.getByRole("button", { name: "Lọc" }).click();
    await page.getByText("1 / 12 trung tâm").waitFor();
    await page.context().close();
  });

  test("the language is switched by one link and stays", async () => {
    const { page } = await browser.open(`${site.url}/centres/xa-01`);
    await page.getByRole("link", { name: "English" }).click();
    await page.getByRole("heading", { name: "Requirements of the plan" }).waitFor();
    await page.getByRole("link", { name: "Province", exact: true }).first().click();
    await page.getByText("6 met, 1 not met, 5 undetermined / 12").waitFor();
    expect(await page.locator("html").getAttribute("lang")).toBe("en");
    await page.context().close();
  });

  test("the whole page can be walked with the keyboard, the first step leads past the head", async () => {
    const { page } = await browser.open(`${site.url}/centres/xa-01`);
    await page.keyboard.press("Tab");
    expect(await page.evaluate("document.activeElement.className")).toBe("skip");
    await page.keyboard.press("Enter");
    expect(await page.evaluate("location.hash")).toBe("#main");
    await page.locator("#R01 summary").focus();
    await page.keyboard.press("Enter");
    expect(await page.locator("#d-R01").getAttribute("open")).not.toBeNull();
    await page.context().close();
  });

  test("two tabs are live at once: the browser keeps nothing of the stream that the second would wait for", async () => {
    const leave = new AbortController();
    const { headers } = await fetch(`${site.url}/live`, { signal: leave.signal });
    expect([headers.get("content-type"), headers.get("cache-control")]).toEqual(["text/event-stream", "no-store"]);
    leave.abort();
  });

  test("a live page fetches itself again when a finding changed, and open details stay open", async () => {
    const { page } = await browser.open(`${site.url}/centres/xa-01`);
    await page.locator("#R01 summary").click();
    await page.waitForTimeout(300);
    await page.evaluate(`document.querySelector('[data-part="todo"]').textContent = "old"`);
    site.setRevision("2");
    await page.locator('[data-part="todo"] .todo').waitFor({ timeout: 10_000 });
    expect(await page.locator("#d-R01").getAttribute("open")).not.toBeNull();
    await page.context().close();
  });

  test("a live page whose reader's session has ended leads to the way in instead of showing old values under a new time", async () => {
    const { page } = await browser.open(`${site.url}/centres/xa-01`);
    await page.waitForTimeout(300);
    site.setSignedIn(false);
    site.setRevision("3");
    await page.waitForURL((url) => url.pathname === "/login" && url.search === "?next=%2Fcentres%2Fxa-01", { timeout: 10_000 });
    site.setSignedIn(true);
    await page.context().close();
  });

  test("a line that breaks is told with the time of the newest values, and a part under the reader's hand keeps its time", async () => {
    const { page } = await browser.open(`${site.url}/centres/xa-01`);
    const [status, told] = [page.locator(".live"), page.locator("body")];
    const again = (at: string) =>
      page.evaluate(
        `fetch(location.href).then((reply) => reply.text()).then(async (html) => { const real = fetch; window.fetch = async () => Object.defineProperty(new Response(html.replaceAll("28/11/2026 10:00", ${JSON.stringify(at)})), "url", { value: location.href }); await refresh(location.href); window.fetch = real; })`,
      );
    await again("28/11/2026 10:07");
    expect(await status.textContent()).toContain("28/11/2026 10:07");
    expect(await told.getAttribute("data-offline")).toContain("28/11/2026 10:07");
    await page.locator("#R01 summary").focus();
    await again("28/11/2026 10:09");
    expect(await status.textContent()).toContain("28/11/2026 10:07");
    await page.context().close();
  });

  test("a session that ends in the middle of a form loses nothing of what was typed", async () => {
    const { page } = await browser.open(`${site.url}/centres/xa-01/attest/R07`);
    await page.getByLabel("Ghi chú").fill("đã xem tại chỗ");
    await page.getByLabel("Họ tên người khai").fill("Trần Thị B");
    await page.getByLabel("Đúng", { exact: true }).first().check();
    site.setSignedIn(false);
    await page.getByRole("button", { name: "Lưu khai báo" }).click();
    await page.getByRole("heading", { name: "Phiên đăng nhập đã kết thúc" }).waitFor();
    expect(await page.getByRole("link", { name: "Đăng nhập ở thẻ mới" }).getAttribute("target")).toBe("_blank");
    site.setSignedIn(true);
    await page.goBack({ waitUntil: "load" });
    await page.getByRole("button", { name: "Lưu khai báo" }).click();
    await page.waitForURL(/\/centres\/xa-01#R07/);
    expect(site.attestations.at(-1)).toMatchObject({ note: "đã xem tại chỗ", by: "Trần Thị B", holds: true });
    await page.context().close();
  });

  test("a button that is pressed again while its form is on the way sends nothing twice", async () => {
    const { page } = await browser.open(`${site.url}/centres/xa-01/waive/R05`);
    const before = site.waivers.length;
    await page.getByLabel("Lý do").fill("Chờ thay ổ cứng");
    await page.getByLabel("Số văn bản").fill("124/UBND-VP");
    await page.getByLabel("Người phê duyệt").fill("Sở KH&CN");
    await page.getByLabel(/Đến hết ngày/).fill("2026-12-31");
    let sent = 0;
    await page.route("**/waive/R05", async (route) => {
      sent++;
      await new Promise((resolve) => setTimeout(resolve, 300));
      await route.continue();
    });
    await page.evaluate(`{ const button = document.querySelector("main button[type=submit]"); button.click(); setTimeout(() => button.click(), 120); }`);
    await page.getByText("Đã lưu miễn trừ.").waitFor();
    expect([sent, site.waivers.length - before]).toEqual([1, 1]);
    await page.context().close();
  });

  test("a waiver is filed in the browser; a wrong end is shown at its field", async () => {
    const { page, complaints } = await browser.open(`${site.url}/centres/xa-01/waive/R05`);
    await page.getByLabel("Lý do").fill("Chờ thay ổ cứng");
    await page.getByLabel("Số văn bản").fill("123/UBND-VP");
    await page.getByLabel("Người phê duyệt").fill("Sở KH&CN");
    await page.getByLabel(/Đến hết ngày/).fill("2026-11-01");
    await page.getByRole("button", { name: "Lưu miễn trừ" }).click();
    await page.getByRole("alert").waitFor();
    await page.getByLabel(/Đến hết ngày/).fill("2026-12-31");
    await page.getByRole("button", { name: "Lưu miễn trừ" }).click();
    await page.getByText("Đã lưu miễn trừ.").waitFor();
    expect(site.waivers.at(-1)).toMatchObject({ requirement: "R05", document: "123/UBND-VP", until: "2026-12-31" });
    expect(complaints.filter((line) => !line.includes("422"))).toEqual([]);
    await page.context().close();
  });

  test("hostile names run nothing and change no direction", async () => {
    const { page, complaints } = await browser.open(`${site.url}/centres/xa-01`);
    expect(
      await page.evaluate(
        `[...document.querySelectorAll("*")].flatMap((element) => element.getAttributeNames()).filter((name) => name.startsWith("on") || name === "style")`,
      ),
    ).toEqual([]);
    expect(await page.locator("script").count()).toBe(1);
    expect(await page.locator("img").count()).toBe(0);
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  test("printing leaves out what is for screens and keeps every requirement", async () => {
    const { page } = await browser.open(`${site.url}/centres/xa-01`);
    await page.emulateMedia({ media: "print" });
    expect(await page.locator(".top nav").isVisible()).toBe(false);
    expect(await page.getByText("In lúc 28/11/2026 10:00").isVisible()).toBe(true);
    for (const id of ["R01", "R02", "R05", "R07", "R10", "R15", "R16"]) expect(await page.locator(`#${id}`).isVisible(), id).toBe(true);
    expect((await page.pdf({ preferCSSPageSize: true })).length).toBeGreaterThan(10_000);
    await page.context().close();
  });
});
