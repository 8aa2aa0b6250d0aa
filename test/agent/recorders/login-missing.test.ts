import { expect, test } from "vitest";
import { openDeviceSession } from "../../../agent/io/device-session.ts";
import type { LanHttp } from "../../../agent/io/lan-http.ts";
import { dahuaAsk } from "../../../agent/recorders/dahua.ts";
import { isapiGet } from "../../../agent/recorders/isapi-ask.ts";

const ways = { dahua: dahuaAsk, isapi: isapiGet } as const;

test.each([
  ["dahua", "viewer", 'Basic realm="Device_CGI"', "in clear"],
  ["isapi", "viewer", 'Basic realm="DVR"', "in clear"],
  ["dahua", undefined, 'Basic realm="Device_CGI"', "was not given"],
  ["isapi", undefined, 'Digest realm="DVR", nonce="1", qop="auth"', "was not given"],
] as const)("%s as %s, asked by %s: the password never goes out in clear, and the message says %s", async (way, user, challenge, said) => {
  const sent: string[] = [];
  const lanHttp: LanHttp = async (request) => {
    sent.push(JSON.stringify(request.headers));
    return { status: 401, headers: {}, challenges: [challenge], body: "" };
  };
  const session = openDeviceSession(lanHttp, { address: "10.9.9.33", port: 80, user, password: user && "right" }, AbortSignal.timeout(5_000));
  await expect(ways[way](session, "/")).rejects.toMatchObject({ trouble: "auth_failed", message: expect.stringContaining(said) });
  expect(sent.join()).not.toMatch(/authorization/i);
});
