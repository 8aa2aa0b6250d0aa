import { expect, test } from "vitest";
import { openDeviceSession } from "../../../agent/io/device-session.ts";
import type { LanHttp } from "../../../agent/io/lan-http.ts";
import { createSoapClient } from "../../../agent/io/soap.ts";

const fault = (reason: string) =>
  '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:ter="http://www.onvif.org/ver10/error"><s:Body><s:Fault><s:Code><s:Value>s:Sender</s:Value>' +
  `<s:Subcode><s:Value>ter:NotAuthorized</s:Value></s:Subcode></s:Code><s:Reason><s:Text xml:lang="en">${reason}</s:Text></s:Reason></s:Fault></s:Body></s:Envelope>`;

/** A device that knows UsernameToken only, and refuses each with the reason given. */
function refusing(address: string, reason: string) {
  let tokens = 0;
  const lanHttp: LanHttp = async ({ body }) => {
    const isToken = String(body).includes("UsernameToken");
    if (isToken) tokens++;
    return { status: 400, headers: {}, challenges: [], body: fault(isToken ? reason : "Sender not Authorized") };
  };
  const visit = () => {
    const session = openDeviceSession(lanHttp, { address, port: 80, user: "viewer", password: "right" }, AbortSignal.timeout(5_000));
    return createSoapClient(session, Date.now).call({ path: "/onvif/device_service", body: "<tds:GetDeviceInformation/>" });
  };
  return { visit, tokens: () => tokens };
}

test("a login whose time the device refuses names the clock, and is asked again at the next visit", async () => {
  const { visit, tokens } = refusing("10.9.9.31", "Wsse authorized time check failed.");
  for (const visits of [1, 2]) {
    await expect(visit()).rejects.toMatchObject({ trouble: "auth_failed", message: expect.stringContaining("daylight saving") });
    expect(tokens()).toBe(visits);
  }
});

test("a login whose password the device refuses rests", async () => {
  const { visit, tokens } = refusing("10.9.9.32", "Sender not Authorized");
  await expect(visit()).rejects.toMatchObject({ trouble: "auth_failed", message: expect.stringContaining("refused user name or password") });
  await expect(visit()).rejects.toMatchObject({ trouble: "auth_failed", message: expect.stringContaining("before") });
  expect(tokens()).toBe(1);
});

test.each([
  ["to HTTPS", "https://10.9.9.33/onvif/device_service", 'over HTTPS: set "tls" to true'],
  ["elsewhere", "http://192.0.2.1/", "sends us elsewhere (302), which is not followed"],
])("a device that sends us %s says what to set, and nothing follows it", async (_, location, said) => {
  const asked: string[] = [];
  const lanHttp: LanHttp = async ({ address }) => {
    asked.push(address);
    return { status: 302, headers: { location }, challenges: [], body: "" };
  };
  const session = openDeviceSession(lanHttp, { address: "10.9.9.33", port: 80 }, AbortSignal.timeout(5_000));
  const call = createSoapClient(session, Date.now).call({ path: "/onvif/device_service", body: "<tds:GetSystemDateAndTime/>", open: true });
  await expect(call).rejects.toMatchObject({ trouble: "unsupported", message: expect.stringContaining(said) });
  expect(asked).toEqual(["10.9.9.33"]);
});
