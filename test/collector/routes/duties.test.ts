import { beforeEach, expect, test } from "vitest";
import type { DutyRecord } from "#schemas/duty.ts";
import type { Person } from "#schemas/person.ts";
import { localPerson } from "../../../collector/auth/local-person.ts";
import { dutiesRoutes } from "../../../collector/routes/duties.ts";
import { formToken } from "../../../collector/web/form-token.ts";
import { calendar, NOW, plan } from "../../support/facts.ts";
import { guarded } from "../../support/guarded.ts";

const path = "/centres/xa-01/duties/R21";
const clerk: Person = { ...localPerson, id: "p1", login: "lan", name: "Nguyễn Thị Lan", roles: ["commune"], centre: "xa-01" };
let asker: Person | undefined;
let records: DutyRecord[];
let doers: string[];
let judged: string[];
const deps = {
  policy: plan,
  lang: "vi",
  demo: false,
  now: () => NOW,
  token: formToken("sample"),
  doer: () => ({ who: clerk.login, address: "10.0.0.1" }),
  deeds: {
    recordDuties: async ({ who }: { readonly who: string }, more: readonly DutyRecord[]) => {
      records.push(...more);
      doers.push(who);
      return [];
    },
  },
  changed: async (centres: readonly string[]) => void judged.push(...centres),
  calendarAt: () => calendar,
  store: {
    centreName: async (code: string) => (code === "xa-01" ? "Xã Chư Păh" : undefined),
    waiversFrom: async () => [],
    waiverPart: async (_day: string, _centre: string | undefined, page: number) => ({ page, rows: [], total: 0 }),
  },
  dutiesOf: async () => [...records].sort((a, b) => (a.at < b.at ? 1 : -1)),
} as const;
const app = guarded(dutiesRoutes(deps), deps, () => asker);
const here = { host: "collector.test", origin: "http://collector.test", "sec-fetch-site": "same-origin" };

beforeEach(() => {
  [asker, records, doers, judged] = [clerk, [], [], []];
});

async function opened(): Promise<{ cookie: string; token: string; html: string }> {
  const reply = await app.request(path);
  const html = await reply.text();
  return { html, cookie: reply.headers.get("set-cookie")?.split(";")[0] ?? "", token: /name="token" value="([^"]+)"/.exec(html)?.[1] ?? "" };
}

/** Opens the page, ticks and sends, as a browser does. */
async function tick(fields: Record<string, string>, headers: Record<string, string> = {}) {
  const { cookie, token } = await opened();
  return app.request(path, { method: "POST", body: new URLSearchParams({ token, ...fields }), headers: { ...here, cookie, ...headers } });
}

test("a clerk ticks what is done today; the account signs and is the doer, the centre is judged anew", async () => {
  const reply = await tick({
    "state-opening-round-2026-11-27": "done",
    "state-due-dossiers-2026-11-27": "skipped",
    "reason-due-dossiers-2026-11-27": "iGate không vào được",
    by: "Ai đó",
  });
  expect([reply.status, reply.headers.get("location")]).toEqual([303, `${path}?done`]);
  expect(records.map(({ id, ...rest }) => rest)).toEqual([
    { centre: "xa-01", requirement: "R21", duty: "opening-round", turn: "2026-11-27", state: "done", by: clerk.name, at: new Date(NOW).toISOString() },
    {
      centre: "xa-01",
      requirement: "R21",
      duty: "due-dossiers",
      turn: "2026-11-27",
      state: "skipped",
      reason: "iGate không vào được",
      by: clerk.name,
      at: new Date(NOW).toISOString(),
    },
  ]);
  expect(doers).toEqual(["lan"]);
  expect(judged).toEqual(["xa-01"]);
});

test("what was written is shown and can be withdrawn, not written over", async () => {
  await tick({ "state-opening-round-2026-11-27": "done" });
  const { html } = await opened();
  expect(html).toContain("ghi lúc 27/11/2026 10:00");
  expect(html).not.toContain('name="reason-opening-round-2026-11-27"');
  await tick({ "state-opening-round-2026-11-27": "withdrawn" });
  expect(records.map(({ state }) => state)).toEqual(["done", "withdrawn"]);
  expect((await opened()).html).toContain('name="state-opening-round-2026-11-27" value="done"');
});

test.each([
  ["skipped without a reason", { "state-opening-round-2026-11-27": "skipped" }, "reason-opening-round-2026-11-27", "Cần ghi lý do."],
  [
    "done without the proof that is asked for",
    { "state-monthly-report-2026-11-01": "done" },
    "proofSha256-monthly-report-2026-11-01",
    "Việc này cần mã SHA-256",
  ],
  [
    "a hash that is none",
    { "state-monthly-report-2026-11-01": "done", "proofSha256-monthly-report-2026-11-01": "xyz" },
    "proofSha256-monthly-report-2026-11-01",
    "Cần mã SHA-256: 64 ký tự",
  ],
])("%s is said at its field, and nothing of the form is kept", async (_, fields, field, sentence) => {
  const reply = await tick({ "state-due-dossiers-2026-11-27": "done", ...fields });
  const html = await reply.text();
  expect(reply.status).toBe(422);
  expect(html).toContain(`id="${field}-wrong">${sentence}`);
  expect(records).toEqual([]);
});

test("nothing chosen, a day that has not come and a duty that there is not keep nothing", async () => {
  for (const fields of [{}, { "state-opening-round-2026-11-30": "done" }, { "state-none-2026-11-27": "done" }, { "state-opening-round-2026-11-28": "done" }])
    expect((await tick(fields as Record<string, string>)).status).toBe(422);
  expect(records).toEqual([]);
});

test("a month's report is kept with the hash of its file", async () => {
  const hash = "AB".repeat(32);
  expect((await tick({ "state-monthly-report-2026-11-01": "done", "proofSha256-monthly-report-2026-11-01": ` ${hash} ` })).status).toBe(303);
  expect(records[0]).toMatchObject({ duty: "monthly-report", turn: "2026-11-01", proofSha256: hash.toLowerCase() });
});

test("without an account of its own this machine's person writes a name", async () => {
  asker = localPerson;
  expect((await tick({ "state-opening-round-2026-11-27": "done" })).status).toBe(422);
  expect((await tick({ "state-opening-round-2026-11-27": "done", by: "Trần Văn B" })).status).toBe(303);
  expect(records[0]?.by).toBe("Trần Văn B");
});

test.each([
  ["nobody", undefined, 303, 401],
  ["a viewer, who reads", { ...clerk, centre: undefined, roles: ["viewer"] }, 200, 403],
  ["an inspector, who reads", { ...clerk, centre: undefined, roles: ["inspector"] }, 200, 403],
  ["another commune", { ...clerk, centre: "xa-02" }, 404, 404],
] as const)("for %s the page is as the access table says, and has no form", async (_, person, reads, writes) => {
  const { cookie, token } = await opened();
  asker = person && ({ ...person, roles: [...person.roles] } as Person);
  const page = await app.request(path);
  expect(page.status).toBe(reads);
  expect(await page.text()).not.toContain('<form class="form"');
  const body = new URLSearchParams({ token, "state-opening-round-2026-11-27": "done" });
  expect((await app.request(path, { method: "POST", body, headers: { ...here, cookie } })).status).toBe(writes);
  expect(records).toEqual([]);
});

test("a form from elsewhere is refused", async () => {
  expect((await tick({ "state-opening-round-2026-11-27": "done" }, { "sec-fetch-site": "cross-site" })).status).toBe(403);
  expect((await tick({ "state-opening-round-2026-11-27": "done", token: "x" })).status).toBe(403);
  expect(records).toEqual([]);
});

test("requirements without periodic work and unknown centres have no page", async () => {
  asker = localPerson;
  expect((await app.request("/centres/xa-01/duties/R20")).status).toBe(404);
  expect((await app.request("/centres/xa-99/duties/R21")).status).toBe(404);
});
