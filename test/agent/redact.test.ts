import { describe, expect, it } from "vitest";
import { redact, secretsIn } from "../../agent/redact.ts";

describe("redact", () => {
  const outcome = {
    kind: "measured",
    readings: [{ metric: "printer_working", value: 1, labels: { device: "p-1", role: "printer", ssid: "device" } }],
    evidence: { method: "snmp:printer-mib", wifi_clients: 3, note: "community device was used" },
  };

  it.each(["printer", "device", "labels", "readings", "wifi_clients", "snmp"])("a community called %s spoils no word of the contract", (community) => {
    const clean = redact(outcome, secretsIn({ snmp: { version: "2c", community } }));
    expect(clean.readings[0]).toMatchObject({ metric: "printer_working", labels: { role: "printer" } });
    expect(clean.evidence).toMatchObject({ method: "snmp:printer-mib", wifi_clients: 3 });
  });

  it("the secret itself goes out of everything that a device or an error said", () => {
    const said = { evidence: { note: "bad community s3cret-word", list: ["s3cret-word"] }, detail: "s3cret-word" };
    expect(JSON.stringify(redact(said, secretsIn({ targets: [{ snmp: { community: "s3cret-word" } }] })))).not.toContain("s3cret-word");
  });

  it.each([
    ["as a device echoes a login by Basic", (secret: string) => Buffer.from(`viewer:${secret}`).toString("base64")],
    ["in a URL", (secret: string) => encodeURIComponent(secret)],
    ["cut off at the end of a text", (secret: string) => `login failed for ${secret.slice(0, 9)}`],
  ])("the secret goes out %s", (_, echo) => {
    const secret = "mật khẩu-9Z";
    const clean = redact({ detail: echo(secret) }, secretsIn({ http: { user: "viewer", password: secret } })).detail;
    expect(clean).toContain("[redacted]");
    expect(Buffer.from(clean, "base64").toString()).not.toContain("khẩu");
    expect(clean).not.toContain("khẩu");
  });
});
