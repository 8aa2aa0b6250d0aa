import { type Context, Hono } from "hono";
import { expect, it } from "vitest";
import { browserCookies } from "../../../collector/auth/browser-cookies.ts";
import { formToken } from "../../../collector/web/form-token.ts";

const key = "one secret for all that browsers hand back";
const cookies = browserCookies({ secure: false, key });

/** What a handler says to a request with these cookies, and the cookies that it sets. */
async function asked(cookie: string, handler: (c: Context) => string | undefined) {
  const reply = await new Hono().get("/", (c) => c.text(handler(c) ?? "")).request("/", { headers: { cookie } });
  return { said: await reply.text(), set: reply.headers.getSetCookie().map((line) => line.split(";")[0] ?? "") };
}

it("a browser that has signed in as a login is known again as that login's alone", async () => {
  const { set } = await asked("", (c) => {
    cookies.setDevice(c, "lan");
    return undefined;
  });
  const [device = ""] = set;
  expect((await asked(device, (c) => cookies.device(c, " Lan "))).said).toMatch(/^[\w-]{22}$/);
  expect((await asked(device, (c) => cookies.device(c, "hoa"))).said).toBe("");
  expect((await asked(device.replace(/=./, "=_"), (c) => cookies.device(c, "lan"))).said).toBe("");
});

// The form's cookie is whatever a browser sends: its token must be of no use anywhere else, or whoever guesses passwords counts as a known browser anew with each try.
it.each(["device lan AAAAAAAAAAAAAAAAAAAAAA", "device lan 1"])("the token of a form seals nothing else: %s", async (chosen) => {
  const { said: token } = await asked(`hcc-form=${encodeURIComponent(chosen)}`, (c) => formToken(key).issue(c));
  expect(token).toMatch(/^[\w-]{43}$/);
  const nonce = chosen.split(" ")[2];
  expect((await asked(`hcc-device=${nonce}.${token}`, (c) => cookies.device(c, "lan"))).said).toBe("");
});
