import { describe, expect, it } from "vitest";
import { isTotpSecret, newTotpSecret, totpStep, totpUri } from "../../../collector/auth/totp.ts";

/** RFC 6238, appendix B, for SHA-1: its secret in base32, and the last six of the eight digits. */
const secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
const vectors = [
  [59, "287082"],
  [1_111_111_109, "081804"],
  [1_111_111_111, "050471"],
  [1_234_567_890, "005924"],
  [2_000_000_000, "279037"],
] as const;

describe("codes of the second factor", () => {
  it.each(vectors)("are those of RFC 6238 at %i s, of the step before and the step after, and of no other", (seconds, code) => {
    const step = Math.floor(seconds / 30);
    const found = [-90, -60, -30, 0, 30, 60, 90].map((off) => totpStep(secret, code, (seconds + off) * 1_000));
    expect(found).toEqual([undefined, undefined, step, step, step, undefined, undefined]);
  });

  it("may be written with a blank in the middle, and are nothing else", () => {
    expect(totpStep(secret, " 287 082 ", 59_000)).toBe(1);
    for (const code of ["", "0", "28708", "2870822", "94287082", "abcdef", "２８７０８２", "-87082", "287082\n1"])
      expect(totpStep(secret, code, 59_000)).toBeUndefined();
  });

  it("come from a secret of 160 bits that an app reads with the person's name", () => {
    const own = newTotpSecret();
    expect([isTotpSecret(own), own === newTotpSecret()]).toEqual([true, false]);
    for (const text of ["", own.slice(1), `${own}A`, own.toLowerCase(), own.replace(/.$/, "1")]) expect(isTotpSecret(text)).toBe(false);
    const uri = new URL(totpUri(own, "lan"));
    expect([uri.protocol, uri.host, uri.pathname, uri.searchParams.get("secret"), uri.searchParams.get("issuer")]).toEqual([
      "otpauth:",
      "totp",
      "/hcc-watch:lan",
      own,
      "hcc-watch",
    ]);
  });
});
