import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { vietnamDay } from "#schemas/calendar.ts";
import { readConfig } from "../../collector/config.ts";
import { maintenanceFrom } from "../../collector/store/maintenance.ts";
import { openStore } from "../../collector/store/open.ts";
import { waiversFrom } from "../../collector/store/waivers.ts";
import { auditPage, peoplePage } from "../../collector/web/people-page.ts";
import { tokensPage } from "../../collector/web/tokens-page.ts";
import { waiversPage } from "../../collector/web/waiver-form.ts";
import { collectorCommand } from "../support/collector-command.ts";
import { requirePeer } from "../support/require-peer.ts";
import { MIGRATED } from "../support/run-server.ts";
import { samplePolicy } from "../support/sample-policy.ts";
import { type ServerDatabase, serverDatabase } from "../support/test-database.ts";

const today = vietnamDay(Date.now());
const FILL = `
  INSERT INTO incident (site_id, requirement, subject, state, began_at, opened_at)
    SELECT site_id, 'R05', 'part ' || n, 'open', now(), now() FROM site, generate_series(1, 501) n;
  INSERT INTO waiver (site_id, id, requirement, from_day, until_day, body, recorded_at) SELECT site_id, 'w-' || n, 'R01', '${today}', '${today}',
    jsonb_build_object('id', 'w-' || n, 'centre', 'xa-01', 'requirement', 'R01', 'reason', 'x', 'document', n::text, 'approver', 'y', 'from', '${today}', 'until', '${today}'), now()
    FROM site, generate_series(1, 1001) n;
  INSERT INTO maintenance (id, from_day, until_day, body, recorded_at) SELECT 'm-' || n, '${today}', '${today}',
    jsonb_build_object('id', 'm-' || n, 'mode', 'mute', 'from', '${today}', 'until', '${today}', 'start', '00:00', 'end', '00:00', 'reason', 'x', 'person', 'y'), now()
    FROM generate_series(1, 2001) n;
  INSERT INTO outbox (dedup_key, channel, recipient, body, created_at, next_try_at, state)
    SELECT 'd-' || n, 'smtp', 'x' || n, '{"kind": "opened"}', now(), now(), 'dead' FROM generate_series(1, 501) n;
  INSERT INTO person (person_id, login, name, roles, created_at) SELECT 'per-' || n, 'p' || n, 'P', '["viewer"]', now() FROM generate_series(1, 501) n;
  INSERT INTO api_token (token_id, token_sha256, name, role, created_by, created_at, expires_at)
    SELECT 'hcc_' || n, 'h' || n, 'T', 'viewer', 'x', now(), now() FROM generate_series(1, 501) n;`;

describe.skipIf(!requirePeer("postgres"))("a list of more rows than a page", () => {
  let postgres: ServerDatabase;
  const environment = () => ({ DATABASE_URL: postgres.url, HCC_LANG: "en", HCC_LOG_LEVEL: "silent" });
  const say = (...words: string[]) => collectorCommand(words, environment());

  beforeAll(async () => {
    postgres = await serverDatabase(MIGRATED);
    await postgres.psql("INSERT INTO site (centre_code, name, changed_at) VALUES ('xa-01', 'Xã Một', now())");
    await postgres.psql(FILL);
  }, 60_000);
  afterAll(() => postgres?.drop());

  it.each([
    ["waiver", ["--centre", "xa-01", "--requirement", "R05", "--document", "new", "--approver", "y"], "This centre has too many waivers"],
    ["maintenance", ["--mode", "mute", "--from", today, "--person", "y"], "Too many windows of announced work"],
  ])("takes no more of what is read whole: %s", async (name, words, refusal) => {
    const rows = () => postgres.psql(`SELECT count(*) FROM ${name} UNION ALL SELECT count(*) FROM audit`);
    const before = await rows();
    const { code, err } = await say(name, "add", ...words, "--reason", "x", "--until", today);
    expect(code).toBe(64);
    expect(err).toContain(refusal);
    expect(await rows()).toBe(before);
  });

  it.each([
    ["incidents", ["incidents", "list"], 501],
    ["waivers", ["waiver", "list"], 1_001],
    ["announced work", ["maintenance", "list"], 2_001],
    ["letters that were given up", ["notify", "dead"], 501],
    ["accounts", ["people", "list"], 501],
    ["tokens", ["token", "list"], 501],
  ])("says so of %s on the command line, with how many there are and how to read on", async (_, words, total) => {
    const seen = new Set<string>();
    const pages = Math.ceil(total / 500);
    const whole = total.toLocaleString("en");
    for (let page = 1; page <= pages; page++) {
      const { code, out, err } = await say(...words, "--page", String(page));
      const [from, to] = [(page - 1) * 500 + 1, Math.min(page * 500, total)].map((row) => row.toLocaleString("en"));
      expect([code, err]).toEqual([0, `Rows ${from} to ${to} of ${whole}.${page < pages ? `\nTo read on: --page ${page + 1}` : ""}`]);
      for (const line of out.split("\n")) seen.add(line);
    }
    expect(seen.size).toBe(total);
    expect(await say(...words, "--page", String(pages + 1))).toMatchObject({ code: 64, err: `--page: the list has ${pages} pages` });
    expect(await say(...words, "--page", "x")).toMatchObject({ code: 64 });
  });

  it.each([
    ["incidents", ["incidents", "list"], "incidents", 501],
    ["announced work", ["maintenance", "list"], "windows", 2_001],
  ])("says so in the JSON of %s", async (_, words, name, total) => {
    const { out, err } = await say(...words, "--json");
    const said = JSON.parse(out) as Record<string, unknown>;
    expect([said.page, said.total, (said[name] as unknown[]).length]).toEqual([1, total, 500]);
    expect(err).toContain("--page 2");
  });

  it("is read to its end by whoever holds messages back", async () => {
    const { db, close } = await openStore({ ...readConfig(environment()), connections: 1 });
    expect([(await waiversFrom(db, today)).length, (await maintenanceFrom(db, today)).length]).toEqual([1_001, 2_001]);
    await close();
  });
});

describe("a page of a list", () => {
  const frame = { lang: "vi", url: new URL("http://x/"), nowMs: 0, demo: false, policyTitle: "", phones: [] } as const;
  const state = { values: {}, errors: [] };
  const part = { page: 2, rows: [], total: 1_001 };
  const pages = {
    people: () => peoplePage(frame, part, state, "t"),
    tokens: () => tokensPage(frame, part, state, "t"),
    audit: () => auditPage(frame, part, { ok: true, rows: 0, first: 1, head: "" }),
    waivers: () => waiversPage(frame, samplePolicy, { part }, today, undefined),
  };

  it.each(Object.entries(pages))("of %s leads to those before and after it", async (name, page) => {
    const html = String(await page());
    expect(html).toContain(`<a href="/${name}?page=1">← Trang trước</a>`);
    expect(html).toContain(`<a href="/${name}?page=3">Còn 501 dòng nữa →</a>`);
  });

  it("of one centre's waivers stays with that centre", async () => {
    expect(String(await waiversPage(frame, samplePolicy, { centre: "xa-01", part }, today, undefined))).toContain('href="/waivers?centre=xa-01&amp;page=3"');
  });
});
