import { expect, test } from "vitest";
import { CentreReply, CentresReply, FindingsReply } from "#schemas/read-api.ts";
import { centresRoutes } from "../../../collector/routes/centres.ts";
import { findingsRoutes } from "../../../collector/routes/findings.ts";
import { openApiDocument, openApiRoutes } from "../../../collector/routes/openapi.ts";
import { operations } from "../../../collector/routes/operations.ts";
import { pageRoutes } from "../../../collector/routes/page.ts";
import { sharedProvince } from "../../../collector/web/shared-province.ts";
import { calendar } from "../../support/facts.ts";
import { samplePolicy } from "../../support/sample-policy.ts";
import { sampleFindings, sampleNowMs, sampleStore } from "../../support/sample-province.ts";

const now = () => sampleNowMs;
const asked: unknown[] = [];
const findings = findingsRoutes({
  now,
  store: {
    findings: async (query) => {
      asked.push(query);
      return sampleFindings(0).slice(0, query.limit);
    },
    findingsAsOf: async (query, atMs) => {
      asked.push({ ...query, atMs });
      return sampleFindings(0).slice(0, query.limit);
    },
  },
});
const policy = samplePolicy;
const province = sharedProvince(sampleStore, policy);
const centres = centresRoutes({ store: sampleStore, province, policy, calendarAt: () => calendar, now });

test("the centres are the same figures as on the page, in the shape that the document promises", async () => {
  const reply = CentresReply.parse(await (await centres.request("/v1/centres")).json());
  expect(reply.tally).toMatchObject({ total: 12, pass: 6, fail: 1 });
  expect(reply.centres[0]).toMatchObject({ code: "xa-01", state: "fail" });
});

test("what asks for the centres again and again shares the province with the pages, and is told as of when it stands", async () => {
  let read = 0;
  let nowMs = sampleNowMs;
  const store = { ...sampleStore, province: (...asked: Parameters<typeof sampleStore.province>) => sampleStore.province(...asked).finally(() => read++) };
  const deps = { store, province: sharedProvince(store, policy), policy, calendarAt: () => calendar, now: () => nowMs } as const;
  const both = centresRoutes(deps).route("/", pageRoutes({ ...deps, lang: "vi", demo: false }));
  await both.request("/");
  nowMs += 2_000;
  const replies = await Promise.all(Array.from({ length: 5 }, async () => CentresReply.parse(await (await both.request("/v1/centres")).json())));
  expect([read, new Set(replies.map(({ at }) => at))]).toEqual([1, new Set([new Date(sampleNowMs).toISOString()])]);
});

test("one centre has its findings and changes; an unknown one is a problem", async () => {
  const reply = CentreReply.parse(await (await centres.request("/v1/centres/xa-01")).json());
  expect(reply.findings).toHaveLength(7);
  const missing = await centres.request("/v1/centres/xa-99");
  expect([missing.status, await missing.json()]).toMatchObject([404, { code: "centre_unknown" }]);
});

test("the ledger of a centre stands side by side, without addresses and serial numbers", async () => {
  const text = await (await centres.request("/v1/centres/xa-01")).text();
  const { assets } = CentreReply.parse(JSON.parse(text));
  expect(assets.map(({ state, device, declared, found }) => [state, device, declared, found])).toEqual([
    ["missing", "scanner-1", true, false],
    ["replaced", "printer-1", true, true],
    ["duplicate", "copier-1", true, false],
    ["extra", undefined, false, true],
    ["declared_only", "display-1", true, false],
    ["matched", "pc-1", true, false],
  ]);
  expect(assets[2]).toMatchObject({ sameAs: "printer-1" });
  expect(assets[3]).toMatchObject({ vendor: "Epson", model: "L3250", lastDay: "2026-11-26" });
  expect(text).not.toMatch(/10\.0\.0\.|hash [0-9a-f]/);
});

test("no name of staff leaves by the API", async () => {
  for (const app of [centres, findings])
    for (const path of ["/v1/centres/xa-01", "/v1/findings"]) expect(await (await app.request(path)).text()).not.toContain("Nguyễn Văn A");
});

test("findings are filtered and paged; the next page is named", async () => {
  const reply = FindingsReply.parse(await (await findings.request("/v1/findings?centre=xa-01&state=fail&limit=2")).json());
  expect(asked.at(-1)).toEqual({ centre: "xa-01", state: "fail", limit: 2 });
  expect(reply.next).toBe("xa-01:R02");
  expect(FindingsReply.parse(await (await findings.request("/v1/findings?after=xa-01:R02")).json())).not.toHaveProperty("next");
});

test.each([
  ["an instant", "2026-10-15T00:00:00.000Z", "2026-10-15T00:00:00.000Z"],
  ["one without milliseconds", "2026-10-15T00:00:00Z", "2026-10-15T00:00:00.000Z"],
  ["one with the offset of Viet Nam", "2026-10-15T07:00:00%2B07:00", "2026-10-15T00:00:00.000Z"],
  ["a Vietnam day, which stands for its end", "2026-10-15", "2026-10-15T16:59:59.999Z"],
])("what was known is asked of %s, as on the command line", async (_, said, at) => {
  const reply = FindingsReply.parse(await (await findings.request(`/v1/findings?asOf=${said}`)).json());
  expect([reply.at, asked.at(-1)]).toEqual([at, expect.objectContaining({ atMs: Date.parse(at) })]);
});

test.each(["state=green", "limit=0", "limit=100000", "centre=../x", "after=x", "unknown=1", "asOf=2026-02-30", "asOf=2026-10-15T00:00:00", "asOf=2099-01-01"])(
  "a wrong filter (%s) is a problem that names it",
  async (query) => {
    const reply = await findings.request(`/v1/findings?${query}`);
    expect(reply.status).toBe(422);
    expect(await reply.json()).toMatchObject({ code: "query_invalid" });
  },
);

test("the document's references all lead somewhere", () => {
  const document = openApiDocument();
  const references = [...JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g)].map(([, reference]) => reference);
  expect(references.length).toBeGreaterThan(20);
  for (const reference of references) expect(Object.keys(document.components.schemas)).toContain(reference?.replace("#/components/schemas/", ""));
});

test("each operation stands in the document and on the page for readers", async () => {
  const document = openApiDocument();
  const html = await (await openApiRoutes({ policy: samplePolicy, lang: "vi", demo: false, now }).request("/docs/api")).text();
  for (const { method, path } of operations) {
    expect(Object.keys(document.paths[path] ?? {})).toContain(method);
    expect(html).toContain(`<code>${method.toUpperCase()} ${path}</code>`);
  }
});
