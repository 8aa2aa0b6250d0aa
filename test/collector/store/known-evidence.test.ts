import { hash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { KnownEvidence } from "../../../collector/store/known-evidence.ts";

const keyOf = (siteId: number, text: string) => ({ siteId, digest: hash("sha256", text, "buffer") });

describe("known evidence", () => {
  it("is what was set last, and only of the days until then", () => {
    const entry = fc.record({ site: fc.integer({ min: 1, max: 40 }), text: fc.string({ maxLength: 1 }), id: fc.nat(), day: fc.nat({ max: 3 }) });
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 400 }), (entries) => {
        const [known, plain] = [new KnownEvidence(1_000), new Map<string, { id: number; day: number }>()];
        for (const { site, text, id, day } of entries) {
          known.set(keyOf(site, text), id, day);
          plain.set(`${site} ${text}`, { id, day });
        }
        for (const { site, text } of entries)
          for (const day of [0, 1, 2, 3]) {
            const one = plain.get(`${site} ${text}`);
            expect(known.idOf(keyOf(site, text), day)).toBe(one && one.day >= day ? one.id : undefined);
            expect(known.idOf(keyOf(site, `${text} other`), day)).toBeUndefined();
            expect(known.idOf(keyOf(site + 40, text), day)).toBeUndefined();
          }
      }),
    );
  });

  it("differs in any byte of its digest, and by its site", () => {
    const known = new KnownEvidence(100);
    const { digest } = keyOf(1, "x");
    known.set({ siteId: 1, digest }, 7, 0);
    for (let byte = 0; byte < digest.length; byte++) {
      const other = Buffer.from(digest);
      other.writeUInt8(digest.readUInt8(byte) ^ 0x10, byte);
      expect(known.idOf({ siteId: 1, digest: other }, 0)).toBeUndefined();
    }
    expect(known.idOf({ siteId: 2, digest }, 0)).toBeUndefined();
    expect(known.idOf({ siteId: 1, digest: Buffer.from(digest) }, 0)).toBe(7);
  });

  it("of thousands of sites that tell the same is found for each, up to the last place", () => {
    const [known, same] = [new KnownEvidence(6_144), keyOf(0, "same")];
    for (let siteId = 1; siteId <= 6_144; siteId++) known.set({ ...same, siteId }, siteId, 0);
    for (let siteId = 1; siteId <= 6_144; siteId++) expect(known.idOf({ ...same, siteId }, 0)).toBe(siteId);
    expect(known.idOf({ ...same, siteId: 6_145 }, 0)).toBeUndefined();
  });

  it("starts anew when there is as much as there may be; what is told again takes no place", () => {
    const known = new KnownEvidence(10);
    for (let siteId = 1; siteId <= 10; siteId++) known.set(keyOf(siteId, "a"), siteId, 0);
    known.set(keyOf(10, "a"), 100, 1);
    expect([known.idOf(keyOf(1, "a"), 0), known.idOf(keyOf(10, "a"), 1)]).toEqual([1, 100]);
    known.set(keyOf(11, "a"), 11, 0);
    expect([known.idOf(keyOf(1, "a"), 0), known.idOf(keyOf(11, "a"), 0)]).toEqual([undefined, 11]);
  });
});
