import { describe, expect, it } from "vitest";
import { checkLease, signLease } from "../../../collector/measure/lease-token.ts";

const secret = "a secret of tests, long enough to sign";
const nowMs = 1_800_000_000_000;
const claims = { lease: "00000000000000ab", agent: "agt-0123456789abcdef", server: "lab", notBeforeMs: nowMs, expiresMs: nowMs + 20_000, bytesMax: 1e8 };
const token = signLease(claims, secret);
const [payload = "", signature = ""] = token.split(".");
const richer = Buffer.from(JSON.stringify({ ...claims, bytesMax: 1e12 })).toString("base64url");

describe("a lease token", () => {
  it("says what was signed", () => {
    expect(checkLease(token, secret, nowMs, "lab")).toEqual({ ok: true, claims });
    expect(checkLease(token, secret, nowMs, undefined)).toEqual({ ok: true, claims });
  });

  it.each([
    ["nothing", "", nowMs, "lab", "malformed"],
    ["words", "give me a test", nowMs, "lab", "malformed"],
    ["three parts", `${token}.x`, nowMs, "lab", "malformed"],
    ["a token without end", `${"a".repeat(2_000)}.${signature}`, nowMs, "lab", "malformed"],
    ["other claims under the same signature", `${richer}.${signature}`, nowMs, "lab", "forged"],
    ["an empty signature", `${payload}.`, nowMs, "lab", "forged"],
    ["another collector's lease", signLease(claims, "another secret, also long enough"), nowMs, "lab", "forged"],
    ["a lease of another server", token, nowMs, "elsewhere", "other_server"],
    ["a lease of the past", token, nowMs + 60_000, "lab", "expired"],
    ["a lease of the future", token, nowMs - 60_000, "lab", "not_yet"],
  ] as const)("refuses %s", (_name, given, atMs, server, fault) => {
    expect(checkLease(given, secret, atMs, server)).toEqual({ ok: false, fault });
  });

  it("bears clocks that differ by some seconds", () => {
    expect(checkLease(token, secret, nowMs - 10_000, "lab").ok).toBe(true);
    expect(checkLease(token, secret, nowMs + 30_000, "lab").ok).toBe(true);
  });
});
