import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { vietnamDay } from "#schemas/calendar.ts";
import { accessTable } from "../../collector/routes/access-table.ts";
import { monthBefore } from "../../collector/web/month-options.ts";
import { axeViolations, looksRules, type TestBrowser, testBrowser } from "../support/browser.ts";
import { type DemoSite, demoSite } from "../support/demo-site.ts";
import { requirePeer } from "../support/require-peer.ts";
import { serverDatabase } from "../support/test-database.ts";

/** Routes that answer a GET with something else than a page for people, or only whoever is halfway in (its form is that of /account/factor). */
const noPages =
  /^GET \/(health\/|metrics$|static\/|openapi\.json$|live$|login\/(sign-on|factor)|centres\.xlsx$|lists\/|v1\/(config|audit|centres|findings|comparisons))/;
const phone = { viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true };
/** Together: both languages, both schemes, both widths. What hangs on none of these is asked once. */
const looks = [
  ["Vietnamese, light, 1280 px", "vi", { viewport: { width: 1280, height: 900 }, colorScheme: "light" }, undefined],
  ["English, dark, 360 px", "en", { ...phone, colorScheme: "dark" }, looksRules],
] as const;

describe.skipIf(!requirePeer("chromium-headless-shell") || !requirePeer("postgres"))("every page of the collector over a simulated province", () => {
  let site: DemoSite;
  let browser: TestBrowser;
  let paths: Readonly<Record<string, string>>;
  beforeAll(async () => {
    [site, browser] = await Promise.all([serverDatabase().then((server) => demoSite(server, { centres: 6, days: 1 })), testBrowser()]);
    await site.server.psql(`
      INSERT INTO incident (site_id, requirement, subject, state, began_at, opened_at) SELECT site_id, 'R05', 'camera-1', 'open', now() - interval '5 hours', now() - interval '4 hours' FROM site;
      INSERT INTO waiver (site_id, id, requirement, from_day, until_day, body)
        SELECT site_id, id, 'R05', current_date, current_date + 9, withdrawn || jsonb_build_object('id', id, 'centre', centre_code, 'requirement', 'R05',
          'reason', 'Chờ thay ổ cứng', 'document', id, 'approver', 'lan', 'from', current_date, 'until', current_date + 9)
        FROM site, (VALUES ('w-stands', '{}'::jsonb), ('w-gone', '{"withdrawn": {"at": "2026-01-01T00:00:00Z", "by": "lan", "reason": "nhầm trung tâm"}}')) AS w(id, withdrawn)
        WHERE centre_code = (SELECT min(centre_code) FROM site);
      INSERT INTO maintenance (id, from_day, until_day, body, recorded_at) SELECT 'work-1', current_date, current_date + 1,
        jsonb_build_object('id', 'work-1', 'from', current_date, 'until', current_date + 1, 'start', '00:00', 'end', '00:00', 'mode', 'mute', 'reason', 'Thay bộ chuyển mạch', 'person', 'lan'), now()`);
    const [centre, incident, checked, duty] = (
      await site.server.psql(`SELECT min(centre_code), (SELECT max(incident_id) FROM incident),
        (SELECT r->>'id' FROM policy_version, jsonb_array_elements(body->'requirements') AS r WHERE r->'rule'->>'kind' = 'attested' LIMIT 1),
        (SELECT r->>'id' FROM policy_version, jsonb_array_elements(body->'requirements') AS r WHERE r->'rule'->>'kind' = 'checklist' LIMIT 1) FROM site`)
    ).split("|");
    const device = await site.server.psql(`SELECT devices->0->>'id' FROM site WHERE centre_code = '${centre}'`);
    const month = vietnamDay(Date.now()).slice(0, 7);
    paths = {
      "GET /docs/api": "/docs/api",
      "GET /login": "/login",
      "GET /password": "/password?token=unknown",
      "GET /account": "/account",
      "GET /account/factor": "/account/factor",
      "GET /people": "/people",
      "GET /tokens": "/tokens",
      "GET /audit": "/audit",
      "GET /": "/",
      "GET /centres/:code": `/centres/${centre}`,
      "GET /centres/:code/devices/:device": `/centres/${centre}/devices/${device}`,
      "GET /reports": "/reports",
      "GET /reports/compare": `/reports/compare?before=${monthBefore(month, 1)}&after=${month}`,
      "GET /v1/reports/:month/:file": `/v1/reports/${month}/province.html`,
      "GET /v1/reports/:month/centres/:file": `/v1/reports/${month}/centres/${centre}.html`,
      "GET /v1/evidence/:file": `/v1/evidence/${centre}.link.html`,
      "GET /incidents": "/incidents",
      "GET /incidents/:id": `/incidents/${incident}`,
      "GET /maintenance": "/maintenance",
      "GET /enrolment": "/enrolment",
      "GET /centres/:code/enrol": `/centres/${centre}/enrol`,
      "GET /centres/:code/lost-pc": `/centres/${centre}/lost-pc`,
      "GET /waivers": "/waivers",
      "GET /lists": "/lists",
      "GET /centres/:code/waive/:requirement": `/centres/${centre}/waive/R05`,
      "GET /centres/:code/withdraw/:waiver": `/centres/${centre}/withdraw/w-stands`,
      "GET /centres/:code/attest/:requirement": `/centres/${centre}/attest/${checked}`,
      "GET /centres/:code/duties/:requirement": `/centres/${centre}/duties/${duty}`,
    };
  }, 180_000);
  afterAll(async () => {
    await browser?.[Symbol.asyncDispose]();
    await site?.[Symbol.asyncDispose]();
  });

  test("is in the list below", () => {
    expect(Object.keys(paths).sort()).toEqual(
      Object.keys(accessTable)
        .filter((route) => route.startsWith("GET ") && !noPages.test(route))
        .sort(),
    );
  });

  test("signed in: open, filter, drill down to a device, file a waiver, print, switch language", { timeout: 120_000 }, async () => {
    const { page, complaints } = await browser.open(`${site.url}/login`, { viewport: { width: 1280, height: 900 } });
    await page.context().addCookies([{ name: "hcc-session", value: site.session, domain: new URL(site.url).hostname, path: "/" }]);
    await page.goto(`${site.url}/?state=fail`, { waitUntil: "load" });
    const links = page.locator("table.centres th a, table.centres td a").filter({ hasText: "Xã" });
    const failing = await links.count();
    expect(failing).toBeGreaterThan(0);
    await page.goto(site.url, { waitUntil: "load" });
    expect(await links.count()).toBeGreaterThan(failing);

    const name = (await links.first().textContent()) ?? "";
    await links.first().click();
    await page.waitForURL(/\/centres\/[^/]+$/);
    expect(await page.locator("h1").textContent()).toContain(name);
    const centre = page.url();
    expect((await page.pdf({ preferCSSPageSize: true })).length).toBeGreaterThan(10_000);
    await page.locator("#devices ul.devices a").first().click();
    await page.waitForURL(/\/devices\//);

    await page.goto(`${centre}/waive/R05`, { waitUntil: "load" });
    await page.getByLabel("Lý do").fill("Chờ thay ổ cứng");
    await page.getByLabel("Số văn bản").fill("123/UBND-VP");
    await page.getByLabel(/Đến hết ngày/).fill(vietnamDay(Date.now() + 30 * 86_400_000));
    await page.getByRole("button", { name: "Lưu miễn trừ" }).click();
    await page.waitForURL((url) => !url.pathname.includes("/waive/"));
    await page.goto(centre, { waitUntil: "load" });
    await page.getByRole("link", { name: "Cấp mã đăng ký máy" }).click();
    await page.getByRole("button", { name: "Cấp mã" }).click();
    await page.getByRole("heading", { name: "Phiếu cài máy tính cổng" }).waitFor();
    expect(await page.locator("main").textContent()).toMatch(/sudo hcc-agent enrol [0-9A-Z-]{41} --collector http/);
    expect([page.url(), await axeViolations(page)]).toEqual([`${centre}/enrol`, []]);
    await page.goto(`${site.url}/waivers`, { waitUntil: "load" });
    expect(await page.locator("main").textContent()).toContain("123/UBND-VP");
    await page.getByRole("link", { name: "English" }).click();
    await page.waitForLoadState("load");
    expect(await page.locator("html").getAttribute("lang")).toBe("en");
    expect(complaints.filter((line) => !line.includes("404"))).toEqual([]);
    await page.context().close();
  });

  // In the narrow look alone: what a list says of a page's width is said there.
  test.each(looks.slice(-1))(
    "%s: a list is handed in, its faults and its changes are shown, and these are taken",
    { timeout: 120_000 },
    async (_, lang, options, rules) => {
      const { page, complaints } = await browser.open(`${site.url}/login?lang=${lang}`, options);
      await page.context().addCookies([{ name: "hcc-session", value: site.session, domain: new URL(site.url).hostname, path: "/" }]);
      const sound = async (what: string) => {
        expect.soft(await axeViolations(page, rules), what).toEqual([]);
        expect.soft(await page.locator("body").textContent(), what).not.toMatch(/\{\w+\}/);
        expect.soft(await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"), what).toBeLessThanOrEqual(0);
      };
      // One whose devices no other test opens.
      const centre = await site.server.psql("SELECT max(centre_code) FROM site");
      const hand = async (rows: string) => {
        await page.locator("input[value=devices]").check();
        await page
          .locator("input[type=file]")
          .setInputFiles({ name: "thiet-bi.csv", mimeType: "text/csv", buffer: Buffer.from(`centre,id,role,name\n${rows}`) });
        await page.locator("form button").click();
        await page.waitForLoadState("load");
      };
      await page.goto(`${site.url}/lists`, { waitUntil: "load" });
      await hand("nowhere,p-1,printer,\n");
      expect(await page.locator("[role=alert]").textContent()).toContain("“nowhere”");
      await sound("refused");
      await hand(`${centre},p-${lang},printer,<i>A</i>${"x".repeat(90)}\n`);
      expect(await page.locator(".news").first().textContent()).toContain(`p-${lang}: `);
      await sound("changes");
      await page.locator("form button").click();
      await page.waitForURL(/\/lists\?done=devices$/);
      await sound("taken");
      expect(await site.server.psql(`SELECT devices->0->>'id' FROM site WHERE centre_code = '${centre}'`)).toBe(`p-${lang}`);
      // A refused form has a status of its own, which the browser notes.
      expect(complaints.filter((line) => !line.includes("422"))).toEqual([]);
      await page.context().close();
    },
  );

  test.each(looks)("%s: opens, is accessible, has nothing sideways and asks nobody else", { timeout: 180_000 }, async (_, lang, options, rules) => {
    const { page, complaints } = await browser.open(`${site.url}/login?lang=${lang}`, options);
    const host = new URL(site.url).hostname;
    for (const [route, path] of Object.entries(paths)) {
      // Who has signed in is led past the login.
      const cookies = [{ name: "hcc-session", value: site.session, domain: host, path: "/" }];
      await page.context().clearCookies({ name: "hcc-session" });
      if (route !== "GET /login" && route !== "GET /password") await page.context().addCookies(cookies);
      const answer = await page.goto(site.url + path, { waitUntil: "load" });
      expect(answer?.status(), route).toBe(200);
      expect(await page.locator("html").getAttribute("lang"), route).toBe(lang);
      await page.evaluate(`for (const details of document.querySelectorAll("details")) details.open = true`);
      expect.soft(await axeViolations(page, rules), route).toEqual([]);
      // A place of a sentence that nobody filled stays visible; the page of the API writes places of its own.
      if (route !== "GET /docs/api") expect.soft(await page.locator("body").textContent(), route).not.toMatch(/\{\w+\}/);
      expect.soft(await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"), route).toBeLessThanOrEqual(0);
    }
    expect(complaints.filter((line) => !line.includes("404"))).toEqual([]);
    await page.context().close();
  });
});
