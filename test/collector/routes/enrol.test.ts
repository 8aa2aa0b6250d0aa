import { expect, it } from "vitest";
import { readConfig } from "../../../collector/config.ts";
import { bareApp } from "../../support/bare-app.ts";

const config = readConfig({ HCC_LOG_LEVEL: "silent", HCC_TRUSTED_PROXIES: "10.9.0.1" });

/** Asks to be enrolled from an address, by way of a proxy where one is named. Gives the status: 422 for what is no request to enrol, 429 for one too many. */
function enrolling(app = bareApp({ config })) {
  return async (remoteAddress: string, forwarded?: string): Promise<number> => {
    const headers = { "content-type": "application/json", ...(forwarded !== undefined && { "x-forwarded-for": forwarded }) };
    return (await app.request("/v1/enrol", { method: "POST", headers, body: "{}" }, { incoming: { socket: { remoteAddress } } })).status;
  };
}

const tries = async (times: number, once: () => Promise<number>) => {
  for (let at = 1; at < times; at++) await once();
  return once();
};

it("a stranger who tries without end is slowed down and keeps nobody else from enrolling", async () => {
  const ask = enrolling();
  expect(await tries(120, () => ask("203.0.113.7"))).toBe(422);
  expect(await ask("203.0.113.7")).toBe(429);
  expect(await ask("198.51.100.20")).toBe(422);
});

it("a whole /64 counts as one, and behind the province's own proxy each client for itself, whatever it says of itself", async () => {
  const ask = enrolling();
  let count = 0;
  expect(await tries(121, () => ask(`2001:db8::${(count++).toString(16)}:2:3:4`))).toBe(429);
  expect(await ask("2001:db8:0:2::1")).toBe(422);
  expect(await tries(121, () => ask("10.9.0.1", `192.0.2.${count++ % 250}, 203.0.113.9`))).toBe(429);
  expect(await ask("10.9.0.1", "198.51.100.4")).toBe(422);
});
