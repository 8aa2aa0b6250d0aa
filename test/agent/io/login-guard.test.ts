import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, it } from "vitest";
import { openDeviceSession } from "../../../agent/io/device-session.ts";
import { lanHttp } from "../../../agent/io/lan-http.ts";
import { LoginGuard } from "../../../agent/io/login-guard.ts";

const login = { address: "192.0.2.9", port: 80, service: "ISAPI", user: "watch", password: "wrong" };
const HOUR_MS = 3_600_000;

it("lets a refused login rest for longer each time, and forgets it once it is taken", () => {
  let nowMs = 0;
  const guard = new LoginGuard(() => nowMs);
  const rests = (ms: number) => {
    guard.refused(login);
    nowMs += ms - 1;
    expect(() => guard.check(login)).toThrow("asked again in 1 minutes");
    nowMs += 1;
    expect(() => guard.check(login)).not.toThrow();
  };
  for (const hours of [1, 4, 24, 24]) rests(hours * HOUR_MS);
  guard.accepted(login);
  rests(HOUR_MS);
});

it.each([
  ["another password", { password: "right" }],
  ["another user", { user: "admin" }],
  ["another service, which has users of its own", { service: "onvif" }],
  ["another device", { address: "192.0.2.10" }],
])("does not hold back %s", (_name, over) => {
  const guard = new LoginGuard(() => 0);
  guard.refused(login);
  expect(() => guard.check({ ...login, ...over })).not.toThrow();
});

it("remembers only so many", () => {
  const guard = new LoginGuard(() => 0);
  for (let index = 0; index <= 1_000; index++) guard.refused({ ...login, user: `user-${index}` });
  expect(() => guard.check({ ...login, user: "user-0" })).not.toThrow();
  expect(() => guard.check({ ...login, user: "user-1000" })).toThrow("refused");
});

it("a device with a wrong password is asked once, however many probes visit it", async () => {
  let tries = 0;
  const camera = createServer((request, response) => {
    if (request.headers.authorization !== undefined) tries++;
    response.writeHead(401, { "www-authenticate": 'Digest realm="cam", nonce="abc", qop="auth"' }).end();
  });
  await new Promise<void>((resolve) => camera.listen(0, "127.0.0.1", resolve));
  const access = { address: "127.0.0.1", port: (camera.address() as AddressInfo).port, user: "watch", password: "wrong" };
  for (let visit = 0; visit < 5; visit++) {
    const session = openDeviceSession(lanHttp, access, AbortSignal.timeout(5_000));
    await expect(session.send({ method: "GET", path: "/ISAPI/System/deviceInfo" })).rejects.toMatchObject({ trouble: "auth_failed" });
  }
  expect(tries).toBe(1);
  await new Promise((resolve) => camera.close(resolve));
});
