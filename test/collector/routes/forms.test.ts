import { expect, test } from "vitest";
import type { Person } from "#schemas/person.ts";
import { localPerson } from "../../../collector/auth/local-person.ts";
import { attestRoutes } from "../../../collector/routes/attest.ts";
import { waiverRoutes } from "../../../collector/routes/waiver.ts";
import { formToken } from "../../../collector/web/form-token.ts";
import { guarded } from "../../support/guarded.ts";
import { memoryForms } from "../../support/memory-forms.ts";
import { samplePolicy } from "../../support/sample-policy.ts";
import { hostileName, sampleNowMs } from "../../support/sample-province.ts";

const { waivers, attestations, store, ...forms } = memoryForms();
const changed: string[] = [];
let asker: Person | undefined = localPerson;
const deps = {
  policy: samplePolicy,
  lang: "vi",
  demo: false,
  now: () => sampleNowMs,
  token: formToken("sample"),
  ...forms,
  changed: async (centres: readonly string[]) => void changed.push(...centres),
  store: {
    centreName: async (code: string) => (code === "xa-01" ? "Xã Chư Păh" : undefined),
    ...store,
  },
} as const;
const app = guarded(waiverRoutes(deps).route("/", attestRoutes(deps)), deps, () => asker);
const here = { host: "collector.test", origin: "http://collector.test", "sec-fetch-site": "same-origin" };

/** Opens a form as a browser does and gives what it needs to send it. */
async function opened(path: string): Promise<{ cookie: string; token: string; html: string }> {
  const reply = await app.request(path);
  const html = await reply.text();
  return { html, cookie: reply.headers.get("set-cookie")?.split(";")[0] ?? "", token: /name="token" value="([^"]+)"/.exec(html)?.[1] ?? "" };
}

function send(path: string, fields: Record<string, string>, headers: Record<string, string>) {
  return app.request(path, { method: "POST", body: new URLSearchParams(fields), headers: { ...here, ...headers } });
}

const waive = "/centres/xa-01/waive/R05";
const good = { reason: "Chờ thay ổ cứng", document: "123/UBND-VP", approver: "Sở KH&CN", from: "2026-11-28", until: "2026-12-31" };

test("a waiver is filed, the centre judged anew, and the reader sent to the list", async () => {
  const { cookie, token } = await opened(waive);
  const reply = await send(waive, { ...good, token }, { cookie });
  expect([reply.status, reply.headers.get("location")]).toEqual([303, "/waivers?done=filed"]);
  expect(waivers.at(-1)).toMatchObject({ ...good, centre: "xa-01", requirement: "R05" });
  expect(changed).toContain("xa-01");
  const page = await (await app.request("/waivers?done=filed")).text();
  expect(page).toContain("còn 34 ngày");
  expect(page).toContain("Đã lưu miễn trừ.");
});

test("a second waiver that says the same is refused at its document", async () => {
  const before = waivers.length;
  const { cookie, token } = await opened(waive);
  const reply = await send(waive, { ...good, token }, { cookie });
  expect(reply.status).toBe(422);
  expect(await reply.text()).toContain("Đã có miễn trừ giống hệt: cùng trung tâm, nội dung, ngày hết hạn và số văn bản.");
  expect(waivers).toHaveLength(before);
});

test("a waiver is withdrawn with a reason, its centre judged anew, and it can be filed again", async () => {
  const id = waivers.at(-1)?.id ?? "";
  const withdraw = `/centres/xa-01/withdraw/${id}`;
  expect(await (await app.request("/waivers")).text()).toContain(`href="${withdraw}"`);
  const { cookie, token, html } = await opened(withdraw);
  expect(html).toContain("123/UBND-VP");

  const silent = await send(withdraw, { by: "Thanh tra A", reason: " ", token }, { cookie });
  expect([silent.status, waivers.at(-1)?.withdrawn]).toEqual([422, undefined]);
  changed.length = 0;
  const reply = await send(withdraw, { by: "Thanh tra A", reason: `nhầm trung tâm ${hostileName}`, token }, { cookie });
  expect([reply.status, reply.headers.get("location"), changed]).toEqual([303, "/waivers?done=withdrawn", ["xa-01"]]);
  expect(waivers.at(-1)?.withdrawn).toMatchObject({ at: new Date(sampleNowMs).toISOString(), by: "Thanh tra A" });

  const page = await (await app.request("/waivers?done=withdrawn")).text();
  expect(page).toMatch(/đã thu hồi 28\/11\/2026 \d\d:\d\d: nhầm trung tâm .* – Thanh tra A/);
  expect(page).not.toContain(hostileName);
  expect(page).not.toContain(`href="${withdraw}"`);
  // Nothing is left to withdraw, and the same may be filed.
  expect((await app.request(withdraw)).status).toBe(404);
  expect((await send(withdraw, { by: "A", reason: "x", token }, { cookie })).status).toBe(404);
  const again = await opened(waive);
  expect((await send(waive, { ...good, token: again.token }, { cookie: again.cookie })).status).toBe(303);
});

test("a waiver is withdrawn by its own centre's address alone, and by whoever may waive", async () => {
  const id = waivers.at(-1)?.id ?? "";
  expect((await app.request(`/centres/xa-02/withdraw/${id}`)).status).toBe(404);
  const person = (roles: Person["roles"]) => ({ ...localPerson, id: "p-1", name: "Người đọc", roles });
  for (const [roles, status] of [
    [["viewer"], 403],
    [["operator"], 403],
    [["commune"], 403],
    [["inspector"], 200],
  ] as const) {
    asker = person([...roles]);
    expect((await app.request(`/centres/xa-01/withdraw/${id}`)).status, roles[0]).toBe(status);
    const list = await (await app.request("/waivers")).text();
    expect(list.includes(`/withdraw/${id}`), roles[0]).toBe(status === 200);
    expect(list.includes("Thanh tra A"), roles[0]).toBe(roles[0] === "inspector" || roles[0] === "operator");
  }
  asker = localPerson;
});

test("a fault stands at its field, what was typed is still there, and nothing is kept", async () => {
  const before = waivers.length;
  const { cookie, token } = await opened(waive);
  const reply = await send(waive, { ...good, token, until: "2026-11-01", reason: hostileName }, { cookie });
  const html = await reply.text();
  expect(reply.status).toBe(422);
  expect(html).toContain('aria-invalid="true" aria-describedby="until-hint until-wrong"');
  expect(html).toContain("Ngày hết hạn phải từ ngày bắt đầu trở đi.");
  expect(html).toContain("&lt;script&gt;");
  expect(html).not.toContain("<script>alert");
  expect(waivers).toHaveLength(before);
});

test.each([
  ["another origin", { "sec-fetch-site": "cross-site" }],
  ["a sibling host", { "sec-fetch-site": "same-site" }],
  ["an old browser with a foreign origin", { "sec-fetch-site": "", origin: "http://evil.test" }],
])("a form sent from %s is refused", async (_, headers) => {
  const { cookie, token } = await opened(waive);
  const sent = Object.fromEntries(Object.entries({ ...headers, cookie }).filter(([, value]) => value !== ""));
  const reply = await app.request(waive, { method: "POST", body: new URLSearchParams({ ...good, token }), headers: { host: here.host, ...sent } });
  expect(reply.status).toBe(403);
});

test.each([
  ["no token", (token: string) => ({ cookie: true, token: token.slice(0, 0) })],
  ["a token of another browser", (token: string) => ({ cookie: false, token })],
  ["an invented token", (token: string) => ({ cookie: true, token: "A".repeat(token.length) })],
])("a form with %s is refused", async (_, change) => {
  const { cookie, token } = await opened(waive);
  const changedForm = change(token);
  const reply = await send(waive, { ...good, token: changedForm.token }, { cookie: changedForm.cookie ? cookie : "hcc-form=other" });
  expect(reply.status).toBe(403);
});

test.each([
  ["nobody", undefined, 303, 303],
  ["a viewer", { ...localPerson, roles: ["viewer"] }, 403, 403],
  ["whose work it would make look better", { ...localPerson, roles: ["operator"] }, 403, 200],
  ["the commune itself", { ...localPerson, roles: ["commune"], centre: "xa-01" }, 403, 200],
  ["another commune", { ...localPerson, roles: ["commune"], centre: "xa-02" }, 403, 404],
] as const)("for %s the forms open as the access table says, and nothing is taken without a token", async (_, person, waiveStatus, attestStatus) => {
  asker = person && { ...person, roles: [...person.roles] };
  const before = [waivers.length, attestations.length];
  expect((await app.request(waive)).status).toBe(waiveStatus);
  expect((await app.request("/centres/xa-01/attest/R07")).status).toBe(attestStatus);
  for (const path of [waive, "/centres/xa-01/attest/R07"]) expect((await send(path, good, {})).status).toBeGreaterThanOrEqual(401);
  expect([waivers.length, attestations.length]).toEqual(before);
  asker = localPerson;
});

test("unknown centres and requirements have no form", async () => {
  for (const path of ["/centres/xa-99/waive/R05", "/centres/xa-01/waive/R99", "/centres/xa-01/attest/R16"])
    expect((await app.request(path)).status, path).toBe(404);
});

test("each answered item becomes one statement, with the name and the time of now", async () => {
  const path = "/centres/xa-01/attest/R07";
  const { cookie, token } = await opened(path);
  const reply = await send(
    path,
    { token, "item-reception": "yes", "item-waiting": "no", "item-priority": "", by: "Trần Thị B", post: "Giám đốc", document: "", note: "" },
    { cookie },
  );
  expect([reply.status, reply.headers.get("location")]).toEqual([303, "/centres/xa-01#R07"]);
  expect(attestations.map(({ item, holds, by, post, inspector, at }) => ({ item, holds, by, post, inspector, at }))).toEqual([
    { item: "reception", holds: true, by: "Trần Thị B", post: "Giám đốc", inspector: false, at: "2026-11-28T03:00:00.000Z" },
    { item: "waiting", holds: false, by: "Trần Thị B", post: "Giám đốc", inspector: false, at: "2026-11-28T03:00:00.000Z" },
  ]);
});

test("a declaration without an answer or without a name is not taken", async () => {
  const path = "/centres/xa-01/attest/R07";
  const { cookie, token } = await opened(path);
  expect(await (await send(path, { token, by: "B" }, { cookie })).text()).toContain("Cần khai ít nhất một mục hoặc một số.");
  expect(await (await send(path, { token, by: "", "item-waiting": "yes" }, { cookie })).text()).toContain('id="by-wrong"');
});

test("a body of more than 32 kB is not read", async () => {
  const { cookie, token } = await opened(waive);
  expect((await send(waive, { ...good, token, reason: "a".repeat(40_000) }, { cookie })).status).toBe(413);
});
