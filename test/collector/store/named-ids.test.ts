import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { NamedIds } from "../../../collector/store/named-ids.ts";

describe("ids by owner and name", () => {
  it("are what was set last, however many there are", () => {
    const entry = fc.record({
      owner: fc.integer({ min: 1, max: 0x7fff_ffff }),
      name: fc.string({ maxLength: 4 }),
      id: fc.integer({ min: 0, max: 0x7fff_ffff }),
    });
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 400 }), (entries) => {
        const [ids, plain] = [new NamedIds(1_000_000), new Map<string, number>()];
        for (const { owner, name, id } of entries) {
          ids.set(owner, name, id);
          plain.set(`${owner} ${name}`, id);
        }
        for (const { owner, name } of entries) {
          expect(ids.get(owner, name)).toBe(plain.get(`${owner} ${name}`));
          expect(ids.get(owner, `${name} other`)).toBe(plain.get(`${owner} ${name} other`));
        }
      }),
    );
    const many = new NamedIds(1_000_000);
    for (let owner = 1; owner <= 300; owner++) for (let name = 0; name < 200; name++) many.set(owner, `name-${name}`, owner * 1_000 + name);
    for (let owner = 1; owner <= 300; owner++) for (let name = 0; name < 200; name++) expect(many.get(owner, `name-${name}`)).toBe(owner * 1_000 + name);
    expect(many.get(301, "name-1")).toBeUndefined();
  });

  it("start anew when there are as many as there may be", () => {
    const ids = new NamedIds(10);
    for (let owner = 1; owner <= 10; owner++) ids.set(owner, "a", owner);
    expect(ids.get(1, "a")).toBe(1);
    ids.set(11, "a", 11);
    expect([ids.get(1, "a"), ids.get(11, "a")]).toEqual([undefined, 11]);
  });
});
