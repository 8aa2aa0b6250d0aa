import { describe, expect, it } from "vitest";
import { z } from "zod";
import { RecordingEvidence } from "#schemas/recording-evidence.ts";
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

  it.each(["device", "devi", "devices9"])("a community %s spoils no name of the evidence", (community) => {
    const evidence = { devices: [{ device: "p-1", perDevice: 2 }] };
    expect(redact({ evidence }, secretsIn({ snmp: { version: "2c", community } }))).toEqual({ evidence });
  });

  it("no word of the evidence of recordings is spoilt by a password that begins with it, holds it or stands in it", () => {
    const words = wordsOf(z.toJSONSchema(RecordingEvidence, { unrepresentable: "any", io: "input" }));
    expect(words).toContainEqual(["protocol", "onvif"]);
    for (const [field, word] of words)
      for (const password of [word, `${word}2024`, word.slice(1)]) {
        const evidence = { [field]: word, [`${field}s`]: { [field]: [word] } };
        expect(redact(evidence, secretsIn({ onvif: { user: "viewer", password } })), `${field} ${password}`).toEqual(evidence);
      }
  });

  it.each(["2026", "2026-11-30"])("the password %s spoils no date and no instant", (password) => {
    const window = { from: "2026-10-31T15:15:39.233Z", lastDay: "2026-11-30", said: `wrong: ${password}` };
    expect(redact(window, secretsIn({ onvif: { password } }))).toEqual({ ...window, said: "wrong: [redacted]" });
  });

  it.each(["camera", "camera-1", "camera-12", "10.0.0.20"])("what the inventory calls a device stays its name where its password is %s", (password) => {
    const target = { id: "camera-1", name: "camera ở cửa", address: "10.0.0.20", onvif: { user: "viewer", password } };
    const reading = { metric: "camera_up", value: 1, labels: { camera: "camera-1", channel: "camera-1/2" } };
    const said = { detail: `10.0.0.20: camera ở cửa did not take ${password}!` };
    const clean = redact({ readings: [reading], said }, secretsIn({ targets: [target] }));
    expect(clean.readings).toEqual([reading]);
    expect(clean.said.detail).toMatch(/^10\.0\.0\.20: camera ở cửa did not take /);
  });

  it.each([
    ["camera-1", "camera-1@2026"],
    ["camera-1", "gl-camera-1"],
    ["camera", "camera-1@2026"],
  ])("of a device whose password is %s the name stays, and another device's password %s, in which that name stands, goes out whole", (own, other) => {
    const targets = [
      { id: "camera-1", http: { user: "a", password: own } },
      { id: "nvr", http: { user: "b", password: other } },
    ];
    const said = { camera: "camera-1", detail: `rtsp://b:${other}@10.0.0.9 was refused to camera-1`, cut: `camera-1: b:${other.slice(0, 10)}` };
    const clean = redact({ said }, secretsIn({ targets })).said;
    expect(clean.camera).toBe("camera-1");
    expect(clean.detail).toBe("rtsp://b:[redacted]@10.0.0.9 was refused to camera-1");
    expect(clean.cut).toMatch(/^camera-1: b:\S*\[redacted\]$/);
    expect(clean.cut).not.toContain(other.slice(0, 10));
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

/** Each word that a schema lists, with the name of its field. */
function wordsOf(schema: unknown, field = ""): [string, string][] {
  if (schema === null || typeof schema !== "object") return [];
  const { enum: listed } = schema as { enum?: string[] };
  if (Array.isArray(listed)) return listed.map((word) => [field, word]);
  return Object.entries(schema).flatMap(([name, inner]) =>
    wordsOf(inner, ["items", "properties", "anyOf"].includes(name) || /^\d+$/.test(name) ? field : name),
  );
}
