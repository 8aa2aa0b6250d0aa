import { describe, expect, it } from "vitest";
import { lanHttp } from "../../../agent/io/lan-http.ts";
import { describeWsdDevice, readWsdScanner } from "../../../agent/io/wsd-device.ts";
import { startWsdScanner, wsdFault, wsdMetadata, wsdStatus } from "../../support/wsd-scanner.ts";

const soon = () => AbortSignal.timeout(10_000);
const device = (url: string) => ({ address: "127.0.0.1", uuid: "urn:uuid:6d4ff0ce-6b11", types: ["ScanDeviceType"], scopes: [], urls: [url] });

describe("a device that describes itself over WSD", () => {
  it("tells maker, model, serial number and where its scan service is", async () => {
    const { url, port } = await startWsdScanner();
    const scanners = [`http://127.0.0.1:${port}/wsd/scan`];
    expect(await describeWsdDevice(lanHttp, device(url), soon())).toEqual({ vendor: "Canon", model: "MF3010", serial: "KX1203", scanners });
  });

  it.each([
    ["escape sequences and HTML in its name", wsdMetadata("http://x/", { model: "\u001b[31m&lt;script&gt;MF" }), { model: "<script>MF" }],
    ["a service of another kind", wsdMetadata("http://x/", { type: "sca:NotScannerServiceTypeAtAll" }), { scanners: [] }],
  ])("%s", async (_, metadata, expected) => {
    const { url } = await startWsdScanner({ metadata: () => metadata });
    expect(await describeWsdDevice(lanHttp, device(url), soon())).toMatchObject(expected);
  });

  it.each([
    ["a document type with entities", `<!DOCTYPE a [<!ENTITY b "c">]>${wsdMetadata("http://x/")}`, "malformed"],
    ["a web page", "<html><body>login</body></html>", "malformed"],
    ["nothing", "", "malformed"],
    ["more than the cap", `<a>${"x".repeat(300_000)}</a>`, "malformed"],
    ["ten thousand levels", "<a>".repeat(10_000), "malformed"],
    ["a fault", wsdFault("go away"), "bad_reply"],
    ["a wish for a password", { status: 401 }, "auth_failed"],
    ["no such page", { status: 404 }, "no_such_object"],
  ] as const)("%s has a reason of its own", async (_, metadata, trouble) => {
    const { url } = await startWsdScanner({ metadata: () => metadata });
    await expect(describeWsdDevice(lanHttp, device(url), soon())).rejects.toMatchObject({ name: "DeviceError", trouble });
  });

  it.each(["file:///etc/passwd", "javascript:alert(1)", "gopher://127.0.0.1:70/", "not a url", ""])("%s is no address to be asked", async (url) => {
    await expect(describeWsdDevice(lanHttp, device(url), soon())).rejects.toMatchObject({ name: "DeviceError", trouble: "malformed" });
  });
});

describe("a scan service", () => {
  it.each([
    ["idle", wsdStatus("Idle"), { state: "Idle", reasons: [] }],
    ["stopped by a jam", wsdStatus("Stopped", "MediaJam"), { state: "Stopped", reasons: ["MediaJam"] }],
    ["a state a mile long", wsdStatus("I".repeat(60_000)), { state: "I".repeat(32), reasons: [] }],
  ])("%s", async (_, status, expected) => {
    const { port } = await startWsdScanner({ status });
    expect(await readWsdScanner(lanHttp, "127.0.0.1", `http://127.0.0.1:${port}/wsd/scan`, soon())).toEqual(expected);
  });

  it("that is said to be at another host is asked at its own", async () => {
    const { port, asked } = await startWsdScanner();
    expect(await readWsdScanner(lanHttp, "127.0.0.1", `http://192.0.2.1:${port}/wsd/scan`, soon())).toMatchObject({ state: "Idle" });
    expect(asked).toEqual(["GetScannerElements"]);
  });

  it("that answers something else is refused", async () => {
    const { port } = await startWsdScanner({ status: wsdMetadata("http://x/") });
    await expect(readWsdScanner(lanHttp, "127.0.0.1", `http://127.0.0.1:${port}/`, soon())).rejects.toMatchObject({ trouble: "malformed" });
  });
});
