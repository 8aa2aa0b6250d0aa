import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SiteIds } from "../../../collector/store/site-ids.ts";

describe("ids by site and name", () => {
  it("are what was set last, however many there are", () => {
    const entry = fc.record({
      site: fc.integer({ min: 1, max: 0x7fff_ffff }),
      name: fc.string({ maxLength: 4 }),
      id: fc.integer({ min: 0, max: 0x7fff_ffff }),
    });
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 400 }), (entries) => {
        const [ids, plain] = [new SiteIds(1_000_000), new Map<string, number>()];
        for (const { site, name, id } of entries) {
          ids.set(site, name, id);
          plain.set(`${site} ${name}`, id);
        }
        for (const { site, name } of entries) {
          expect(ids.get(site, name)).toBe(plain.get(`${site} ${name}`));
          expect(ids.get(site, `${name} other`)).toBe(plain.get(`${site} ${name} other`));
        }
      }),
    );
    const many = new SiteIds(1_000_000);
    for (let site = 1; site <= 300; site++) for (let name = 0; name < 200; name++) many.set(site, `name-${name}`, site * 1_000 + name);
    for (let site = 1; site <= 300; site++) for (let name = 0; name < 200; name++) expect(many.get(site, `name-${name}`)).toBe(site * 1_000 + name);
    expect(many.get(301, "name-1")).toBeUndefined();
  });

  it("start anew when there are as many as there may be", () => {
    const ids = new SiteIds(10);
    for (let site = 1; site <= 10; site++) ids.set(site, "a", site);
    expect(ids.get(1, "a")).toBe(1);
    ids.set(11, "a", 11);
    expect([ids.get(1, "a"), ids.get(11, "a")]).toEqual([undefined, 11]);
  });
});
