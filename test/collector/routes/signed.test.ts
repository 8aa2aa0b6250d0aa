import { expect, it } from "vitest";
import { signatureHeaders } from "#schemas/exchange.ts";
import { bareApp } from "../../support/bare-app.ts";

const signed = { [signatureHeaders.agent]: "agt-0123456789abcdef", [signatureHeaders.nonce]: "n", [signatureHeaders.signature]: `${"A".repeat(86)}==` };

// Anybody can open a thousand requests of half a megabyte and never end them: what is kept of each must be nothing.
it.each<[string, string, Record<string, string>, string]>([
  ["that nobody signed", "/v1/batches", {}, "unsigned"],
  ["that is signed by an id that no agent has", "/v1/batches", signed, "key_unknown"],
  ["with an id that can be none", "/v1/leases", { ...signed, [signatureHeaders.agent]: "' OR 1=1" }, "unsigned"],
  ["for a new key", "/v1/key", signed, "key_unknown"],
])("of a request %s the body is not read, and the answer brings a nonce", async (_, path, headers, code) => {
  const request = new Request(`http://localhost${path}`, { method: "POST", headers, body: Buffer.alloc(500_000) });
  const reply = await bareApp().request(request);
  expect([reply.status, await reply.json(), request.bodyUsed]).toMatchObject([401, { code, nonce: expect.any(String) }, false]);
});
